"""Read and check a file of almanac rows: ``kind,date,value,source``, all of it or nothing.

=================  ===========================  ==========================================
kind               date                         value
=================  ===========================  ==========================================
``lpr``            published on                 1-year LPR, percent: ``3.00``
``rest``           a rest day of a notice       what for, as 春节; may be empty
``work``           a make-up workday            may be empty
``limit:NAME``     valid from                   the cap or timer, a whole number
``reading:NAME``   for contracts signed from    the chosen reading of an open point
``region:CODE``    valid from                   the name, or ``>`` and who took it over
=================  ===========================  ==========================================
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.ledger.law.calendar import Calendar
from services.ledger.law.open_points import OPEN_POINTS
from services.ledger.law.regions import RegionError, parse_region
from services.ledger.law.values import Limits

COLUMNS: Final = ("kind", "date", "value", "source")
DECIDED_ONCE: Final = frozenset(
    {
        "large_term_over_60",
        "public_term_over_cap",
        "month_terms",
        "gate_unknown",
        "rate_below_lpr",
        "pay_when_paid_rate",
        "pay_when_paid_term",
        "day_basis",
        "dispute_interest",
        "administrative_periods",
    }
)
"""Readings that may be chosen here: they are decided with the contract or only shown.

The others say how a start or a due day is counted over the whole book, which SQL does by the
recommended reading; their alternatives are shown beside every reasoning.
"""

_OPTIONS: Final = {point.setting: point.options for point in OPEN_POINTS}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_PERCENT: Final = re.compile(r"[0-9]{1,2}\.[0-9]{1,4}", re.ASCII)
_WHOLE: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_YEARS: Final = range(2004, 2050)
_ABOLISHED: Final = ">"
_SATURDAY: Final = 5
_DECEMBER: Final = 12


class Entry(NamedTuple):
    """One row of a file."""

    line: int
    kind: str
    name: str
    on: date
    value: str
    source: str


class Fault(NamedTuple):
    """What is wrong with a row, and what to write instead."""

    line: int
    column: str
    english: str
    chinese: str


def read(content: bytes) -> tuple[list[Entry], list[Fault]]:
    """Return the rows of a CSV file in UTF-8, and what cannot be read of it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        return [], [Fault(1, "", f"Not UTF-8 at {place}.", f"不是UTF-8编码（{place}）。")]
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        return _rows(reader)
    except csv.Error as error:
        line = max(reader.line_num, 1)
        return [], [Fault(line, "", f"Not readable as CSV: {error}.", f"不是可读的CSV：{error}。")]


def _rows(reader: "csv.DictReader[str]") -> tuple[list[Entry], list[Fault]]:
    if reader.fieldnames is None or sorted(reader.fieldnames) != sorted(COLUMNS):
        known = ",".join(COLUMNS)
        english, chinese = f"The first line must be {known}.", f"首行须为 {known}。"
        return [], [Fault(1, "", english, chinese)]
    entries: list[Entry] = []
    faults: list[Fault] = []
    for row in reader:
        if None in row or None in row.values():
            columns = len(COLUMNS)
            fault = ("", f"The row must have {columns} columns.", f"该行须有{columns}列。")
            faults.append(Fault(reader.line_num, *fault))
            continue
        found = _entry(reader.line_num, {name: value.strip() for name, value in row.items()})
        if isinstance(found, Entry):
            entries.append(found)
        else:
            faults.append(found)
    if not entries and not faults:
        faults.append(Fault(1, "", "The file has no rows.", "文件没有数据行。"))
    return entries, faults


def _entry(line: int, row: dict[str, str]) -> Entry | Fault:
    kind, _, name = row["kind"].partition(":")
    on = _day(row["date"])
    shown = row["value"][:40]
    if on is None:
        day = row["date"][:40]
        return Fault(
            line,
            "date",
            f"{day!r} is not a day from {_YEARS[0]} to {_YEARS[-1]}; write 2026-10-20.",
            f"{day!r} 不是{_YEARS[0]}至{_YEARS[-1]}年间存在的日期；请写成2026-10-20。",
        )
    if not row["source"]:
        english = "Say where the value was published."
        return Fault(line, "source", english, "请写明发布来源。")
    problem: tuple[str, str, str] | None = None
    if kind == "lpr" and not name:
        if not _PERCENT.fullmatch(row["value"]):
            problem = ("value", f"{shown!r} is not a percentage; write 3.00.", "请写百分数，如3.00")
    elif kind == "limit":
        problem = _limit(name, row["value"])
    elif kind == "reading":
        problem = _reading(name, row["value"])
    elif kind == "region":
        problem = _region(name, row["value"])
    elif kind not in {"rest", "work"} or name:
        known = "lpr, rest, work, limit:NAME, reading:NAME, region:CODE"
        problem = ("kind", f"{row['kind'][:40]!r} is none of {known}.", f"类别须为 {known}")
    if problem is not None:
        column, english, chinese = problem
        said = row[column][:40]
        return Fault(line, column, english, f"{said!r}：{chinese}。")
    return Entry(line, kind, name, on, row["value"], row["source"])


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None
    return day if day is not None and day.year in _YEARS else None


