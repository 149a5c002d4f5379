"""Contracts with the terms decided at signing, orders, and what was received for them."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, Index, String, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

RECEIPT_KINDS = ("DELIVERED", "ACCEPTED", "REJECTED", "CANCELLED", "SETTLEMENT_CONFIRMED")


class Contract(SQLModel, table=True):
    """What was agreed, who the parties were at signing, and what the law made of it.

    The decision (`applies` to `trace`) is stored once: later rules never change it. Due dates are
    then arithmetic on the stored days, the same in Python and in SQL.
    """

    __tablename__ = "contracts"
    __table_args__ = (CheckConstraint("debtor_id <> creditor_id", name="two_parties"),)

    id: UUID = Field(primary_key=True)
    reference: str
    debtor_id: UUID = Field(foreign_key="parties.id")
    creditor_id: UUID = Field(foreign_key="parties.id")
    signed_on: date
    subject: str
    debtor_kind: str
    creditor_size: str
    reason: str
    """Why the Regulation covers it or not, such as REGULATED or FOREIGN_PARTY."""
    settlement: str
    terms: dict[str, Any] = Field(sa_type=JSONB)
    """The agreed terms as given, in the keys of the case format."""
    applies: str
    regime: str
    start_rule: str
    inspection_days: int | None = None
    due_term_days: int | None = None
    due_term_months: int | None = None
    due_cap_days: int | None = None
    rolls: bool
    """Whether a due day that is a rest day moves to the next working day (民法典 203)."""
    flags: list[str] = Field(sa_type=ARRAY(String))
    trace: list[dict[str, Any]] = Field(sa_type=JSONB)
    audit: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB)
    """What its terms were flagged for, each with its article; None: registered before audits."""
    creditor_evidence: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """What the creditor's size at signing rests on, as given, and the tier of its figures."""
    almanac_version: int = 0
    """The imports of the almanac that the decision knew of."""
    known_at: AwareDatetime = Field(default=None, sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class CalendarDay(SQLModel, table=True):
    """A day, whether it is a rest day, and the first working day on or after it."""

    __tablename__ = "calendar"

    day: date = Field(primary_key=True)
    rest: bool
    next_workday: date
    provisional: bool
    """The State Council's notice for this year is not in: only weekends and fixed holidays."""
    source: str


class CalendarPast(SQLModel, table=True):
    """What the calendar said of a day until a notice, or a newer package, said otherwise."""

    __tablename__ = "calendar_past"

    day: date = Field(primary_key=True)
    known_until: AwareDatetime = Field(primary_key=True, sa_type=DateTime(timezone=True))
    """The instant of the import; a report as known before it counts by this row."""
    rest: bool
    next_workday: date
    provisional: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class Order(SQLModel, table=True):
    """What a buyer ordered under a contract."""

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        Index("orders_of_debtor", "debtor_id", "id"),
        Index("orders_of_creditor", "creditor_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(foreign_key="contracts.id")
    debtor_id: UUID = Field(default=None)
    """Taken from the contract, like the creditor."""
    creditor_id: UUID = Field(default=None)
    reference: str
    placed_on: date
    amount_fen: int | None = Field(default=None, sa_type=BigInteger)
    currency: str
    known_at: AwareDatetime = Field(default=None, sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class Receipt(SQLModel, table=True):
    """One thing that happened to one receipt of goods or services, for one of its orders."""

    __tablename__ = "receipts"
    __table_args__ = (Index("receipts_of_receipt", "receipt_id"),)

    order_id: UUID = Field(primary_key=True, foreign_key="orders.id")
    id: UUID = Field(primary_key=True)
    receipt_id: UUID
    """The receipt document; several orders may share one."""
    reference: str
    kind: str
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
