"""Reads of receivables: one for its parties, lists by key, and the whole book as of a day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import RECEIVABLE_VISIBLE, Viewer
from services.ledger.almanac.table import KNOWN_CALENDAR
from services.ledger.errors import NotFoundError
from services.ledger.receivables.term import RAW_DUE, STARTS

_COLUMNS: Final = """
    r.id, r.contract_id, r.order_id, r.debtor_id, r.creditor_id, r.invoice_kind, r.invoice_code,
    r.invoice_number, r.issued_on, r.line, r.line_kind, r.face_fen, r.currency, r.agreed_due_on,
    r.opened_on, r.identity, b.receivable_fen, b.disputed_fen, b.reserved_fen, b.assigned_fen,
    b.interest_fen, b.costs_fen, b.start_on, b.due_on, b.confirmed_on, d.name AS debtor_name,
    k.name AS creditor_name, EXISTS (SELECT FROM calendar h JOIN contracts t ON t.id = r.contract_id
      WHERE h.day = b.due_on AND h.provisional AND t.rolls) AS provisional"""
_FROM: Final = """
    FROM receivables r
    JOIN balances b ON b.receivable_id = r.id
    JOIN parties d ON d.id = r.debtor_id
    JOIN parties k ON k.id = r.creditor_id"""

_ONE: Final = f"SELECT {_COLUMNS} {_FROM} WHERE r.id = :id AND {RECEIVABLE_VISIBLE}"
_LOCKED: Final = text(_ONE + " FOR UPDATE OF b")
_SEVERAL_LOCKED: Final = text(
    f"SELECT {_COLUMNS} {_FROM} WHERE r.id = ANY(:ids) AND {RECEIVABLE_VISIBLE}"
    " ORDER BY r.id FOR UPDATE OF b"
)
_PAGE: Final = text(
    f"SELECT {_COLUMNS} {_FROM} WHERE r.id > :after AND {RECEIVABLE_VISIBLE}"
    " ORDER BY r.id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A receivable with what is owed on it now, amounts in fen."""

    id: UUID
    contract_id: UUID
    order_id: UUID | None
    debtor_id: UUID
    creditor_id: UUID
    invoice_kind: str
    invoice_code: str
    invoice_number: str
    issued_on: date
    line: int
    line_kind: str
    face_fen: int
    currency: str
    agreed_due_on: date | None
    opened_on: date
    identity: bytes
    receivable_fen: int
    disputed_fen: int
    reserved_fen: int
    assigned_fen: int
    interest_fen: int
    """Interest that was claimed, and neither waived nor paid; no part of what is open."""
    costs_fen: int
    """Costs of enforcement that were claimed, and neither withdrawn nor paid; as interest."""
    start_on: date | None
    due_on: date | None
    confirmed_on: date | None
    debtor_name: str
    creditor_name: str
    provisional: bool
    """The holiday notice for the year of the due day is not in yet; it may move the day."""

    @property
    def open_fen(self) -> int:
        """What the debtor has not paid of the principal, disputed or not."""
        return self.receivable_fen + self.disputed_fen + self.reserved_fen + self.assigned_fen

    @property
    def owed_fen(self) -> int:
        """The principal that is not paid, with the interest and costs that were claimed."""
        return self.open_fen + self.interest_fen + self.costs_fen

    @property
    def lifecycle(self) -> str:
        """The one axis that has a word of its own; the others are amounts and dates."""
        if self.owed_fen == 0:
            return "closed"
        return "confirmed" if self.confirmed_on else "submitted"


def not_found() -> NotFoundError:
    """Return the refusal that tells nothing: absent and invisible read the same."""
    return NotFoundError("No such receivable.", "没有这笔应收账款。")


def get_visible(
    session: Session, viewer: Viewer, receivable_id: UUID, *, lock: bool = False
) -> Claim:
    """Return a receivable the viewer may see, with its balance locked if asked.

    Raises:
        NotFoundError: there is none, or none for this viewer.
    """
    statement = _LOCKED if lock else text(_ONE)
    found = session.connection().execute(statement, {"id": receivable_id, **viewer.parameters()})
    row = found.mappings().one_or_none()
    if row is None:
        raise not_found()
    return Claim(**row)


