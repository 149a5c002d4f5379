"""From rows to records: a section of a profile, worked out once into one function per record."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from string import Formatter

from services.ledger.intake import cells, clauses
from services.ledger.intake.cells import Convert
from services.ledger.intake.kinds import KINDS, Field
from services.ledger.intake.problems import CellError, Problems, row_error
from services.ledger.intake.profile import (
    Condition,
    Profile,
    ProfileError,
    Record,
    Section,
    Value,
    zone_of,
)
from services.ledger.intake.read import Table

Row = Sequence[str]
_Test = Callable[[Row], bool]
_Getter = Callable[[Row], object]


@dataclass(frozen=True)
class _Plan:
    kind: str
    tests: tuple[_Test, ...]
    getters: tuple[_Getter, ...]
    columns: tuple[str, ...]
    """Heading of each getter's cell, for its errors."""
    raw: tuple[Callable[[Row], str], ...]


def records(
    table: Table, section: Section, profile: Profile, problems: Problems, *, today: date
) -> Iterator[tuple[str, int, list[object]]]:
    """Yield (kind, line, values in the order of the kind's fields) of every faultless row.

    A row with any error yields nothing at all; each of its errors goes to ``problems``.

    Args:
        today: facts of a later day have not happened.
    """
    places = {name: place for place, name in enumerate(table.heading)}
    plans = [_plan(record, places, profile, today) for record in section.records]
    width = len(table.heading)
    for line, row in table.rows:
        if len(row) != width and not _fits(row, width):
            error = CellError("ROW_WIDTH", found=len(row), expected=width)
            problems.add(row_error(line, "", "", error))
            continue
        found = []
        faulty = False
        for plan in plans:
            if all(test(row) for test in plan.tests):
                try:
                    found.append((plan.kind, line, [get(row) for get in plan.getters]))
                except CellError:
                    faulty = True
                    _collect(plan, line, row, problems)
        if not faulty:
            yield from found


def _fits(row: Row, width: int) -> bool:
    """Whether a row only has empty cells too many: spreadsheets leave those."""
    return len(row) > width and not any(row[width:])


def _collect(plan: _Plan, line: int, row: Row, problems: Problems) -> None:
    """Find every error of a record whose row had one, each column's once."""
    seen: set[tuple[str, str]] = set()
    for get, column, raw in zip(plan.getters, plan.columns, plan.raw, strict=True):
        try:
            get(row)
        except CellError as error:
            if (column, error.code) not in seen:
                seen.add((column, error.code))
                problems.add(row_error(line, column, raw(row), error))


def _plan(record: Record, places: dict[str, int], profile: Profile, today: date) -> _Plan:
    zone = zone_of(profile.zone)
    getters: list[_Getter] = []
    columns: list[str] = []
    raw: list[Callable[[Row], str]] = []
    for name, field in KINDS[record.kind].fields.items():
        value = record.fields.get(name)
        try:
            getter, source = _getter(
                value, _filled(name, field, profile), profile, zone, places, today
            )
        except CellError as error:
            raise ProfileError(
                f"The constant of {record.kind}.{name} is not usable: {error.code}.",
                f"{record.kind}.{name} 的常量不可用：{error.code}。",
            ) from None
        getters.append(getter)
        raw.append(source)
        columns.append(" ".join(value.columns) if value is not None else "")
    tests = tuple(_test(condition, places) for condition in record.where)
    return _Plan(record.kind, tests, tuple(getters), tuple(columns), tuple(raw))


def _filled(name: str, field: Field, profile: Profile) -> Field:
    return replace(field, default=profile.currency) if name == "currency" else field


def _test(condition: Condition, places: dict[str, int]) -> _Test:
    place = places[condition.column]
    if condition.filled is not None:
        wanted = condition.filled
        return lambda row: bool(row[place].strip()) is wanted
    if condition.equals is not None:
        same = condition.equals
        return lambda row: row[place].strip() == same
    other = condition.not_equals
    return lambda row: row[place].strip() != other


def _getter(
    value: Value | None,
    field: Field,
    profile: Profile,
    zone: tzinfo,
    places: dict[str, int],
    today: date,
) -> tuple[_Getter, Callable[[Row], str]]:
    """Return how a row gives the field, and how it gives the text shown in an error."""
    convert = _convert(field, value or Value(constant=""), profile, zone, today)
    empty = None if field.default is None else convert(field.default)
    if value is None or (value.column is not None and value.column not in places):
        return (lambda _: empty), (lambda _: "")
    if value.column is not None:
        place = places[value.column]
        check = cells.required(convert) if field.required else cells.optional(convert, empty=empty)
        return (lambda row: check(row[place])), (lambda row: row[place])
    if value.template is not None:
        return _template(value.template, convert, places)
    constant = value.constant
    written = str(constant).lower() if isinstance(constant, bool) else str(constant)
    fixed = convert(written)
    return (lambda _: fixed), (lambda _: written)


def _template(
    template: str, convert: Convert, places: dict[str, int]
) -> tuple[_Getter, Callable[[Row], str]]:
    """Join cells; each must be there and be sound by itself before it is part of an identifier."""
    part = cells.required(cells.text())
    pieces = [
        (literal, None if name is None else places[name])
        for literal, name, _, _ in Formatter().parse(template)
    ]

    def get(row: Row) -> object:
        return convert(
            "".join(
                literal if place is None else f"{literal}{part(row[place])}"
                for literal, place in pieces
            )
        )

    return get, lambda row: " ".join(row[place] for _, place in pieces if place is not None)


def _convert(field: Field, value: Value, profile: Profile, zone: tzinfo, today: date) -> Convert:
    amounts = profile.amounts
    builders: dict[str, Callable[[], Convert]] = {
        "text": cells.text,
        "long_text": lambda: cells.text(limit=500),
        "amount": lambda: cells.amount(
            places=amounts.places, thousands=amounts.thousands, unit=amounts.unit
        ),
        "day": lambda: cells.day(formats=value.formats or profile.dates, zone=zone),
        "instant": lambda: cells.instant(zone=zone),
        "number": lambda: cells.whole_number(limit=field.limit),
        "choice": lambda: cells.choice(allowed=field.choices, mapped=value.map),
        "flag": lambda: cells.flag(mapped=value.map),
        "percent": clauses.percent,
        "words": lambda: clauses.words(allowed=field.choices, mapped=value.map),
        "deposits": lambda: clauses.deposits(allowed=field.choices, mapped=value.map),
        "wan": clauses.wan,
        "currency": cells.currency,
        "uscc": cells.uscc,
        "party": cells.uscc if profile.parties_known_by == "USCC" else cells.text,
    }
    convert = builders[field.type]()
    return _come(convert, zone, today) if field.past else convert


def _come(convert: Convert, zone: tzinfo, today: date) -> Convert:
    """Refuse days and instants of days that have not come."""

    def check(cell: str) -> object:
        found = convert(cell)
        assert isinstance(found, date)
        if (found.astimezone(zone).date() if isinstance(found, datetime) else found) > today:
            raise CellError("DAY_IN_FUTURE", today=today)
        return found

    return cells.remembered(check)
