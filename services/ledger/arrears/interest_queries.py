"""Claimed interest over the whole book, as of a day and as known at an instant."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.access import RECEIVABLE_VISIBLE, Viewer
from services.ledger.journal.models import PRINCIPAL
from services.ledger.receivables.queries import book_parameters

_PRINCIPAL: Final = " + ".join(
    f"CASE '{account}' WHEN p.debit THEN p.amount_fen WHEN p.credit THEN -p.amount_fen ELSE 0 END"
    for account in PRINCIPAL
)
_FOLDED: Final = f"""
    bearing AS (
      SELECT DISTINCT q.receivable_id FROM interest_claims q
      WHERE q."on" <= :as_of AND q.known_at <= :known_at
    ), folded AS (
      SELECT p.receivable_id,
        coalesce(sum(p.amount_fen) FILTER (WHERE p.debit = 'interest'), 0) AS claimed_fen,
        coalesce(sum(p.amount_fen) FILTER (WHERE p.credit = 'interest'
          AND p.debit = 'interest_earned'), 0) AS waived_fen,
        coalesce(sum(p.amount_fen) FILTER (WHERE p.credit = 'interest' AND p.debit = 'cash'),
          0) AS paid_fen,
        sum({_PRINCIPAL}) AS principal_open_fen
      FROM postings p JOIN bearing USING (receivable_id)
      WHERE p."on" <= :as_of AND p.known_at <= :known_at
      GROUP BY p.receivable_id
    ), claimed AS (
      SELECT r.id AS receivable_id, r.invoice_code || r.invoice_number AS invoice_number,
        r.debtor_id, r.creditor_id, r.currency, f.principal_open_fen, f.claimed_fen, f.waived_fen,
        f.paid_fen, f.claimed_fen - f.waived_fen - f.paid_fen AS open_fen
      FROM folded f JOIN receivables r ON r.id = f.receivable_id
      WHERE {RECEIVABLE_VISIBLE}
    )"""
_PAGE: Final = text(
    f"""
    WITH {_FOLDED}
    SELECT q.receivable_id, q.invoice_number, d.name AS debtor_name, k.name AS creditor_name,
      q.currency, q.principal_open_fen, q.claimed_fen, q.waived_fen, q.paid_fen, q.open_fen
    FROM claimed q JOIN parties d ON d.id = q.debtor_id JOIN parties k ON k.id = q.creditor_id
    WHERE q.receivable_id > :after ORDER BY q.receivable_id LIMIT :limit
    """
)
_TOTALS: Final = text(
    f"""
    WITH {_FOLDED}
    SELECT currency, count(*) AS receivables, sum(principal_open_fen) AS principal_open_fen,
      sum(claimed_fen) AS claimed_fen, sum(waived_fen) AS waived_fen,
      sum(paid_fen) AS paid_fen, sum(open_fen) AS open_fen
    FROM claimed GROUP BY currency ORDER BY currency
    """
)


def report(
    session: Session,
    viewer: Viewer,
    *,
    as_of: date,
    known_at: datetime,
    after: UUID,
    limit: int,
) -> Sequence[RowMapping]:
    """Return the receivables on which interest was claimed, by id, a page at a time."""
    values = book_parameters(viewer, as_of=as_of, known_at=known_at)
    page = {**values, "after": after, "limit": limit}
    return session.connection().execute(_PAGE, page).mappings().all()


def totals(
    session: Session, viewer: Viewer, *, as_of: date, known_at: datetime
) -> Sequence[RowMapping]:
    """Return claimed interest by currency: claimed, waived, paid and open, and the principal."""
    values = book_parameters(viewer, as_of=as_of, known_at=known_at)
    return session.connection().execute(_TOTALS, values).mappings().all()