def lock_several(session: Session, viewer: Viewer, ids: list[UUID]) -> dict[UUID, Claim]:
    """Return visible receivables by id, locked in the order of their ids so that none deadlock."""
    parameters = {"ids": ids, **viewer.parameters()}
    rows = session.connection().execute(_SEVERAL_LOCKED, parameters).mappings()
    return {row["id"]: Claim(**row) for row in rows}


def page(session: Session, viewer: Viewer, *, after: UUID, limit: int) -> list[Claim]:
    """Return the visible receivables whose ids follow one, in order."""
    parameters = {"after": after, "limit": limit, **viewer.parameters()}
    return [Claim(**row) for row in session.connection().execute(_PAGE, parameters).mappings()]


_KNOWN: Final = "f.since_on <= :as_of AND f.known_at <= :known_at"


def _book(only: str = "") -> str:
    """Return the clauses of `BOOK`, all of whose rows meet a condition on their receivable's id."""
    return f"""
    opened AS (
      SELECT r.* FROM receivables r
      WHERE r.opened_on <= :as_of AND r.known_at <= :known_at AND {RECEIVABLE_VISIBLE}
        {only.format(id="r.id")}
    ), folded AS (
      SELECT p.receivable_id,
        sum(CASE 'receivable' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen
          ELSE 0 END)::bigint AS receivable_fen,
        sum(CASE 'disputed' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen
          ELSE 0 END)::bigint AS disputed_fen,
        sum(CASE 'reserved' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen
          ELSE 0 END)::bigint AS reserved_fen,
        sum(CASE 'assigned' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen
          ELSE 0 END)::bigint AS assigned_fen
      FROM postings p WHERE p."on" <= :as_of AND p.known_at <= :known_at
        AND p.receivable_id IN (SELECT id FROM opened) {only.format(id="p.receivable_id")}
      GROUP BY p.receivable_id
    ), started AS (
      {STARTS.format(facts=f"{_KNOWN} {only.format(id='f.receivable_id')}")}
    ), confirmed AS (
      SELECT q.receivable_id, min(q."on") AS confirmed_on FROM confirmations q
      WHERE q.kind = 'CONFIRMED' AND q."on" <= :as_of AND q.known_at <= :known_at
        {only.format(id="q.receivable_id")}
      GROUP BY q.receivable_id
    ), termed AS (
      SELECT r.id, r.contract_id, r.order_id, r.debtor_id, r.creditor_id, r.invoice_kind,
        r.invoice_code, r.invoice_number, r.issued_on, r.face_fen, r.currency, r.opened_on,
        r.identity, p.receivable_fen + least(p.disputed_fen, 0) + least(p.reserved_fen, 0)
          + least(p.assigned_fen, 0) AS receivable_fen, greatest(p.disputed_fen, 0) AS disputed_fen,
        greatest(p.reserved_fen, 0) AS reserved_fen, greatest(p.assigned_fen, 0) AS assigned_fen,
        s.start_on, q.confirmed_on, c.applies, c.regime, c.flags, c.rolls,
        {RAW_DUE.format(agreed="r.agreed_due_on", start="s.start_on")} AS raw_on
      FROM opened r
      JOIN folded p ON p.receivable_id = r.id
      JOIN contracts c ON c.id = r.contract_id
      LEFT JOIN started s ON s.receivable_id = r.id
      LEFT JOIN confirmed q ON q.receivable_id = r.id
    ), book AS (
      SELECT t.*, CASE WHEN t.rolls THEN coalesce(k.next_workday, t.raw_on) ELSE t.raw_on END
        AS due_on, coalesce(t.rolls AND k.provisional, false) AS provisional
      FROM termed t LEFT JOIN {KNOWN_CALENDAR} k ON k.day = t.raw_on
    )"""


BOOK: Final = _book()
"""Clauses of a WITH that end in ``book``: every receivable as of a legal day and as known then.

Binds ``as_of``, ``known_at``, ``sees_all``, ``viewer``. Everything is folded from the facts; the
balances kept beside the postings are not read. A payment dated back may be set against a hold of
a later day; before that day the hold did not exist, and the payment lowers what was free.
"""
BOOK_OF_ONE: Final = _book("AND {id} = :id")
"""The same of the one receivable ``id``, read by its keys."""


def book_parameters(viewer: Viewer, *, as_of: date, known_at: datetime) -> dict[str, Any]:
    """Return the bind parameters of `BOOK`."""
    return {"as_of": as_of, "known_at": known_at, **viewer.parameters()}
