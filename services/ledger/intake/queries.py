"""Reads of what was taken in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import VISIBLE, Viewer

_FIRST: Final = UUID(int=0)
_BEFORE: Final = text(
    """
    SELECT summary FROM imports
    WHERE sha256 = :sha256 AND profile_sha256 = :profile_sha256 AND actor = :actor
      AND faulty_rows = 0
    ORDER BY recorded_at LIMIT 1
    """
)
_REPEATS: Final = f"""
    SELECT f.subject_id AS receivable_id, f.reference, f.line, f.amount_fen, f."on", f.known_at
    FROM findings f JOIN receivables r ON r.id = f.subject_id
    WHERE f.kind = 'PAYMENT_REPEATED' AND f."on" <= :as_of AND f.known_at <= :known_at
      AND {VISIBLE.format(table="r")}"""
_PAGE: Final = text(f"{_REPEATS} AND f.id > :after ORDER BY f.id LIMIT :limit")
_COUNT: Final = text(f"SELECT count(*) FROM ({_REPEATS}) x")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A payment executed again, reported and not counted."""

    receivable_id: UUID
    reference: str
    line: int
    amount_fen: int
    on: date
    known_at: datetime


def taken_before(
    session: Session, *, sha256: bytes, profile_sha256: bytes, actor: str
) -> dict[str, Any] | None:
    """Return the summary of the same file taken whole before, under the same profile."""
    values = {"sha256": sha256, "profile_sha256": profile_sha256, "actor": actor}
    row = session.connection().execute(_BEFORE, values).one_or_none()
    return None if row is None else dict(row.summary)


def count_repeats(session: Session, viewer: Viewer, *, as_of: date, known_at: datetime) -> int:
    """Return how many payments had been executed again by a day, as known then."""
    values = {"as_of": as_of, "known_at": known_at, **viewer.parameters()}
    return int(session.connection().execute(_COUNT, values).scalar_one())


def repeats(
    session: Session,
    viewer: Viewer,
    *,
    as_of: date,
    known_at: datetime,
    after: UUID = _FIRST,
    limit: int = 100,
) -> list[Repeat]:
    """Return payments executed again by a day, as known then, a page at a time."""
    values = {
        "as_of": as_of,
        "known_at": known_at,
        "after": after,
        "limit": limit,
        **viewer.parameters(),
    }
    rows = session.connection().execute(_PAGE, values).mappings()
    return [Repeat(**row) for row in rows]
