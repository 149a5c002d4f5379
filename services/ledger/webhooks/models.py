"""Endpoints, the secrets they are signed with, and what was sent to them and how it went."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Uuid,
    func,
    text,
)
from sqlmodel import Field, SQLModel


def _stamped() -> Any:  # noqa: ANN401 (a column)
    return Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


def _instant() -> Any:  # noqa: ANN401 (a column)
    return Field(default=None, sa_type=DateTime(timezone=True))


def _text() -> Any:  # noqa: ANN401 (a column)
    return Field(default="", sa_column_kwargs={"server_default": ""})


def _number() -> Any:  # noqa: ANN401 (a column)
    return Field(default=0, sa_column_kwargs={"server_default": text("0")})


def _of_endpoint(**more: Any) -> Any:  # noqa: ANN401 (a column)
    to = ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    return Field(sa_type=Uuid, sa_column_args=(to,), **more)


class WebhookEndpoint(SQLModel, table=True):
    """Where a party wants its events sent."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("(disabled_at IS NULL) = (disabled_because = '')"),
        Index("webhook_endpoints_party", "party_id"),
    )

    id: UUID = Field(primary_key=True)
    party_id: UUID
    role: str
    """With the party, what it may see of the log."""
    sealed_url: bytes = Field(sa_type=LargeBinary)
    """Sealed (vault.py): addresses often hold a token."""
    description: str = _text()
    types: list[str] = Field(sa_type=ARRAY(String), sa_column_kwargs={"server_default": "{}"})
    """Types of event, or groups such as ``receivable.*``; none: all."""
    position: int = Field(sa_type=BigInteger)
    """Up to here in the log it is planned what to send."""
    disabled_at: AwareDatetime | None = _instant()
    disabled_because: str = _text()
    """``OWNER``, ``GONE`` or ``FAILING``."""
    failures: int = _number()
    """Attempts that failed since the last that succeeded."""
    failing_since: AwareDatetime | None = _instant()
    rests_until: AwareDatetime | None = _instant()
    """It seems to be down: nothing is tried before."""
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    recorded_at: AwareDatetime = _stamped()


class WebhookSecret(SQLModel, table=True):
    """What signs the messages to an endpoint; during a rotation there are several."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (Index("webhook_secrets_endpoint", "endpoint_id"),)

    id: UUID = Field(primary_key=True)
    endpoint_id: UUID = _of_endpoint()
    scheme: str
    sealed: bytes = Field(sa_type=LargeBinary)
    public_key: str = _text()
    """For ``v1a``: ``whpk_...``, which may be shown."""
    expires_at: AwareDatetime | None = _instant()
    recorded_at: AwareDatetime = _stamped()


class WebhookDelivery(SQLModel, table=True):
    """One event for one endpoint."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'DELIVERED', 'GIVEN_UP')", name="state_known"),
        CheckConstraint("(state = 'WAITING') = (settled_at IS NULL)", name="settled_or_waiting"),
        Index(
            "webhook_deliveries_due",
            "endpoint_id",
            "due_at",
            postgresql_where=text("state = 'WAITING'"),
        ),
        Index(
            "webhook_deliveries_claimed",
            "endpoint_id",
            postgresql_where=text("claim IS NOT NULL"),
        ),
        Index("webhook_deliveries_settled", "settled_at"),
    )

    endpoint_id: UUID = _of_endpoint(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    id: UUID = Field(unique=True)
    """Derived from event and endpoint; the receiver knows a repetition by it."""
    event_id: UUID
    type: str
    state: str
    tries: int = _number()
    """Attempts since it was planned, or since somebody asked for it again."""
    attempts: int = _number()
    due_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    """When to try next; with a claim, when the claim ends."""
    claim: UUID | None = None
    """Who is sending it now. Whoever died left a claim that ends by itself."""
    settled_at: AwareDatetime | None = _instant()


class WebhookAttempt(SQLModel, table=True):
    """One try at a delivery and how it went."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ("endpoint_id", "position"),
            ("webhook_deliveries.endpoint_id", "webhook_deliveries.position"),
            ondelete="CASCADE",
        ),
    )

    endpoint_id: UUID = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger)
    number: int = Field(primary_key=True)
    at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    took_ms: int
    outcome: str
    """``DELIVERED`` or why not; `sending.Answer` lists them."""
    status: int | None = None
    answer: str = _text()
    """The start of what the receiver answered, for its own people to read."""


class WebhookReplay(SQLModel, table=True):
    """A range of the log that is to be sent again; it is planned page by page."""

    __tablename__ = "webhook_replays"
    __table_args__ = (Index("webhook_replays_endpoint", "endpoint_id"),)

    id: UUID = Field(primary_key=True)
    endpoint_id: UUID = _of_endpoint()
    after: int = Field(sa_type=BigInteger)
    through: int = Field(sa_type=BigInteger)
    only_given_up: bool
    position: int = Field(sa_type=BigInteger)
    """Up to here it is planned."""
    recorded_at: AwareDatetime = _stamped()
