"""Sending what is due, an endpoint at a time: claim, send, record, each a transaction of its own.

A claim is a row's own word that somebody sends it until an instant. Who dies in between leaves a
claim that ends by itself, and the message goes out again under the id it had: at least once.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import httpx2
from sqlalchemy import text
from sqlmodel import Session

from services.events import Event, WebhookDisabled
from services.ledger.access import Viewer
from services.ledger.db import transaction
from services.ledger.ids import new_id
from services.ledger.log.queries import page_after
from services.ledger.webhooks import queries, schedule
from services.ledger.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from services.ledger.webhooks.planning import Clock
from services.ledger.webhooks.sending import Answer, Sender
from services.ledger.webhooks.service import tell
from services.ledger.webhooks.signing import Secret, signed_headers

LANES: Final = 4
"""So many send to one endpoint at a time; while it fails, one with one message."""
_BATCH: Final = 20
SERVED_SECONDS: Final = 20
CLAIMED: Final = timedelta(seconds=SERVED_SECONDS + 40)
"""Longer than whoever claims goes on, with a last message and a slow lookup of its name."""
_NOT_VISIBLE: Final = Answer("NOT_VISIBLE", 0, text="The party may not see this event any more.")

_DUE: Final = text(
    """
    SELECT e.id FROM webhook_endpoints e
    WHERE e.disabled_at IS NULL AND (e.rests_until IS NULL OR e.rests_until <= :at)
      AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id
        AND d.state = 'WAITING' AND d.due_at <= :at)
    ORDER BY e.failures > 0, e.id
    """
)
"""Those that work come first, so that those that do not never keep them waiting."""
_LANES_TAKEN: Final = text(
    """
    SELECT count(DISTINCT claim) FROM webhook_deliveries
    WHERE endpoint_id = :endpoint_id AND claim IS NOT NULL AND due_at > :at
    """
)
_CLAIM: Final = text(
    """
    UPDATE webhook_deliveries SET claim = :claim, due_at = :until
    WHERE endpoint_id = :endpoint_id AND position = ANY(ARRAY(
      SELECT position FROM webhook_deliveries
      WHERE endpoint_id = :endpoint_id AND state = 'WAITING' AND due_at <= :at
      ORDER BY due_at, position LIMIT :limit))
    RETURNING position, id
    """
)
_RELEASE: Final = text(
    """
    UPDATE webhook_deliveries SET claim = NULL, due_at = :at
    WHERE endpoint_id = :endpoint_id AND claim = :claim AND state = 'WAITING'
    """
)


class Message(NamedTuple):
    """One delivery that is to be sent now."""

    position: int
    id: UUID


@dataclass(frozen=True, slots=True)
class Turn:
    """What one sender has claimed of one endpoint, and what it needs to send it."""

    endpoint_id: UUID
    version: int
    claim: UUID
    viewer: Viewer
    url: httpx2.URL
    secrets: Sequence[Secret]
    messages: Sequence[Message]


def due(session: Session, *, at: datetime) -> list[UUID]:
    """Return the endpoints that something is to be sent to now."""
    return list(session.connection().execute(_DUE, {"at": at}).scalars())


def take(session: Session, endpoint_id: UUID, *, at: datetime) -> Turn | None:
    """Claim what is due at an endpoint; None if nothing is, or others send there already."""
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None or not _is_open(endpoint, at):
        return None
    connection, of = session.connection(), {"endpoint_id": endpoint_id, "at": at}
    fails = endpoint.failures > 0
    if connection.execute(_LANES_TAKEN, of).scalar_one() >= (1 if fails else LANES):
        return None
    claim = new_id()
    values = {"claim": claim, "until": at + CLAIMED, "limit": 1 if fails else _BATCH}
    claimed = connection.execute(_CLAIM, {**of, **values})
    messages = sorted(Message(row.position, row.id) for row in claimed)
    if not messages:
        return None
    secrets = queries.live_secrets(session, endpoint_id, at=at)
    return Turn(
        endpoint_id=endpoint_id,
        version=endpoint.version,
        claim=claim,
        viewer=queries.viewer_of(endpoint),
        url=httpx2.URL(queries.url_of(endpoint)),
        secrets=[queries.opened(one) for one in secrets],
        messages=messages,
    )


def _is_open(endpoint: WebhookEndpoint, at: datetime) -> bool:
    rests = endpoint.rests_until is not None and endpoint.rests_until > at
    return endpoint.disabled_at is None and not rests


def release(session: Session, turn: Turn, *, at: datetime) -> None:
    """Give back what was claimed and not sent."""
    values = {"endpoint_id": turn.endpoint_id, "claim": turn.claim, "at": at}
    session.connection().execute(_RELEASE, values)


def settle(
    session: Session, turn: Turn, position: int, answer: Answer, *, at: datetime, began_at: datetime
) -> bool:
    """Record how an attempt went; return whether the turn may go on.

    A claim that has ended meanwhile is another's: then nothing is recorded here.
    """
    endpoint = session.get(WebhookEndpoint, turn.endpoint_id, with_for_update=True)
    one = session.get(WebhookDelivery, (turn.endpoint_id, position), with_for_update=True)
    if endpoint is None or one is None or one.claim != turn.claim:
        return False
    one.attempts, one.tries, one.claim = one.attempts + 1, one.tries + 1, None
    session.add(
        WebhookAttempt(
            endpoint_id=endpoint.id,
            position=position,
            number=one.attempts,
            at=began_at,
            took_ms=answer.took_ms,
            outcome=answer.outcome,
            status=answer.status,
            answer=answer.text,
        )
    )
    if answer.outcome == "DELIVERED":
        one.state, one.settled_at = "DELIVERED", at
        endpoint.failures, endpoint.failing_since, endpoint.rests_until = 0, None, None
    elif answer is _NOT_VISIBLE:
        one.state, one.settled_at = "GIVEN_UP", at
    else:
        _failed(session, endpoint, one, answer, at)
    session.add(one)
    session.add(endpoint)
    session.flush()
    return _is_open(endpoint, at) and endpoint.version == turn.version


def _failed(
    session: Session,
    endpoint: WebhookEndpoint,
    one: WebhookDelivery,
    answer: Answer,
    at: datetime,
) -> None:
    wait = answer.retry_after_seconds
    not_before = None if wait is None else at + timedelta(seconds=wait)
    due_at = schedule.next_try(one.id, tries=one.tries, at=at, not_before=not_before)
    if due_at is None:
        one.state, one.settled_at = "GIVEN_UP", at
    else:
        one.due_at = due_at
    endpoint.failures += 1
    since = endpoint.failing_since = endpoint.failing_since or at
    if answer.seems_down:
        endpoint.rests_until = schedule.rests_until(
            failures=endpoint.failures, at=at, not_before=not_before
        )
    cause = "GONE" if answer.outcome == "GONE" else "FAILING"
    failed_for_long = schedule.is_given_up(failures=endpoint.failures, failing_since=since, at=at)
    if endpoint.disabled_at is None and (cause == "GONE" or failed_for_long):
        endpoint.disabled_at, endpoint.disabled_because = at, cause
        endpoint.version += 1
        told = WebhookDisabled(
            host=queries.host_of(endpoint),
            cause=cause,
            failing_since=since.isoformat(),
            failures=endpoint.failures,
            description=endpoint.description,
        )
        tell(session, endpoint, told, "ledger")


def body_of(event: Event) -> bytes:
    """Return what is sent of an event: what ``GET /v1/events`` says of it."""
    return event.model_dump_json().encode()


def _read(turn: Turn, position: int) -> Event | None:
    with transaction() as session:
        page = page_after(session, turn.viewer, after=position - 1, limit=1)
    found = page.events[0] if page.events else None
    return found if found is not None and found.position == position else None


def _send(turn: Turn, message: Message, sender: Sender, clock: Clock) -> bool:
    """Send one message and record how it went; return whether the turn may go on."""
    event, began_at = _read(turn, message.position), clock()
    answer = _NOT_VISIBLE
    if event is not None:
        body = body_of(event)
        headers = signed_headers(
            turn.secrets,
            message_id=f"msg_{message.id.hex}",
            timestamp=int(began_at.timestamp()),
            body=body,
        )
        answer = sender.post(turn.url, headers=headers, body=body)
    with transaction() as session:
        return settle(session, turn, message.position, answer, at=clock(), began_at=began_at)


def serve(endpoint_id: UUID, sender: Sender, clock: Clock, *, seconds: int = SERVED_SECONDS) -> int:
    """Send what is due at an endpoint until nothing is, it seems down, or the time is over.

    Args:
        endpoint_id: of the endpoint.
        sender: how to send.
        clock: tells the instant.
        seconds: after which no message is begun.

    Returns:
        How many attempts were made.
    """
    tried, ends = 0, time.monotonic() + seconds
    while time.monotonic() < ends:
        with transaction() as session:
            turn = take(session, endpoint_id, at=clock())
        if turn is None:
            break
        for message in turn.messages:
            tried += 1
            if not _send(turn, message, sender, clock) or time.monotonic() >= ends:
                with transaction() as session:
                    release(session, turn, at=clock())
                break
    return tried
