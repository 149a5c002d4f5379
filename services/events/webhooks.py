"""Endpoints that parties registered for webhooks; neither addresses nor secrets are told."""

from typing import ClassVar

from services.events.envelope import Data


class WebhookAdded(Data):
    """A party asks to be sent its events; the subject is the endpoint."""

    type: ClassVar[str] = "webhook.added"
    host: str
    types: tuple[str, ...]
    """Which types of event; none: all."""
    description: str = ""


class WebhookChanged(Data):
    """An endpoint has another address, filter or description, or was switched on or off."""

    type: ClassVar[str] = "webhook.changed"
    host: str
    types: tuple[str, ...]
    description: str = ""
    enabled: bool


class WebhookRemoved(Data):
    """An endpoint is no more; what it was sent can no longer be listed."""

    type: ClassVar[str] = "webhook.removed"
    host: str


class WebhookSecretRotated(Data):
    """An endpoint's messages have a new signature; the old one is sent beside it until it ends."""

    type: ClassVar[str] = "webhook.secret_rotated"
    scheme: str
    """``v1`` (HMAC-SHA256) or ``v1a`` (Ed25519)."""
    old_ends_at: str
    """ISO instant."""


class WebhookPinged(Data):
    """A party asks for something to be sent to an endpoint: this event, and only to that one."""

    type: ClassVar[str] = "webhook.pinged"


class WebhookReplayed(Data):
    """A party asks for events to be sent again."""

    type: ClassVar[str] = "webhook.replayed"
    after: int
    through: int
    """The last position of those."""
    only_given_up: bool = False


class WebhookDisabled(Data):
    """The ledger stopped sending to an endpoint; what it would be sent waits in the log."""

    type: ClassVar[str] = "webhook.disabled"
    host: str
    cause: str
    """``GONE``: it answered 410. ``FAILING``: nothing has arrived since ``failing_since``."""
    failing_since: str
    """ISO instant."""
    failures: int
    description: str = ""
