"""What of a payment goes to claimed costs, to claimed interest, and to the principal (民法典 561).

Costs and interest take part only once the creditor has claimed them, and by the day of the payment:
what nobody claimed is posted nowhere, and money is never parked.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.journal.queries import claimed_left_fen
from services.ledger.law.civil_code import allocate_interest_first, allocate_principal_first
from services.ledger.receivables.queries import Claim

PRINCIPAL_FIRST: Final = "coalesce((c.terms ->> 'principal_first')::boolean, false)"
"""Of contract ``c``: the parties agreed their own order."""
_AGREED: Final = text(f"SELECT c.id FROM contracts c WHERE c.id = ANY(:ids) AND {PRINCIPAL_FIRST}")


class Divided(NamedTuple):
    """Where one payment went on one receivable, fen."""

    costs_fen: int
    interest_fen: int
    principal_fen: int
    unapplied_fen: int


def divide(
    paid_fen: int, *, costs_fen: int, interest_fen: int, principal_fen: int, principal_first: bool
) -> Divided:
    """Art. 561: "（一）实现债权的有关费用；（二）利息；（三）主债务", "除当事人另有约定外".

    Who agreed that the principal comes first has then the article's order of the two others.
    """
    if principal_first:
        first = allocate_principal_first(paid_fen, interest_fen=0, principal_fen=principal_fen)
        to_costs_fen = min(first.unapplied_fen, costs_fen)
        rest = allocate_interest_first(
            first.unapplied_fen - to_costs_fen, interest_fen=interest_fen, principal_fen=0
        )
        return Divided(to_costs_fen, rest.interest_fen, first.principal_fen, rest.unapplied_fen)
    to_costs_fen = min(paid_fen, costs_fen)
    rest = allocate_interest_first(
        paid_fen - to_costs_fen, interest_fen=interest_fen, principal_fen=principal_fen
    )
    return Divided(to_costs_fen, *rest)


def shares(
    session: Session, claims: Mapping[UUID, Claim], amounts: Mapping[UUID, int], *, on: date
) -> dict[UUID, Divided]:
    """Return how a payment of a day divides on each of the locked receivables.

    Args:
        session: the caller's transaction.
        claims: the receivables, locked.
        amounts: what of the payment is set against each, fen.
        on: the legal day of the payment.
    """
    with_costs = [claim.id for claim in claims.values() if claim.costs_fen]
    with_interest = [claim.id for claim in claims.values() if claim.interest_fen]
    costs = claimed_left_fen(session, "costs", with_costs, on=on) if with_costs else {}
    interest = claimed_left_fen(session, "interest", with_interest, on=on) if with_interest else {}
    agreed: set[UUID] = set()
    if with_costs or with_interest:
        contracts = {"ids": [claim.contract_id for claim in claims.values()]}
        agreed = set(session.connection().execute(_AGREED, contracts).scalars())
    return {
        claim.id: divide(
            amounts[claim.id],
            costs_fen=costs.get(claim.id, 0),
            interest_fen=interest.get(claim.id, 0),
            principal_fen=claim.open_fen,
            principal_first=claim.contract_id in agreed,
        )
        for claim in claims.values()
    }
