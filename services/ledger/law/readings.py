"""Open points of one case: the reading chosen, and what the alternatives would come to."""

from typing import NamedTuple

from services.ledger.law import courts
from services.ledger.law.case_input import Case
from services.ledger.law.due import Due
from services.ledger.law.judge import Judgement, judge, overdue_text
from services.ledger.law.open_points import OPEN_POINTS, OpenPoint
from services.ledger.law.values import Almanac, LprMissingError
from services.ledger.money import format_fen

_OTHER_FACTS = {"invoice_condition": "invoiced_on", "payment_moment": "instructed_on"}
"""Open points whose alternative rests on a day that few cases hold: of invoice, of instruction."""
_BY_FLAGS = frozenset({"ECERT_2026"})
"""Open points that change no day and no amount, but what is flagged."""

Result = dict[str, object]


class Alternative(NamedTuple):
    """Another choice and the parts of the result that it would change."""

    choice: str
    result: Result | None
    """None: it rests on a fact that the case does not hold, or on a rate not yet imported."""


def readings_of(case: Case, almanac: Almanac, judged: Judgement) -> list[Result]:
    """Return the open points that matter for a case, each with the alternatives' results.

    A point matters when another choice would change a day, a number or an amount.
    """
    ours = _summary(judged)
    with_flags = _summary(judged, flags=True)
    shown = []
    for point in OPEN_POINTS:
        compared = with_flags if point.id in _BY_FLAGS else ours
        alternatives = _alternatives(point, case, almanac, compared)
        if alternatives:
            texts = (point.question_zh, point.question_en, point.why)
            chosen = getattr(almanac.settings, point.setting)
            reading = _reading(point.id, texts, chosen, compared, alternatives)
            reading["setting"] = point.setting
            reading["valid_from"] = point.valid_from.isoformat()
            shown.append(reading)
    shown += _allocation(case, almanac, ours)
    for texts, name, chosen, others in courts.readings_of(case, almanac, judged):
        alternatives = [Alternative(choice, result) for choice, result in others]
        shown.append(_reading(name, texts, chosen, {}, alternatives))
    return shown


def _alternatives(
    point: OpenPoint, case: Case, almanac: Almanac, ours: Result
) -> list[Alternative]:
    chosen = getattr(almanac.settings, point.setting)
    others = [option for option in point.options if option != chosen]
    missing = _OTHER_FACTS.get(point.setting)
    known = {"invoiced_on": case.start.invoiced_on, "instructed_on": case.instructed or None}
    if missing is not None and known[missing] is None:
        # Without payments there is no moment of payment to ask about.
        asked = ours["due_on"] is not None and (missing == "invoiced_on" or case.payments)
        return [Alternative(option, None) for option in others] if asked else []
    found = []
    for option in others:
        settings = almanac.settings._replace(**{point.setting: option})
        if point.setting == "court_lpr" and _is_after_series(case, almanac):
            found += [Alternative(option, None)] if ours["court"] is not None else []
            continue
        try:
            read = judge(case, almanac._replace(settings=settings), spans=False)
        except LprMissingError:
            # What the case itself comes to needs no such rate, and is not refused for want of it.
            found += [Alternative(option, None)] if ours["days_overdue"] else []
            continue
        theirs = _summary(read, flags=point.id in _BY_FLAGS)
        changed = {key: value for key, value in theirs.items() if value != ours.get(key)}
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


def _is_after_series(case: Case, almanac: Almanac) -> bool:
    """Whether the day asked about is one whose published rate is not known."""
    return case.as_of is not None and case.as_of >= almanac.lpr.next_publication_on


def _summary(judged: Judgement, *, flags: bool = False) -> Result:
    accruals = dict(judged.accruals)
    interest, court = accruals.get(judged.rates.governing or ""), accruals.get("court")
    timers = judged.timers
    summary: Result = {
        "start_on": _iso(judged.start.start_on),
        "due_on": _due(judged.due),
        "days_overdue": judged.days_overdue,
        "overdue_undisputed": overdue_text(judged),
        "interest": None if interest is None else format_fen(interest.interest_fen),
        "court": None if court is None else format_fen(court.interest_fen),
        "result_due_on": _iso(timers.result_due_on),
        "result_max_on": _iso(timers.result_max_on),
    }
    return summary | {"flags": list(judged.flags)} if flags else summary


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


def _due(due: Due | None) -> str | None:
    return None if due is None else due.on.isoformat()


def _iso(day: object) -> str | None:
    return None if day is None else str(day)
