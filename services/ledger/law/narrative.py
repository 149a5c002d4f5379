"""The reasoning of one judgement, step by step, each with its rule and article."""

from datetime import date

from services.ledger.law.case_input import Case
from services.ledger.law.civil_code import last_day_of_months
from services.ledger.law.days import Days
from services.ledger.law.interest import Accrual
from services.ledger.law.judge import JudgedLine, Judgement
from services.ledger.law.regime import regime_at
from services.ledger.law.sme_standard import Indicators
from services.ledger.law.start import start_of_term
from services.ledger.law.terms import TermsDecision, decide_terms
from services.ledger.law.trace import Step, flag_step, step
from services.ledger.law.values import Almanac
from services.ledger.money import format_fen

_INTEREST_RULE = {
    "statutory": "R-INT-DEFAULT",
    "agreed": "R-INT-AGREED",
    "court": "R-INT-COURT",
    "floor": "R-INT-FLOOR",
    "void_clause": "R-INT-DEFAULT",
}


def steps_of(case: Case, almanac: Almanac, judged: Judgement) -> list[dict[str, str]]:
    """Return the steps in the order a judge would take them."""
    governing = judged.terms.regime
    steps = [step("R-SIZE", governing, outcome=_size_text(case))]
    steps += decide_terms(case.contract, almanac).trace
    steps += start_of_term(case.start, judged.terms, settings=almanac.settings).trace
    if judged.lines:
        for number, each in enumerate(judged.lines, start=1):
            steps += _line_steps(number, each, judged)
    else:
        steps += _due_steps(judged)
    steps += _cost_steps(case, judged)
    steps += _money_steps(case, judged)
    steps += _timer_steps(case, judged)
    steps += [flag_step(flag, _cited(flag, case, judged)) for flag in judged.flags]
    return [each._asdict() for each in steps]


def _cited(flag: str, case: Case, judged: Judgement) -> str:
    """Return the regime whose rule raises a flag: the contract's, but of a duty its event's."""
    if flag in judged.start.flags:
        return judged.terms.cited
    if flag == "R-CONFIRM-30" and case.requested_on is not None:
        return regime_at(case.requested_on)
    return judged.terms.regime


def _line_steps(number: int, each: JudgedLine, judged: Judgement) -> list[Step]:
    governing = judged.terms.regime
    amount = format_fen(each.line.amount_fen) if each.line.amount_fen else "-"
    due_on = each.days.due.on if each.days.due else "-"
    late = f"days_overdue={each.money.days_overdue}"
    told = f"line {number} {each.line.kind}: {amount}, due_on={due_on}, {late}"
    return [step("R-LINES", governing, outcome=told), *_due_steps(each.days)]


def _due_steps(judged: Judgement | Days) -> list[Step]:
    terms, due, start_on = judged.terms, judged.due, judged.start.start_on
    governing = terms.regime
    steps = []
    if due is not None:
        rule = _counted_by(terms, start_on, due.raw_on)
        parts = f"start_on={start_on or '-'}, last day {due.raw_on}"
        if rule == "R-TERM-AGREED":
            parts = f"due_on={terms.due_on}"
        steps.append(step(rule, governing, outcome=parts))
        if due.on != due.raw_on:
            rolled = f"{due.raw_on} → {due.on}"
            steps.append(step("R-ROLL", governing, outcome=rolled))
    if judged.benchmark is not None:
        day_60 = f"benchmark_due_on={judged.benchmark.on}"
        steps.append(step("R-TERM-LARGE-DEFAULT", governing, outcome=day_60))
    if "TRANSITIONAL" in judged.flags:
        advisory = judged.advisory.on if judged.advisory else "-"
        steps.append(step("R-TRANSITION", governing, outcome=f"advisory_due_on={advisory}"))
    return steps


def _counted_by(terms: TermsDecision, start_on: date | None, raw_on: date) -> str:
    """Return the rule that gives the last day: months end later than a cap in days, or earlier."""
    if raw_on == terms.due_on:
        return "R-TERM-AGREED"
    if terms.term_months is None or start_on is None:
        return "R-COUNT"
    ends_on = last_day_of_months(start_on, term_months=terms.term_months)
    return "R-MONTHS" if raw_on == ends_on else "R-COUNT"


