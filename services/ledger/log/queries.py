"""Reads of the event log in its sealed order."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import Event, EventPage
from services.ledger.access import VISIBLE, Viewer

_AFTER = text(
    f"""
    SELECT s.position, e.id, e.type, e.subject_id, e.occurred_at, e.debtor_id, e.creditor_id,
           e.actor, e.actor_party_id, e.data
    FROM sealed s JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE s.position > :after AND {VISIBLE.format(table="e")}
    ORDER BY s.position LIMIT :limit
    """
)

_OF_SUBJECT = text(
    """
    SELECT e.id, e.type, e.actor, e.occurred_at, e.recorded_at, e.data
    FROM events e WHERE e.subject_id = :subject_id ORDER BY e.occurred_at, e.recorded_at, e.id
    """
)


def page_after(session: Session, viewer: Viewer, *, after: int, limit: int) -> EventPage:
    """Return the sealed events after a position that the viewer may see."""
    rows = session.connection().execute(
        _AFTER, {"after": after, "limit": limit + 1, **viewer.parameters()}
    )
    events = tuple(Event.model_validate(dict(row)) for row in rows.mappings())
    page = events[:limit]
    return EventPage(
        events=page,
        next=page[-1].position if page else after,
        has_more=len(events) > limit,
    )


def of_subject(session: Session, subject_id: UUID) -> list[dict[str, Any]]:
    """Return everything that was done to one subject, oldest first."""
    rows = session.connection().execute(_OF_SUBJECT, {"subject_id": subject_id})
    return [dict(row) for row in rows.mappings()]
