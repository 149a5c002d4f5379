"""Sending on request: something to try an endpoint with, and events it has had or missed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from services.events import WebhookPinged, WebhookReplayed
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError, ReusedIdError
from services.ledger.webhooks import queries
from services.ledger.webhooks.models import WebhookEndpoint, WebhookReplay
from services.ledger.webhooks.service import head, tell


class WebhookDisabledError(LedgerError):
    """Something is to be sent to an endpoint that is switched off."""

    code = "WEBHOOK_DISABLED"
    status = 409


class WebhookRangeError(LedgerError):
    """A range of the log that holds nothing yet, or nothing at all."""

    code = "WEBHOOK_RANGE_INVALID"


def ping(session: Session, viewer: Viewer, endpoint_id: UUID, request_id: str = "") -> None:
    """Have something sent to an endpoint, on the way everything goes there.

    Raises:
        NotFoundError: there is none, or none of this party.
        WebhookDisabledError: nothing is sent there.
    """
    endpoint = _enabled(session, viewer, endpoint_id)
    tell(session, endpoint, WebhookPinged(), viewer.name, request_id)


def _enabled(session: Session, viewer: Viewer, endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = queries.get(session, viewer, endpoint_id, lock=True)
    if endpoint.disabled_at is not None:
        raise WebhookDisabledError(
            "The webhook is switched off; switch it on first.",
            "该Webhook已停用；请先启用。",
        )
    return endpoint


@dataclass(frozen=True, slots=True)
class Range:
    """Events to be sent again: those after a position, up to and with another."""

    after: int
    through: int
    only_given_up: bool = False


def replay(
    session: Session,
    viewer: Viewer,
    endpoint_id: UUID,
    wanted: Range,
    *,
    replay_id: UUID,
    request_id: str = "",
) -> WebhookReplay:
    """Have a range of the log sent again, as the endpoint sees it now; the same again is one.

    Raises:
        NotFoundError: there is none, or none of this party.
        WebhookDisabledError: nothing is sent there.
        WebhookRangeError: the range is empty, or reaches beyond the log.
        ReusedIdError: the id names another range.
    """
    endpoint = _enabled(session, viewer, endpoint_id)
    newest = head(session)
    if not 0 <= wanted.after < wanted.through <= newest:
        raise WebhookRangeError(
            f"A range goes from after 0 or more through {newest} at most, and holds something.",
            f"范围须非空，起点不小于0，终点不超过{newest}。",
            field="through",
        )
    known = session.get(WebhookReplay, replay_id)
    if known is not None:
        asked = (known.endpoint_id, known.after, known.through, known.only_given_up)
        if asked != (endpoint_id, wanted.after, wanted.through, wanted.only_given_up):
            raise ReusedIdError(
                f"The id {replay_id} already names another replay.",
                f"编号{replay_id}已用于另一次重放。",
                field="id",
            )
        return known
    made = WebhookReplay(
        id=replay_id,
        endpoint_id=endpoint_id,
        after=wanted.after,
        through=wanted.through,
        only_given_up=wanted.only_given_up,
        position=wanted.after,
    )
    session.add(made)
    told = WebhookReplayed(
        after=wanted.after, through=wanted.through, only_given_up=wanted.only_given_up
    )
    tell(session, endpoint, told, viewer.name, request_id)
    session.flush()
    return made


def replay_one(
    session: Session,
    viewer: Viewer,
    endpoint_id: UUID,
    delivery_id: UUID,
    *,
    at: datetime,
    request_id: str = "",
) -> None:
    """Have one delivery sent again, under the id it had.

    Raises:
        NotFoundError: there is no such endpoint or delivery, or none of this party.
        WebhookDisabledError: nothing is sent there.
    """
    endpoint = _enabled(session, viewer, endpoint_id)
    one = queries.delivery(session, endpoint_id, delivery_id, lock=True)
    one.state, one.settled_at, one.tries, one.due_at = "WAITING", None, 0, at
    session.add(one)
    told = WebhookReplayed(after=one.position - 1, through=one.position)
    tell(session, endpoint, told, viewer.name, request_id)
    session.flush()
