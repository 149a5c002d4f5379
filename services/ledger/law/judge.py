"""One judgement of one case under one set of readings: the pure core, without words."""

from datetime import date
from typing import NamedTuple

from services.ledger.law import audit, civil_code, regime
from services.ledger.law.case_input import Case
from services.ledger.law.due import Due, due_of, roll
from services.ledger.law.interest import Accrual, Claim, Payment, accrue
from services.ledger.law.rates import RatesDecision, decide_rates
from services.ledger.law.start import STALLED, StartDecision, inspection_ends_on, start_of_term
from services.ledger.law.terms import TermsDecision, advisory_terms, decide_terms
from services.ledger.law.timers import Timers, timers_of
from services.ledger.law.values import Almanac
from services.ledger.money import format_fen

_OVER_60 = {"GOV_TERM_OVER_60", "TERM_OVER_60_REVIEW"}
NO_TIMERS = Timers()


class Judgement(NamedTuple):
    """Everything a case's result is written from."""

    terms: TermsDecision
    start: StartDecision
    due: Due | None
    benchmark: Due | None
    advisory: Due | None
    rates: RatesDecision
    late: Accrual | None
    """The claim under the governing reading; None without a due day, an amount or a day asked."""
    accruals: tuple[tuple[str, Accrual], ...]
    days_overdue: int
    timers: Timers
    limitation_ends_on: date | None
    flags: tuple[str, ...]


def judge(case: Case, almanac: Almanac, *, spans: bool = True) -> Judgement:
    """Judge a case by the almanac's values and readings."""
    terms = decide_terms(case.contract, almanac, trace=False)
    terms = _with_inspection_end(terms, case, almanac)
    start = start_of_term(case.start, terms, settings=almanac.settings, trace=False)
    calendar, settings = almanac.calendar, almanac.settings
    due = due_of(start.start_on, terms, calendar, settings)
    advisory = None
    transitional = terms.applies == "true" and regime.is_transitional(
        regime=terms.regime, started_on=start.start_on
    )
    if transitional:
        under_2025 = advisory_terms(case.contract, almanac)
        advisory = due_of(start.start_on, under_2025, calendar, settings)
        if settings.transition == "REGIME_AT_START":
            due = advisory
    flags = [
        flag for flag in terms.flags if flag not in _OVER_60 or _exceeds(terms, start, almanac)
    ]
    benchmark = None
    if "TERM_OVER_60_REVIEW" in flags:
        days = almanac.limits.on(max(case.contract.signed_on, regime.DECREE_802_FROM))
        at_60 = terms._replace(term_days=days.large_review_days, term_months=None, cap_days=None)
        benchmark = due_of(start.start_on, at_60, calendar, settings)
    flags += [flag for flag in start.flags if flag != STALLED or _is_stalled(case, almanac)]
    flags += ["TRANSITIONAL"] if transitional else []
    rates = decide_rates(case.rate, terms, almanac)
    flags += rates.flags
    late, accruals, days_overdue = _money(case, due, rates, almanac, spans=spans)
    flags += audit.audit_clauses(case.audit, terms, as_of=case.as_of)
    flags += _instrument_flags(case, terms, due, almanac)
    timers = _timers(case, almanac)
    if _is_after(case.as_of, timers.confirmation_due_on) and _unanswered(case, timers):
        flags.append("R-CONFIRM-30")
    limitation = _limitation(case, due, almanac)
    if _is_after(case.as_of, limitation) and (late is None or late.principal_fen):
        flags.append("R-LIMIT-3Y")
    if (due is not None and due.provisional) or timers.provisional:
        flags.append("calendar_provisional")
    return Judgement(
        terms,
        start,
        due,
        benchmark,
        advisory,
        rates,
        late,
        accruals,
        days_overdue,
        timers,
        limitation,
        tuple(flags),
    )


