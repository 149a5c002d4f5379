"""How much interest a period bears under one reading: the engine's figure, and where it is from."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import RowMapping

from services.ledger.arrears.book_case import Json
from services.ledger.arrears.reasoning import Question
from services.ledger.errors import LedgerError
from services.ledger.law.case import explain
from services.ledger.law.rates import READINGS
from services.ledger.money import format_fen, parse_fen

_DAY: Final = timedelta(days=1)


class InterestOverlapError(LedgerError):
    """Interest claimed for days it was claimed for before; a day bears interest once."""

    code = "INTEREST_OVERLAPS"
    status = 409


class NoInterestError(LedgerError):
    """Interest under a reading, or for days, that the law gives none for."""

    code = "NO_INTEREST"
    status = 409


class Figure(NamedTuple):
    """The interest of a period with the spans that add up to it, and the due day it follows."""

    from_on: date
    until_on: date
    amount_fen: int
    due_on: date
    case: Json
    """The facts, in the fixed case format, as of the last day."""
    spans: list[Json]
    trace_sha256: bytes
    """Of the case, the spans and the steps of the law, as canonical JSON."""


def figure_of(
    question: Question,
    reading: str,
    *,
    from_on: date | None,
    until_on: date,
    standing: Sequence[RowMapping],
) -> Figure:
    """Return the interest of a period of which no day is claimed for yet.

    The interest of a period is that of all the days to its end less that of all the days before
    it, so that claims that follow each other add up to one over all their days, to the fen.

    Args:
        question: the receivable as of the day of the claim; what it knows of days after the last
            one claimed for bears no interest yet, and changes none.
        reading: one of `law.rates.READINGS`.
        from_on: the first day; the one after the last claimed or the due day, if None.
        until_on: the last day.
        standing: the claims that are not withdrawn.

    Raises:
        InterestOverlapError: a day is claimed for already.
        NoInterestError: the reading does not exist here, or gives nothing for these days.
    """
    case = question.case | {"as_of": until_on.isoformat()}
    result = explain(case, question.almanac)
    period = period_of(question, result, reading, (from_on, until_on), standing)
    spans = _spans(result, period.earlier, reading, period.from_on)
    assert sum(parse_fen(span["interest"]) for span in spans) == period.amount_fen
    kept = {"case": case, "spans": spans, "trace": result["trace"]}
    digest = hashlib.sha256(canonical(kept).encode()).digest()
    return Figure(period.from_on, until_on, period.amount_fen, period.due_on, case, spans, digest)


class Period(NamedTuple):
    """Days that bear interest by a reading, and how much."""

    from_on: date
    due_on: date
    amount_fen: int
    earlier: Mapping[str, Any]
    """What the law makes of the day before it."""


def period_of(
    question: Question,
    result: Mapping[str, Any],
    reading: str,
    asked: tuple[date | None, date],
    standing: Sequence[RowMapping],
) -> Period:
    """Return the days of a period and its interest, as `figure_of` speaks of them.

    Args:
        question: see `figure_of`.
        result: what the law makes of the case as of the last day.
        reading: see `figure_of`.
        asked: the first day, or None, and the last.
        standing: see `figure_of`.

    Raises:
        InterestOverlapError, NoInterestError: as `figure_of`.
    """
    from_on, until_on = asked
    due_on = _due_on(result, reading, until_on)
    follows = max([due_on, *(row["until_on"] for row in standing)]) + _DAY
    from_on = from_on or min(follows, until_on)
    _refuse_overlap(from_on, until_on, standing)
    if from_on <= due_on:
        raise NoInterestError(
            f"Interest runs from {due_on + _DAY}, the day after the due day; {from_on} is before.",
            f"利息自到期日次日{due_on + _DAY}起算；{from_on}早于该日。",
            field="from_on",
        )
    before = question.case | {"as_of": (from_on - _DAY).isoformat()}
    earlier = explain(before, question.almanac, trace=False)
    _refuse_part(earlier, reading, from_on=from_on, due_on=due_on)
    amount_fen = _interest_fen(result, reading) - _interest_fen(earlier, reading)
    if amount_fen <= 0:
        raise NoInterestError(
            f"From {from_on} to {until_on} no undisputed amount was overdue; there is no"
            " interest to claim.",
            f"{from_on}至{until_on}期间无逾期的无争议金额；没有可主张的利息。",
            field="until_on",
        )
    return Period(from_on, due_on, amount_fen, earlier)


def _due_on(result: Mapping[str, Any], reading: str, until_on: date) -> date:
    interest = result["interest"]
    exist = [name for name in READINGS if interest[name] is not None]
    due_on = None if result["due_on"] is None else date.fromisoformat(result["due_on"])
    if due_on is None or until_on <= due_on:
        raise NoInterestError(
            f"Nothing is late on {until_on}: the due day is {due_on or 'not known'}.",
            f"{until_on}尚未逾期：到期日{due_on or '尚不确定'}。",
            field="until_on",
        )
    if reading not in exist:
        there = ", ".join(exist) or "none"
        raise NoInterestError(
            f"There is no interest by the reading {reading} here; there is: {there}.",
            f"本案没有“{reading}”这一利率解读；可选：{'、'.join(exist) or '无'}。",
            field="reading",
        )
    return due_on


def _refuse_overlap(from_on: date, until_on: date, standing: Sequence[RowMapping]) -> None:
    for row in standing:
        first, last = max(from_on, row["from_on"]), min(until_on, row["until_on"])
        if first <= last:
            raise InterestOverlapError(
                f"Interest for {first} to {last} is claimed already, by claim {row['id']} for"
                f" {row['from_on']} to {row['until_on']}; claim other days, or withdraw that one.",
                f"{first}至{last}的利息已主张（主张编号{row['id']}，{row['from_on']}至"
                f"{row['until_on']}）；请主张其他期间，或先撤回该主张。",
                field="until_on",
            )


def _refuse_part(earlier: Mapping[str, Any], reading: str, *, from_on: date, due_on: date) -> None:
    """Refuse a part of the time by a reading that only came to be after it had begun.

    A penalty owed once falls below the LPR when enough days have passed; the reading that counts
    then is of all days since the due day.
    """
    if from_on > due_on + _DAY and earlier["interest"][reading] is None:
        raise NoInterestError(
            f"There was no interest by the reading {reading} up to {from_on - _DAY}; it is of all"
            f" days from {due_on + _DAY}. Claim it from that day; withdraw what was claimed before"
            " by another reading.",
            f"截至{from_on - _DAY}尚无“{reading}”这一解读的利息；该解读自{due_on + _DAY}起"
            "全部计算。请自该日起主张，并先撤回此前按其他解读的主张。",
            field="from_on",
        )


def _interest_fen(result: Mapping[str, Any], reading: str) -> int:
    amount = result["interest"][reading]
    return 0 if amount is None else parse_fen(amount)


def _spans(
    result: Mapping[str, Any], earlier: Mapping[str, Any], reading: str, from_on: date
) -> list[Json]:
    """Return the spans of a reading from a day on; one that the day cuts has what is left of it."""
    first = from_on.isoformat()
    passed = {
        _began(span): parse_fen(span["interest"])
        for span in earlier["interest"]["spans"]
        if span["reading"] == reading
    }
    found = []
    for span in result["interest"]["spans"]:
        if span["reading"] != reading or span["to"] < first:
            continue
        left = dict(span)
        if span["from"] < first:
            days = (date.fromisoformat(span["to"]) - from_on).days + 1
            left_fen = parse_fen(span["interest"]) - passed.get(_began(span), 0)
            left |= {"from": first, "days": days, "interest": format_fen(left_fen)}
        found.append(left)
    return found


def _began(span: Mapping[str, Any]) -> tuple[object, ...]:
    """Return what a span has in common with the same span at an earlier day."""
    return tuple(
        value for name, value in sorted(span.items()) if name not in {"to", "days", "interest"}
    )


def canonical(value: object) -> str:
    """Return JSON that is the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
