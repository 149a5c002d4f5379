"""Receipts that invoices name: what happens to a receipt reaches every receivable that names it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlmodel import Session

from services.events import ReceivableTermChanged
from services.ledger.log.service import Entry, append
from services.ledger.orders.service import hold_receipts
from services.ledger.receivables.term import project

_NAME: Final = text(
    """
    INSERT INTO receivable_receipts (receivable_id, receipt_id, since_on, known_at)
    SELECT receivable_id, receipt_id, :since_on, now()
    FROM unnest(CAST(:claims AS uuid[])) r(receivable_id),
      unnest(CAST(:ids AS uuid[])) t(receipt_id)
    ON CONFLICT DO NOTHING
    """
)

COPY_FACTS: Final = """
    INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
    SELECT n.receivable_id, t.id, t.receipt_id, t.kind, t."on", greatest(n.since_on, t."on"),
      greatest(n.known_at, t.known_at)
    FROM receivable_receipts n JOIN receipts t ON t.receipt_id = n.receipt_id
    JOIN orders o ON o.id = t.order_id
    JOIN receivables r ON r.id = n.receivable_id
      AND r.debtor_id = o.debtor_id AND r.creditor_id = o.creditor_id
    WHERE {which}
    ON CONFLICT DO NOTHING RETURNING receivable_id"""
"""Copy what happened to receipts to the receivables that name them; what is there is not copied.

Anyone may name any receipt, and the orders of several suppliers may share one: only what was
received for an order between the parties of the receivable says anything about its term.
"""

_COPY_TO: Final = text(COPY_FACTS.format(which="n.receivable_id = ANY(:claims)"))
_COPY_FROM: Final = text(COPY_FACTS.format(which="t.receipt_id = ANY(:receipt_ids)"))

_NAMING: Final = text(
    "SELECT receivable_id FROM receivable_receipts WHERE receipt_id = ANY(:receipt_ids)"
)
_LOCK: Final = text(
    "SELECT FROM balances WHERE receivable_id = ANY(:ids) ORDER BY receivable_id FOR UPDATE"
)
"""A statement of its own: those after it see what whoever held the lock before has written."""

_STATED: Final = text(
    """
    SELECT f.kind, f."on"::varchar AS said FROM receivables r JOIN clock_facts f
      ON f.receivable_id = r.id AND f.receipt_id = r.id AND f.known_at = r.known_at
    WHERE r.id = :id
    UNION ALL
    SELECT 'RECEIPT', n.receipt_id::varchar FROM receivables r JOIN receivable_receipts n
      ON n.receivable_id = r.id AND n.known_at = r.known_at
    WHERE r.id = :id
    """
)


def stated_at_opening(session: Session, receivable_id: UUID) -> set[tuple[str, str]]:
    """Return the kind and day of each fact, and the receipts, that a receivable was opened with.

    What was told since is known later: it keeps nobody from sending the same opening again.
    """
    rows = session.connection().execute(_STATED, {"id": receivable_id})
    return {(row.kind, row.said) for row in rows}


def name_receipts(
    session: Session, claims: Sequence[UUID], receipt_ids: Sequence[UUID], *, since_on: date
) -> None:
    """Let receivables of an invoice name receipts from a day on, and find their due days again."""
    values = {"claims": list(claims), "since_on": since_on, "ids": list(receipt_ids)}
    connection = session.connection()
    hold_receipts(session, receipt_ids)
    connection.execute(_NAME, values)
    connection.execute(_LOCK, {"ids": list(claims)})
    connection.execute(_COPY_TO, {"claims": list(claims)})
    project(session, [str(claim) for claim in claims])


def spread(session: Session, receipt_ids: Sequence[UUID]) -> int:
    """Carry what happened to receipts to the receivables naming them; return how many changed.

    A due day that moved is told, so that the next assessment looks at the receivable again.
    """
    connection = session.connection()
    hold_receipts(session, receipt_ids)
    naming = connection.execute(_NAMING, {"receipt_ids": list(receipt_ids)}).scalars().all()
    connection.execute(_LOCK, {"ids": list(naming)})
    rows = connection.execute(_COPY_FROM, {"receipt_ids": list(receipt_ids)})
    changed = sorted({str(row.receivable_id) for row in rows})
    moved = project(session, changed) if changed else []
    if moved:
        append(session, [_moved(row) for row in moved])
    return len(changed)


def _moved(row: Row[Any]) -> Entry:
    data = ReceivableTermChanged(
        invoice_number=row.invoice_number, currency=row.currency, due_on=row.due_on
    )
    return Entry(row.id, data, "receipts", debtor_id=row.debtor_id, creditor_id=row.creditor_id)
