"""Reads of the notifier."""

from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, case, func, text, update
from sqlmodel import Session, col, select

from services.notifier.models import Cursor, Delivery, Message, Recipient, Unread, Unreported

_SHOWN: Final = text("""
    WITH shown AS (
      UPDATE notifier.messages SET seen_at = now()
      WHERE recipient_id = :party_id AND channel = 'inbox' AND event_position <= :up_to
        AND seen_at IS NULL
      RETURNING id, seen_at
    )
    INSERT INTO notifier.arrivals (message_id, stage, at) SELECT id, 'SHOWN', seen_at FROM shown
    """)
_READ: Final = text("""
    WITH opened AS (
      UPDATE notifier.messages SET read_at = now(), seen_at = coalesce(seen_at, now())
      WHERE recipient_id = :party_id AND channel = 'inbox' AND id = :message_id
        AND read_at IS NULL
      RETURNING id, read_at
    )
    INSERT INTO notifier.arrivals (message_id, stage, at) SELECT id, 'READ', read_at FROM opened
    """)
"""What is read has been shown: it is reported once, as the stronger of the two."""


def inbox(
    session: Session, party_id: UUID, *, after: int | None, before: int | None, limit: int
) -> list[Message]:
    """Return a party's messages: with `after` the next ones, oldest first; else the newest first.

    Args:
        session: the transaction.
        party_id: whose inbox.
        after: only messages of later events.
        before: only messages of earlier events.
        limit: how many at most.
    """
    at = col(Message.event_position)
    query = select(Message).where(_in_inbox(party_id))
    if after is not None:
        query = query.where(at > after)
    if before is not None:
        query = query.where(at < before)
    order = at if after is not None else at.desc()
    return list(session.exec(query.order_by(order).limit(limit)))


def unread_count(session: Session, party_id: UUID) -> int:
    """Return how many messages in a party's inbox nobody has read."""
    unread = select(func.count()).select_from(Message)
    return session.exec(unread.where(_in_inbox(party_id), col(Message.read_at).is_(None))).one()


def mark_seen(session: Session, party_id: UUID, *, up_to: int) -> int:
    """Record that a party was shown its messages up to an event; return how many were new."""
    shown = session.execute(_SHOWN, {"party_id": party_id, "up_to": up_to})
    return cast("CursorResult[Any]", shown).rowcount


def mark_read(session: Session, party_id: UUID, message_id: UUID) -> Message | None:
    """Record that a party read a message, the first time; None if its inbox has no such message."""
    session.execute(_READ, {"party_id": party_id, "message_id": message_id})
    found = select(Message).where(_in_inbox(party_id), col(Message.id) == message_id)
    return session.exec(found).one_or_none()


def mute(session: Session, party_id: UUID, types: list[str]) -> bool:
    """Record which types a party wants no e-mail of; False for a party nobody introduced."""
    known = col(Recipient.party_id) == party_id
    return session.exec(update(Recipient).where(known).values(muted=types)).rowcount == 1


def message_counts(session: Session) -> dict[str, dict[str, int]]:
    """Return how many messages there are by channel and by what became of them."""
    became = func.coalesce(col(Message.suppressed), col(Delivery.state), "delivered")
    counts: dict[str, dict[str, int]] = {"inbox": {}, "email": {}}
    for channel, state, count in session.exec(
        select(Message.channel, became, func.count())
        .join(Delivery, col(Delivery.id) == col(Message.delivery_id), isouter=True)
        .group_by(col(Message.channel), became)
    ):
        counts[channel][state] = count
    return counts


def mail_counts(session: Session) -> dict[str, int]:
    """Return how many e-mails there are by state; a digest is one."""
    state = col(Delivery.state)
    found = session.exec(select(state, func.count()).group_by(state))
    return {name: count for name, count in found}  # noqa: C416 (rows are no pairs to mypy)


def arrival_counts(session: Session) -> dict[str, int]:
    """Return how many arrivals the ledger has yet to be told of, and how many it refused."""
    state = case((col(Unreported.refused).is_(None), "waiting"), else_="refused")
    found = session.exec(select(state, func.count()).group_by(state))
    return {name: count for name, count in found}  # noqa: C416 (rows are no pairs to mypy)


def health(session: Session) -> tuple[int, int, int]:
    """Return the cursor, how many seconds the oldest due e-mail waits, and the unread events."""
    waits = func.now() - func.min(col(Delivery.next_attempt_at))
    late = select(func.coalesce(func.extract("epoch", waits), 0)).where(
        col(Delivery.state).in_(("planned", "failed"))
    )
    return (
        session.exec(select(Cursor.position)).one(),
        max(0, int(session.exec(late).one())),
        session.exec(select(func.count()).select_from(Unread)).one(),
    )


def _in_inbox(party_id: UUID) -> ColumnElement[bool]:
    return (col(Message.recipient_id) == party_id) & (col(Message.channel) == "inbox")
