"""From events to messages: once, in the transaction that moves the cursor.

A kill before the commit leaves the cursor where it was, and the events are read again; after the
commit they are never read again. Whoever does not get the cursor's lock has nothing to do.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from uuid import UUID, uuid5

from pydantic import JsonValue, ValidationError
from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from services.events import Data, Event, PartyContactChanged, PartyRegistered, read
from services.notifier.config import Settings
from services.notifier.digest import assign_deliveries
from services.notifier.messages import Words, one_line, usable_address, words
from services.notifier.models import Cursor, Message, Recipient, Unread
from services.notifier.rules import RULES, told

_NAMESPACE = UUID("0b0e7d3a-3f0c-5f43-8d0d-6c1d5c1a7a52")
Row = dict[str, object]
_RECIPIENTS: Final = text("""
    INSERT INTO notifier.recipients (party_id, name, email, position)
    SELECT party_id, name, email, position
    FROM json_populate_recordset(CAST(NULL AS notifier.recipients), CAST(:rows AS json))
    ORDER BY party_id
    ON CONFLICT (party_id) DO UPDATE
    SET name = excluded.name, email = excluded.email, position = excluded.position
    WHERE excluded.position > recipients.position
    """)
_MESSAGES: Final = text("""
    INSERT INTO notifier.messages (id, event_id, event_position, type, subject_id, recipient_id,
      channel, subject, body, occurred_at, delivery_id, suppressed)
    SELECT id, event_id, event_position, type, subject_id, recipient_id,
      channel, subject, body, occurred_at, delivery_id, suppressed
    FROM json_populate_recordset(CAST(NULL AS notifier.messages), CAST(:rows AS json))
    """)
log = logging.getLogger("notifier.planning")


def position(session: Session) -> int:
    """Return the position of the last event planned."""
    return session.exec(select(Cursor.position)).one()


def plan(session: Session, events: Sequence[Event], config: Settings) -> int:
    """Plan what the events tell people and move the cursor; return the messages planned.

    Events already behind the cursor are passed over, so two workers may bring the same ones.
    """
    cursor = session.exec(select(Cursor).with_for_update(skip_locked=True)).one_or_none()
    fresh = [] if cursor is None else [e for e in events if e.position > cursor.position]
    if cursor is None or not fresh:
        return 0
    if fresh[0].position != cursor.position + 1:
        return 0  # The cursor was set back meanwhile: the next tick starts from there.
    understood = _read_all(session, fresh)
    recipients = _recipients(session, understood)
    planned = _store(session, _rows(understood, recipients), config)
    session.exec(update(Cursor).values(position=fresh[-1].position, moved_at=func.now()))
    return planned


def _read_all(session: Session, events: Iterable[Event]) -> list[tuple[Event, Data]]:
    understood: list[tuple[Event, Data]] = []
    unread: list[Row] = []
    for event in events:
        try:
            data = read(event)
        except ValidationError as error:
            # One broken event must not silence all that follow it.
            log.exception("event %s at %d breaks the contract", event.id, event.position)
            unread.append(
                {
                    "position": event.position,
                    "event_id": event.id,
                    "type": event.type,
                    "error": str(error.errors(include_input=False, include_url=False)),
                }
            )
        else:
            if data is not None:
                understood.append((event, data))
    if unread:
        session.execute(insert(Unread).on_conflict_do_nothing(), unread)
    return understood


def _recipients(
    session: Session, understood: Iterable[tuple[Event, Data]]
) -> Mapping[UUID, Recipient]:
    """Record what the events say of parties; return every party the events are about."""
    rows: dict[UUID, Row] = {}
    for event, data in understood:
        for party_id in (event.debtor_id, event.creditor_id):
            if event.type in RULES and party_id is not None:
                # Someone never introduced still has an inbox.
                nobody = {"party_id": party_id, "name": "", "email": None, "position": 0}
                rows.setdefault(party_id, nobody)
        if isinstance(data, PartyRegistered | PartyContactChanged):
            rows[data.party_id] = {
                "party_id": data.party_id,
                "name": one_line(data.name),
                "email": usable_address(data.email),
                "position": event.position,
            }
    if not rows:
        return {}
    session.execute(_RECIPIENTS, {"rows": json.dumps([*rows.values()], default=str)})
    found = session.exec(select(Recipient).where(col(Recipient.party_id) == func.any([*rows])))
    return {recipient.party_id: recipient for recipient in found}


def _rows(
    understood: Iterable[tuple[Event, Data]], recipients: Mapping[UUID, Recipient]
) -> list[Row]:
    rows: list[Row] = []
    for event, data in understood:
        said: Words | None = None
        for party_id, channel in told(event):
            said = said or _say(event, data, recipients)
            rows.append(_row(event, said, recipients[party_id], channel))
    return rows


def _say(event: Event, data: Data, recipients: Mapping[UUID, Recipient]) -> Words:
    values: dict[str, JsonValue] = data.model_dump(mode="json")
    names = [
        recipients[party_id].name if party_id else ""
        for party_id in (event.debtor_id, event.creditor_id)
    ]
    return words(event.type, values, debtor=names[0], creditor=names[1])


def _row(event: Event, said: Words, recipient: Recipient, channel: str) -> Row:
    suppressed = None
    if channel == "email" and recipient.email is None:
        suppressed = "no address"
    elif channel == "email" and event.type in recipient.muted:
        suppressed = "muted"
    return {
        "id": uuid5(_NAMESPACE, f"{event.id}:{recipient.party_id}:{channel}"),
        "event_id": event.id,
        "event_position": event.position,
        "type": event.type,
        "subject_id": event.subject_id,
        "recipient_id": recipient.party_id,
        "channel": channel,
        "subject": said.subject,
        "body": said.body,
        "occurred_at": event.occurred_at,
        "delivery_id": None,
        "suppressed": suppressed,
    }


def _store(session: Session, rows: Sequence[Row], config: Settings) -> int:
    # One message per id, also where somebody owes itself. The cursor's lock is held, so nobody
    # adds messages between this look and the insert; some exist if the cursor was set back.
    new = {row["id"]: row for row in rows}
    for known in session.exec(select(Message.id).where(col(Message.id) == func.any([*new]))):
        del new[known]
    assign_deliveries(session, [*new.values()], config)
    if new:
        session.execute(_MESSAGES, {"rows": json.dumps([*new.values()], default=str)})
    return len(new)
