"""What is late of a claim and what it bears, under each reading: one sum, or line by line."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from services.ledger.law.case_input import Case
from services.ledger.law.costs import Settled, settle
from services.ledger.law.days import Days
from services.ledger.law.interest import Accrual, Claim, Payment, Rate, accrue, yearly_rate
from services.ledger.law.lines import Share, accrue_lines
from services.ledger.law.rates import (
    PENALTY_HIGH_REVIEW,
    RateFacts,
    RatesDecision,
    below_floor,
    decide_rates,
    measure_of_loss,
)
from services.ledger.law.values import Almanac


class Money(NamedTuple):
    """What is late and what it bears; of instalments, each by itself and all together."""

    rates: RatesDecision
    late: Accrual | None = None
    accruals: tuple[tuple[str, Accrual], ...] = ()
    days_overdue: int = 0


Follow = Callable[[Rate], Accrual]


def money_of(case: Case, days: Days, almanac: Almanac, *, spans: bool) -> Money:
    """Follow a claim that is one sum."""
    rates = decide_rates(case.rate, days.terms, almanac)
    due, as_of = days.due, case.as_of
    if due is None or as_of is None:
        return Money(rates)
    if case.amount_fen is None:
        return Money(rates, days_overdue=max(0, (as_of - due.on).days))
    claim = Claim(
        case.amount_fen,
        due.on,
        paid_of(case, almanac, case.amount_fen),
        case.disputes,
        case.credits,
        case.principal_first,
    )
    bearing = claim
    if almanac.settings.dispute_interest == "FROM_DUE_DATE":
        bearing = claim._replace(disputes=())
    if rates.agreed is not None and (rates.agreed.flat or rates.agreed.cap):
        rates = weighed(
            rates, case.rate, days, almanac, lambda rate: accrue(bearing, rate, as_of=as_of)
        )
    late = accrue(claim, rates.governing_rate, as_of=as_of, spans=spans)
    found = []
    for name, rate in rates.items():
        same = bearing is claim and name == rates.governing
        accrual = late if same else accrue(bearing, rate, as_of=as_of, spans=spans)
        found.append((name, accrual))
    return Money(rates, late, tuple(found), late.days_overdue)


def paid_of(case: Case, almanac: Almanac, amount_fen: int) -> tuple[Payment, ...]:
    """Return what costs leave; NONCASH_DISCHARGE, the other reading: an instrument pays."""
    settled = costs_of(case)
    paid = case.payments if settled is None else settled.payments
    if case.instrument is None or almanac.settings.noncash_discharge != "PAID_AT_HANDOVER":
        return paid
    return (*paid, Payment(case.instrument.handed_on, amount_fen))


def costs_of(case: Case) -> Settled | None:
    """Return the costs of enforcement and what of the payments they leave, if any are claimed."""
    if not case.costs or case.as_of is None:
        return None
    first = (case.amount_fen or 0, case.credits) if case.principal_first else None
    return settle(case.payments, case.costs, as_of=case.as_of, principal=first)


def weighed(
    rates: RatesDecision, facts: RateFacts, days: Days, almanac: Almanac, follow: Follow
) -> RatesDecision:
    """Weigh a sum owed once, or a rate with a limit, by what it comes to for these days late.

    Art. 17: below the LPR at signing the floor and the void clause stand beside it; 民法典 585:
    far above the loss the debtor may ask for less. Both are told by the amounts.
    """
    if rates.governing != "agreed" or rates.agreed is None or rates.lpr_percent is None:
        return rates
    basis = facts.day_basis or int(almanac.settings.day_basis)
    agreed_fen = follow(rates.agreed).interest_fen
    if agreed_fen < follow(yearly_rate(rates.lpr_percent, day_basis=basis)).interest_fen:
        return below_floor(rates, facts, days.terms, almanac)
    if agreed_fen > follow(measure_of_loss(facts, days.terms, almanac)).interest_fen:
        return rates._replace(flags=(PENALTY_HIGH_REVIEW,))
    return rates


def money_of_lines(
    case: Case, days: Days, shares: Sequence[Share], almanac: Almanac, *, spans: bool
) -> tuple[Money, list[Money]]:
    """Follow every line of a payment plan; return all together, and each by itself."""
    rates = decide_rates(case.rate, days.terms, almanac)
    as_of = case.as_of
    if as_of is None or not all(share.amount_fen for share in shares):
        late = [0 if as_of is None else _days_late(share.due_on, as_of) for share in shares]
        alone = [Money(rates, days_overdue=count) for count in late]
        return Money(rates, days_overdue=max(late)), alone
    paid = paid_of(case, almanac, sum(share.amount_fen for share in shares))
    bearing = shares
    if almanac.settings.dispute_interest == "FROM_DUE_DATE":
        bearing = [share._replace(disputes=()) for share in shares]

    def follow(rate: Rate, of: Sequence[Share] = bearing) -> list[Accrual]:
        first = case.principal_first
        return accrue_lines(of, paid, rate, as_of=as_of, principal_first=first, spans=spans)

    if rates.agreed is not None and (rates.agreed.flat or rates.agreed.cap):
        rates = weighed(rates, case.rate, days, almanac, lambda rate: together(follow(rate)))
    late_lines = follow(rates.governing_rate, shares)
    found = [(name, follow(rate)) for name, rate in rates.items()]
    alone = [
        Money(
            rates,
            one,
            tuple((name, accruals[i]) for name, accruals in found),
            one.days_overdue,
        )
        for i, one in enumerate(late_lines)
    ]
    whole = together(late_lines)
    all_found = tuple((name, together(accruals)) for name, accruals in found)
    return Money(rates, whole, all_found, whole.days_overdue), alone


def together(accruals: Sequence[Accrual]) -> Accrual:
    """Return lines as one: sums of money, the longest lateness, all spans."""
    return Accrual(
        sum(each.interest_fen for each in accruals),
        sum(each.interest_paid_fen for each in accruals),
        sum(each.principal_fen for each in accruals),
        sum(each.undisputed_fen for each in accruals if each.days_overdue),
        max(each.days_overdue for each in accruals),
        sum(each.unapplied_fen for each in accruals),
        tuple(span for each in accruals for span in each.spans),
    )


def _days_late(due_on: date | None, as_of: date) -> int:
    return 0 if due_on is None else max(0, (as_of - due_on).days)
