"""A contract's terms and rate as columns, under any readings: what SQL computes a book with.

`judge` decides one case; these few numbers let one statement decide a million of them alike.
"""

from datetime import date
from typing import Final, NamedTuple

from services.ledger.law import regime
from services.ledger.law.decree_728 import GOV_TERM_OVER_60, PAY_WHEN_PAID
from services.ledger.law.interest import Rate, yearly_rate
from services.ledger.law.rates import RateFacts, RatesDecision, below_floor, decide_rates
from services.ledger.law.settings import Settings
from services.ledger.law.terms import (
    ACCEPTANCE,
    DELIVERY,
    SETTLEMENT,
    ContractFacts,
    TermsDecision,
    advisory_terms,
    decide_terms,
)
from services.ledger.law.values import Almanac

_ANY_DAY: Final = date.max
"""Stands for every agreed day: how far away it is, is known only once the term has started."""


class Term(NamedTuple):
    """How a due day follows from a start: the earliest that is not None, or the agreed day.

    A day that was agreed stays within ``day_limit`` days of the start; beyond it becomes the
    ``day_over``-th day.
    """

    days: int | None
    months: int | None
    cap_days: int | None
    day_limit: int | None
    day_over: int | None


class BookTerms(NamedTuple):
    """A contract as the statement over the whole book takes it."""

    start_rule: str
    """DELIVERY, ACCEPTANCE, SETTLEMENT, or under the other reading of O2 to O4
    DELIVERY_RECORD, ACCEPTANCE_OR_DELIVERY, SETTLEMENT_OR_DELIVERY."""
    inspection_days: int | None
    rolls: bool
    agreed_rolls: bool
    """Whether a day that was agreed as such rolls as well."""
    term: Term
    term_2025: Term | None
    """TRANSITION, the other reading: the term where it starts on or after 2025-06-01."""
    reading: str | None
    """The governing reading of the rate; None: no interest."""
    rate: Rate | None
    day_rate: Rate | None
    """The rate where a day of payment was agreed: no clause then waits for a third party."""
    bears_disputed: bool
    """DISPUTE_INTEREST, the other reading: interest falls on the disputed part as well."""
    below: tuple[Rate, Rate] | None = None
    """Where a sum owed once, or a limit, is weighed by what it comes to for the days late: the
    LPR at signing, and the rate that counts where the agreement comes to less than that."""


def decide_book_terms(facts: ContractFacts, rate: RateFacts, almanac: Almanac) -> BookTerms:
    """Decide a contract by the almanac's values and readings.

    Raises:
        LprMissingError: the LPR at signing is needed and is not in the almanac.
    """
    on_a_day = facts._replace(due_on=_ANY_DAY, pay_when_paid=False)
    plain = decide_terms(facts, almanac, trace=False)
    dated = decide_terms(on_a_day, almanac, trace=False)
    default_days = None
    if almanac.settings.public_term_over_cap == "DEFAULT" and GOV_TERM_OVER_60 in dated.flags:
        default_days = almanac.limits.on(facts.signed_on).gov_default_days
    later = None
    if _is_transitional(plain, almanac.settings):
        later = _term(advisory_terms(facts, almanac), advisory_terms(on_a_day, almanac), None)
    term = _term(plain, dated, default_days)
    return _columns(plain, dated.flags, (term, later), rate, almanac)


def decided_book_terms(decided: TermsDecision, rate: RateFacts, almanac: Almanac) -> BookTerms:
    """Return the columns of a decision that was stored, read as the almanac says.

    A day that was agreed keeps the cap that was stored and nothing else.
    """
    cap = decided.cap_days
    term = Term(decided.term_days, decided.term_months, cap, cap, cap)
    flags = tuple(flag for flag in decided.flags if flag != PAY_WHEN_PAID)
    return _columns(decided, flags, (term, None), rate, almanac)


def _columns(
    decided: TermsDecision,
    flags_on_a_day: tuple[str, ...],
    terms: tuple[Term, Term | None],
    rate: RateFacts,
    almanac: Almanac,
) -> BookTerms:
    settings = almanac.settings
    rates = decide_rates(rate, decided, almanac)
    dated = rates
    if flags_on_a_day != decided.flags:
        dated = decide_rates(rate, decided._replace(flags=flags_on_a_day), almanac)
    return BookTerms(
        _start_rule(decided.start_rule, settings),
        decided.inspection_days,
        decided.roll_rest_days,
        settings.agreed_day == "ROLL",
        *terms,
        rates.governing,
        _governing(rates),
        _governing(dated),
        settings.dispute_interest == "FROM_DUE_DATE",
        _below(rates, decided, rate, almanac),
    )


def _term(plain: TermsDecision, dated: TermsDecision, default_days: int | None) -> Term:
    limit = dated.cap_days
    over = limit if default_days is None else default_days
    return Term(plain.term_days, plain.term_months, plain.cap_days, limit, over)


def _is_transitional(decided: TermsDecision, settings: Settings) -> bool:
    return (
        settings.transition == "REGIME_AT_START"
        and decided.applies == "true"
        and regime.is_transitional(regime=decided.regime, started_on=date.max)
    )


def _start_rule(rule: str, settings: Settings) -> str:
    if rule == DELIVERY and settings.service_delivery == "DELIVERY_RECORD":
        return "DELIVERY_RECORD"
    if rule == ACCEPTANCE and settings.no_inspection_period == "DELIVERY":
        return "ACCEPTANCE_OR_DELIVERY"
    if rule == SETTLEMENT and settings.settlement_stalled == "DELIVERY":
        return "SETTLEMENT_OR_DELIVERY"
    return rule


def _below(
    rates: RatesDecision, decided: TermsDecision, rate: RateFacts, almanac: Almanac
) -> tuple[Rate, Rate] | None:
    agreed, lpr_percent = rates.agreed, rates.lpr_percent
    if agreed is None or lpr_percent is None or rates.governing != "agreed":
        return None
    if agreed.flat is agreed.cap is None:
        return None
    basis = rate.day_basis or int(almanac.settings.day_basis)
    below = below_floor(rates, rate, decided, almanac)
    return yearly_rate(lpr_percent, day_basis=basis), below.governing_rate


def _governing(rates: RatesDecision) -> Rate | None:
    return None if rates.governing is None else rates.governing_rate
