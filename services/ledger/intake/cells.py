"""From the text of a cell to a value, or to a reason why not. Nothing is guessed or rounded.

Each builder returns a closure that converts one column's cells; a file of millions of rows calls
them millions of times, so what a profile says is worked out once, here, and not per row.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from services.ledger.intake.problems import CellError
from services.ledger.law.uscc import UsccError, parse_uscc
from services.ledger.money import MAX_FEN

Convert = Callable[[str], object]

_REMEMBERED = 65_536
"""Distinct cells of a column remembered before starting afresh; dates and times repeat."""
_EXCEL_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+[0-9]+", re.ASCII)
_WHOLE = re.compile(r"([0-9]{1,6})(?:\.0)?", re.ASCII)
_SERIAL = re.compile(r"[0-9]{2,6}", re.ASCII)
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
    re.ASCII,
)
_TOKENS = {"YYYY": r"([0-9]{4})", "MM": r"([0-9]{2})", "DD": r"([0-9]{2})"}
_SHORT_TOKENS = {"M": r"([0-9]{1,2})", "D": r"([0-9]{1,2})"}
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1980, 2199
_BEFORE_FIRST_SERIAL = date(1899, 12, 30)
_FIRST_TRUE_SERIAL = 61
"""Excel counts a 29 February 1900 as day 60; up to there its serials are off by one."""
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
UNITS = {"yuan": 2, "fen": 0, "wan": 6}
"""Decimal places down to one fen: 元, 分, 万元."""


class NumberCell(str):
    """The number of a spreadsheet cell, written with the 15 digits a spreadsheet shows."""

    __slots__ = ()


class DateCell(str):
    """The date or time of a spreadsheet cell, in ISO 8601."""

    __slots__ = ()


def text(*, limit: int = 200) -> Convert:
    """Identifiers and names: kept as written but for outer spaces; NFC; no hidden characters."""

    def convert(cell: str) -> str:
        if type(cell) is not str:
            raise CellError("ID_NUMERIC")
        value = cell.strip()
        if not (value.isascii() and value.isprintable()):
            value = unicodedata.normalize("NFC", value)
            if any(unicodedata.category(character) in _HIDDEN for character in value):
                raise CellError("TEXT_CONTROL")
        if len(value) > limit:
            raise CellError("TEXT_TOO_LONG", limit=limit)
        if "+" in value and _EXCEL_SCIENTIFIC.fullmatch(value):
            raise CellError("ID_SCIENTIFIC")
        return value

    return convert


def amount(*, places: int, thousands: bool, unit: str, zero: bool = False) -> Convert:
    """Money into fen.

    Args:
        places: decimal places the file may use; one more is an error, never rounded.
        thousands: whether ``1,234.50`` is how the file writes; groups must then be right.
        unit: ``yuan``, ``fen`` or ``wan`` (万元).
        zero: whether nothing is an amount.
    """
    scale = UNITS[unit]
    whole = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15}" if thousands else r"[0-9]{1,15}"
    pattern = re.compile(rf"(-?)({whole})(?:\.([0-9]{{1,30}}))?", re.ASCII)
    allowed = min(places, scale)

    def convert(cell: str) -> int:
        match = pattern.fullmatch(cell.strip())
        if match is None:
            raise CellError("AMOUNT_INVALID")
        sign, digits, decimals = match.groups()
        decimals = decimals or ""
        if len(decimals) > allowed:
            raise CellError("AMOUNT_PLACES", places=allowed)
        if thousands:
            digits = digits.replace(",", "")
        fen = int(digits + decimals.ljust(scale, "0"))
        if sign:
            raise CellError("AMOUNT_NEGATIVE")
        if not fen and not zero:
            raise CellError("AMOUNT_ZERO")
        if fen > MAX_FEN:
            raise CellError("AMOUNT_TOO_LARGE")
        return fen

    return convert


def day(*, formats: Sequence[str], zone: tzinfo) -> Convert:
    """Legal days, written in one of the formats; ``timestamp`` takes the local date in the zone."""
    patterns = [_day_pattern(written) for written in formats if written != "timestamp"]
    as_instant = instant(zone=zone) if "timestamp" in formats else None
    shown = " | ".join(formats)

    def convert(cell: str) -> date:
        value = cell.strip()
        if type(cell) is DateCell:
            return _real(value[:4], value[5:7], value[8:10])
        if as_instant is not None and _TIMESTAMP.fullmatch(value):
            moment = as_instant(value)
            assert isinstance(moment, datetime)
            return moment.astimezone(zone).date()
        for pattern, order in patterns:
            match = pattern.fullmatch(value)
            if match is not None:
                return _real(*(match.group(order[part]) for part in "YMD"))
        if type(cell) is NumberCell and _SERIAL.fullmatch(value):
            return _of_serial(int(value))
        raise CellError("DATE_INVALID", formats=shown)

    return remembered(convert)


def _day_pattern(written: str) -> tuple[re.Pattern[str], dict[str, int]]:
    """Turn ``M/D/YYYY`` into a pattern and the place of each part in it."""
    places: dict[str, int] = {}

    def token(match: re.Match[str]) -> str:
        places[match.group()[0]] = len(places) + 1
        return (_TOKENS | _SHORT_TOKENS)[match.group()]

    source = re.sub(
        r"YYYY|MM|DD|M|D", token, re.escape("YYYY-MM-DD" if written == "ISO" else written)
    )
    return re.compile(source, re.ASCII), places


def date_shape(written: str) -> str:
    """Return a format with day and month made alike: two formats of one shape are ambiguous."""
    return re.sub(r"MM|DD|M|D", "?", "YYYY-MM-DD" if written == "ISO" else written)


def is_date_format(written: str) -> bool:
    """Whether a format has a year, a month and a day, once each."""
    return written in {"ISO", "timestamp"} or (
        sorted(part[0] for part in re.findall(r"YYYY|MM|DD|M|D", written)) == ["D", "M", "Y"]
    )


def _real(year: str, month: str, day_of_month: str) -> date:
    try:
        found = date(int(year), int(month), int(day_of_month))
    except ValueError as error:
        raise CellError("DATE_NONEXISTENT") from error
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise CellError("DATE_RANGE")
    return found


def _of_serial(serial: int) -> date:
    if serial < _FIRST_TRUE_SERIAL:
        raise CellError("DATE_RANGE")
    found = _BEFORE_FIRST_SERIAL + timedelta(days=serial)
    return _real(str(found.year), str(found.month), str(found.day))


def instant(*, zone: tzinfo) -> Convert:
    """Moments in UTC. A time without an offset is local to the file's zone."""

    def convert(cell: str) -> datetime:
        value = cell.strip()
        if not _TIMESTAMP.fullmatch(value):
            raise CellError("TIME_INVALID")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError as error:
            raise CellError("DATE_NONEXISTENT") from error
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise CellError("DATE_RANGE")
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    return remembered(convert)


