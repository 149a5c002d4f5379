"""What the nightly assessment has done, interest that was claimed, facts about late payment."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Assessment(SQLModel, table=True):
    """A day for which overdue receivables were announced; the next one starts from here."""

    __tablename__ = "assessments"

    as_of: date = Field(primary_key=True)
    assessed_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    newly_overdue: int
    newly_due_soon: int


class InterestClaim(SQLModel, table=True):
    """Interest a creditor claimed for a period, with what its amount was found from; never changed.

    Whoever has the case and the almanac of that version finds the same spans.
    """

    __tablename__ = "interest_claims"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        CheckConstraint(
            'due_on < from_on AND from_on <= until_on AND until_on <= "on"', name="days_follow"
        ),
        CheckConstraint("length(trace_sha256) = 32"),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    reading: str
    """The reading of the law it is claimed under; the names are those of `law.rates.READINGS`."""
    from_on: date
    until_on: date
    """The last day that interest is claimed for."""
    on: date
    """The legal day of the claim."""
    amount_fen: int = Field(sa_type=BigInteger)
    due_on: date
    case: dict[str, Any] = Field(sa_type=JSONB)
    """The facts, in the fixed case format."""
    spans: list[dict[str, Any]] = Field(sa_type=JSONB)
    """The days, principal and interest that add up to the amount."""
    trace_sha256: bytes = Field(sa_type=LargeBinary)
    """Of the case, the spans and the steps of the law, as canonical JSON."""
    almanac_version: int
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class InterestWaiver(SQLModel, table=True):
    """Claimed interest that the creditor gave up: a part, or a whole claim, whose days are free."""

    __tablename__ = "interest_waivers"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        UniqueConstraint("receivable_id", "claim_id", name="withdrawn_once"),
        ForeignKeyConstraint(
            ["receivable_id", "claim_id"],
            ["interest_claims.receivable_id", "interest_claims.id"],
            name="of_a_claim",
        ),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    claim_id: UUID | None = None
    """The claim that is withdrawn as a whole."""
    amount_fen: int = Field(sa_type=BigInteger)
    reason: str
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class ArrearsFact(SQLModel, table=True):
    """What a party states of a late payment: demands, plans, instruments, costs, reasons."""

    __tablename__ = "arrears_facts"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        UniqueConstraint("receivable_id", "fact_id", name="ended_once"),
        ForeignKeyConstraint(
            ["receivable_id", "fact_id"],
            ["arrears_facts.receivable_id", "arrears_facts.id"],
            name="of_a_fact",
        ),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    kind: str
    on: date
    """The legal day: of a demand the day it reached the debtor, of an instrument its handover."""
    word: str
    """BILL, ECERT or OTHER of an instrument; the kind of a cost; the code of a reason; the number
    of a document."""
    amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    until_on: date | None = None
    """The day an instrument matures, or the last day of a plan."""
    fact_id: UUID | None = None
    """The instrument that was given back, or the proceedings, that ended on the day."""
    text: str
    party_id: UUID
    """Who states it."""
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class Complaint(SQLModel, table=True):
    """A creditor's complaint (投诉) to the authority about one overdue receivable."""

    __tablename__ = "complaints"
    __table_args__ = (CheckConstraint("amount_fen > 0"),)

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    debtor_id: UUID
    creditor_id: UUID
    amount_fen: int = Field(sa_type=BigInteger)
    text: str
    on: date
    """The day it was filed."""
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class ComplaintStep(SQLModel, table=True):
    """What was done about a complaint; its state and its timers follow from its steps."""

    __tablename__ = "complaint_steps"
    __table_args__ = (
        CheckConstraint("place > 0"),
        UniqueConstraint("receivable_id", "complaint_id", "place", name="one_after_the_other"),
        ForeignKeyConstraint(
            ["receivable_id", "complaint_id"],
            ["complaints.receivable_id", "complaints.id"],
            name="of_a_complaint",
        ),
    )

    receivable_id: UUID = Field(primary_key=True)
    complaint_id: UUID = Field(primary_key=True)
    id: UUID = Field(primary_key=True)
    place: int
    """Its place among the steps, from 1."""
    kind: str
    on: date
    reason: str
    """The code of a reason, where a list of reasons is closed."""
    text: str
    extended_to: date | None = None
    actor: str
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