def _limit(name: str, value: str) -> tuple[str, str, str] | None:
    if name not in Limits._fields:
        known = ", ".join(Limits._fields)
        return ("kind", f"No limit is called {name[:40]!r}; known: {known}.", f"可用名称：{known}")
    if not _WHOLE.fullmatch(value):
        return ("value", f"{value[:40]!r} is not a whole number.", "请写整数")
    return None


def _reading(name: str, value: str) -> tuple[str, str, str] | None:
    if name not in DECIDED_ONCE:
        known = ", ".join(sorted(DECIDED_ONCE))
        return (
            "kind",
            f"The reading {name[:40]!r} cannot be chosen for the book; these can: {known}.",
            f"该理解不能在台账中改选；可改选：{known}",
        )
    if value not in _OPTIONS[name]:
        known = ", ".join(_OPTIONS[name])
        return ("value", f"{value[:40]!r} is none of {known}.", f"可选：{known}")
    return None


def region_value(value: str) -> tuple[str, tuple[str, ...]]:
    """Return the name a code has, or, after ``>``, the codes that took it over."""
    if not value.startswith(_ABOLISHED):
        return value, ()
    return "", tuple(part.strip() for part in value[1:].split(";"))


def _region(code: str, value: str) -> tuple[str, str, str] | None:
    name, into = region_value(value)
    if not all(map(_is_region, (code, *into))) or code in into:
        english = "Write region:370116 with a name, or with > and the codes that took it over."
        chinese = "请写 region:370116，值为名称，或以 > 开头写明并入的代码"
        return ("value" if into else "kind", english, chinese)
    if not name and not into:
        return ("value", "Write the name that the code has from that day.", "请写自该日起的名称")
    return None


def _is_region(code: str) -> bool:
    try:
        return parse_region(code) == code
    except RegionError:
        return False


def check(
    entries: Iterable[Entry], *, published: Collection[date], calendar: Calendar, today: date
) -> list[Fault]:
    """Return what is wrong with rows beside what is known: gaps, the future, half a notice.

    Args:
        published: the days of publication of the LPR that are known.
        calendar: the rest days that are known.
    """
    rows = sorted(entries, key=lambda entry: (entry.on, entry.line))
    faults = list(_twice(rows))
    faults += _rate_faults([row for row in rows if row.kind == "lpr"], published, today)
    days = [row for row in rows if row.kind in {"rest", "work"}]
    faults += _year_faults(days, calendar)
    return sorted(faults)


def _twice(rows: Iterable[Entry]) -> Iterator[Fault]:
    seen: dict[tuple[str, str, date], int] = {}
    for row in rows:
        # A day is a rest day or a workday, so the two are one thing said twice.
        kind = "day" if row.kind in {"rest", "work"} else row.kind
        first = seen.setdefault((kind, row.name, row.on), row.line)
        if first != row.line:
            english = f"Line {first} speaks of {row.on} already."
            yield Fault(row.line, "date", english, f"第{first}行已有{row.on}。")


def _rate_faults(rows: list[Entry], published: Collection[date], today: date) -> Iterator[Fault]:
    """Each month has one publication: without it an older rate would silently stand in."""
    last = max(published)
    for row in rows:
        if row.on > today:
            yield Fault(
                row.line,
                "date",
                f"{row.on} is after today, {today}; a rate is imported once it is published.",
                f"{row.on} 晚于今天（{today}）；利率公布后方可导入。",
            )
            return
        months = (row.on.year - last.year) * _DECEMBER + row.on.month - last.month
        if months > 1 or (months == 0 and row.on != last):
            yield Fault(
                row.line,
                "date",
                f"The publication before {row.on} that is known is of {last}; each month has one,"
                " and one is missing or has two days.",
                f"{row.on} 之前已知的报价日为{last}；每月一次，缺月或同月有两个日期。",
            )
            return
        if months < 0 and row.on not in published:
            yield Fault(
                row.line,
                "date",
                f"{row.on} is no day of publication; a past rate is corrected under its own day.",
                f"{row.on} 不是报价日；更正以往利率须使用原报价日。",
            )
            return
        last = max(last, row.on)


def _year_faults(rows: list[Entry], calendar: Calendar) -> Iterator[Fault]:
    """A year is published by one notice; half of one would call a holiday a working day."""
    rest = {row.on for row in rows if row.kind == "rest"}
    for row in rows:
        is_weekend = row.on.weekday() >= _SATURDAY
        if row.kind == "work" and not is_weekend and not calendar.is_rest(row.on):
            yield Fault(
                row.line,
                "date",
                f"{row.on} is a working day already; a make-up workday is a weekend day.",
                f"{row.on} 本为工作日；调休上班日应为周六或周日。",
            )
    first_line: dict[int, int] = {}
    for row in rows:
        if row.on.year not in calendar.years:
            first_line.setdefault(row.on.year, row.line)
    for year, line in first_line.items():
        fixed = {day for day in _days(year) if day.weekday() < _SATURDAY and calendar.is_rest(day)}
        days = ", ".join(day.isoformat() for day in sorted(fixed - rest))
        if days:
            yield Fault(
                line,
                "date",
                f"The notice of {year} is not whole: {days} must be rest days of the same file.",
                f"{year}年放假通知不完整：同一文件须含休息日 {days}。",
            )


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
