"""Reads of endpoints and deliveries: a party's own, and to anyone else there are none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import httpx2
from sqlalchemy import or_
from sqlmodel import Session, col, select

from services.ledger.access import NotAllowedError, Viewer
from services.ledger.errors import NotFoundError
from services.ledger.vault import unseal
from services.ledger.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from services.ledger.webhooks.signing import SCHEMES, Secret


def check_keeps(viewer: Viewer) -> UUID:
    """Return the party whose endpoints a viewer keeps.

    Raises:
        NotAllowedError: it keeps none.
    """
    viewer.require("webhooks.keep")
    if viewer.user_id is not None and viewer.duty != "administrator":
        raise NotAllowedError(
            "Webhooks are kept by the party's administrator or one of its keys.",
            "Webhook由主体的管理员或其API密钥管理。",
        )
    if viewer.party_id is None:
        raise NotAllowedError(
            "Webhooks are a party's, and this key acts for none.",
            "Webhook属于主体，该密钥未代表任何主体。",
        )
    return viewer.party_id


def get(
    session: Session, viewer: Viewer, endpoint_id: UUID, *, lock: bool = False
) -> WebhookEndpoint:
    """Return an endpoint of the viewer's party.

    Raises:
        NotAllowedError: the viewer keeps no endpoints.
        NotFoundError: there is none, or none of this party.
    """
    mine = select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id,
        WebhookEndpoint.party_id == check_keeps(viewer),
        WebhookEndpoint.role == viewer.role,
    )
    found = session.exec(mine.with_for_update() if lock else mine).one_or_none()
    if found is None:
        raise NotFoundError("No such webhook.", "没有该Webhook。")
    return found


def of_party(session: Session, viewer: Viewer) -> Sequence[WebhookEndpoint]:
    """Return the endpoints of the viewer's party, the oldest first.

    Raises:
        NotAllowedError: the viewer keeps no endpoints.
    """
    mine = select(WebhookEndpoint).where(
        WebhookEndpoint.party_id == check_keeps(viewer), WebhookEndpoint.role == viewer.role
    )
    order = (col(WebhookEndpoint.recorded_at), col(WebhookEndpoint.id))
    return session.exec(mine.order_by(*order)).all()


def url_of(endpoint: WebhookEndpoint) -> str:
    """Return the address of an endpoint, which only its party is shown."""
    return unseal(endpoint.sealed_url, of=f"webhook {endpoint.id}").decode()


def host_of(endpoint: WebhookEndpoint) -> str:
    """Return what of an endpoint's address may be told."""
    return httpx2.URL(url_of(endpoint)).host


def viewer_of(endpoint: WebhookEndpoint) -> Viewer:
    """Return who an endpoint reads the log as: its party, in the role it was registered in."""
    return Viewer(name=f"webhook {endpoint.id}", role=endpoint.role, party_id=endpoint.party_id)


def live_secrets(session: Session, endpoint_id: UUID, *, at: datetime) -> list[WebhookSecret]:
    """Return what signs the messages of an endpoint now, the newest first."""
    live = or_(col(WebhookSecret.expires_at).is_(None), col(WebhookSecret.expires_at) > at)
    found = select(WebhookSecret).where(WebhookSecret.endpoint_id == endpoint_id, live)
    return list(session.exec(found.order_by(col(WebhookSecret.id).desc())).all())


def opened(secret: WebhookSecret) -> Secret:
    """Return a secret as it signs."""
    (scheme,) = (one for one in SCHEMES if one == secret.scheme)
    return Secret(scheme, unseal(secret.sealed, of=f"webhook secret {secret.id}"))


def deliveries(
    session: Session,
    endpoint_id: UUID,
    *,
    limit: int,
    state: str | None = None,
    before: int | None = None,
) -> Sequence[WebhookDelivery]:
    """Return deliveries of an endpoint, all or before a position, the latest events first."""
    found = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    if before is not None:
        found = found.where(WebhookDelivery.position < before)
    if state is not None:
        found = found.where(WebhookDelivery.state == state)
    return session.exec(found.order_by(col(WebhookDelivery.position).desc()).limit(limit)).all()


def delivery(
    session: Session, endpoint_id: UUID, delivery_id: UUID, *, lock: bool = False
) -> WebhookDelivery:
    """Return one delivery of an endpoint.

    Raises:
        NotFoundError: there is none, or it is another endpoint's.
    """
    one = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id
    )
    found = session.exec(one.with_for_update() if lock else one).one_or_none()
    if found is None:
        raise NotFoundError("No such delivery.", "没有该投递。")
    return found


def attempts(session: Session, of: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """Return how a delivery went so far, the latest attempt first."""
    found = select(WebhookAttempt).where(
        WebhookAttempt.endpoint_id == of.endpoint_id, WebhookAttempt.position == of.position
    )
    return session.exec(found.order_by(col(WebhookAttempt.number).desc())).all()
