"""The fixed case format, so that anyone can check the engine without a database."""

from collections.abc import Iterable, Mapping
from datetime import date

from services.ledger.law import narrative, readings
from services.ledger.law.case_input import Case, read_case
from services.ledger.law.interest import Accrual
from services.ledger.law.judge import JudgedLine, Judgement, judge, overdue_text
from services.ledger.law.rates import READINGS
from services.ledger.law.values import Almanac
from services.ledger.money import format_fen

_APPLIES: Mapping[str, bool | str] = {"true": True, "false": False, "unknown": "unknown"}


def explain(
    case: Mapping[str, object], almanac: Almanac, *, trace: bool = True
) -> dict[str, object]:
    """Decide a case and say why: the keys of the fixed format, readings and trace included.

    Args:
        case: as parsed from JSON, money as text; `case_input` says what it may hold.
        almanac: the dated values and the chosen readings.
        trace: without it ``readings`` and ``trace`` stay empty, which is many times faster.

    Raises:
        LedgerError: the case is not in the format (``CASE_INVALID``, ``AMOUNT_INVALID``,
            ``INDUSTRY_UNKNOWN``, with the field), or the almanac lacks a value that is needed
            (``LPR_MISSING``, ``LIMIT_MISSING``).
    """
    read = read_case(case, almanac.sizes)
    judged = judge(read, almanac)
    result = _result(read, judged)
    if trace:
        result["readings"] = readings.readings_of(read, almanac, judged)
        result["trace"] = narrative.steps_of(read, almanac, judged)
    return result


def decide(case: Mapping[str, object], almanac: Almanac) -> dict[str, object]:
    """Decide a case without its reasons."""
    return explain(case, almanac, trace=False)


def _result(case: Case, judged: Judgement) -> dict[str, object]:
    due_on = judged.due and judged.due.on
    timers = judged.timers
    clocks = {
        "confirmation_due_on": _iso(timers.confirmation_due_on),
        "transfer_due_on": _iso(timers.transfer_due_on),
        "result_due_on": _iso(timers.result_due_on),
        "result_max_on": _iso(timers.result_max_on),
    }
    if case.complaint.submitted_on is not None:
        clocks["review_due_on"] = _iso(timers.review_due_on)
    result: dict[str, object] = {
        "applies": _APPLIES[judged.terms.applies],
        "regime": judged.terms.regime,
        "start_on": _iso(judged.start.start_on),
        "due_on": _iso(due_on),
        "benchmark_due_on": _iso(judged.benchmark and judged.benchmark.on),
        "advisory_due_on": _iso(judged.advisory and judged.advisory.on),
        "days_overdue": judged.days_overdue,
        "overdue_undisputed": overdue_text(judged),
        "interest": _interest(judged.accruals),
        "flags": list(judged.flags),
        "timers": clocks,
        "creditor_size": case.contract.creditor_size,
        "limitation_ends_on": _iso(judged.limitation_ends_on),
        "readings": [],
        "trace": [],
    }
    if judged.costs is not None:
        result["costs"] = {
            "claimed": format_fen(judged.costs.claimed_fen),
            "paid": format_fen(judged.costs.paid_fen),
            "open": format_fen(judged.costs.open_fen),
        }
    if judged.lines:
        result["lines"] = [_line(number, each) for number, each in enumerate(judged.lines, start=1)]
    return result


def _line(number: int, judged: JudgedLine) -> dict[str, object]:
    line, days, money = judged
    return {
        "line": number,
        "kind": line.kind,
        "amount": format_fen(line.amount_fen) if line.amount_fen else None,
        "start_on": _iso(days.start.start_on),
        "due_on": _iso(days.due and days.due.on),
        "benchmark_due_on": _iso(days.benchmark and days.benchmark.on),
        "advisory_due_on": _iso(days.advisory and days.advisory.on),
        "days_overdue": money.days_overdue,
        "overdue_undisputed": overdue_text(money),
        "interest": _interest(money.accruals),
        "flags": list(days.flags),
    }


def _interest(accruals: Iterable[tuple[str, Accrual]]) -> dict[str, object]:
    found: dict[str, object] = dict.fromkeys(READINGS)
    spans: list[dict[str, object]] = []
    for name, accrual in accruals:
        found[name] = format_fen(accrual.interest_fen)
        spans += _spans(name, accrual)
    found["spans"] = spans
    return found


def _spans(name: str, accrual: Accrual) -> list[dict[str, object]]:
    return [
        {
            "reading": name,
            "from": span.from_on.isoformat(),
            "to": span.to_on.isoformat(),
            "days": span.days,
            "principal": format_fen(span.principal_fen),
            "interest": format_fen(span.interest_fen),
        }
        for span in accrual.spans
    ]


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
