"""Where a creditor wants to be paid."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import DateTime, LargeBinary, func
from sqlmodel import Field, SQLModel


class RepaymentAccount(SQLModel, table=True):
    """The account a party is paid to from a day on; rows are added and never changed."""

    __tablename__ = "repayment_accounts"

    party_id: UUID = Field(primary_key=True, foreign_key="parties.id")
    id: UUID = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    """Holder, bank and number, sealed (vault.py)."""
    shown: str
    """The last digits of the number, by which people know it."""
    valid_from: date
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
