"""What the notifier says over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True)


class MessageOut(_Out):
    """One message of an inbox."""

    id: UUID
    event_id: UUID
    event_position: int
    type: str
    subject_id: UUID
    subject: str
    body: str
    occurred_at: datetime
    planned_at: datetime
    seen_at: datetime | None
    read_at: datetime | None


class InboxOut(_Out):
    """A page of an inbox."""

    messages: tuple[MessageOut, ...]
    unread: int
    """In the whole inbox."""


class Muted(_Out):
    """The event types a party wants no e-mail of; its inbox has them still."""

    model_config = ConfigDict(extra="forbid")
    types: tuple[str, ...]


class SeenOut(_Out):
    """How many messages were shown for the first time."""

    seen: int


class CountsOut(_Out):
    """What was told, in numbers."""

    position: int
    """Of the last event planned."""
    messages: dict[str, dict[str, int]]
    """By channel and state."""
    mails: dict[str, int]
    """By state; a digest is one e-mail for many messages."""
    unread_events: int
    """Events passed over because they broke the contract."""
    arrivals: dict[str, int]
    """Of which the ledger is yet to be told (`waiting`), and which it `refused`."""


class RetryOut(_Out):
    """How many e-mails are due again."""

    retried: int


class FindingOut(_Out):
    """What is broken, in how many places, and the first of them."""

    check: str
    english: str
    chinese: str
    broken: int
    examples: tuple[str, ...]


class VerificationOut(_Out):
    """Whether whoever had to be told was told."""

    through: int
    messages: int
    mails: dict[str, int]
    findings: tuple[FindingOut, ...]


class HealthOut(_Out):
    """Alive, and how far behind."""

    ok: bool
    position: int
    oldest_due_seconds: int
    unread_events: int
