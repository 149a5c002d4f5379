"""Reads for pages that no other package needs: the filtered list, one claim's book, exports."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import RECEIVABLE_VISIBLE, VISIBLE, Viewer
from services.ledger.orders.service import get_contract

COUNTED: Final = 1000
"""A list longer than this is not counted to its end."""
_OPEN: Final = "(b.receivable_fen + b.disputed_fen + b.reserved_fen + b.assigned_fen)"
_OWED: Final = f"({_OPEN} + b.interest_fen + b.costs_fen)"
"""With the interest and costs that were claimed: what is closed has none of the three left."""
_LIFECYCLES: Final = {
    "submitted": f"{_OWED} > 0 AND b.confirmed_on IS NULL",
    "confirmed": f"{_OWED} > 0 AND b.confirmed_on IS NOT NULL",
    "closed": f"{_OWED} = 0",
}
_COLUMNS: Final = f"""
    r.id, r.invoice_code || r.invoice_number AS invoice, d.name AS debtor_name,
    k.name AS creditor_name, r.issued_on, b.due_on, r.currency, r.face_fen, {_OPEN} AS open_fen,
    b.disputed_fen, b.reserved_fen, b.assigned_fen,
    CASE WHEN {_OWED} = 0 THEN 'closed' WHEN b.confirmed_on IS NULL THEN 'submitted'
      ELSE 'confirmed' END AS lifecycle,
    EXISTS (SELECT FROM calendar h JOIN contracts t ON t.id = r.contract_id
      WHERE h.day = b.due_on AND h.provisional AND t.rolls) AS provisional,
    CASE WHEN {_OPEN} > 0 THEN greatest(CAST(:today AS date) - b.due_on, 0) ELSE 0 END
      AS days_overdue"""
_FROM: Final = """
    FROM receivables r JOIN balances b ON b.receivable_id = r.id
    JOIN parties d ON d.id = r.debtor_id JOIN parties k ON k.id = r.creditor_id"""
_POSTINGS: Final = text(
    """
    SELECT p."on", p.debit, p.credit, p.amount_fen, p.known_at FROM postings p
    WHERE p.receivable_id = :id ORDER BY p."on", p.known_at, p.id
    """
)
_CLOCK: Final = text(
    """
    SELECT f.kind, f."on" FROM clock_facts f WHERE f.receivable_id = :id
    ORDER BY f."on", f.known_at, f.kind
    """
)
_EXPORTS: Final = text(
    f"""
    WITH page AS (
      SELECT e.id, e.reference, e.as_of, e.currency, e.recorded_at, p.code, p.name,
        CAST(:sees_all AS boolean) OR p.party_id = CAST(:viewer AS uuid) IS TRUE AS whole
      FROM exports e JOIN platforms p ON p.id = e.platform_id
      WHERE (e.recorded_at, e.id) < (:before_at, :before_id)
        AND (CAST(:sees_all AS boolean) OR p.party_id = CAST(:viewer AS uuid) OR EXISTS (
          SELECT FROM claims x WHERE x.export_id = e.id AND {VISIBLE.format(table="x")}))
      ORDER BY e.recorded_at DESC, e.id DESC LIMIT :limit
    )
    SELECT g.id, g.reference, g.as_of, g.currency, g.recorded_at, g.code AS platform_code,
      g.name AS platform_name, g.whole, coalesce(a.state, 'RESERVED') AS state,
      count(*) AS count, sum(x.amount_fen) AS amount_fen,
      coalesce(sum(a.financed_fen), 0) AS financed_fen
    FROM page g JOIN claims x ON x.export_id = g.id
    LEFT JOIN LATERAL (
      SELECT a.state, a.financed_fen FROM claim_answers a
      WHERE a.receivable_id = x.receivable_id AND a.claim_id = x.id
      ORDER BY a.state = 'PENDING' LIMIT 1) a ON true
    WHERE g.whole OR {VISIBLE.format(table="x")}
    GROUP BY g.id, g.reference, g.as_of, g.currency, g.recorded_at, g.code, g.name, g.whole, 9
    ORDER BY g.recorded_at DESC, g.id DESC, 9
    """
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list is narrowed to; what is empty narrows nothing."""

    invoice: str = ""
    party: str = ""
    lifecycle: str = ""
    overdue: bool = False
    contract: UUID | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A receivable as a line of a list, amounts in fen."""

    id: UUID
    invoice: str
    debtor_name: str
    creditor_name: str
    issued_on: date
    due_on: date | None
    currency: str
    face_fen: int
    open_fen: int
    disputed_fen: int
    reserved_fen: int
    assigned_fen: int
    lifecycle: str
    days_overdue: int | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Book:
    """One receivable's postings, and the facts its term starts from."""

    postings: list[dict[str, Any]]
    clock: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Terms:
    """A contract as a page shows it: what was agreed and what the law made of it."""

    reference: str
    signed_on: date
    applies: str
    regime: str
    flags: list[str]
    trace: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ExportLine:
    """The rows of one export in one state, as far as the viewer may see them."""

    id: UUID
    reference: str
    as_of: date
    currency: str
    recorded_at: datetime
    platform_code: str
    platform_name: str
    whole: bool
    """The viewer sees all rows, and may fetch the file."""
    state: str
    count: int
    amount_fen: int
    financed_fen: int


