"""Webhooks over HTTP: a party's endpoints, their secrets, and what was sent to them."""

from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response, status
from sqlmodel import Session

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.cursors import Paged
from services.ledger.edges import AskedBy, DbSession, Router, must_match, request_id
from services.ledger.ids import new_id
from services.ledger.shapes import weighs_tags
from services.ledger.webhooks import queries, replaying, rotating, schemas, service
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.models import WebhookEndpoint

router = Router(prefix="/v1/webhooks", tags=["webhooks"])


def _out(session: Session, endpoint: WebhookEndpoint) -> schemas.WebhookOut:
    secrets = queries.live_secrets(session, endpoint.id, at=now())
    return schemas.WebhookOut.of(endpoint, secrets)


@router.post("", status_code=status.HTTP_201_CREATED)
def post_webhook(
    body: schemas.WebhookIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> schemas.WebhookMade:
    """Register an endpoint; its secret is in this answer only. The same again answers 200."""
    endpoint, secret = service.register(
        session,
        viewer,
        service.Wanted(body.url, body.types, body.description),
        endpoint_id=body.id or new_id(),
        scheme=body.signature,
        rules=Rules.of(settings()),
        after=body.after,
        request_id=request_id(request),
    )
    if secret is None:
        response.status_code = status.HTTP_200_OK
    shown = _out(session, endpoint)
    return schemas.WebhookMade(**dict(shown), secret=secret and secret.shown)


@router.get("")
def get_webhooks(viewer: AskedBy, session: DbSession) -> list[schemas.WebhookOut]:
    """Return the endpoints of the asker's party, the oldest first."""
    at = now()
    return [
        schemas.WebhookOut.of(one, queries.live_secrets(session, one.id, at=at))
        for one in queries.of_party(session, viewer)
    ]


@router.get("/{webhook_id}")
def get_webhook(webhook_id: UUID, viewer: AskedBy, session: DbSession) -> schemas.WebhookOut:
    """Return an endpoint of the asker's party."""
    return _out(session, queries.get(session, viewer, webhook_id))


@router.patch("/{webhook_id}")
@weighs_tags
def patch_webhook(
    webhook_id: UUID,
    body: schemas.WebhookChangeIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> schemas.WebhookOut:
    """Change an endpoint, with `If-Match` only as its sender saw it; switch it on or off."""
    if "if-match" in request.headers:
        must_match(request, _out(session, queries.get(session, viewer, webhook_id, lock=True)))
    endpoint = service.change(
        session,
        viewer,
        webhook_id,
        body.change(),
        rules=Rules.of(settings()),
        at=now(),
        request_id=request_id(request),
    )
    return _out(session, endpoint)


@router.delete("/{webhook_id}", status_code=status.HTTP_204_NO_CONTENT)
def delete_webhook(webhook_id: UUID, viewer: AskedBy, session: DbSession, request: Request) -> None:
    """Remove an endpoint with the record of what it was sent."""
    service.remove(session, viewer, webhook_id, request_id(request))


@router.post("/{webhook_id}/secrets", status_code=status.HTTP_201_CREATED)
def post_secret(
    webhook_id: UUID,
    body: schemas.RotateIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> schemas.SecretMade:
    """Make a new secret, in this answer only; messages carry both signatures until the old ends."""
    secret = rotating.rotate(
        session,
        viewer,
        webhook_id,
        scheme=body.signature,
        overlap=timedelta(hours=body.overlap_hours),
        at=now(),
        request_id=request_id(request),
    )
    return schemas.SecretMade(signature=secret.scheme, secret=secret.shown)


@router.post("/{webhook_id}/pings", status_code=status.HTTP_202_ACCEPTED)
def post_ping(webhook_id: UUID, viewer: AskedBy, session: DbSession, request: Request) -> None:
    """Have a `webhook.pinged` event sent to this endpoint; look among its deliveries for it."""
    replaying.ping(session, viewer, webhook_id, request_id(request))


@router.post("/{webhook_id}/replays", status_code=status.HTTP_202_ACCEPTED)
def post_replay(
    webhook_id: UUID,
    body: schemas.ReplayIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> schemas.ReplayOut:
    """Have a range of the log sent again, each event under the webhook-id it had."""
    replay = replaying.replay(
        session,
        viewer,
        webhook_id,
        replaying.Range(body.after, body.through, body.only_given_up),
        replay_id=body.id or new_id(),
        request_id=request_id(request),
    )
    return schemas.ReplayOut(
        id=replay.id,
        after=replay.after,
        through=replay.through,
        only_given_up=replay.only_given_up,
        position=replay.position,
    )


@router.get("/{webhook_id}/deliveries")
def get_deliveries(
    webhook_id: UUID,
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    state: schemas.State | None = None,
) -> schemas.DeliveryPage:
    """List what was sent to an endpoint or waits to be, the latest events first; for 90 days."""
    queries.get(session, viewer, webhook_id)
    before = int(page.after[0]) if page.after else None
    found = queries.deliveries(
        session, webhook_id, state=state, before=before, limit=page.limit + 1
    )
    rows, cursor = page.shown(found, lambda one: (one.position,))
    items = [schemas.DeliveryOut.model_validate(schemas.DeliveryOut.fields(one)) for one in rows]
    return schemas.DeliveryPage(items=tuple(items), next=cursor)


@router.get("/{webhook_id}/deliveries/{delivery_id}")
def get_delivery(
    webhook_id: UUID, delivery_id: UUID, viewer: AskedBy, session: DbSession
) -> schemas.DeliveryDetail:
    """Return one delivery with how each attempt went."""
    queries.get(session, viewer, webhook_id)
    one = queries.delivery(session, webhook_id, delivery_id)
    tried = [schemas.AttemptOut.of(attempt) for attempt in queries.attempts(session, one)]
    return schemas.DeliveryDetail.model_validate(
        {**schemas.DeliveryOut.fields(one), "tried": tried}
    )


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=status.HTTP_202_ACCEPTED)
def post_delivery_replay(
    webhook_id: UUID, delivery_id: UUID, viewer: AskedBy, session: DbSession, request: Request
) -> None:
    """Have one delivery sent again, under the webhook-id it had."""
    replaying.replay_one(
        session, viewer, webhook_id, delivery_id, at=now(), request_id=request_id(request)
    )
