"""Platforms, exports to them, the claims that reserve a receivable, and the platforms' answers."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, String
from sqlmodel import Field, SQLModel


class Platform(SQLModel, table=True):
    """A financing platform that receives exports."""

    __tablename__ = "platforms"

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name: str
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")


class Export(SQLModel, table=True):
    """One hand-over of eligible receivables to a platform; its rows are the claims."""

    __tablename__ = "exports"
    __table_args__ = (CheckConstraint("count > 0"), CheckConstraint("total_fen > 0"))

    id: UUID = Field(primary_key=True)
    platform_id: UUID = Field(foreign_key="platforms.id")
    reference: str = Field(unique=True)
    as_of: date
    currency: str
    count: int
    total_fen: int = Field(sa_type=BigInteger)
    recorded_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class Claim(SQLModel, table=True):
    """A platform's claim on part of a receivable; reserved until it is answered."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        Index("claims_of_export", "export_id", "receivable_id"),
        Index("claims_of_platform", "platform_id", "receivable_id"),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    export_id: UUID
    platform_id: UUID
    amount_fen: int = Field(sa_type=BigInteger)
    start_on: date
    due_on: date
    """What the platform was told, so that the file can be written again as it was."""
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    debtor_id: UUID | None = None
    """The receivable's parties again: a claim says who sees it without asking the receivable,
    which asks its claims."""
    creditor_id: UUID | None = None
    open_fen: int | None = Field(default=None, sa_type=BigInteger)
    """With the two below what else the platform was told that may change; none in claims from
    before these were kept."""
    confirmed_on: date | None = None
    flags: list[str] | None = Field(default=None, sa_type=ARRAY(String))


class ClaimAnswer(SQLModel, table=True):
    """What a platform said of a claim."""

    __tablename__ = "claim_answers"

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    claim_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    state: str
    financed_fen: int | None = Field(default=None, sa_type=BigInteger)
    reason: str
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
