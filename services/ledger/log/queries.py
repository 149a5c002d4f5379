"""Reads of the event log in its sealed order."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import Event, EventPage
from services.ledger.access import Viewer
from services.ledger.log.visible import EVENT_VISIBLE, names_actor, parameters
from services.ledger.policy import Whose

_HEAD = text("SELECT coalesce(max(position), 0) FROM sealed")
_HEAD_OF_PARTY = text(
    """
    SELECT coalesce(greatest((SELECT max(position) FROM sealed WHERE debtor_id = :viewer),
      (SELECT max(position) FROM sealed WHERE creditor_id = :viewer),
      (SELECT max((SELECT max(position) FROM sealed WHERE platform_id = f.id))
       FROM platforms f WHERE f.party_id = CAST(:offered_to AS uuid))), 0)
    """
)
_COLUMNS = """s.position, e.id, e.type, e.subject_id, e.occurred_at, e.debtor_id, e.creditor_id,
      e.actor, e.actor_party_id, e.data"""
_RANGE = "position > :after AND position <= :head"
_OF_ALL = text(
    f"""
    SELECT {_COLUMNS} FROM sealed s
    JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {_RANGE} AND {EVENT_VISIBLE}
    ORDER BY s.position LIMIT :limit
    """
)
_OF_PARTY = text(
    f"""
    SELECT {_COLUMNS} FROM (
      (SELECT position, subject_id, event_id FROM sealed
       WHERE debtor_id = CAST(:viewer AS uuid) AND {_RANGE} ORDER BY position LIMIT :limit)
      UNION
      (SELECT position, subject_id, event_id FROM sealed
       WHERE creditor_id = CAST(:viewer AS uuid) AND {_RANGE} ORDER BY position LIMIT :limit)
      UNION
      (SELECT o.* FROM platforms f, LATERAL (
         SELECT position, subject_id, event_id FROM sealed
         WHERE platform_id = f.id AND {_RANGE} ORDER BY position LIMIT :limit) o
       WHERE f.party_id = CAST(:offered_to AS uuid))
    ) s JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {EVENT_VISIBLE}
    ORDER BY s.position LIMIT :limit
    """
)
"""Short walks along an index, however many events of others lie between."""

_OF_SUBJECT = text(
    """
    SELECT e.id, e.type, e.actor, e.actor_party_id, p.name AS actor_party_name, e.occurred_at,
      e.recorded_at, e.data
    FROM events e LEFT JOIN parties p ON p.id = e.actor_party_id
    WHERE e.subject_id = :subject_id ORDER BY e.occurred_at, e.recorded_at, e.id
    """
)


def page_after(session: Session, viewer: Viewer, *, after: int, limit: int) -> EventPage:
    """Return the sealed events after a position that the viewer may see.

    The head is read first and the search ends there: positions are given in one order, so up to
    the head nothing can appear any more, and what is sealed meanwhile lies after it.
    """
    connection = session.connection()
    head_of = _HEAD_OF_PARTY if viewer.party_id else _HEAD
    head = int(connection.execute(head_of, viewer.parameters()).scalar_one())
    values = {"after": after, "head": head, "limit": limit + 1, **parameters(viewer)}
    rows = connection.execute(_OF_PARTY if viewer.party_id else _OF_ALL, values)
    events = tuple(_shown(viewer, Event.model_validate(dict(row))) for row in rows.mappings())
    page, has_more = events[:limit], len(events) > limit
    return EventPage(
        events=page, next=page[-1].position if has_more else max(after, head), has_more=has_more
    )


def _shown(viewer: Viewer, event: Event) -> Event:
    """Return an event with what the viewer may see of its actor and of a party's contact in it."""
    if not names_actor(viewer, event.actor_party_id, type_=event.type):
        event = event.model_copy(update={"actor": ""})
    email = event.data.get("email")
    if not isinstance(email, str) or viewer.may("contacts.read", Whose(party_id=event.debtor_id)):
        return event
    return event.model_copy(update={"data": {**event.data, "email": masked(email)}})


def masked(email: str) -> str:
    """Return what people may see of another's address.

    >>> masked("zhang.san@example.com"), masked("nobody"), masked("")
    ('z***@example.com', 'n***', '')
    """
    name, at, host = email.partition("@")
    return f"{name[:1]}***{at}{host}" if email else ""


def of_subject(session: Session, viewer: Viewer, subject_id: UUID) -> list[dict[str, Any]]:
    """Return everything that was done to one subject the viewer may see, oldest first."""
    rows = session.connection().execute(_OF_SUBJECT, {"subject_id": subject_id})
    return [
        {**row, "actor": row["actor"] if names_actor(viewer, row["actor_party_id"]) else ""}
        for row in rows.mappings()
    ]
