"""One judgement of one case under one set of readings: the pure core, without words."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from services.ledger.law import audit, regime
from services.ledger.law.case_input import Case
from services.ledger.law.claims import Money, costs_of, money_of, money_of_lines
from services.ledger.law.costs import Settled
from services.ledger.law.days import Days, days_of
from services.ledger.law.due import Due
from services.ledger.law.interest import Accrual
from services.ledger.law.limitation import PAID, Interruption, limitation_ends_on
from services.ledger.law.lines import RETENTION, STARTS, Line, shares_of
from services.ledger.law.rates import RatesDecision
from services.ledger.law.settings import RECOMMENDED
from services.ledger.law.start import StartDecision, StartFacts
from services.ledger.law.terms import TermsDecision
from services.ledger.law.timers import NO_TIMERS, Timers, timers_of
from services.ledger.law.values import Almanac
from services.ledger.money import format_fen


class JudgedLine(NamedTuple):
    """One instalment."""

    line: Line
    days: Days
    money: Money


class Judgement(NamedTuple):
    """Everything a case's result is written from. Of instalments: of all of them together."""

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
    lines: tuple[JudgedLine, ...] = ()
    costs: Settled | None = None


def judge(case: Case, almanac: Almanac, *, spans: bool = True) -> Judgement:
    """Judge a case by the almanac's values and readings."""
    case = _as_read(case, almanac)
    days = days_of(case, almanac)
    if not case.lines:
        return _conclude(case, almanac, days, money_of(case, days, almanac, spans=spans))
    each = [days_of(_case_of(line, case), almanac) for line in case.lines]
    shares = shares_of(
        [line.amount_fen for line in case.lines],
        [found.due.on if found.due else None for found in each],
        case.disputes,
        case.credits,
    )
    money, alone = money_of_lines(case, days, shares, almanac, spans=spans)
    flags = dict.fromkeys(days.flags)
    for found in each:
        flags |= dict.fromkeys(found.flags)
    days = days._replace(
        due=_earliest(found.due for found in each),
        benchmark=_earliest(found.benchmark for found in each),
        advisory=_earliest(found.advisory for found in each),
        flags=tuple(flags),
    )
    lines = tuple(map(JudgedLine, case.lines, each, alone))
    return _conclude(case, almanac, days, money, lines)


def overdue_text(money: Money | Judgement) -> str | None:
    """Return the undisputed overdue amount; "0.00" until late, None when no amount was given."""
    if money.days_overdue == 0:
        return "0.00"
    return None if money.late is None else format_fen(money.late.undisputed_fen)


def _as_read(case: Case, almanac: Almanac) -> Case:
    """Return the case with its facts as the chosen readings of open points take them."""
    settings = almanac.settings
    if settings is RECOMMENDED:
        return case
    if settings.contract_date == "FRAMEWORK" and case.framework_signed_on is not None:
        signed_on = case.framework_signed_on
        case = case._replace(
            contract=case.contract._replace(signed_on=signed_on),
            rate=case.rate._replace(signed_on=signed_on),
        )
    undeclared = settings.undeclared_size == "NOT_PROTECTED" and not case.audit.declared
    if undeclared or (settings.group_size == "GROUP" and case.controlled_by_large):
        case = case._replace(contract=case.contract._replace(creditor_size="LARGE"))
    if settings.payment_moment == "INSTRUCTED" and case.instructed:
        case = case._replace(payments=case.instructed)
    return case


def _case_of(line: Line, case: Case) -> Case:
    """Return one instalment as a case of its own, but for its money."""
    contract, start = case.contract, case.start
    if (line.due_on, line.term_days, line.term_months) != (None, None, None):
        contract = contract._replace(
            due_on=line.due_on, term_days=line.term_days, term_months=line.term_months
        )
    if line.starts_on is not None:
        start = StartFacts(agreed_on=line.starts_on, invoiced_on=start.invoiced_on)
    elif line.starts == "SIGNING":
        start = StartFacts(agreed_on=contract.signed_on)
    elif line.starts == "WARRANTY_END" or (line.kind == RETENTION and line.starts is None):
        # Until the warranty has ended nothing starts, whatever was delivered or settled.
        start = StartFacts(agreed_on=case.warranty_ends_on)
        contract = contract._replace(settlement="ON_DELIVERY")
    elif line.starts is not None:
        contract = contract._replace(settlement=STARTS[line.starts] or contract.settlement)
    contract = contract._replace(retention=line.kind == RETENTION)
    return case._replace(contract=contract, start=start)


def _earliest(days: Iterable[Due | None]) -> Due | None:
    known = [day for day in days if day is not None]
    return min(known, default=None)