def _conditions(wanted: Wanted) -> str:
    conditions = [RECEIVABLE_VISIBLE]
    if wanted.invoice:
        conditions.append("strpos(r.invoice_code || r.invoice_number, :invoice) > 0")
    if wanted.party:
        conditions.append("strpos(lower(d.name || ' ' || k.name), lower(:party)) > 0")
    if wanted.contract:
        conditions.append("r.contract_id = :contract")
    if wanted.lifecycle:
        conditions.append(_LIFECYCLES[wanted.lifecycle])
    if wanted.overdue:
        conditions.append(f"b.due_on < :today AND {_OPEN} > 0")
    return " AND ".join(conditions)


def receivables(
    session: Session,
    viewer: Viewer,
    wanted: Wanted,
    *,
    today: date,
    before: tuple[date, UUID] | None,
    limit: int,
) -> list[Listed]:
    """Return receivables as they stand now, the latest invoices first, a page at a time."""
    where = _conditions(wanted)
    if before:
        where += " AND (r.issued_on, r.id) < (:before_on, :before_id)"
    page = text(
        f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY r.issued_on DESC, r.id DESC LIMIT :limit"
    )
    values = {
        **_values(viewer, wanted, today),
        "before_on": before[0] if before else None,
        "before_id": before[1] if before else None,
        "limit": limit,
    }
    return [Listed(**row) for row in session.connection().execute(page, values).mappings()]


def count(session: Session, viewer: Viewer, wanted: Wanted, *, today: date) -> int:
    """Return how many a list has, or ``COUNTED + 1`` for more than is counted."""
    counted = text(
        f"SELECT count(*) FROM (SELECT {_FROM} WHERE {_conditions(wanted)} LIMIT {COUNTED + 1}) c"
    )
    values = _values(viewer, wanted, today)
    return int(session.connection().execute(counted, values).scalar_one())


def _values(viewer: Viewer, wanted: Wanted, today: date) -> dict[str, object]:
    """Return the values of every condition; those a statement does not name are not sent."""
    named = {"invoice": wanted.invoice, "party": wanted.party, "contract": wanted.contract}
    return {**viewer.parameters(), **named, "today": today}


def book(session: Session, receivable_id: UUID) -> Book:
    """Return the postings and clock facts of a receivable the caller has shown to be visible."""
    connection = session.connection()
    postings = connection.execute(_POSTINGS, {"id": receivable_id}).mappings()
    clock = connection.execute(_CLOCK, {"id": receivable_id}).mappings()
    return Book([dict(row) for row in postings], [dict(row) for row in clock])


def terms(session: Session, viewer: Viewer, contract_id: UUID) -> Terms:
    """Return what the law made of a contract."""
    contract = get_contract(session, viewer, contract_id)
    return Terms(
        reference=contract.reference,
        signed_on=contract.signed_on,
        applies=contract.applies,
        regime=contract.regime,
        flags=list(contract.flags),
        trace=[dict(step) for step in contract.trace],
    )


def exports(
    session: Session, viewer: Viewer, *, before: tuple[datetime, UUID], limit: int
) -> list[ExportLine]:
    """Return the latest exports by state: whole ones to operators, regulators and their platform.

    A buyer or supplier sees the part that is of its own receivables.
    """
    values = {
        **viewer.parameters(),
        "before_at": before[0],
        "before_id": before[1],
        "limit": limit,
    }
    rows = session.connection().execute(_EXPORTS, values).mappings()
    return [ExportLine(**row) for row in rows]
