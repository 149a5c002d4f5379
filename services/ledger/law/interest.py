"""Simple interest over a balance that changes, and what is overdue, exact to the fen.

A day's interest falls on the undisputed principal open at the end of the day before, so that a
payment on day P still bears interest for P, and ``overdue_days(P) = P - due``. No compounding:
the texts give none. Amounts are exact ratios until they are rounded, half up, and what is rounded
is the running total, so that the spans shown always add up to the total shown.
"""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law.civil_code import (
    Allocated,
    allocate_interest_first,
    allocate_principal_first,
)

_PERCENT = 100


class Rate(NamedTuple):
    """A rate a day as an exact ratio, and what an agreement may put beside it."""

    numerator: int
    denominator: int
    changes: tuple[tuple[date, int], ...] = ()
    """Later numerators over the same denominator, each from its day on, the earliest first."""
    flat: tuple[int, int] | None = None
    """A penalty owed once, as a ratio of the amount, from the first day late."""
    cap: tuple[int, int] | None = None
    """The most that all interest may come to, as a ratio of the amount."""

    def on(self, day: date) -> int:
        """Return the numerator that counts for a day."""
        numerator = self.numerator
        for since, later in self.changes:
            if since <= day:
                numerator = later
        return numerator


NO_RATE = Rate(0, 1)


class Payment(NamedTuple):
    """Money received on a day."""

    on: date
    amount_fen: int
    line: int | None = None
    """The instalment it is for, from 1, where the debtor or the parties said so."""


class Dispute(NamedTuple):
    """A part in dispute at the end of every day from ``from_on`` to the day before ``to_on``.

    No ``from_on``: since ever. No ``to_on``: still open.
    """

    amount_fen: int
    from_on: date | None = None
    to_on: date | None = None
    line: int | None = None


class Claim(NamedTuple):
    """What is owed and what happened to it. Credits reduce the principal and pay no interest."""

    amount_fen: int
    due_on: date
    payments: Sequence[Payment] = ()
    disputes: Sequence[Dispute] = ()
    credits: Sequence[Payment] = ()
    principal_first: bool = False
    """The parties agreed so; otherwise 民法典 561: interest first."""


class Span(NamedTuple):
    """Days over which the interest-bearing principal did not change, both ends counted."""

    from_on: date
    to_on: date
    days: int
    principal_fen: int
    interest_fen: int


class Accrual(NamedTuple):
    """A claim at the end of a day under one rate."""

    interest_fen: int
    """All interest since the due day, paid or not."""
    interest_paid_fen: int
    principal_fen: int
    undisputed_fen: int
    days_overdue: int
    """Days late of the undisputed part, until it was paid; never fewer on a later day."""
    unapplied_fen: int
    """Paid beyond principal and interest."""
    spans: tuple[Span, ...] = ()


def yearly_rate(percent: Decimal, *, day_basis: int) -> Rate:
    """Return the rate a day of a rate a year.

    Reading DAY_BASIS: the contract's basis, else 365; banks also use 360.
    """
    numerator, denominator = percent.as_integer_ratio()
    return Rate(numerator, denominator * _PERCENT * day_basis)


def daily_rate(percent: Decimal) -> Rate:
    """Return the rate a day of a percentage a day, which needs no basis."""
    numerator, denominator = percent.as_integer_ratio()
    return Rate(numerator, denominator * _PERCENT)


def accrue(claim: Claim, rate: Rate, *, as_of: date, spans: bool = False) -> Accrual:
    """Follow a claim from its due day to the end of a day, under one rate."""
    days = _change_days(claim, rate, as_of)
    allocate = allocate_principal_first if claim.principal_first else allocate_interest_first
    book = _Book(claim, rate, allocate)
    disputed = _Disputed(claim.disputes) if claim.disputes else _UNDISPUTED
    book.receive_until(min(claim.due_on, as_of))
    if as_of <= claim.due_on:
        undisputed_fen = max(0, book.principal_fen - disputed.fen_on(as_of))
        return Accrual(0, 0, book.principal_fen, undisputed_fen, 0, book.unapplied_fen)
    shown: list[Span] = []
    since = claim.due_on
    late_until = claim.due_on
    for day in days:
        undisputed_fen = max(0, book.principal_fen - disputed.fen_on(since))
        if undisputed_fen:
            late_until = day
            before_fen = book.interest_fen
            count = (day - since).days
            first = date.fromordinal(since.toordinal() + 1)
            numerator = rate.on(first) if rate.changes else rate.numerator
            book.weighted += undisputed_fen * count * numerator
            book.late = True
            if spans:
                earned_fen = book.interest_fen - before_fen
                shown.append(Span(first, day, count, undisputed_fen, earned_fen))
        book.receive_until(day)
        since = day
    undisputed_fen = max(0, book.principal_fen - disputed.fen_on(as_of))
    return Accrual(
        book.interest_fen,
        book.interest_paid_fen,
        book.principal_fen,
        undisputed_fen,
        (late_until - claim.due_on).days,
        book.unapplied_fen,
        tuple(shown),
    )


