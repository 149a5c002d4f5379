"""Proposals, the votes on them, the rules they follow, and who may stand in for an approver."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

STATES = ("WAITING", "APPROVED", "REJECTED", "WITHDRAWN", "EXPIRED")


def _stamped() -> Any:  # noqa: ANN401 (a column)
    return Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class ProposalRow(SQLModel, table=True):
    """A command that somebody wants done and others have to approve; only its state changes."""

    __tablename__ = "approval_proposals"
    __table_args__ = (
        CheckConstraint(
            "state IN ('WAITING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXPIRED')",
            name="approval_state_known",
        ),
        CheckConstraint(
            "(state = 'WAITING') = (closed_at IS NULL)", name="approval_closed_or_waiting"
        ),
        CheckConstraint("approvers BETWEEN 1 AND 5", name="approval_needs_somebody"),
        Index("approval_proposals_party", "party_id", "proposed_at", "id"),
        Index("approval_proposals_subject", "subject_id"),
        Index(
            "approval_proposals_waiting",
            "expires_at",
            postgresql_where=text("state = 'WAITING'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    """None: of the installation."""
    role: str
    command: str
    arguments: bytes = Field(sa_type=LargeBinary)
    """As the API took them, sealed (vault.py): they may hold a bank account."""
    subject_id: UUID
    amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    facts: dict[str, str] = Field(sa_type=JSONB)
    digest: bytes = Field(sa_type=LargeBinary)
    """SHA-256 of what is shown and would be done (`kinds.Effect`)."""
    approvers: int
    proposed_by: UUID | None = None
    proposed_key: bytes | None = Field(default=None, sa_type=LargeBinary)
    proposer: str
    """The name it acts under."""
    people: list[UUID] = Field(sa_type=ARRAY(SqlUuid))
    """The users who are behind it: the person, or who made or rolled the key."""
    identities: list[str] = Field(sa_type=ARRAY(String))
    """What they were known by then, hashed; nobody known by one of these approves."""
    proposed_at: AwareDatetime = _stamped()
    expires_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    state: str = Field(default="WAITING", sa_column_kwargs={"server_default": "WAITING"})
    closed_at: AwareDatetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class VoteRow(SQLModel, table=True):
    """One person's word on a proposal, in an approver's seat: the own, or one stood in for."""

    __tablename__ = "approval_votes"
    __table_args__ = (UniqueConstraint("proposal_id", "seat_id", name="approval_seat_votes_once"),)

    proposal_id: UUID = Field(primary_key=True, foreign_key="approval_proposals.id")
    user_id: UUID = Field(primary_key=True)
    party_id: UUID | None = None
    seat_id: UUID
    name: str
    approves: bool
    reason: str
    identities: list[str] = Field(sa_type=ARRAY(String))
    voted_at: AwareDatetime = _stamped()


class RuleRow(SQLModel, table=True):
    """Who has to approve a command from a day on; rows are added and never changed."""

    __tablename__ = "approval_rules"
    __table_args__ = (
        CheckConstraint(
            "holds_for IN ('EVERYONE', 'PEOPLE', 'NOBODY')", name="approval_holds_for_known"
        ),
        CheckConstraint("expiry_hours BETWEEN 1 AND 2160", name="approval_expiry_sane"),
        Index("approval_rules_party", "party_id", "command", "valid_from"),
    )

    id: UUID = Field(primary_key=True)
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    command: str
    valid_from: date
    holds_for: str
    steps: list[list[int]] = Field(sa_type=JSONB)
    """[above how many fen, how many approvers], ascending."""
    expiry_hours: int
    recorded_at: AwareDatetime = _stamped()


class SubstituteRow(SQLModel, table=True):
    """Who may stand in for an approver, from a day to another; of a pair the last row counts."""

    __tablename__ = "approval_substitutes"
    __table_args__ = (
        CheckConstraint("principal_id <> stand_in_id", name="approval_nobody_stands_in_for_self"),
        CheckConstraint("from_on <= to_on", name="approval_days_ascend"),
        Index("approval_substitutes_stand_in", "stand_in_id"),
    )

    id: UUID = Field(primary_key=True)
    party_id: UUID | None = Field(default=None, foreign_key="parties.id")
    principal_id: UUID = Field(foreign_key="users.id")
    stand_in_id: UUID = Field(foreign_key="users.id")
    from_on: date
    to_on: date
    recorded_at: AwareDatetime = _stamped()
