"""Build the almanac from rows: those shipped with the package, or those an administrator adds."""

import csv
import functools
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from importlib import resources

from chinese_calendar import constants

from services.ledger.errors import LedgerError
from services.ledger.law.calendar import Calendar
from services.ledger.law.regions import RegionRow, parse_region
from services.ledger.law.sme_standard import SizeRow, SizeStandard
from services.ledger.law.values import Almanac, LimitRow, LimitTable, LprSeries

_SATURDAY = 5
_INDICATORS = {"从业人员": "employees", "营业收入": "revenue_wan", "资产总额": "assets_wan"}
_PERCENT = re.compile(r"[0-9]{1,2}\.[0-9]{1,4}", re.ASCII)

Row = Mapping[str, str]


class AlmanacRowError(LedgerError):
    """A row for the almanac that cannot be read."""

    code = "ALMANAC_ROW_INVALID"


@functools.cache
def shipped() -> Almanac:
    """Return the almanac that comes with the package: LPR to 2026-09-20, rest days 2004-2026."""
    calendar = calendar_of()
    return Almanac(
        calendar,
        lpr_of(shipped_rows("lpr_1y.csv"), calendar),
        limits_of(shipped_rows("limits.csv")),
        sizes_of(shipped_rows("sme_standard.csv")),
    )


def shipped_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table that comes with the package."""
    text = resources.files("services.ledger.almanac").joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def calendar_of(notices: Iterable[tuple[date, bool]] = ()) -> Calendar:
    """Return the calendar of the pinned package ``chinesecalendar``, with later notices applied.

    Args:
        notices: days of later notices in the order they became known, each with whether it is a
            rest day; a rest day settles its year, and the last word on a day counts.
    """
    announced, workdays = set(constants.holidays), set(constants.workdays)
    for day, is_rest in notices:
        (announced if is_rest else workdays).add(day)
        (workdays if is_rest else announced).discard(day)
    years = {day.year for day in announced}
    rest = set(announced)
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            if day.weekday() >= _SATURDAY and day not in workdays:
                rest.add(day)
            day += timedelta(days=1)
    return Calendar(years=years, rest_days=rest, announced=announced)


def lpr_of(rows: Iterable[Row], calendar: Calendar) -> LprSeries:
    """Return the series of rows with ``publish_date`` and ``lpr_1y_pct``."""
    return LprSeries([(_day(row, "publish_date"), _percent(row)) for row in rows], calendar)


def limits_of(rows: Iterable[Row]) -> LimitTable:
    """Return the caps and timers of rows with ``name``, ``valid_from``, ``value``, ``source``."""
    return LimitTable(
        LimitRow(row["name"], _day(row, "valid_from"), _whole(row, "value"), row["source"])
        for row in rows
    )


def sizes_of(rows: Iterable[Row]) -> SizeStandard:
    """Return the size standard of rows as in ``sme_standard.csv``."""
    return SizeStandard(_size_row(row) for row in rows)


@functools.cache
def shipped_regions() -> tuple[RegionRow, ...]:
    """Return the regions that come with the package: provinces, prefectures, what has changed."""
    return tuple(
        RegionRow(
            parse_region(row["code"]),
            _day(row, "valid_from"),
            row["name"],
            tuple(filter(None, row["into"].split(";"))),
        )
        for row in shipped_rows("regions.csv")
    )


def _size_row(row: Row) -> SizeRow:
    minimums = {}
    for nth in ("1", "2"):
        if row[f"metric{nth}"]:
            names = (f"large_min{nth}", f"medium_min{nth}", f"small_min{nth}")
            large, medium, small = (Decimal(_whole(row, name)) for name in names)
            minimums[_INDICATORS[row[f"metric{nth}"]]] = (large, medium, small)
    codes = (code.split("(装")[0] for code in row["gbt4754_2017_codes"].split(";"))
    return SizeRow(int(row["no"]), row["industry_zh"], tuple(codes), minimums)


def _day(row: Row, field: str) -> date:
    try:
        return date.fromisoformat(row[field])
    except ValueError:
        raise _bad(row, field, "an ISO day such as 2026-10-20", "日期，如2026-10-20") from None


def _percent(row: Row) -> Decimal:
    if not _PERCENT.fullmatch(row["lpr_1y_pct"]):
        raise _bad(row, "lpr_1y_pct", "a percentage such as 3.00", "百分数，如3.00")
    return Decimal(row["lpr_1y_pct"])


def _whole(row: Row, field: str) -> int:
    if not (row[field].isascii() and row[field].isdigit()):
        raise _bad(row, field, "a whole number", "整数")
    return int(row[field])


def _bad(row: Row, field: str, english: str, chinese: str) -> AlmanacRowError:
    value = row[field][:40]
    return AlmanacRowError(
        f"The almanac row has {value!r} in {field}; write {english}.",
        f"历书行的 {field} 为 {value!r}；请写{chinese}。",
        field=field,
    )