class _Book:
    """The running state of one claim under one rate."""

    __slots__ = (
        "_allocate",
        "_cap_fen",
        "_denominator",
        "_flat_fen",
        "_movements",
        "_next",
        "interest_paid_fen",
        "late",
        "principal_fen",
        "unapplied_fen",
        "weighted",
    )

    def __init__(self, claim: Claim, rate: Rate, allocate: Callable[..., Allocated]) -> None:
        self.principal_fen = claim.amount_fen
        self.weighted = 0
        """Sum of interest-bearing fen times days times numerators, over the denominator."""
        self.late = False
        self.interest_paid_fen = 0
        self.unapplied_fen = 0
        self._denominator = rate.denominator
        self._flat_fen = 0 if rate.flat is None else _share(claim.amount_fen, rate.flat)
        self._cap_fen = None if rate.cap is None else _share(claim.amount_fen, rate.cap)
        self._allocate = allocate
        # On one day a credit comes before a payment: it was never owed.
        self._movements = sorted(
            [(credit.on, 0, credit.amount_fen) for credit in claim.credits]
            + [(payment.on, 1, payment.amount_fen) for payment in claim.payments]
        )
        self._next = 0

    @property
    def interest_fen(self) -> int:
        """All interest so far, rounded half up once over the running total."""
        doubled = 2 * self.weighted + self._denominator
        fen = doubled // (2 * self._denominator)
        if self.late:
            fen += self._flat_fen
        return fen if self._cap_fen is None else min(fen, self._cap_fen)

    def receive_until(self, day: date) -> None:
        """Apply what came in up to the end of a day."""
        while self._next < len(self._movements) and self._movements[self._next][0] <= day:
            _, is_payment, amount_fen = self._movements[self._next]
            self._next += 1
            if is_payment:
                self._pay(amount_fen)
            else:
                self.principal_fen = max(0, self.principal_fen - amount_fen)

    def _pay(self, amount_fen: int) -> None:
        owed_fen = self.interest_fen - self.interest_paid_fen
        went = self._allocate(amount_fen, interest_fen=owed_fen, principal_fen=self.principal_fen)
        self.interest_paid_fen += went.interest_fen
        self.principal_fen -= went.principal_fen
        self.unapplied_fen += went.unapplied_fen


def _share(amount_fen: int, ratio: tuple[int, int]) -> int:
    """Return a part of an amount, rounded half up."""
    return (2 * amount_fen * ratio[0] + ratio[1]) // (2 * ratio[1])


def _change_days(claim: Claim, rate: Rate, as_of: date) -> list[date]:
    """Return the days after the due day and up to as_of at whose end balance or rate may change."""
    days = {as_of}
    days.update(date.fromordinal(since.toordinal() - 1) for since, _ in rate.changes)
    days.update(payment.on for payment in claim.payments)
    days.update(credit.on for credit in claim.credits)
    for dispute in claim.disputes:
        if dispute.from_on is not None:
            days.add(dispute.from_on)
        if dispute.to_on is not None:
            days.add(dispute.to_on)
    return sorted(day for day in days if claim.due_on < day <= as_of)


class _Disputed:
    """What is in dispute at the end of days that are asked about in order."""

    __slots__ = ("_changes", "_fen", "_next")

    def __init__(self, disputes: Sequence[Dispute]) -> None:
        changes = [(each.from_on or date.min, each.amount_fen) for each in disputes]
        changes += [(each.to_on, -each.amount_fen) for each in disputes if each.to_on is not None]
        self._changes = sorted(changes)
        self._fen = 0
        self._next = 0

    def fen_on(self, day: date) -> int:
        while self._next < len(self._changes) and self._changes[self._next][0] <= day:
            self._fen += self._changes[self._next][1]
            self._next += 1
        return self._fen


_UNDISPUTED = _Disputed(())
"""Most claims; with nothing to run through it holds no state."""


def most_disputed_fen(disputes: Sequence[Dispute]) -> int:
    """Return the most that is in dispute at the end of any one day."""
    running = _Disputed(disputes)
    starts = sorted({each.from_on or date.min for each in disputes})
    return max((running.fen_on(day) for day in starts), default=0)
