"""The event log: what was done, the queue before it is sealed, and its gapless order."""

from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, DateTime, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class EventRow(SQLModel, table=True):
    """One event, appended in the transaction of the command it tells of."""

    __tablename__ = "events"
    __table_args__ = (
        Index("events_recorded", "recorded_at", postgresql_using="brin"),
        Index(
            "events_access",
            "recorded_at",
            "id",
            postgresql_where=text("split_part(type, '.', 1) IN ('user', 'api_key', 'sign_in')"),
        ),
    )

    subject_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    type: str
    actor: str
    actor_party_id: UUID | None = None
    debtor_id: UUID | None = None
    creditor_id: UUID | None = None
    platform_id: UUID | None = None
    data: dict[str, Any] = Field(sa_type=JSONB)
    request_id: str
    occurred_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
    form: int | None = Field(
        default=None, sa_type=SmallInteger, sa_column_kwargs={"server_default": text("1")}
    )
    """What the leaf is made of; none before it held what was written with the event."""


class Unsealed(SQLModel, table=True):
    """An event that has no position yet; the key is the order in which positions are given."""

    __tablename__ = "unsealed"

    recorded_at: AwareDatetime = Field(
        default=None,
        primary_key=True,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
    event_id: UUID = Field(primary_key=True)
    subject_id: UUID = Field(primary_key=True)


class Sealed(SQLModel, table=True):
    """The position of an event in the one order all readers see; gapless from 1."""

    __tablename__ = "sealed"
    __table_args__ = (
        Index("sealed_debtor", "debtor_id", "position"),
        Index("sealed_creditor", "creditor_id", "position"),
        Index("sealed_subject", "subject_id", "position"),
        Index(
            "sealed_platform",
            "platform_id",
            "position",
            postgresql_where=text("platform_id IS NOT NULL"),
        ),
    )

    position: int = Field(primary_key=True, sa_type=BigInteger)
    subject_id: UUID
    event_id: UUID = Field(unique=True)
    debtor_id: UUID | None = None
    """With the creditor and the platform the event's own, so that a party finds its events in
    their order."""
    creditor_id: UUID | None = None
    platform_id: UUID | None = None
    sealed_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
