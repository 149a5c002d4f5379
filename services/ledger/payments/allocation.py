"""What of a payment goes to claimed interest, and what to the principal (民法典 561).

Interest takes part only once the creditor has claimed it, and by the day of the payment: what
nobody claimed is posted nowhere, and money is never parked. Costs of enforcement (费用), which the
article names first, are taken in a case and are not kept in this book.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.journal.queries import interest_left_fen
from services.ledger.law.civil_code import (
    Allocated,
    allocate_interest_first,
    allocate_principal_first,
)
from services.ledger.receivables.queries import Claim

PRINCIPAL_FIRST: Final = "coalesce((c.terms ->> 'principal_first')::boolean, false)"
"""Of contract ``c``: the parties agreed their own order."""
_AGREED: Final = text(f"SELECT c.id FROM contracts c WHERE c.id = ANY(:ids) AND {PRINCIPAL_FIRST}")


def shares(
    session: Session, claims: Mapping[UUID, Claim], amounts: Mapping[UUID, int], *, on: date
) -> dict[UUID, Allocated]:
    """Return how a payment of a day divides on each of the locked receivables.

    Args:
        session: the caller's transaction.
        claims: the receivables, locked.
        amounts: what of the payment is set against each, fen.
        on: the legal day of the payment.
    """
    with_interest = [claim for claim in claims.values() if claim.interest_fen]
    left: Mapping[UUID, int] = {}
    agreed: set[UUID] = set()
    if with_interest:
        left = interest_left_fen(session, [claim.id for claim in with_interest], on=on)
        contracts = {"ids": [claim.contract_id for claim in with_interest]}
        agreed = set(session.connection().execute(_AGREED, contracts).scalars())
    return {
        claim.id: (
            allocate_principal_first if claim.contract_id in agreed else allocate_interest_first
        )(
            amounts[claim.id],
            interest_fen=left.get(claim.id, 0),
            principal_fen=claim.open_fen,
        )
        for claim in claims.values()
    }
