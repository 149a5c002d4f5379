"""Limitation of a claim: when it ends, and what has interrupted it (民法典 188, 189, 195)."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.ledger.law.civil_code import last_day_of_months

DEMAND = "DEMAND"
ACKNOWLEDGEMENT = "ACKNOWLEDGEMENT"
_PROCEEDINGS = frozenset({"SUIT", "ARBITRATION", "EQUIVALENT"})
PAID = "PARTIAL_PAYMENT"
KINDS = frozenset({DEMAND, ACKNOWLEDGEMENT, "AGREEMENT", PAID, *_PROCEEDINGS})
"""Art. 195: 请求履行；同意履行 (确认、还款协议、部分履行)；起诉、仲裁；具有同等效力的其他情形."""
_MONTHS = 12


class Interruption(NamedTuple):
    """Something that starts the period anew."""

    on: date
    kind: str = DEMAND
    ended_on: date | None = None
    """The day proceedings ended; until then the period does not run at all."""


def limitation_ends_on(
    due_on: date, *, interruptions: Iterable[Interruption] = (), years: int = 3
) -> date | None:
    """Art. 188: "诉讼时效期间为三年"; Art. 195: "从中断、有关程序终结时起…重新计算".

    Reading: an interruption counts when it falls after the due day and before the period that is
    then running has ended; one that comes later revives nothing.

    Returns:
        The last day of the period, or None while proceedings are open.
    """
    runs_from = due_on
    for each in sorted(interruptions, key=lambda each: each.on):
        if not runs_from < each.on <= last_day_of_months(runs_from, term_months=years * _MONTHS):
            continue
        if each.kind in _PROCEEDINGS:
            if each.ended_on is None:
                return None
            runs_from = max(each.on, each.ended_on)
        else:
            runs_from = each.on
    return last_day_of_months(runs_from, term_months=years * _MONTHS)
