"""Claimed interest and costs over the whole book, as of a day and as known at an instant."""

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


def _fold(account: str, given_up_to: str, prefix: str = "") -> str:
    """Return what was claimed on an account, given up and paid of it."""
    sums = {
        "claimed": f"p.debit = '{account}'",
        "waived": f"p.credit = '{account}' AND p.debit = '{given_up_to}'",
        "paid": f"p.credit = '{account}' AND p.debit = 'cash'",
    }
    return ", ".join(
        f"coalesce(sum(p.amount_fen) FILTER (WHERE {of}), 0) AS {prefix}{name}_fen"
        for name, of in sums.items()
    )


_PARTS: Final = ("claimed_fen", "waived_fen", "paid_fen", "open_fen")
AMOUNTS: Final = ("principal_open_fen", *_PARTS, *(f"costs_{part}" for part in _PARTS))
"""What either answer says, in fen: the principal, claimed interest, and claimed costs."""
_FOLDED: Final = f"""
    bearing AS (
      SELECT q.receivable_id FROM interest_claims q
      WHERE q."on" <= :as_of AND q.known_at <= :known_at
      UNION
      SELECT f.receivable_id FROM arrears_facts f
      WHERE f.kind = 'COSTS' AND f."on" <= :as_of AND f.known_at <= :known_at
    ), folded AS (
      SELECT p.receivable_id, {_fold("interest", "interest_earned")},
        {_fold("costs", "costs_advanced", "costs_")}, sum({_PRINCIPAL}) AS principal_open_fen
      FROM postings p JOIN bearing USING (receivable_id)
      WHERE p."on" <= :as_of AND p.known_at <= :known_at
      GROUP BY p.receivable_id
    ), claimed AS (
      SELECT f.*, r.invoice_code || r.invoice_number AS invoice_number, r.debtor_id,
        r.creditor_id, r.currency, f.claimed_fen - f.waived_fen - f.paid_fen AS open_fen,
        f.costs_claimed_fen - f.costs_waived_fen - f.costs_paid_fen AS costs_open_fen
      FROM folded f JOIN receivables r ON r.id = f.receivable_id
      WHERE {RECEIVABLE_VISIBLE}
    )"""
_PAGE: Final = text(
    f"""
    WITH {_FOLDED}
    SELECT q.receivable_id, q.invoice_number, d.name AS debtor_name, k.name AS creditor_name,
      q.currency, {", ".join(f"q.{name}" for name in AMOUNTS)}
    FROM claimed q JOIN parties d ON d.id = q.debtor_id JOIN parties k ON k.id = q.creditor_id
    WHERE q.receivable_id > :after ORDER BY q.receivable_id LIMIT :limit
    """
)
_TOTALS: Final = text(
    f"""
    WITH {_FOLDED}
    SELECT currency, count(*) AS receivables, {", ".join(f"sum({n}) AS {n}" for n in AMOUNTS)}
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
    """Return the receivables on which interest or costs were claimed, by id, a page at a time."""
    values = book_parameters(viewer, as_of=as_of, known_at=known_at)
    page = {**values, "after": after, "limit": limit}
    return session.connection().execute(_PAGE, page).mappings().all()


def totals(
    session: Session, viewer: Viewer, *, as_of: date, known_at: datetime
) -> Sequence[RowMapping]:
    """Return by currency what was claimed, waived, paid and is open, and the principal."""
    values = book_parameters(viewer, as_of=as_of, known_at=known_at)
    return session.connection().execute(_TOTALS, values).mappings().all()
