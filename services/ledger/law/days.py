"""When one claim is due, why, and what is suspect about its term."""

from datetime import date
from typing import NamedTuple

from services.ledger.law import civil_code, regime
from services.ledger.law.case_input import Case
from services.ledger.law.due import Due, due_of, roll
from services.ledger.law.start import STALLED, StartDecision, inspection_ends_on, start_of_term
from services.ledger.law.terms import TermsDecision, advisory_terms, decide_terms
from services.ledger.law.values import Almanac

_OVER_60 = {"GOV_TERM_OVER_60", "TERM_OVER_60_REVIEW"}


class Days(NamedTuple):
    """When a term starts and ends, and what is suspect about it."""

    terms: TermsDecision
    start: StartDecision
    due: Due | None
    benchmark: Due | None
    advisory: Due | None
    flags: tuple[str, ...]


def days_of(case: Case, almanac: Almanac) -> Days:
    """Decide when the term of a claim starts and ends."""
    terms = decide_terms(case.contract, almanac, trace=False)
    if terms.flags and not regime.reply_reaches(terms.regime, case.as_of):
        flags_then = tuple(flag for flag in terms.flags if flag != "PAY_WHEN_PAID")
        terms = terms._replace(flags=flags_then)
    terms = _with_inspection_end(terms, case, almanac)
    start = start_of_term(case.start, terms, settings=almanac.settings, trace=False)
    calendar, settings = almanac.calendar, almanac.settings
    flags = [
        flag for flag in terms.flags if flag not in _OVER_60 or _exceeds(terms, start, almanac)
    ]
    over_cap = "GOV_TERM_OVER_60" in flags and settings.public_term_over_cap == "DEFAULT"
    if over_cap and terms.due_on is not None:
        default_days = almanac.limits.on(case.contract.signed_on).gov_default_days
        terms = terms._replace(cap_days=default_days)
    due = due_of(start.start_on, terms, calendar, settings)
    advisory = None
    transitional = terms.applies == "true" and regime.is_transitional(
        regime=terms.regime, started_on=start.start_on or _last_event(case)
    )
    if transitional:
        under_2025 = advisory_terms(case.contract, almanac)
        advisory = due_of(start.start_on, under_2025, calendar, settings)
        if settings.transition == "REGIME_AT_START":
            due = advisory
    benchmark = None
    if "TERM_OVER_60_REVIEW" in flags:
        limits = almanac.limits.on(max(case.contract.signed_on, regime.DECREE_802_FROM))
        at_60 = terms._replace(
            term_days=limits.large_review_days, term_months=None, cap_days=None, due_on=None
        )
        benchmark = due_of(start.start_on, at_60, calendar, settings)
    flags += [flag for flag in start.flags if flag != STALLED or _is_stalled(case, almanac)]
    flags += ["TRANSITIONAL"] if transitional else []
    return Days(terms, start, due, benchmark, advisory, tuple(flags))


def _last_event(case: Case) -> date | None:
    """Return the last day on which a term that has not started was performed."""
    start = case.start
    events = (start.delivered_on, start.accepted_on, start.settlement_confirmed_on)
    return max((day for day in events if day is not None), default=None)


def _with_inspection_end(terms: TermsDecision, case: Case, almanac: Almanac) -> TermsDecision:
    """INSPECTION_END, the other reading: the end of the period rolls as its due day does."""
    delivered_on = case.start.delivered_on
    days = terms.inspection_days
    if almanac.settings.inspection_end != "ROLL" or delivered_on is None or days is None:
        return terms
    ends_on = inspection_ends_on(delivered_on, inspection_days=days)
    rolled = roll(ends_on, almanac.calendar, almanac.settings)
    return terms._replace(inspection_days=(rolled.on - delivered_on).days)


def _exceeds(terms: TermsDecision, start: StartDecision, almanac: Almanac) -> bool:
    """Settle for a known start what months or an agreed day left open at the contract (O9)."""
    if start.start_on is None:
        return terms.due_on is None
    if terms.due_on is None and terms.term_months is None:
        return True
    limits = almanac.limits.on(max(start.start_on, regime.DECREE_728_FROM))
    assert limits.gov_cap_days is not None
    ends_on = terms.due_on
    if ends_on is None:
        assert terms.term_months is not None
        ends_on = civil_code.last_day_of_months(start.start_on, term_months=terms.term_months)
    return ends_on > civil_code.last_day(start.start_on, term_days=limits.gov_cap_days)


def _is_stalled(case: Case, almanac: Almanac) -> bool:
    """O3: shown once what was delivered, or else the contract, has waited as long as is set."""
    delivered_on, as_of = case.start.delivered_on, case.as_of
    if as_of is None:
        return delivered_on is not None
    since = delivered_on or case.contract.signed_on
    days = almanac.limits.on(since).settlement_stalled_days
    return days is None or (as_of - since).days > days
