"""A book of random receivables, loaded by COPY; `law_figures` says what Python makes of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.money import MAX_FEN
from services.ledger.orders.models import Contract
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, register

AS_OF = date(2026, 9, 30)
KNOWN_AT = datetime(2026, 10, 15, tzinfo=UTC)
_BEFORE, _AFTER = KNOWN_AT - timedelta(days=400), KNOWN_AT + timedelta(days=1)
_KINDS = ("GOV", "INSTITUTION", "LARGE", "LARGE", "LARGE_SOE", "SMALL", "OTHER")
_SIZES = ("SMALL", "SMALL", "MICRO", "MEDIUM", "LARGE", "OTHER")
_SETTLEMENTS = ("ON_DELIVERY", "ON_DELIVERY", "ACCEPTANCE", "ACCEPTANCE", "PROGRESS")
_TERMS: tuple[dict[str, Any], ...] = (
    {},
    {"term_days": 30},
    {"term_days": 60},
    {"term_days": 90},
    {"term_months": 1},
    {"term_months": 2},
    {"term_months": 6},
    {"pay_when_paid": True},
    {"term_days": 45, "pay_in_proportion": True},
)
_RATES: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"agreed_annual_rate_percent": "1.5"},
    {"agreed_annual_rate_percent": "4.35", "day_basis": 360},
    {"agreed_daily_rate_percent": "0.03"},
    {"penalty_percent": "1.25"},
    {"penalty_percent": "0.5", "agreed_annual_rate_percent": "1.5", "penalty_cap_percent": "3"},
    {"agreed_daily_rate_percent": "0.07", "penalty_cap_percent": "4.5"},
)


class Fact(NamedTuple):
    """A row of clock_facts."""

    receipt_id: UUID
    id: UUID
    kind: str
    on: date
    since_on: date
    known_at: datetime


class Named(NamedTuple):
    """A row of receivable_receipts."""

    receipt_id: UUID
    since_on: date
    known_at: datetime


class Movement(NamedTuple):
    """A row of postings."""

    id: UUID
    debit: str
    credit: str
    amount_fen: int
    on: date
    known_at: datetime


@dataclass
class Made:
    """A receivable with everything that happened to it."""

    id: UUID
    contract: Contract
    face_fen: int
    issued_on: date
    agreed_due_on: date | None
    facts: list[Fact] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)


def sign(session: Session, chance: Random, *, count: int) -> list[Contract]:
    """Register contracts of all kinds between a few parties."""
    parties: dict[str, UUID] = {}
    for name, domestic in (("buyer", True), ("supplier", True), ("foreign", False)):
        parties[name] = _id(chance)
        known = Registration(
            id=parties[name], name=f"{name} {parties[name]}", kind="LARGE", domestic=domestic
        )
        register(session, OPERATOR, known)
    return [_contract(session, chance, parties, number) for number in range(count)]


def _contract(session: Session, chance: Random, parties: dict[str, UUID], number: int) -> Contract:
    terms = {**chance.choice(_TERMS), **chance.choice(_RATES)}
    if chance.random() < 0.6:
        terms["inspection_days"] = chance.choice((0, 7, 15, 30))
    if chance.random() < 0.1:
        terms["rest_days_roll"] = chance.random() < 0.5
    foreign = chance.random() < 0.05
    agreed = Agreement(
        id=_id(chance),
        reference=f"HT-{number}",
        debtor_id=parties["buyer"],
        creditor_id=parties["foreign" if foreign else "supplier"],
        signed_on=date(2020, 1, 1) + timedelta(days=chance.randrange(2300)),
        subject="GOODS",
        settlement=chance.choice(_SETTLEMENTS),
        terms=terms,
        debtor_kind=chance.choice(_KINDS),
        creditor_size=chance.choice(_SIZES),
    )
    return register_contract(session, OPERATOR, agreed, shipped())


def make(chance: Random, contracts: Sequence[Contract], *, count: int) -> Iterator[Made]:
    """Yield receivables with random facts and movements, some dated or known out of order."""
    for _ in range(count):
        contract = chance.choice(contracts)
        first = max(contract.signed_on, date(2021, 1, 1))
        issued_on = first + timedelta(days=chance.randrange(max(1, (AS_OF - first).days + 20)))
        largest = chance.choice((10**9,) * 9 + (MAX_FEN,))
        made = Made(_id(chance), contract, chance.randint(1, largest), issued_on, None)
        if chance.random() < 0.15:
            made.agreed_due_on = issued_on + timedelta(days=chance.randrange(-10, 120))
        for nth in range(chance.choice((1, 1, 1, 1, 1, 2, 3))):
            receipt_id = made.id if nth == 0 else _id(chance)
            if nth:
                named = Named(
                    receipt_id, issued_on + timedelta(days=chance.randrange(-5, 20)), _BEFORE
                )
                made.named.append(named)
            if nth == 0 or chance.random() < 0.9:
                made.facts += _facts(chance, receipt_id, issued_on)
        made.movements += _movements(chance, made)
        yield made


def _facts(chance: Random, receipt_id: UUID, around: date) -> Iterator[Fact]:
    kinds = [
        kind
        for kind, likely in (
            ("DELIVERED", 0.85),
            ("ACCEPTED", 0.5),
            ("REJECTED", 0.1),
            ("SETTLEMENT_CONFIRMED", 0.5),
            ("CANCELLED", 0.05),
            ("DELIVERED", 0.05),
            ("ACCEPTED", 0.05),
        )
        if chance.random() < likely
    ]
    for kind in kinds:
        on = around + timedelta(days=chance.randrange(-20, 40))
        since_on = on + timedelta(days=chance.choice((0, 0, 0, 5)))
        yield Fact(receipt_id, _id(chance), kind, on, since_on, _known(chance))


def _movements(chance: Random, made: Made) -> Iterator[Movement]:
    """Yield the opening and what followed; each is weighed against what was known before it."""
    held = {"receivable": made.face_fen, "disputed": 0, "assigned": 0}
    known_at = _BEFORE
    opening = ("receivable", "supply", made.face_fen, made.issued_on)
    yield Movement(_id(chance), *opening, known_at)
    moves = (
        ("cash", "receivable"),
        ("cash", "receivable"),
        ("cash", "assigned"),
        ("cash", "disputed"),
        ("supply", "receivable"),
        ("written_off", "receivable"),
        ("disputed", "receivable"),
        ("disputed", "receivable"),
        ("receivable", "disputed"),
        ("supply", "disputed"),
        ("assigned", "receivable"),
    )
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        debit, credit = chance.choice(moves if chance.random() < 0.4 else moves[:2])
        most = held[credit]
        if not most:
            continue
        amount_fen = most if chance.random() < 0.4 else chance.randint(1, most)
        held[credit] -= amount_fen
        if debit in held:
            held[debit] += amount_fen
        known_at = max(known_at, _known(chance))
        on = made.issued_on + timedelta(days=chance.randrange(0, 300))
        yield Movement(_id(chance), debit, credit, amount_fen, on, known_at)


def _known(chance: Random) -> datetime:
    return _AFTER if chance.random() < 0.03 else _BEFORE + timedelta(days=chance.randrange(300))


def _id(chance: Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def copy_in(connection: Connection, made: Sequence[Made]) -> None:
    """Load the rows that a due day and interest follow from, a table at a time."""
    driver: Any = connection.connection.driver_connection
    _copy(
        driver,
        "receivables",
        "id, contract_id, debtor_id, creditor_id, invoice_kind, invoice_code, invoice_number,"
        " issued_on, face_fen, currency, agreed_due_on, opened_on, identity, known_at",
        map(_receivable, made),
    )
    _copy(
        driver,
        "clock_facts",
        'receivable_id, receipt_id, id, kind, "on", since_on, known_at',
        ((one.id, *fact) for one in made for fact in one.facts),
    )
    _copy(
        driver,
        "receivable_receipts",
        "receivable_id, receipt_id, since_on, known_at",
        ((one.id, *named) for one in made for named in one.named),
    )
    _copy(
        driver,
        "postings",
        'receivable_id, id, debit, credit, amount_fen, "on", known_at, cause',
        ((one.id, *movement, movement.id) for one in made for movement in one.movements),
    )


def _copy(driver: Any, table: str, columns: str, made: Iterable[tuple[object, ...]]) -> None:
    """COPY rows, by a table beside it: none goes into one with row-level security."""
    with driver.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMP TABLE made_{table} AS SELECT {columns} FROM {table} WITH NO DATA"
        )
        with cursor.copy(f"COPY made_{table} FROM STDIN") as rows:
            for row in made:
                rows.write_row(row)
        cursor.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM made_{table}")
        cursor.execute(f"DROP TABLE made_{table}")


def _receivable(one: Made) -> tuple[object, ...]:
    contract, number = one.contract, one.id.hex[:20]
    return (
        *(one.id, contract.id, contract.debtor_id, contract.creditor_id, "OTHER", "", number),
        *(one.issued_on, one.face_fen, "CNY", one.agreed_due_on, one.issued_on, one.id.bytes),
        _BEFORE,
    )
