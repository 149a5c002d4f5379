"""Instalments and retention: what each line of a payment plan is, and what each receives.

民法典 560: a payment goes where the debtor says, else to what is due, the earliest first, and in
proportion where two fall due together. Credits and disputes that name no line are the price's, and
each line bears its share of them.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law.civil_code import Debt, allocate_to_debts
from services.ledger.law.interest import Accrual, Claim, Dispute, Payment, Rate, accrue

ADVANCE = "ADVANCE"
RETENTION = "RETENTION"
KINDS = frozenset({ADVANCE, "PROGRESS", "FINAL", RETENTION})
STARTS = {
    "SIGNING": None,
    "DELIVERY": "ON_DELIVERY",
    "ACCEPTANCE": "ACCEPTANCE",
    "SETTLEMENT": "PROGRESS",
    "WARRANTY_END": None,
}
"""The event that starts a line's period, and the settlement that means it."""


class Line(NamedTuple):
    """One line of a payment plan as the contract states it."""

    kind: str
    """ADVANCE, PROGRESS, FINAL or RETENTION."""
    amount_fen: int
    """0: not known, because neither it nor the amount of the case was given."""
    share_percent: Decimal | None = None
    due_on: date | None = None
    term_days: int | None = None
    term_months: int | None = None
    starts: str | None = None
    """A key of `STARTS`; None: as the contract says for the whole."""
    starts_on: date | None = None
    """The day its period starts, where the contract or an event of this line alone says so."""


class Share(NamedTuple):
    """What one line owes, and what of it is in dispute or was credited."""

    amount_fen: int
    due_on: date | None
    """None: not started, so that it is the last to be paid and never late."""
    disputes: tuple[Dispute, ...]
    credits: tuple[Payment, ...]


def share_out(amount_fen: int, weights: Sequence[int]) -> list[int]:
    """Return an amount in proportion to weights; the fen left over go to the last that weigh."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    given = [amount_fen * weight // whole for weight in weights]
    heavy = max(i for i, weight in enumerate(weights) if weight)
    given[heavy] += amount_fen - sum(given)
    return given


def shares_of(
    amounts: Sequence[int],
    due_on: Sequence[date | None],
    disputes: Sequence[Dispute],
    credits_: Sequence[Payment],
) -> list[Share]:
    """Return each line with its part of the disputes and credits of the price."""
    disputed: list[list[Dispute]] = [[] for _ in amounts]
    credited: list[list[Payment]] = [[] for _ in amounts]
    for dispute in disputes:
        for i, fen in enumerate(_parts(dispute.amount_fen, amounts, dispute.line)):
            if fen:
                disputed[i].append(dispute._replace(amount_fen=fen))
    for credit in credits_:
        for i, fen in enumerate(_parts(credit.amount_fen, amounts, credit.line)):
            if fen:
                credited[i].append(credit._replace(amount_fen=fen))
    return [
        Share(fen, day, tuple(parts), tuple(credit))
        for fen, day, parts, credit in zip(amounts, due_on, disputed, credited, strict=True)
    ]


def _parts(amount_fen: int, amounts: Sequence[int], line: int | None) -> list[int]:
    if line is None:
        return share_out(amount_fen, amounts)
    return [amount_fen if i == line - 1 else 0 for i in range(len(amounts))]


def accrue_lines(
    shares: Sequence[Share],
    payments: Sequence[Payment],
    rate: Rate,
    *,
    as_of: date,
    principal_first: bool,
    spans: bool = False,
) -> list[Accrual]:
    """Follow every line to the end of a day under one rate, each payment where 560 sends it."""
    received: list[list[Payment]] = [[] for _ in shares]

    def followed(i: int, on: date, *, shown: bool = False) -> Accrual:
        share = shares[i]
        claim = Claim(
            share.amount_fen,
            share.due_on or date.max,
            received[i],
            share.disputes,
            share.credits,
            principal_first,
        )
        return accrue(claim, rate, as_of=on, spans=shown)

    for payment in _by_day(payments):
        if payment.on > as_of:
            break
        if len(shares) == 1:
            received[0].append(Payment(payment.on, payment.amount_fen))
            continue
        owed = [_owed_fen(followed(i, payment.on)) for i in range(len(shares))]
        for i, fen in enumerate(_sent(payment, owed, shares)):
            if fen:
                received[i].append(Payment(payment.on, fen))
    return [followed(i, as_of, shown=spans) for i in range(len(shares))]


def _by_day(payments: Sequence[Payment]) -> list[Payment]:
    """Return one payment a day and line, so that money split on a day is shared out as a whole."""
    together: dict[tuple[date, int], int] = {}
    for payment in payments:
        key = (payment.on, payment.line or 0)
        together[key] = together.get(key, 0) + payment.amount_fen
    return [Payment(on, fen, line or None) for (on, line), fen in sorted(together.items())]


def _owed_fen(accrual: Accrual) -> int:
    return accrual.principal_fen + accrual.interest_fen - accrual.interest_paid_fen


def _sent(payment: Payment, owed: list[int], shares: Sequence[Share]) -> list[int]:
    """Return what each line receives of a payment; what nobody is owed goes to the last."""
    left_fen = payment.amount_fen
    sent = [0] * len(owed)
    if payment.line is not None:
        sent[payment.line - 1] = min(left_fen, owed[payment.line - 1])
        left_fen -= sent[payment.line - 1]
    debts = [
        Debt(share.due_on or date.max, fen - sent[i])
        for i, (fen, share) in enumerate(zip(owed, shares, strict=True))
    ]
    for i, fen in enumerate(allocate_to_debts(left_fen, debts, on=payment.on)):
        sent[i] += fen
        left_fen -= fen
    sent[-1] += left_fen
    return sent
