"""What the audit administrator reads of the log: who came in, and what changed about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that happened."""

    at: datetime
    type: str
    subject_id: UUID
    actor: str
    login: str | None
    """The name the subject signs in with now, if it is a person."""
    data: dict[str, Any]


_ENTRIES: Final = text(
    """
    SELECT e.recorded_at AS at, e.type, e.subject_id, e.actor, u.login, e.data
    FROM events e LEFT JOIN users u ON u.id = e.subject_id
    WHERE e.recorded_at < :before AND split_part(e.type, '.', 1) IN ('user', 'api_key', 'sign_in')
    ORDER BY e.recorded_at DESC, e.id DESC LIMIT :limit
    """
)


def entries(session: Session, *, before: datetime, limit: int) -> list[LogEntry]:
    """Return what happened before an instant, the latest first (index `events_access`)."""
    values = {"before": before, "limit": limit}
    return [LogEntry(**row) for row in session.connection().execute(_ENTRIES, values).mappings()]
