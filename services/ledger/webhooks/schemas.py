"""Webhooks as HTTP has them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from services.ledger.edges import ApiModel, Flag, Note, Text
from services.ledger.webhooks import queries, service
from services.ledger.webhooks.addresses import LONGEST_URL
from services.ledger.webhooks.models import (
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from services.ledger.webhooks.rotating import LONGEST_OVERLAP
from services.ledger.webhooks.signing import Scheme

Url = Annotated[str, Field(min_length=1, max_length=LONGEST_URL)]
Types = Annotated[tuple[Text, ...], Field(max_length=100)]
State = Literal["WAITING", "DELIVERED", "GIVEN_UP"]
LAST_POSITION = 2**63 - 1
Position = Annotated[int, Field(ge=0, le=LAST_POSITION)]


class WebhookIn(ApiModel):
    """An endpoint to register; without an id of the caller's it gets one."""

    id: UUID | None = None
    url: Url
    types: Types = ()
    """Types of event such as ``receivable.opened``, or groups such as ``receivable.*``; none: all
    that ``GET /v1/events`` shows the party."""
    description: Note = ""
    signature: Scheme = "v1"
    """``v1``: HMAC-SHA256 with a secret that both sides know. ``v1a``: Ed25519."""
    after: Position | None = None
    """The position in the log after which events are sent; without it, only those from now on."""


class WebhookChangeIn(ApiModel):
    """What of an endpoint is to be otherwise."""

    url: Url | None = None
    types: Types | None = None
    description: Note | None = None
    enabled: Flag | None = None

    def change(self) -> service.Change:
        """Return it as the service takes it."""
        return service.Change(self.url, self.types, self.description, self.enabled)


class SecretOut(ApiModel):
    """Something that signs. Of ``v1`` the secret itself is never shown again."""

    signature: str
    public_key: str | None
    """For ``v1a``: what to check with."""
    since: datetime
    ends_at: datetime | None

    @classmethod
    def of(cls, secret: WebhookSecret) -> "SecretOut":
        """Return a secret as it may be shown."""
        return cls(
            signature=secret.scheme,
            public_key=secret.public_key or None,
            since=secret.recorded_at,
            ends_at=secret.expires_at,
        )


class WebhookOut(ApiModel):
    """An endpoint as its party sees it."""

    id: UUID
    url: str
    types: tuple[str, ...]
    description: str
    enabled: bool
    disabled_because: str | None
    """``OWNER``; ``GONE``: it answered 410; ``FAILING``: nothing arrived for five days."""
    failures: int
    """Attempts that failed since the last that succeeded."""
    failing_since: datetime | None
    secrets: tuple[SecretOut, ...]

    @classmethod
    def of(cls, endpoint: WebhookEndpoint, secrets: list[WebhookSecret]) -> "WebhookOut":
        """Return an endpoint with what signs its messages now."""
        return cls(
            id=endpoint.id,
            url=queries.url_of(endpoint),
            types=tuple(endpoint.types),
            description=endpoint.description,
            enabled=endpoint.disabled_at is None,
            disabled_because=endpoint.disabled_because or None,
            failures=endpoint.failures,
            failing_since=endpoint.failing_since,
            secrets=tuple(SecretOut.of(one) for one in secrets),
        )


class WebhookMade(WebhookOut):
    """A new endpoint, with its secret this once."""

    secret: str | None
    """``whsec_...`` to check ``v1`` with, ``whpk_...`` for ``v1a``; none if it was shown before."""


class RotateIn(ApiModel):
    """A new secret, and how long the old ones count on."""

    signature: Scheme = "v1"
    overlap_hours: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP.days * 24)] = 24


class SecretMade(ApiModel):
    """A new secret, this once."""

    signature: str
    secret: str


class ReplayIn(ApiModel):
    """Events to be sent again: those after a position, up to and with another."""

    id: UUID | None = None
    after: Position
    through: Position
    only_given_up: Flag = False
    """Only what was tried to the end in vain."""


class ReplayOut(ApiModel):
    """A replay and how far it is planned."""

    id: UUID
    after: int
    through: int
    only_given_up: bool
    position: int


class DeliveryOut(ApiModel):
    """One event for one endpoint."""

    id: UUID
    webhook_id: str
    """What the receiver sees in the header, each time."""
    position: int
    event_id: UUID
    type: str
    state: State
    attempts: int
    due_at: datetime | None
    """When it is tried next; none if it is settled."""
    settled_at: AwareDatetime | None

    @classmethod
    def fields(cls, one: WebhookDelivery) -> dict[str, object]:
        """Return the fields of a delivery."""
        return {
            "id": one.id,
            "webhook_id": f"msg_{one.id.hex}",
            "position": one.position,
            "event_id": one.event_id,
            "type": one.type,
            "state": one.state,
            "attempts": one.attempts,
            "due_at": one.due_at if one.state == "WAITING" else None,
            "settled_at": one.settled_at,
        }


class AttemptOut(ApiModel):
    """One try and how it went."""

    number: int
    at: datetime
    took_ms: int
    outcome: str
    status: int | None
    answer: str

    @classmethod
    def of(cls, one: WebhookAttempt) -> "AttemptOut":
        """Return an attempt."""
        return cls(
            number=one.number,
            at=one.at,
            took_ms=one.took_ms,
            outcome=one.outcome,
            status=one.status,
            answer=one.answer,
        )


class DeliveryDetail(DeliveryOut):
    """A delivery with its attempts, the latest first."""

    tried: tuple[AttemptOut, ...]


class DeliveryPage(ApiModel):
    """Deliveries, the latest events first."""

    items: tuple[DeliveryOut, ...]
    next: str | None
