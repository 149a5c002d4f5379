"""Options that many commands share, and how their values are read."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final, NamedTuple

import typer

from services.ledger.clock import SHANGHAI, now, today

_LONGEST_DAYS: Final = 36_500
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def day_of(text: str) -> date:
    """Read a day as an option gives it."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is not a day such as 2026-09-30. 日期须写成 2026-09-30。")


def instant_of(text: str) -> datetime:
    """Read an instant; a plain day means its end in China.

    >>> instant_of("2022-09-30").isoformat()
    '2022-09-30T23:59:59.999999+08:00'
    """
    if _DAY.fullmatch(text):
        next_day = datetime.combine(day_of(text) + timedelta(days=1), time(), SHANGHAI)
        return next_day - timedelta(microseconds=1)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise typer.BadParameter(
            f"{text!r} is neither a day nor an instant with its offset, such as"
            " 2026-09-30T18:00:00+08:00. 时刻须带时区偏移。"
        )
    return instant


class BandEnds(NamedTuple):
    """Upper ends of the bands of an ageing, ascending."""

    days: tuple[int, ...]


def _bands(text: str) -> BandEnds:
    parts = text.split(",")
    if all(part.isdecimal() and part.isascii() for part in parts):
        bands = tuple(int(part) for part in parts)
        if list(bands) == sorted(set(bands)) and bands[0] > 0 and bands[-1] <= _LONGEST_DAYS:
            return BandEnds(bands)
    raise typer.BadParameter(f"{text!r} are not ascending days such as 10,30. 须为递增天数。")


Json = Annotated[bool, typer.Option("--json", help="Print JSON. 输出 JSON。")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        parser=day_of,
        metavar="DAY",
        help="The legal day spoken about; today in China if absent. 所述之日。",
    ),
]
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--known-at",
        parser=instant_of,
        metavar="INSTANT",
        help="Only what was known then: an instant with offset, or a day, which means the end of"
        " that day in Asia/Shanghai; now if absent. 当时已知的事实。",
    ),
]
Bands = Annotated[
    BandEnds | None,
    typer.Option(
        "--bands",
        parser=_bands,
        metavar="DAYS",
        help="Upper ends of the bands in days, such as 10,30. 账龄区间上限（天）。",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        "--limit",
        min=0,
        help="Rows shown; 20 in a table and all in JSON if absent. The totals are of all.",
    ),
]


def day_or_today(day: date | None) -> date:
    """Return the day asked about, or the legal day it is."""
    return day or today()


def instant_or_now(instant: datetime | None) -> datetime:
    """Return the instant asked about, or the one it is."""
    return instant or now()
