"""Payments of debtors."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, func
from sqlmodel import Field, SQLModel


class Payment(SQLModel, table=True):
    """Money a debtor paid; its postings say against which receivables."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_fen > 0"),
        Index("payments_of_debtor", "debtor_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    debtor_id: UUID
    reference: str
    amount_fen: int = Field(sa_type=BigInteger)
    currency: str
    on: date
    method: str
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
