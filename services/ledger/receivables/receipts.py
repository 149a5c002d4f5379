"""Receipts that invoices name: what happens to a receipt reaches every receivable that names it."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.receivables.term import project

_NAME: Final = text(
    """
    INSERT INTO receivable_receipts (receivable_id, receipt_id, since_on, known_at)
    SELECT :receivable_id, receipt_id, :since_on, now() FROM unnest(CAST(:ids AS uuid[])) AS
      t(receipt_id) ON CONFLICT DO NOTHING
    """
)

COPY_FACTS: Final = """
    INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
    SELECT n.receivable_id, t.id, t.receipt_id, t.kind, t."on", greatest(n.since_on, t."on"),
      greatest(n.known_at, t.known_at)
    FROM receivable_receipts n JOIN receipts t ON t.receipt_id = n.receipt_id
    WHERE {which}
    ON CONFLICT DO NOTHING RETURNING receivable_id"""
"""Copy what happened to receipts to the receivables that name them; what is there is not copied."""

_COPY_TO: Final = text(COPY_FACTS.format(which="n.receivable_id = :receivable_id"))
_COPY_FROM: Final = text(COPY_FACTS.format(which="t.receipt_id = ANY(:receipt_ids)"))


def name_receipts(
    session: Session, receivable_id: UUID, receipt_ids: Sequence[UUID], *, since_on: date
) -> None:
    """Let an invoice name receipts from a day on, and find its due date again."""
    values = {"receivable_id": receivable_id, "since_on": since_on, "ids": list(receipt_ids)}
    session.connection().execute(_NAME, values)
    session.connection().execute(_COPY_TO, {"receivable_id": receivable_id})
    project(session, [str(receivable_id)])


def spread(session: Session, receipt_ids: Sequence[UUID]) -> int:
    """Carry what happened to receipts to the receivables naming them; return how many changed."""
    rows = session.connection().execute(_COPY_FROM, {"receipt_ids": list(receipt_ids)})
    changed = sorted({str(row.receivable_id) for row in rows})
    if changed:
        project(session, changed)
    return len(changed)
