"""Reads of what was taken in."""

from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

_BEFORE: Final = text(
    """
    SELECT summary FROM imports
    WHERE sha256 = :sha256 AND profile_sha256 = :profile_sha256 AND actor = :actor
      AND faulty_rows = 0
    ORDER BY recorded_at LIMIT 1
    """
)


def taken_before(
    session: Session, *, sha256: bytes, profile_sha256: bytes, actor: str
) -> dict[str, Any] | None:
    """Return the summary of the same file taken whole before, under the same profile."""
    values = {"sha256": sha256, "profile_sha256": profile_sha256, "actor": actor}
    row = session.connection().execute(_BEFORE, values).one_or_none()
    return None if row is None else dict(row.summary)