def _conclude(
    case: Case, almanac: Almanac, days: Days, money: Money, lines: tuple[JudgedLine, ...] = ()
) -> Judgement:
    """Put flags, timers and limitation beside the days and the money."""
    terms, due, late = days.terms, days.due, money.late
    flags = [*days.flags, *money.rates.flags]
    flags += audit.audit_clauses(
        case.audit,
        terms,
        as_of=case.as_of,
        limits=almanac.limits.on(case.contract.signed_on) if _asks_deposit(case) else None,
    )
    flags += ["SIZE_CONTRADICTED"] if case.size_contradicted else []
    controlled = case.controlled_by_large and terms.applies == "true"
    flags += ["CONTROLLED_BY_LARGE"] if controlled else []
    flags += _instrument_flags(case, terms, due, almanac)
    timers = NO_TIMERS
    if case.requested_on is not None or case.complaint != (None, None, None):
        timers = timers_of(
            almanac,
            requested_on=case.requested_on if _is_bound(case) else None,
            submitted_on=case.complaint.submitted_on,
            accepted_on=case.complaint.accepted_on,
            materials_received_on=case.complaint.materials_received_on,
        )
    if _is_after(case.as_of, timers.confirmation_due_on) and _unanswered(case, timers):
        flags.append("R-CONFIRM-30")
    limitation = _limitation(case, _last_due(due, lines), almanac)
    if limitation is not None and (late is None or late.principal_fen):
        flags += _limitation_flags(case, limitation, almanac)
    dues = [line.days.due for line in lines] if lines else [due]
    if timers.provisional or any(day.provisional for day in dues if day is not None):
        flags.append("calendar_provisional")
    return Judgement(
        terms,
        days.start,
        due,
        days.benchmark,
        days.advisory,
        money.rates,
        late,
        money.accruals,
        money.days_overdue,
        timers,
        limitation,
        tuple(flags),
        lines,
        costs_of(case),
    )


def _asks_deposit(case: Case) -> bool:
    return bool(case.audit.deposits) or case.audit.retained_percent is not None


def _last_due(due: Due | None, lines: tuple[JudgedLine, ...]) -> Due | None:
    """Art. 189: of a debt in instalments limitation runs "自最后一期履行期限届满之日起"."""
    if not lines:
        return due
    known = [line.days.due for line in lines if line.days.due is not None]
    return max(known) if len(known) == len(lines) else None


def _instrument_flags(
    case: Case, terms: TermsDecision, due: Due | None, almanac: Almanac
) -> list[str]:
    if case.instrument is None:
        return []
    due_on = None if due is None else due.on
    flags = audit.audit_instrument(
        case.instrument,
        terms,
        due_on=due_on,
        limits=almanac.limits,
        ecert_cap=almanac.settings.ecert_cap,
    )
    if case.as_of is None or case.instrument.handed_on <= case.as_of:
        flags.append("settled_by_instrument")
    return flags


def _is_bound(case: Case) -> bool:
    """Whether Art. 16(2) / 14 may bind the debtor: by the event's day, whenever it was signed."""
    gate = regime.gate(
        regime=regime.R2025,
        debtor_kind=case.contract.debtor_kind,
        creditor_size=case.contract.creditor_size,
        domestic=case.contract.domestic,
    )
    return gate.applies != "false"


def _unanswered(case: Case, timers: Timers) -> bool:
    """Whether the request was not answered in time."""
    due_on = timers.confirmation_due_on
    assert due_on is not None
    return case.confirmed_on is None or case.confirmed_on > due_on


def _limitation(case: Case, due: Due | None, almanac: Almanac) -> date | None:
    """民法典 188, 195: a part payment acknowledges the debt and interrupts as a demand does.

    A period of two years that was still running on 2017-10-01 became one of three.
    """
    as_of = case.as_of
    if due is None or as_of is None or as_of <= due.on:
        return None
    events = [Interruption(payment.on, PAID) for payment in case.payments if payment.on <= as_of]
    for each in case.interruptions:
        if each.on <= as_of:
            open_still = each.ended_on is not None and each.ended_on > as_of
            events.append(each._replace(ended_on=None) if open_still else each)
    years = almanac.limits.on(due.on).limitation_years
    assert years is not None
    ends_on = limitation_ends_on(due.on, interruptions=events, years=years)
    later = years if ends_on is None else almanac.limits.on(ends_on).limitation_years
    if later is None or later <= years:
        return ends_on
    return limitation_ends_on(due.on, interruptions=events, years=later)


def _limitation_flags(case: Case, ends_on: date, almanac: Almanac) -> list[str]:
    if _is_after(case.as_of, ends_on):
        return ["R-LIMIT-3Y"]
    days = almanac.limits.on(ends_on).limitation_warning_days or 0
    soon = _is_after(case.as_of, ends_on - timedelta(days=days))
    return ["LIMITATION_ENDS_SOON"] if soon else []


def _is_after(day: date | None, limit: date | None) -> bool:
    return day is not None and limit is not None and day > limit