def overdue_text(judged: Judgement) -> str | None:
    """Return the undisputed overdue amount; "0.00" until late, None when no amount was given."""
    if judged.days_overdue == 0:
        return "0.00"
    return None if judged.late is None else format_fen(judged.late.undisputed_fen)


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
    """Settle for a known start what months left open at the contract (O9)."""
    if terms.term_months is None or start.start_on is None:
        return True
    by_month = civil_code.last_day_of_months(start.start_on, term_months=terms.term_months)
    limits = almanac.limits.on(max(start.start_on, regime.DECREE_728_FROM))
    assert limits.gov_cap_days is not None
    return by_month > civil_code.last_day(start.start_on, term_days=limits.gov_cap_days)


def _is_stalled(case: Case, almanac: Almanac) -> bool:
    """O3: shown once a delivered part has waited longer than the setting says."""
    delivered_on, as_of = case.start.delivered_on, case.as_of
    if delivered_on is None or as_of is None:
        return delivered_on is not None or as_of is not None
    days = almanac.limits.on(delivered_on).settlement_stalled_days
    return days is None or (as_of - delivered_on).days > days


def _money(
    case: Case, due: Due | None, rates: RatesDecision, almanac: Almanac, *, spans: bool
) -> tuple[Accrual | None, tuple[tuple[str, Accrual], ...], int]:
    if due is None or case.as_of is None:
        return None, (), 0
    if case.amount_fen is None:
        return None, (), max(0, (case.as_of - due.on).days)
    settings = almanac.settings
    payments = case.payments
    if case.instrument is not None and settings.noncash_discharge == "PAID_AT_HANDOVER":
        payments = (*payments, Payment(case.instrument.handed_on, case.amount_fen))
    claim = Claim(
        case.amount_fen, due.on, payments, case.disputes, case.credits, case.principal_first
    )
    as_of = case.as_of
    late = accrue(claim, rates.governing_rate, as_of=as_of, spans=spans)
    bearing = claim
    if settings.dispute_interest == "FROM_DUE_DATE":
        bearing = claim._replace(disputes=())
    found = []
    for name, rate in rates.items():
        same = bearing is claim and name == rates.governing
        found.append((name, late if same else accrue(bearing, rate, as_of=as_of, spans=spans)))
    return late, tuple(found), late.days_overdue


def _instrument_flags(
    case: Case, terms: TermsDecision, due: Due | None, almanac: Almanac
) -> list[str]:
    if case.instrument is None:
        return []
    due_on = None if due is None else due.on
    flags = audit.audit_instrument(case.instrument, terms, due_on=due_on, limits=almanac.limits)
    if case.as_of is None or case.instrument.handed_on <= case.as_of:
        flags.append("settled_by_instrument")
    return flags


def _timers(case: Case, almanac: Almanac) -> Timers:
    events = (case.requested_on, case.complaint_accepted_on, case.materials_received_on)
    if events == (None, None, None):
        return NO_TIMERS
    return timers_of(
        almanac,
        requested_on=case.requested_on,
        accepted_on=case.complaint_accepted_on,
        materials_received_on=case.materials_received_on,
    )


def _unanswered(case: Case, timers: Timers) -> bool:
    """Whether the request was not answered in time; the duty binds whom the Regulation binds."""
    gate = regime.gate(
        regime=regime.R2025,
        debtor_kind=case.contract.debtor_kind,
        creditor_size=case.contract.creditor_size,
        domestic=case.contract.domestic,
    )
    due_on = timers.confirmation_due_on
    assert due_on is not None
    answered = case.confirmed_on is not None and case.confirmed_on <= due_on
    return gate.applies != "false" and not answered


def _limitation(case: Case, due: Due | None, almanac: Almanac) -> date | None:
    """民法典 188, 195: a part payment acknowledges the debt and interrupts as a demand does."""
    if due is None or case.as_of is None or case.as_of <= due.on:
        return None
    years = almanac.limits.on(due.on).limitation_years
    assert years is not None
    paid_on = [payment.on for payment in case.payments if payment.on <= case.as_of]
    interrupted_on = [day for day in case.interrupted_on if day <= case.as_of]
    return civil_code.limitation_ends_on(
        due.on, interrupted_on=[*paid_on, *interrupted_on], years=years
    )


def _is_after(day: date | None, limit: date | None) -> bool:
    return day is not None and limit is not None and day > limit
