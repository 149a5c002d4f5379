"""The notifier's own tables, in its own schema: who is told what, and what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlmodel import Field, SQLModel

metadata = MetaData(schema="notifier")

_INSTANT: Any = TIMESTAMP(timezone=True)
_NOW = {"server_default": func.now(), "nullable": False}
WAITING = "state = 'planned' AND digest"
"""A digest nobody has claimed yet; there is one at most per recipient and type."""


class _Table(SQLModel):
    metadata = metadata


class Cursor(_Table, table=True):
    """How far the ledger's log has been planned. One row, locked by whoever plans."""

    __tablename__ = "cursor"
    __table_args__ = (CheckConstraint("id = 1", name="cursor_is_one_row"),)

    id: int = Field(
        sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    position: int = Field(sa_type=BigInteger)
    moved_at: datetime | None = Field(default=None, sa_type=_INSTANT, sa_column_kwargs=_NOW)


class Recipient(_Table, table=True):
    """A party as the log last described it."""

    __tablename__ = "recipients"

    party_id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    email: str | None = Field(sa_type=Text)
    """None: no address, or one that mail cannot be sent to."""
    muted: list[str] = Field(
        default_factory=list,
        sa_type=ARRAY(Text),
        sa_column_kwargs={"server_default": text("'{}'"), "nullable": False},
    )
    """Event types not wanted by e-mail; the inbox always has them."""
    position: int = Field(sa_type=BigInteger)
    """Of the event that described it, so that an older one never overwrites a newer one."""


class Delivery(_Table, table=True):
    """One e-mail. Its messages are final once it is claimed, so a repeat says the same."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint(
            "state IN ('planned', 'claimed', 'sent', 'failed', 'exhausted')", name="known_state"
        ),
        CheckConstraint("(state = 'sent') = (delivered_at IS NOT NULL)", name="sent_has_its_time"),
        CheckConstraint("state <> 'claimed' OR claimed_at IS NOT NULL", name="claim_has_its_time"),
        Index(
            "deliveries_due",
            "next_attempt_at",
            "id",
            postgresql_where=text("state IN ('planned', 'failed')"),
        ),
        Index("deliveries_claimed", "claimed_at", postgresql_where=text("state = 'claimed'")),
        Index("deliveries_recent", "recipient_id", "type", "planned_at"),
        Index(
            "one_waiting_digest",
            "recipient_id",
            "type",
            unique=True,
            postgresql_where=text(WAITING),
        ),
    )

    id: UUID = Field(primary_key=True)
    recipient_id: UUID = Field(foreign_key="notifier.recipients.party_id")
    type: str = Field(sa_type=Text)
    digest: bool
    state: str = Field(sa_type=Text)
    attempts: int
    next_attempt_at: datetime = Field(sa_type=_INSTANT)
    planned_at: datetime | None = Field(default=None, sa_type=_INSTANT, sa_column_kwargs=_NOW)
    claimed_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    maybe_sent: bool = False
    """An attempt ended without a word, so the next one says 可能重复."""
    address: str | None = Field(default=None, sa_type=Text)
    """Where the last attempt went."""
    error: str | None = Field(default=None, sa_type=Text)
    delivered_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    """When the mail server took it over: whether it reached anyone is not known."""


class Message(_Table, table=True):
    """What one recipient is told of one event through one channel: once, by its key."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("event_id", "recipient_id", "channel", name="told_once"),
        CheckConstraint(
            "CASE channel WHEN 'inbox' THEN delivery_id IS NULL AND suppressed IS NULL"
            " WHEN 'email' THEN (delivery_id IS NULL) <> (suppressed IS NULL) ELSE false END",
            name="known_channel",
        ),
        Index(
            "messages_inbox",
            "recipient_id",
            "event_position",
            unique=True,
            postgresql_where=text("channel = 'inbox'"),
        ),
        Index("messages_delivery", "delivery_id", "event_position"),
    )

    id: UUID = Field(primary_key=True)
    event_id: UUID
    event_position: int = Field(sa_type=BigInteger)
    type: str = Field(sa_type=Text)
    subject_id: UUID
    recipient_id: UUID = Field(foreign_key="notifier.recipients.party_id")
    channel: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=_INSTANT)
    planned_at: datetime | None = Field(default=None, sa_type=_INSTANT, sa_column_kwargs=_NOW)
    """For the inbox also the moment of delivery."""
    delivery_id: UUID | None = Field(default=None, foreign_key="notifier.deliveries.id")
    suppressed: str | None = Field(default=None, sa_type=Text)
    """Why there is no e-mail: ``no address`` or ``muted``."""
    seen_at: datetime | None = Field(default=None, sa_type=_INSTANT)
    read_at: datetime | None = Field(default=None, sa_type=_INSTANT)


class Unreported(_Table, table=True):
    """An arrival that the ledger has not answered for, or refused for good."""

    __tablename__ = "arrivals"
    __table_args__ = (
        CheckConstraint("stage IN ('MAIL_ACCEPTED', 'SHOWN', 'READ')", name="known_stage"),
        Index(
            "arrivals_waiting",
            "at",
            "message_id",
            "stage",
            postgresql_where=text("refused IS NULL"),
        ),
    )

    message_id: UUID = Field(primary_key=True, foreign_key="notifier.messages.id")
    stage: str = Field(primary_key=True, sa_type=Text)
    at: datetime = Field(sa_type=_INSTANT)
    refused: str | None = Field(default=None, sa_type=Text)
    """Why the ledger does not take it."""


class Unread(_Table, table=True):
    """An event that broke the contract: passed over so that others are told, and kept to act on."""

    __tablename__ = "unread_events"

    position: int = Field(
        sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False}
    )
    event_id: UUID
    type: str = Field(sa_type=Text)
    error: str = Field(sa_type=Text)