def _size_text(case: Case) -> str:
    """Say what a size rests on: the figures, or who stated it."""
    size, sized = f"creditor_size={case.contract.creditor_size}", case.sized
    if sized.by_figures is None:
        return f"{size} as stated" if sized.is_stated else size
    row = sized.row
    industry = f"industry {row.number} {row.name_zh}" if row else "industry not in the standard"
    given = zip(Indicators._fields, sized.figures, strict=True)
    figures = ", ".join(f"{name}={value}" for name, value in given if value is not None)
    told = f"{industry}: {figures or '-'}"
    return (
        f"{told} → {sized.by_figures}; {size} as stated" if sized.is_stated else f"{told} → {size}"
    )


def _cost_steps(case: Case, judged: Judgement) -> list[Step]:
    """Say what the costs are; whether the debtor bears them is for the contract or a court."""
    if judged.costs is None or case.as_of is None:
        return []
    told = "; ".join(
        f"{cost.kind} {format_fen(cost.amount_fen)} {cost.on} {cost.note}".rstrip()
        for cost in case.costs
        if cost.on <= case.as_of
    )
    order = "after the principal, as agreed" if case.principal_first else "first"
    paid, left = format_fen(judged.costs.paid_fen), format_fen(judged.costs.open_fen)
    went = f"costs {order}: {told or '-'}; paid {paid}, open {left}"
    return [step("R-ALLOCATE", judged.terms.regime, outcome=went)]


def _money_steps(case: Case, judged: Judgement) -> list[Step]:
    late, governing = judged.late, judged.terms.regime
    if late is None or not late.days_overdue:
        return []
    steps = []
    if case.disputes:
        undisputed = f"undisputed={format_fen(late.undisputed_fen)}"
        steps.append(step("R-SPLIT", judged.terms.cited, outcome=undisputed))
    if case.payments:
        order = "principal first, as agreed" if case.principal_first else "interest first"
        went = f"{order}; principal left {format_fen(late.principal_fen)}"
        if late.unapplied_fen:
            went = f"{went}; paid beyond what is owed {format_fen(late.unapplied_fen)}"
        steps.append(step("R-ALLOCATE", governing, outcome=went))
    steps += [
        step(_INTEREST_RULE[name], governing, outcome=_interest_text(name, accrual, judged))
        for name, accrual in judged.accruals
    ]
    if judged.limitation_ends_on is not None:
        ends = f"until {judged.limitation_ends_on}"
        rule = "R-LIMIT-LINES" if judged.lines else "R-LIMIT-3Y"
        steps.append(step(rule, governing, outcome=ends))
    return steps


def _interest_text(name: str, accrual: Accrual, judged: Judgement) -> str:
    rate = dict(judged.rates.items())[name]
    sums = " + ".join(f"{format_fen(span.principal_fen)}×{span.days}d" for span in accrual.spans)
    lpr = judged.rates.lpr_percent
    known = f", LPR {lpr}%" if lpr is not None else ""
    total = format_fen(accrual.interest_fen)
    parts = f"({sums or '0'}) × {rate.numerator}/{rate.denominator}"
    if rate.changes:
        parts = f"{parts}, LPR as published"
    if rate.flat is not None:
        parts = f"{parts} + penalty {rate.flat[0] * 100}/{rate.flat[1]}%"
    if rate.cap is not None:
        parts = f"{parts}, at most {rate.cap[0] * 100}/{rate.cap[1]}%"
    return f"{name}: {parts} = {total}{known}"


def _timer_steps(case: Case, judged: Judgement) -> list[Step]:
    timers, governing = judged.timers, judged.terms.regime
    steps = []
    if timers.confirmation_due_on is not None:
        asked = f"{case.requested_on} → {timers.confirmation_due_on}"
        cited = _cited("R-CONFIRM-30", case, judged)
        steps.append(step("R-CONFIRM-30", cited, outcome=asked))
    if timers.review_due_on is not None:
        review = f"review {timers.review_due_on}"
        steps.append(step("R-COMPLAINT-REVIEW", governing, outcome=review))
    clocks = (timers.transfer_due_on, timers.result_due_on, timers.result_max_on)
    if clocks != (None, None, None):
        names = ("transfer", "result", "result at most")
        told = [f"{name} {day}" for name, day in zip(names, clocks, strict=True) if day is not None]
        steps.append(step("R-COMPLAINT", governing, outcome=", ".join(told)))
    return steps
