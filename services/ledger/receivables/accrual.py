"""The law over the whole book in one statement: due day, days late, undisputed part, interest.

The arithmetic is that of `law.judge`, receivable by receivable, to the fen; a test holds the two
together over many random books. What a contract's clauses and the chosen readings come to is
decided in Python, once for each kind of contract (`law.book_terms`), and joined here as columns.

Interest is simple and falls, day after day, on what was undisputed and unpaid at the end of the
day before. With no interest claimed the ledger posts payments to the principal, so a receivable's
interest is one sum of fen times days, times the rate, rounded half up once.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.ledger.almanac.table import KNOWN_CALENDAR
from services.ledger.law.book_terms import BookTerms, Term
from services.ledger.law.interest import Rate
from services.ledger.receivables import accrual_sql as sql

RESOURCES = (
    "SELECT set_config('work_mem', '256MB', true),"
    " set_config('min_parallel_table_scan_size', '1TB', true)"
)
"""A million receivables are joined in memory, where the server's default would go through files;
and each half of them by one process. A scan that is shared by several would keep the half that it
stands in from having a process of its own."""


class Plan(NamedTuple):
    """Money that might be paid to a receivable on a day; no posting stands behind it."""

    receivable_id: UUID
    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Question:
    """By which terms, as of which day, with what payments the book is asked."""

    terms: Sequence[tuple[Sequence[UUID], BookTerms]]
    """Contracts, and what they come to."""
    as_of: date
    days: Sequence[tuple[date, date]] | None = None
    """Every day with the working day it rolls to; None: the calendar as it was known."""
    plan: Sequence[Plan] = ()
    paid_within_days: int | None = None
    """Every receivable is paid in full so many days after its term started, if not earlier."""
    from_invoice: bool = False
    """O7, the other reading."""
    inspection_rolls: bool = False
    """INSPECTION_END, the other reading."""


def clauses(question: Question, *, prefix: str) -> str:
    """Return the clauses of a WITH that end in ``{prefix}figures``.

    Its columns: id, currency, start_on, due_on, days_overdue, undisputed_fen, overdue_fen,
    interest_fen. Binds beside `parameters`: ``opened_by``, the day by which a receivable was in
    the book; ``known_at``; and those of the viewer.

    Args:
        question: what is asked.
        prefix: of its names and binds, such as ``live_``.
    """
    calendar = KNOWN_CALENDAR if question.days is None else f"{prefix}calendar"
    chosen, of = sql.ONE_TERM
    if any(terms.term_2025 for _, terms in question.terms):
        chosen, of = sql.BY_START
    inspection = sql.ROLLED_END if question.inspection_rolls else "t.inspection_days"
    names = {
        "p": prefix,
        "calendar": calendar,
        "chosen": chosen.format(p=prefix),
        "of": of,
        "start": sql.FROM_INVOICE if question.from_invoice else "s.start_on",
        "inspection_days": inspection.format(calendar=calendar),
        "plan": sql.PLAN.format(p=prefix) if question.plan else "",
        # The postings of a few are read by their key; not so those of a plan, which has none.
        "by_index": "" if question.plan else " OFFSET 0",
    }
    parts = [sql.TERMS, sql.POSTED]
    parts += [sql.LATER] if of else []
    parts += [] if question.days is None else [sql.CALENDAR]
    clauses_ = [part.format_map(names) for part in parts]
    for name, half in sql.HALVES:
        of_half = names | {"h": prefix + name, "half": half}
        clauses_ += [part.format_map(of_half) for part in sql.OF_HALF]
    return ",".join([*clauses_, *(part.format_map(names) for part in sql.REST)])


def parameters(question: Question, *, prefix: str) -> dict[str, Any]:
    """Return the binds of `clauses`."""
    values: dict[str, Any] = {"as_of": question.as_of, "paid_within": question.paid_within_days}
    decisions: list[dict[str, object]] = []
    for name in ("terms", "later"):
        contracts: list[UUID] = []
        numbers: list[int] = []
        for ids, terms in question.terms:
            term = terms.term if name == "terms" else terms.term_2025
            if term is not None:
                contracts += ids
                numbers += [len(decisions)] * len(ids)
                decisions.append(_columns(terms, term))
        values |= {f"{name}_contracts": contracts, f"{name}_numbers": numbers}
    values["decisions"] = json.dumps(decisions)
    if question.days is not None:
        values["days"], values["workdays"] = map(list, zip(*question.days, strict=True))
    if question.plan:
        columns = map(list, zip(*question.plan, strict=True))
        values["plan_ids"], values["plan_days"], values["plan_fen"] = columns
    return {prefix + name: value for name, value in values.items()}


def _columns(terms: BookTerms, term: Term) -> dict[str, object]:
    return {
        "split": terms.term_2025 is not None,
        "bears_disputed": terms.bears_disputed,
        "start_rule": terms.start_rule,
        "inspection_days": terms.inspection_days,
        "rolls": terms.rolls,
        "agreed_rolls": terms.agreed_rolls,
        "due_term_days": term.days,
        "due_term_months": term.months,
        "due_cap_days": term.cap_days,
        "day_limit": term.day_limit,
        "day_over": term.day_over,
        **_ratio("", terms.rate),
        **_ratio("day_", terms.day_rate),
        "penalty": _penalty(terms),
    }


def _ratio(prefix: str, rate: Rate | None) -> dict[str, object]:
    if rate is None:
        return {f"{prefix}numerator": None, f"{prefix}denominator": None}
    # A rate that changes is no sum of fen times days; no reading that is simulated has one.
    assert not rate.changes
    return {f"{prefix}numerator": rate.numerator, f"{prefix}denominator": rate.denominator}


def _penalty(terms: BookTerms) -> list[int | None] | None:
    """Return what stands beside the agreed rate, as ratios in the order of `sql.PENALTY`."""
    rate = terms.rate
    if rate is None or rate.flat is rate.cap is None:
        return None
    # No clause that waits for a third party changes what was agreed for being late.
    assert terms.day_rate is not None
    assert (terms.day_rate.flat, terms.day_rate.cap) == (rate.flat, rate.cap)
    weighed: list[int | None] = [None] * 4
    if terms.below is not None:
        weighed = [part for one in terms.below for part in (one.numerator, one.denominator)]
    return [*(rate.flat or (0, 1)), *(rate.cap or (None, None)), *weighed]
