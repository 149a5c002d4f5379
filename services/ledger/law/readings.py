"""Open points of one case: the reading chosen, and what the alternatives would come to."""

from decimal import Decimal
from typing import NamedTuple

from services.ledger.law.case_input import Case
from services.ledger.law.civil_code import last_day
from services.ledger.law.due import Due
from services.ledger.law.interest import Claim, accrue, yearly_rate
from services.ledger.law.judge import Judgement, judge, overdue_text
from services.ledger.law.settings import OPEN_POINTS, OpenPoint
from services.ledger.law.values import Almanac, LprMissingError
from services.ledger.money import format_fen

_NEEDS_OTHER_FACTS = frozenset({"invoice_condition", "payment_moment"})
"""Open points whose alternative rests on a day that no case holds: of invoice, of instruction."""

Result = dict[str, object]


class Alternative(NamedTuple):
    """Another choice and the parts of the result that it would change."""

    choice: str
    result: Result | None
    """None: it rests on a fact that the case does not hold."""


def readings_of(case: Case, almanac: Almanac, judged: Judgement) -> list[Result]:
    """Return the open points that matter for a case, each with the alternatives' results.

    A point matters when another choice would change a day, a number or an amount.
    """
    ours = _summary(judged)
    shown = []
    for point in OPEN_POINTS:
        alternatives = _alternatives(point, case, almanac, ours)
        if alternatives:
            texts = (point.question_zh, point.question_en, point.why)
            chosen = getattr(almanac.settings, point.setting)
            reading = _reading(point.id, texts, chosen, ours, alternatives)
            reading["setting"] = point.setting
            reading["valid_from"] = point.valid_from.isoformat()
            shown.append(reading)
    shown += _allocation(case, almanac, ours)
    return shown + _sale_outside(case, almanac, judged)


def _alternatives(
    point: OpenPoint, case: Case, almanac: Almanac, ours: Result
) -> list[Alternative]:
    chosen = getattr(almanac.settings, point.setting)
    others = [option for option in point.options if option != chosen]
    if point.setting in _NEEDS_OTHER_FACTS:
        return [] if ours["due_on"] is None else [Alternative(option, None) for option in others]
    found = []
    for option in others:
        settings = almanac.settings._replace(**{point.setting: option})
        theirs = _summary(judge(case, almanac._replace(settings=settings), spans=False))
        changed = {key: value for key, value in theirs.items() if value != ours[key]}
        if changed:
            found.append(Alternative(option, changed))
    return found


def _reading(
    name: str, texts: tuple[str, str, str], chosen: str, ours: Result, others: list[Alternative]
) -> Result:
    keys = {key for other in others for key in other.result or () if key in ours}
    return {
        "id": name,
        "question_zh": texts[0],
        "question_en": texts[1],
        "why_zh": texts[2],
        "chosen": chosen,
        "result": {key: ours[key] for key in sorted(keys)},
        "alternatives": [other._asdict() for other in others],
    }


def _summary(judged: Judgement) -> Result:
    interest = dict(judged.accruals).get(judged.rates.governing or "")
    timers = judged.timers
    return {
        "start_on": _iso(judged.start.start_on),
        "due_on": _due(judged.due),
        "days_overdue": judged.days_overdue,
        "overdue_undisputed": overdue_text(judged),
        "interest": None if interest is None else format_fen(interest.interest_fen),
        "result_due_on": _iso(timers.result_due_on),
        "result_max_on": _iso(timers.result_max_on),
    }


def _allocation(case: Case, almanac: Almanac, ours: Result) -> list[Result]:
    """民法典 561 against the parties' own order, where a part payment makes them differ."""
    other = case._replace(principal_first=not case.principal_first)
    theirs = _summary(judge(other, almanac, spans=False))
    changed = {key: value for key, value in theirs.items() if value != ours[key]}
    if not changed:
        return []
    names = ("INTEREST_FIRST", "PRINCIPAL_FIRST")
    chosen, choice = reversed(names) if case.principal_first else names
    texts = (
        "部分付款先抵利息还是先抵本金？",
        "Does a part payment go to interest or to principal first?",
        "民法典第五百六十一条：先利息后主债务，当事人另有约定的除外",
    )
    return [_reading("ALLOCATION", texts, chosen, ours, [Alternative(choice, changed)])]


def _sale_outside(case: Case, almanac: Almanac, judged: Judgement) -> list[Result]:
    """买卖合同解释 18(4): outside the Regulation, LPR at the breach plus 30 to 50 %.

    For a breach before the first LPR, and for services, nothing is shown.
    """
    late, due, as_of = judged.late, judged.due, case.as_of
    outside = judged.terms.applies != "true" and judged.rates.governing is None
    if not outside or late is None or due is None or as_of is None or not late.days_overdue:
        return []
    if case.subject != "GOODS" or case.amount_fen is None:
        return []
    result: Result | None = None
    try:
        lpr = almanac.lpr.on(last_day(due.on, term_days=1))
    except LprMissingError:
        lpr = None
    if lpr is not None:
        claim = Claim(
            case.amount_fen,
            due.on,
            case.payments,
            case.disputes,
            case.credits,
            case.principal_first,
        )
        result = {}
        for name, factor in (("interest_plus_30", "1.3"), ("interest_plus_50", "1.5")):
            rate = yearly_rate(lpr * Decimal(factor), day_basis=int(almanac.settings.day_basis))
            result[name] = format_fen(accrue(claim, rate, as_of=as_of).interest_fen)
    texts = (
        "条例之外的买卖合同未约定利率的，逾期损失如何计算？",
        "A sale outside the Regulation, no rate agreed: what is the loss from lateness?",
        "买卖合同司法解释第十八条第四款：违约时LPR加计30%至50%，由法院裁量",
    )
    others = [Alternative("LPR_PLUS_30_TO_50", result)]
    return [_reading("SALE_OUTSIDE", texts, "AGREED_ONLY", {}, others)]


def _due(due: Due | None) -> str | None:
    return None if due is None else due.on.isoformat()


def _iso(day: object) -> str | None:
    return None if day is None else str(day)
