"""Rest days as a value: which day is a rest day, and where a period that ends on one ends."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)
_SATURDAY = 5
_FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)})
"""全国年节及纪念日放假办法 (2024): the holidays of every year whose day is not the moon's."""


class Rolled(NamedTuple):
    """A day that is no rest day, and whether an unpublished year had a say in it."""

    on: date
    provisional: bool


class CalendarRow(NamedTuple):
    """One day as a table holds it; ``next_workday`` is the day itself when it is no rest day."""

    day: date
    rest: bool
    next_workday: date
    provisional: bool


class Calendar:
    """The rest days of the published years, and a stated guess for the others.

    Reading O1: 法定休假日 of 民法典 203 covers weekends, statutory holidays and 调休 rest days;
    make-up workdays are working days. In a year without a notice only weekends and the fixed
    holidays are known, and every answer that depends on such a year is provisional.
    """

    __slots__ = ("_announced", "_rest", "years")

    def __init__(
        self, *, years: Iterable[int], rest_days: Iterable[date], announced: Iterable[date]
    ) -> None:
        """Take the published years, all their rest days, and those a holiday notice names."""
        self.years = frozenset(years)
        self._rest = frozenset(rest_days)
        self._announced = frozenset(announced)
        stray = {day.year for day in self._rest | self._announced} - self.years
        assert not stray, f"rest days outside the published years: {sorted(stray)}"

    def is_rest(self, day: date) -> bool:
        """Say whether a day is a rest day; in an unpublished year weekends and fixed holidays."""
        if day.year in self.years:
            return day in self._rest
        return day.weekday() >= _SATURDAY or (day.month, day.day) in _FIXED_HOLIDAYS

    def roll_forward(self, day: date) -> Rolled:
        """民法典 203: "期间的最后一日是法定休假日的，以法定休假日结束的次日为期间的最后一日"."""
        provisional = day.year not in self.years
        while self.is_rest(day):
            day += _DAY
            provisional = provisional or day.year not in self.years
        return Rolled(day, provisional)

    def roll_announced(self, day: date) -> Rolled:
        """The other reading of O1: only an announced holiday rolls, an ordinary weekend does not.

        A weekend inside an announced holiday belongs to it.
        """
        provisional = day.year not in self.years
        while self._is_announced(day):
            day += _DAY
            provisional = provisional or day.year not in self.years
        return Rolled(day, provisional)

    def add_working_days(self, day: date, count: int) -> Rolled:
        """Return the ``count``-th working day after a day; the day itself is not counted (201)."""
        assert count >= 0
        provisional = day.year not in self.years
        while count:
            day += _DAY
            provisional = provisional or day.year not in self.years
            count -= not self.is_rest(day)
        return Rolled(day, provisional)

    def rows(self, first: date, last: date) -> Iterator[CalendarRow]:
        """Yield a row for every day from first to last, for a table that SQL joins."""
        day = first
        while day <= last:
            rolled = self.roll_forward(day)
            yield CalendarRow(day, self.is_rest(day), rolled.on, rolled.provisional)
            day += _DAY

    def _is_announced(self, day: date) -> bool:
        if day.year in self.years:
            return day in self._announced
        return (day.month, day.day) in _FIXED_HOLIDAYS
