"""Prove that whoever the log tells of something was told, and that each notice came to an end.

The log is read anew from its beginning, a window at a time, so memory stays the same however long
it is. What was planned is never asked of the tables alone: the log says what there has to be.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from services.events import Event, MessageDelivered
from services.notifier import queries
from services.notifier.config import Settings
from services.notifier.db import transaction
from services.notifier.delivery import RETRY_MINUTES
from services.notifier.pull import events_after
from services.notifier.rules import RULES, told

_EXAMPLES: Final = 5
_PATIENCE: Final = timedelta(minutes=sum(RETRY_MINUTES), hours=6)
"""After so long every attempt has been made, a digest's wait and a worker's lease included."""
CHECKS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "notices": (
            "each event has a notice for each party and channel it tells, and no other",
            "每个事件对其应通知的每一主体与渠道均有且仅有一条通知",
        ),
        "endings": (
            "each e-mail was sent, given up or had no address to go to, or is within its schedule",
            "每封邮件均已发出、已放弃或无可用地址，或仍在重试期限内",
        ),
        "reported": (
            "what the log says arrived is a notice there is, that came so far",
            "日志中的送达记录均对应已有通知及其送达阶段",
        ),
        "cursor": ("the log is planned up to now", "日志已处理至当前"),
    }
)
_PLANNED: Final = text(
    """
    SELECT event_id, recipient_id, channel, event_position, type FROM notifier.messages
    WHERE event_id = ANY(:events)
    """
)
_STRAYS: Final = text(
    """
    SELECT id, event_position FROM notifier.messages
    WHERE event_position > :through OR event_position < 1 OR NOT type = ANY(:types)
    """
)
_COUNT: Final = text("SELECT count(*) FROM notifier.messages")
_ENDLESS: Final = text(
    """
    SELECT m.id, m.event_position, coalesce(d.state, 'no e-mail at all') AS state,
      coalesce(d.attempts, 0) AS attempts
    FROM notifier.messages m LEFT JOIN notifier.deliveries d ON d.id = m.delivery_id
      AND d.recipient_id = m.recipient_id AND d.type = m.type
    WHERE m.channel = 'email' AND m.suppressed IS NULL AND (d.id IS NULL
      OR d.state NOT IN ('sent', 'exhausted')
        AND greatest(m.planned_at, d.next_attempt_at) < now() - CAST(:patience AS interval))
    ORDER BY m.event_position, m.id
    """
)
_CAME: Final = text(
    """
    SELECT m.id, m.event_id, m.recipient_id, m.seen_at, m.read_at, d.state FROM notifier.messages m
    LEFT JOIN notifier.deliveries d ON d.id = m.delivery_id WHERE m.id = ANY(:messages)
    """
)
_UNREAD: Final = text("SELECT position, event_id, type FROM notifier.unread_events")
_LATE: Final = text(
    """
    SELECT greatest(moved_at, CAST(:at AS timestamptz)) < now() - interval '10 minutes'
    FROM notifier.cursor
    """
)


class Finding(NamedTuple):
    """What is broken, in how many places, and the first of them."""

    check: str
    english: str
    chinese: str
    broken: int
    examples: tuple[str, ...]


class Proof(NamedTuple):
    """What the notifier looked at, and what is wrong with it."""

    through: int
    """The position up to which the log was compared."""
    messages: int
    mails: Mapping[str, int]
    """E-mails by state: what was given up is no fault of the books, but should be seen."""
    findings: tuple[Finding, ...]


def verify(config: Settings) -> Proof:
    """Compare all that was planned, and what became of it, with the ledger's log.

    Raises:
        httpx2.HTTPError: the ledger cannot be reached or refuses.
        LogGapError: its positions do not follow each other.
    """
    with transaction(config.database_url) as session:
        through = queries.health(session)[0]
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {name: [] for name in CHECKS}
    for check, where in _places(config, through):
        counts[check] += 1
        if counts[check] <= _EXAMPLES:
            examples[check].append(where)
    with transaction(config.database_url) as session:
        mails = queries.mail_counts(session)
        messages = int(session.execute(_COUNT).scalar_one())
    findings = tuple(
        Finding(name, *CHECKS[name], counts[name], tuple(examples[name]))
        for name in CHECKS
        if counts[name]
    )
    return Proof(through, messages, mails, findings)


def _places(config: Settings, through: int) -> Iterator[tuple[str, str]]:
    after = 0
    while events := events_after(config, after):
        with transaction(config.database_url) as session:
            planned = [one for one in events if one.position <= through]
            yield from _of_window(session, planned)
            waiting = events[len(planned) :]
            if waiting and session.execute(_LATE, {"at": waiting[0].occurred_at}).scalar_one():
                yield "cursor", f"nothing after position {through} is planned, for ten minutes"
        after = events[-1].position
        if waiting:
            break
    with transaction(config.database_url) as session:
        if after < through:
            yield "cursor", f"it is at position {through}, the log ends at {after}"
        for one in session.execute(_UNREAD):
            yield "notices", f"event {one.event_id} at {one.position}, {one.type}: not understood"
        for one in session.execute(_STRAYS, {"through": through, "types": [*RULES]}):
            yield "notices", f"message {one.id} at {one.event_position}: the log tells nobody so"
        for one in session.execute(_ENDLESS, {"patience": _PATIENCE}):
            yield (
                "endings",
                f"message {one.id} at {one.event_position}: {one.state}, {one.attempts} attempts",
            )


def _of_window(session: Session, events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    unread = {one.event_id for one in session.execute(_UNREAD)}
    expected = {
        (event.id, party_id, channel): (event.position, event.type)
        for event in events
        for party_id, channel in told(event)
        if event.id not in unread
    }
    named = {"events": [event.id for event in events]}
    planned = {tuple(row[:3]): tuple(row[3:]) for row in session.execute(_PLANNED, named)}
    for key in sorted(expected.keys() | planned.keys(), key=str):
        if expected.get(key) != planned.get(key):
            event_id, party_id, channel = key
            name = f"event {event_id}, {channel} of {party_id}"
            yield "notices", f"{name}: told {planned.get(key)}, to tell {expected.get(key)}"
    yield from _arrived(session, events)


def _arrived(session: Session, events: Sequence[Event]) -> Iterator[tuple[str, str]]:
    said = [
        (event.position, MessageDelivered.model_validate(event.data))
        for event in events
        if event.type == MessageDelivered.type
    ]
    named = {"messages": [one.message_id for _, one in said]}
    held = {row.id: row for row in session.execute(_CAME, named)}
    for position, one in said:
        row = held.get(one.message_id)
        came = row is not None and {
            "MAIL_ACCEPTED": row.state == "sent",
            "SHOWN": row.seen_at is not None,
            "READ": row.read_at is not None,
        }.get(one.stage, True)
        of = row is not None and (row.event_id, row.recipient_id) == (one.event_id, one.party_id)
        if not (came and of):
            yield "reported", f"position {position}: {one.stage} of message {one.message_id}"
