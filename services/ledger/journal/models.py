"""The double-entry book of one receivable: postings, and the balance kept beside them."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, func, text
from sqlmodel import Field, SQLModel

PRINCIPAL = ("receivable", "disputed", "reserved", "assigned")
"""What the debtor still owes, by what may be done with it: free, disputed, offered, financed."""
ACCOUNTS = (*PRINCIPAL, "interest", "costs")
"""All that is owed: the principal, and the interest and costs of enforcement that were claimed."""


class Posting(SQLModel, table=True):
    """An amount that moved from one account to another on a legal day; never changed."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        Index("postings_of_payment", "cause", postgresql_where=text("debit = 'cash'")),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    debit: str
    credit: str
    amount_fen: int = Field(sa_type=BigInteger)
    on: date
    """The legal day it took effect."""
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    """The instant it became known: when it was recorded here, or in the system it came from."""
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
    cause: UUID
    """The payment, claim, confirmation or credit note it comes from."""


class Balance(SQLModel, table=True):
    """What the postings of one receivable add up to now, and its dates as now known.

    It exists so that lists are fast and the budget is a CHECK; `verify` proves that it equals the
    fold of the postings and facts.
    """

    __tablename__ = "balances"
    __table_args__ = (
        CheckConstraint(
            "receivable_fen >= 0 AND disputed_fen >= 0 AND reserved_fen >= 0 AND assigned_fen >= 0",
            name="budget_is_kept",
        ),
        CheckConstraint("interest_fen >= 0", name="interest_is_claimed"),
        CheckConstraint("costs_fen >= 0", name="costs_are_claimed"),
        Index(
            "balances_due",
            "due_on",
            postgresql_where=text("receivable_fen + reserved_fen + assigned_fen > 0"),
        ),
    )

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    receivable_fen: int = Field(sa_type=BigInteger)
    """Owed, confirmed or not, and free: neither disputed nor offered nor financed."""
    disputed_fen: int = Field(sa_type=BigInteger)
    reserved_fen: int = Field(sa_type=BigInteger)
    """Offered to a platform that has not refused."""
    assigned_fen: int = Field(sa_type=BigInteger)
    """Financed: owed to the holder of the claim."""
    interest_fen: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    """Interest that was claimed, and neither waived nor paid; no part of the budget."""
    costs_fen: int = Field(
        default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")}
    )
    """Costs of enforcement that were claimed, and neither withdrawn nor paid; as interest."""
    start_on: date | None = None
    """The day the payment term starts from, if it has started."""
    due_on: date | None = None
    """The last day on which payment is on time."""
    confirmed_on: date | None = None
