"""What two parties agreed about time, and what a version of the law makes of it."""

from datetime import date
from typing import NamedTuple


class Agreed(NamedTuple):
    """The contract's own payment term, counted from the start of the term."""

    days: int | None
    months: int | None
    third_party: bool
    """Payment waits for a third party's (背靠背), in full or in proportion."""
    on: date | None = None
    """A day that was agreed as such; it needs no start, and waits for nobody."""

    @property
    def silent(self) -> bool:
        """Whether nothing that can be counted was agreed."""
        if self.on is not None:
            return False
        return self.third_party or (self.days is None and self.months is None)


class Term(NamedTuple):
    """A term as it counts: the earliest of its non-null parts is the last day to pay."""

    days: int | None
    months: int | None
    cap_days: int | None
    flags: tuple[str, ...]
    rules: tuple[str, ...]
    """Rule ids of `rules.py` that made it so, for the trace."""


_LONGEST_MONTH = 31


def may_exceed(agreed: Agreed, days: int) -> bool:
    """Say whether an agreed term is longer than so many days, for some start if in months.

    O9: months are counted by 民法典 202 and compared with days separately.
    """
    if agreed.on is not None:
        # How long it is from the start to an agreed day is known once the term has started.
        return True
    if agreed.days is not None:
        return agreed.days > days
    # Two months are 59 to 62 days; the start decides, and the contract alone is flagged.
    return agreed.months is not None and agreed.months * _LONGEST_MONTH > days


def as_agreed(agreed: Agreed) -> Term:
    """民法典 510, 511(四): what was agreed counts; without it there is no day to count to."""
    if agreed.silent:
        return Term(None, None, None, (), ("R-TERM-NONE",))
    return Term(agreed.days, agreed.months, None, (), ("R-TERM-AGREED",))
