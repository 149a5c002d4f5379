"""Costs of enforcing a claim, which a payment settles before interest and principal."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from services.ledger.law.interest import Payment

KINDS = frozenset({"LITIGATION", "ARBITRATION", "PRESERVATION", "NOTARY", "LAWYER", "OTHER"})


class Cost(NamedTuple):
    """A cost the creditor claims from the debtor. Whether the debtor bears it is not judged."""

    on: date
    """The day from which a payment settles it first."""
    amount_fen: int
    kind: str
    note: str = ""
    """What shows it: a receipt, a decision."""


class Settled(NamedTuple):
    """Costs by the end of a day, and what payments leave for interest and principal."""

    claimed_fen: int
    paid_fen: int
    payments: tuple[Payment, ...]

    @property
    def open_fen(self) -> int:
        """Claimed and not paid."""
        return self.claimed_fen - self.paid_fen


def settle(
    payments: Sequence[Payment],
    costs: Sequence[Cost],
    *,
    as_of: date,
    principal: tuple[int, Sequence[Payment]] | None,
) -> Settled:
    """民法典 561: "（一）实现债权的有关费用；（二）利息；（三）主债务".

    A payment settles what was claimed by its day; a later cost leaves it where it went.

    Args:
        payments: what was paid, in any order.
        costs: what was claimed, in any order.
        as_of: the last day that counts.
        principal: the amount with its credits, where the parties agreed that it comes first;
            costs then have what is paid beyond it.
    """
    left: list[Payment] = []
    paid_fen = to_principal_fen = 0
    for payment in sorted(payments, key=lambda payment: payment.on):
        free_fen = payment.amount_fen
        if principal is not None:
            amount_fen, credits_ = principal
            credited_fen = sum(one.amount_fen for one in credits_ if one.on <= payment.on)
            owed_fen = max(0, amount_fen - credited_fen - to_principal_fen)
            free_fen = max(0, payment.amount_fen - owed_fen)
            to_principal_fen += payment.amount_fen - free_fen
        to_costs_fen = min(free_fen, _claimed_fen(costs, payment.on) - paid_fen)
        if payment.on <= as_of:
            paid_fen += to_costs_fen
        left.append(payment._replace(amount_fen=payment.amount_fen - to_costs_fen))
    return Settled(
        _claimed_fen(costs, as_of), paid_fen, tuple(one for one in left if one.amount_fen)
    )


def _claimed_fen(costs: Sequence[Cost], on: date) -> int:
    return sum(cost.amount_fen for cost in costs if cost.on <= on)
