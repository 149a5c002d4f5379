"""民法典, in force 2021-01-01: periods and the allocation of payments; `limitation` has the rest.

For contracts before 2021 the same rules stood in 民法总则 and 民法通则; the ledger cites the Code.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

_MONTHS = 12


def last_day(started_on: date, *, term_days: int) -> date:
    """Art. 201: "按照年、月、日计算期间的，开始的当日不计入，自下一日开始计算"."""
    assert term_days >= 0
    return started_on + timedelta(days=term_days)


def last_day_of_months(started_on: date, *, term_months: int) -> date:
    """Art. 202: "到期月的对应日为期间的最后一日；没有对应日的，月末日为期间的最后一日"."""
    assert term_months >= 0
    months = started_on.year * _MONTHS + started_on.month - 1 + term_months
    year, month = divmod(months, _MONTHS)
    day = min(started_on.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day)


class Allocated(NamedTuple):
    """Where one payment went, fen."""

    interest_fen: int
    principal_fen: int
    unapplied_fen: int


def allocate_interest_first(paid_fen: int, *, interest_fen: int, principal_fen: int) -> Allocated:
    """Art. 561: "实现债权的有关费用；利息；主债务", "除当事人另有约定外"."""
    to_interest = min(paid_fen, interest_fen)
    to_principal = min(paid_fen - to_interest, principal_fen)
    return Allocated(to_interest, to_principal, paid_fen - to_interest - to_principal)


def allocate_principal_first(paid_fen: int, *, interest_fen: int, principal_fen: int) -> Allocated:
    """Art. 561, the parties' own order: principal, then interest."""
    to_principal = min(paid_fen, principal_fen)
    to_interest = min(paid_fen - to_principal, interest_fen)
    return Allocated(to_interest, to_principal, paid_fen - to_interest - to_principal)


class Debt(NamedTuple):
    """One of several debts of the same kind to the same creditor."""

    due_on: date
    open_fen: int


def allocate_to_debts(paid_fen: int, debts: Iterable[Debt], *, on: date) -> tuple[int, ...]:
    """Art. 560: "应当优先履行已经到期的债务"; "到期时间相同的，按照债务比例履行".

    Reading: instalments of one price weigh the same, so due ones come first, then the order of
    their due days, then their shares; a fen that the shares leave over goes to the first in order.

    Returns:
        What each debt receives, in the order given.
    """
    listed = list(debts)
    given = [0] * len(listed)
    keys = sorted({(debt.due_on >= on, debt.due_on) for debt in listed})
    for key in keys:
        group = [i for i, debt in enumerate(listed) if (debt.due_on >= on, debt.due_on) == key]
        owed_fen = sum(listed[i].open_fen for i in group)
        if owed_fen == 0:
            continue
        share_fen = min(paid_fen, owed_fen)
        for i in group:
            given[i] = share_fen * listed[i].open_fen // owed_fen
        left_fen = share_fen - sum(given[i] for i in group)
        for i in group:
            extra = min(left_fen, listed[i].open_fen - given[i])
            given[i] += extra
            left_fen -= extra
        paid_fen -= share_fen
    return tuple(given)
