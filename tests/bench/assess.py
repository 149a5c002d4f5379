"""The nightly assessment: it grows with what is newly overdue, and not with the book."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.arrears.service import Assessed, assess
from services.ledger.insight.verify import verify
from tests.bench.book import MORE_ON, SOME_ON, load, sign
from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place, analyze, session_on

GATE = 5.0
FIXED = 1_000
GROWTH = 10.0
"""A book a hundred times as large no longer lies in memory; a row costs more there, not more rows
are looked at."""
_ROUNDS = 5
_VERIFIED = 10_000
_BARE = text(
    """
    SELECT b.receivable_id, b.due_on, b.receivable_fen + b.reserved_fen + b.assigned_fen AS fen
    FROM balances b
    WHERE b.due_on < :as_of AND b.receivable_fen + b.reserved_fen + b.assigned_fen > 0
      AND NOT EXISTS (SELECT FROM events e
        WHERE e.subject_id = b.receivable_id AND e.type = 'receivable.overdue')"""
)
"""What one would write who knows the tables and nothing of the last assessment."""


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return how much longer the assessment takes than finding the newly overdue."""
    figures: list[Figure] = []
    fixed: dict[int, float] = {}
    for size in (2_000, 10_000, 50_000) if quick else (10_000, 100_000, 1_000_000):
        with place.database() as url:
            with session_on(url) as session:
                sign(session)
                started = perf_counter()
                load(session, count=size, some=FIXED, more=size // 100)
                _assessed_before(session, SOME_ON)
                session.commit()
                say(f"  {size:,} receivables loaded in {perf_counter() - started:.0f} s")
            analyze(url)
            with session_on(url) as session:
                if size == _VERIFIED:
                    # What was planted in the log is under no checkpoint; all else must hold.
                    assert {finding.check for finding in verify(session)} <= {"checkpoints"}
                ours, bare = _compare(session, SOME_ON, new=FIXED)
                fixed[size] = ours
                say(f"  {size:,}: {FIXED:,} new: assess {ours:.3f} s, bare {bare:.3f} s")
                _assess_after(session, SOME_ON)
                _assessed_before(session, MORE_ON)
                session.commit()
                ours, bare = _compare(session, MORE_ON, new=size // 100)
                say(f"  {size:,}: {size // 100:,} new: assess {ours:.3f} s, bare {bare:.3f} s")
                figures = [_figure(size, ours, bare)]
    small, large = fixed[min(fixed)], fixed[max(fixed)]
    figures.append(
        Figure(
            f"assess: {FIXED:,} newly overdue, a book {max(fixed) // min(fixed)} x as large",
            f"{large:.3f} s in {max(fixed):,}",
            f"{small:.3f} s in {min(fixed):,}",
            large / small,
            GROWTH,
            at_least=False,
        )
    )
    return figures


def _figure(size: int, ours: float, bare: float) -> Figure:
    return Figure(
        f"assess: {size:,} open receivables, 1 % newly overdue, announced with their articles",
        f"{ours:.3f} s",
        f"{bare:.3f} s: one SELECT over due dates without an announcement",
        ours / bare,
        GATE,
        at_least=False,
    )


def _compare(session: Session, due_on: date, *, new: int) -> tuple[float, float]:
    """Return the medians of both, in turns; what is assessed is rolled back."""
    ours, bare = [], []
    as_of = due_on + timedelta(days=1)
    for _ in range(_ROUNDS):
        started = perf_counter()
        found = session.connection().execute(_BARE, {"as_of": as_of}).all()
        bare.append(perf_counter() - started)
        assert len(found) == new
        session.rollback()
        started = perf_counter()
        assert _assess_after(session, due_on).newly_overdue == new
        ours.append(perf_counter() - started)
        session.rollback()
    return middle(ours), middle(bare)


def _assess_after(session: Session, due_on: date) -> Assessed:
    as_of = due_on + timedelta(days=1)
    return assess(session, as_of=as_of, at=datetime(2026, as_of.month, as_of.day, tzinfo=UTC))


def _assessed_before(session: Session, day: date) -> None:
    """Let the nightly run of a day have been made."""
    session.connection().execute(
        text("INSERT INTO assessments VALUES (:day, :at, 0, 0) ON CONFLICT DO NOTHING"),
        {"day": day, "at": datetime(2026, day.month, day.day, tzinfo=UTC)},
    )
