"""Values that change by date, as the law takes them: who loads them is `almanac`'s business."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.errors import LedgerError
from services.ledger.law.calendar import Calendar
from services.ledger.law.settings import RECOMMENDED, Settings
from services.ledger.law.sme_standard import SizeStandard

_DECEMBER = 12
_PUBLISHED_FROM = 20
"""The LPR comes out on the first working day on or after the 20th of the month."""


class LprMissingError(LedgerError):
    """The LPR in force on a day is not in the almanac; a guessed rate would be invented law."""

    code = "LPR_MISSING"


class LimitMissingError(LedgerError):
    """A cap or timer has no row for a day."""

    code = "LIMIT_MISSING"


class LprSeries:
    """1-year LPR, percent a year, by day of publication."""

    __slots__ = ("_days", "_rates", "next_publication_on")

    def __init__(self, rows: Iterable[tuple[date, Decimal]], calendar: Calendar) -> None:
        """Take (published on, percent) in any order."""
        ordered = sorted(rows)
        assert ordered, "an LPR series has at least one publication"
        self._days = [day for day, _ in ordered]
        self._rates = [rate for _, rate in ordered]
        last = self._days[-1]
        year, month = divmod(last.year * _DECEMBER + last.month, _DECEMBER)
        following = date(year, month + 1, _PUBLISHED_FROM)
        self.next_publication_on = calendar.roll_forward(following).on
        """First day that the series cannot speak about."""

    def on(self, day: date) -> Decimal | None:
        """Return the rate in force on a day, percent a year; None before the first publication.

        The central bank's notice: "以上LPR在下一次发布LPR之前有效".

        Raises:
            LprMissingError: a later rate must have been published and is not here.
        """
        if day >= self.next_publication_on:
            due = self.next_publication_on
            raise LprMissingError(
                f"The 1-year LPR in force on {day} is not known: the rate of {due} and later is"
                f" missing. Import the publications since {self._days[-1]} into the almanac.",
                f"缺少 {day} 有效的一年期LPR：{due} 及以后的报价未导入。"
                f"请把 {self._days[-1]} 之后发布的LPR导入历书。",
            )
        index = bisect_right(self._days, day)
        return self._rates[index - 1] if index else None

    def changes_after(self, day: date) -> tuple[tuple[date, Decimal], ...]:
        """Return the publications after a day that changed the rate, the earliest first."""
        first = bisect_right(self._days, day)
        return tuple(
            (self._days[i], self._rates[i])
            for i in range(max(first, 1), len(self._days))
            if self._rates[i] != self._rates[i - 1]
        )


class Limits(NamedTuple):
    """Every cap and timer in force on one day; None where there was none yet."""

    gov_default_days: int | None
    gov_cap_days: int | None
    large_default_days: int | None
    large_review_days: int | None
    confirmation_days: int | None
    transfer_working_days: int | None
    result_days: int | None
    result_max_days: int | None
    ecert_soft_months: int | None
    ecert_hard_months: int | None
    bill_months: int | None
    bid_deposit_percent: int | None
    performance_deposit_percent: int | None
    quality_deposit_percent: int | None
    review_working_days: int | None
    settlement_stalled_days: int | None
    limitation_years: int | None
    limitation_warning_days: int | None


class LimitRow(NamedTuple):
    """One dated row: from this day the limit of that name has this value."""

    name: str
    valid_from: date
    value: int
    source: str


class LimitTable:
    """Caps and timers by date."""

    __slots__ = ("_days", "_states", "rows")

    def __init__(self, rows: Iterable[LimitRow]) -> None:
        """Take rows in any order; a later row of the same name replaces the earlier."""
        self.rows = tuple(sorted(rows, key=lambda row: (row.valid_from, row.name)))
        unknown = {row.name for row in self.rows} - set(Limits._fields)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise LimitMissingError(
                f"No cap or timer is called {names}; known: {', '.join(Limits._fields)}.",
                f"没有名为 {names} 的上限或时限；可用名称：{', '.join(Limits._fields)}。",
            )
        self._days: list[date] = []
        self._states: list[Limits] = []
        state = Limits(*(None for _ in Limits._fields))
        for row in self.rows:
            state = state._replace(**{row.name: row.value})
            if self._days and self._days[-1] == row.valid_from:
                self._states[-1] = state
            else:
                self._days.append(row.valid_from)
                self._states.append(state)

    def on(self, day: date) -> Limits:
        """Return the limits in force on a day."""
        index = bisect_right(self._days, day)
        if index == 0:
            raise LimitMissingError(
                f"No caps and timers are known for {day}; import them into the almanac.",
                f"没有 {day} 的上限和时限；请导入历书。",
            )
        return self._states[index - 1]


class Almanac(NamedTuple):
    """Everything dated that a decision needs, and the readings chosen for open points."""

    calendar: Calendar
    lpr: LprSeries
    limits: LimitTable
    sizes: SizeStandard
    settings: Settings = RECOMMENDED
