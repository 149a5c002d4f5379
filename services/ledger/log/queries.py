"""Reads of the event log in its sealed order."""

from typing import Any, Final, NamedTuple
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
_WANTED = """(CAST(:type AS varchar) IS NULL
      OR CAST(:type AS varchar) IN (e.type, split_part(e.type, '.', 1) || '.*'))"""
_OF_ALL = text(
    f"""
    SELECT {_COLUMNS} FROM sealed s
    JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {_RANGE} AND {EVENT_VISIBLE} AND {_WANTED}
    ORDER BY s.position LIMIT :limit
    """
)
_OF_PARTY_IN_ORDER = f"""
      (SELECT position, subject_id, event_id FROM sealed
       WHERE debtor_id = CAST(:viewer AS uuid) AND {_RANGE} ORDER BY position LIMIT :walk)
      UNION
      (SELECT position, subject_id, event_id FROM sealed
       WHERE creditor_id = CAST(:viewer AS uuid) AND {_RANGE} ORDER BY position LIMIT :walk)
      UNION
      (SELECT o.* FROM platforms f, LATERAL (
         SELECT position, subject_id, event_id FROM sealed
         WHERE platform_id = f.id AND {_RANGE} ORDER BY position LIMIT :walk) o
       WHERE f.party_id = CAST(:offered_to AS uuid))"""
"""Short walks along an index, however many events of others lie between."""
_OF_PARTY = text(
    f"""
    SELECT {_COLUMNS} FROM ({_OF_PARTY_IN_ORDER}
    ) s JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE {EVENT_VISIBLE} AND {_WANTED}
    ORDER BY s.position LIMIT :limit
    """
)
_WALKED_BY_PARTY = text(
    f"""
    SELECT CASE WHEN count(*) < :walk THEN :head ELSE max(position) END
    FROM (SELECT position FROM ({_OF_PARTY_IN_ORDER}) o ORDER BY position LIMIT :walk) w
    """
)
_OF_ONE = text(
    f"""
    SELECT {_COLUMNS} FROM sealed s
    JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    WHERE s.subject_id = :subject_id AND {_RANGE} AND {EVENT_VISIBLE} AND {_WANTED}
    ORDER BY s.position LIMIT :limit
    """
)
_WALK = 20_000
"""So many events are looked at for those of a type; the next page goes on behind them."""

_OF_SUBJECT = text(
    """
    SELECT e.id, e.type, e.actor, e.actor_party_id, p.name AS actor_party_name, e.occurred_at,
      e.recorded_at, e.data
    FROM events e LEFT JOIN parties p ON p.id = e.actor_party_id
    WHERE e.subject_id = :subject_id ORDER BY e.occurred_at, e.recorded_at, e.id
    """
)


class Only(NamedTuple):
    """What of the log is asked for; what is None narrows nothing."""

    type: str | None = None
    """One type, such as ``receivable.opened``, or a group, such as ``receivable.*``."""
    subject_id: UUID | None = None


EVERYTHING: Final = Only()


def page_after(
    session: Session, viewer: Viewer, *, after: int, limit: int, only: Only = EVERYTHING
) -> EventPage:
    """Return the sealed events after a position that the viewer may see.

    The head is read first and the search ends there: positions are given in one order, so up to
    the head nothing can appear any more, and what is sealed meanwhile lies after it.
    """
    connection = session.connection()
    head_of = _HEAD_OF_PARTY if viewer.party_id else _HEAD
    head = int(connection.execute(head_of, viewer.parameters()).scalar_one())
    values: dict[str, object] = {
        **parameters(viewer),
        **only._asdict(),
        "after": after,
        "head": head,
        "limit": limit + 1,
        "walk": limit + 1,
    }
    until = head
    if only.type and not only.subject_id:
        values["walk"] = _WALK
        until = min(head, after + _WALK)
        if viewer.party_id:
            until = int(connection.execute(_WALKED_BY_PARTY, values).scalar_one())
        values["head"] = until
    of_party = _OF_PARTY if viewer.party_id else _OF_ALL
    rows = connection.execute(_OF_ONE if only.subject_id else of_party, values)
    events = tuple(_shown(viewer, Event.model_validate(dict(row))) for row in rows.mappings())
    page, is_full = events[:limit], len(events) > limit
    return EventPage(
        events=page,
        next=page[-1].position if is_full else max(after, until),
        has_more=is_full or until < head,
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