def whole_number(*, limit: int) -> Convert:
    """Whole numbers from 0, such as days of a term."""

    def convert(cell: str) -> int:
        match = _WHOLE.fullmatch(cell.strip())
        if match is None or int(match.group(1)) > limit:
            raise CellError("NUMBER_INVALID", limit=limit)
        return int(match.group(1))

    return convert


def choice(*, allowed: Sequence[str], mapped: Mapping[str, str]) -> Convert:
    """One of a few words; a profile may map the file's words to ours."""
    known = {word: word for word in allowed} | dict(mapped)
    shown = ", ".join(known)

    def convert(cell: str) -> str:
        try:
            return known[cell.strip()]
        except KeyError:
            raise CellError("CHOICE_UNKNOWN", choices=shown) from None

    return convert


def flag(*, mapped: Mapping[str, str]) -> Convert:
    """Yes or no."""
    words = choice(
        allowed=["true", "false"],
        mapped={"True": "true", "False": "false", "是": "true", "否": "false", **mapped},
    )
    return lambda cell: words(cell) == "true"


def currency() -> Convert:
    """A currency code of ISO 4217."""

    def convert(cell: str) -> str:
        value = cell.strip()
        if not _CURRENCY.fullmatch(value):
            raise CellError("CURRENCY_INVALID")
        return value

    return convert


def uscc() -> Convert:
    """A 统一社会信用代码, in its normal form."""

    def convert(cell: str) -> str:
        if type(cell) is not str:
            raise CellError("ID_NUMERIC")
        try:
            return parse_uscc(cell).code
        except UsccError:
            raise CellError("USCC_INVALID") from None

    return remembered(convert)


def remembered(convert: Convert) -> Convert:
    """Remember the results of plain text cells; a number or date cell is judged by its type."""
    seen: dict[str, object] = {}

    def lookup(cell: str) -> object:
        if type(cell) is not str:
            return convert(cell)
        try:
            return seen[cell]
        except KeyError:
            if len(seen) >= _REMEMBERED:
                seen.clear()
            value = seen[cell] = convert(cell)
            return value

    return lookup


def required(convert: Convert) -> Convert:
    """An empty cell is an error."""

    def check(cell: str) -> object:
        if not cell or cell.isspace():
            raise CellError("REQUIRED")
        return convert(cell)

    return check


def optional(convert: Convert, *, empty: object = None) -> Convert:
    """An empty cell is nothing, or what the field says it then is."""

    def check(cell: str) -> object:
        if not cell or cell.isspace():
            return empty
        return convert(cell)

    return check
