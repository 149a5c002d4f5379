"""From the log to deliveries: each endpoint has its own place in the log and reads it as its party.

A kill before the commit leaves the place where it was; after it, what is to be sent is there.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from services.events import Event, WebhookPinged
from services.ledger.db import transaction
from services.ledger.ids import id_of
from services.ledger.log.queries import page_after
from services.ledger.webhooks.models import WebhookEndpoint, WebhookReplay
from services.ledger.webhooks.queries import viewer_of
from services.ledger.webhooks.service import is_wanted

Clock = Callable[[], datetime]
_PAGE: Final = 500
_PAGES: Final = 20
"""So many for one endpoint before the next has its turn."""
MOST_WAITING: Final = 10_000
"""With so many waiting nothing more is planned; the rest waits in the log."""
KEPT: Final = timedelta(days=90)

_BEHIND: Final = text(
    """
    SELECT id FROM webhook_endpoints
    WHERE disabled_at IS NULL AND position < (SELECT coalesce(max(position), 0) FROM sealed)
    ORDER BY position, id
    """
)
_REPLAYING: Final = text(
    """
    SELECT r.id FROM webhook_replays r JOIN webhook_endpoints e ON e.id = r.endpoint_id
    WHERE e.disabled_at IS NULL AND r.position < r.through ORDER BY r.recorded_at, r.id
    """
)
_WAITING: Final = text(
    """
    SELECT count(*) FROM (SELECT FROM webhook_deliveries
      WHERE endpoint_id = :endpoint_id AND state = 'WAITING' LIMIT :most) w
    """
)
_PLAN: Final = """
    INSERT INTO webhook_deliveries (endpoint_id, position, id, event_id, type, state, due_at)
    SELECT :endpoint_id, position, id, event_id, type, 'WAITING', :at
    FROM json_to_recordset(CAST(:rows AS json))
      AS r(position bigint, id uuid, event_id uuid, type varchar)
    ON CONFLICT (endpoint_id, position) {again}
"""
_PLAN_NEW: Final = text(_PLAN.format(again="DO NOTHING"))
_AGAIN: Final = "state = 'WAITING', settled_at = NULL, tries = 0, due_at = :at"
_PLAN_AGAIN: Final = text(_PLAN.format(again=f"DO UPDATE SET {_AGAIN}"))
_GIVEN_UP_AGAIN: Final = text(
    f"""
    UPDATE webhook_deliveries SET {_AGAIN}
    WHERE endpoint_id = :endpoint_id AND position > :after AND position <= :through
      AND state = 'GIVEN_UP'
    """
)
_FORGET: Final = text(
    """
    DELETE FROM webhook_deliveries WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM webhook_deliveries WHERE settled_at < :before
      ORDER BY settled_at LIMIT :limit))
    """
)
_FORGET_REPLAYS: Final = text(
    "DELETE FROM webhook_replays WHERE position >= through AND recorded_at < :before"
)


def behind(session: Session) -> list[UUID]:
    """Return the endpoints that have not looked at all of the log."""
    return list(session.connection().execute(_BEHIND).scalars())


def replaying(session: Session) -> list[UUID]:
    """Return the replays that have not come to their end."""
    return list(session.connection().execute(_REPLAYING).scalars())


def plan(session: Session, endpoint_id: UUID, *, at: datetime) -> bool:
    """Plan what the next page of the log holds for an endpoint; return whether there is more.

    Whoever does not get the endpoint's lock has nothing to do.
    """
    endpoint = _locked(session, endpoint_id)
    if endpoint is None or _is_full(session, endpoint_id):
        return False
    page = page_after(session, viewer_of(endpoint), after=endpoint.position, limit=_PAGE)
    _store(session, endpoint, page.events, at=at, again=False)
    endpoint.position = page.next
    session.add(endpoint)
    session.flush()
    return page.has_more


def plan_replay(session: Session, replay_id: UUID, *, at: datetime) -> bool:
    """Plan the next page of a replay; return whether there is more."""
    replay = session.get(WebhookReplay, replay_id)
    endpoint = None if replay is None else _locked(session, replay.endpoint_id)
    if replay is None or endpoint is None or _is_full(session, endpoint.id):
        return False
    session.refresh(replay)
    if replay.only_given_up:
        values = {"endpoint_id": endpoint.id, "after": replay.after, "through": replay.through}
        session.connection().execute(_GIVEN_UP_AGAIN, {**values, "at": at})
        replay.position = replay.through
    else:
        page = page_after(session, viewer_of(endpoint), after=replay.position, limit=_PAGE)
        asked = [event for event in page.events if event.position <= replay.through]
        _store(session, endpoint, asked, at=at, again=True)
        replay.position = min(page.next, replay.through)
    session.add(replay)
    session.flush()
    return replay.position < replay.through


def catch_up(clock: Clock) -> None:
    """Plan what the log holds for each endpoint and replay, a page a transaction."""
    with transaction() as session:
        ends, replays = behind(session), replaying(session)
    for one, step in (
        *((one, plan) for one in ends),
        *((one, plan_replay) for one in replays),
    ):
        for _ in range(_PAGES):
            with transaction() as session:
                more = step(session, one, at=clock())
            if not more:
                break


def forget(session: Session, *, at: datetime, limit: int = 10_000) -> int:
    """Delete what was settled long ago; the log keeps the events, and what was asked for."""
    values = {"before": at - KEPT, "limit": limit}
    session.connection().execute(_FORGET_REPLAYS, {"before": at - KEPT})
    return session.connection().execute(_FORGET, values).rowcount


def _locked(session: Session, endpoint_id: UUID) -> WebhookEndpoint | None:
    enabled = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, col(WebhookEndpoint.disabled_at).is_(None)
    )
    return session.exec(enabled.with_for_update(skip_locked=True)).one_or_none()


def _is_full(session: Session, endpoint_id: UUID) -> bool:
    values = {"endpoint_id": endpoint_id, "most": MOST_WAITING}
    return int(session.connection().execute(_WAITING, values).scalar_one()) >= MOST_WAITING


def _store(
    session: Session,
    endpoint: WebhookEndpoint,
    events: Iterable[Event],
    *,
    at: datetime,
    again: bool,
) -> None:
    rows = [
        {
            "position": event.position,
            "id": str(id_of("webhook", endpoint.id, event.id)),
            "event_id": str(event.id),
            "type": event.type,
        }
        for event in events
        if _goes_to(endpoint, event)
    ]
    if rows:
        values = {"endpoint_id": endpoint.id, "rows": json.dumps(rows), "at": at}
        session.connection().execute(_PLAN_AGAIN if again else _PLAN_NEW, values)


def _goes_to(endpoint: WebhookEndpoint, event: Event) -> bool:
    if event.type == WebhookPinged.type:
        return event.subject_id == endpoint.id
    return is_wanted(endpoint.types, event.type)
