"""Receivables: the claim, the facts its payment term starts from, and its confirmation."""

from datetime import date
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Index,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlmodel import Field, SQLModel


class Receivable(SQLModel, table=True):
    """A supplier's claim on a buyer for one invoice.

    The row states the claim and never changes; what is still owed is the sum of its postings.
    """

    __tablename__ = "receivables"
    __table_args__ = (
        CheckConstraint("face_fen > 0", name="face_is_positive"),
        CheckConstraint("debtor_id <> creditor_id", name="two_parties"),
        CheckConstraint(
            "CASE WHEN line = 0 THEN line_kind = '' ELSE line > 0"
            " AND line_kind IN ('ADVANCE', 'PROGRESS', 'FINAL', 'RETENTION')"
            " AND (line_kind <> 'RETENTION' OR agreed_due_on IS NOT NULL) END",
            name="instalment",
        ),
        Index(
            "receivables_lines",
            "identity",
            "line",
            unique=True,
            postgresql_where=text("line > 0"),
        ),
        Index("receivables_of_debtor", "debtor_id", "id"),
        Index("receivables_of_creditor", "creditor_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    contract_id: UUID = Field(foreign_key="contracts.id")
    order_id: UUID | None = None
    debtor_id: UUID
    creditor_id: UUID
    invoice_kind: str
    """DIGITAL (数电票, 20 digits, no code), VAT (code and 8 digits) or OTHER."""
    invoice_code: str
    invoice_number: str
    issued_on: date
    face_fen: int = Field(sa_type=BigInteger)
    """The invoice amount with tax."""
    currency: str
    line: int = Field(default=0, sa_type=SmallInteger, sa_column_kwargs={"server_default": "0"})
    """Which instalment of the invoice this is, from 1; 0: the invoice is owed as a whole."""
    line_kind: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """ADVANCE, PROGRESS, FINAL or RETENTION (质量保证金); '' for a whole."""
    agreed_due_on: date | None = None
    """A last day of payment that the parties agreed as a day, not as a term."""
    opened_on: date
    """The legal day the invoice reached the debtor's or creditor's books."""
    identity: bytes = Field(sa_type=LargeBinary)
    """The keyed digest of the invoice's identity."""
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class InvoiceIdentity(SQLModel, table=True):
    """The guard against financing one invoice twice: unique over the whole installation."""

    __tablename__ = "invoice_identities"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    receivable_id: UUID


class ReceivableReceipt(SQLModel, table=True):
    """A receipt that the invoice names, from the day it names it."""

    __tablename__ = "receivable_receipts"
    __table_args__ = (Index("receivable_receipts_of_receipt", "receipt_id"),)

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    receipt_id: UUID = Field(primary_key=True)
    since_on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class ClockFact(SQLModel, table=True):
    """A fact the start of the payment term is found from.

    It is stated with the receivable, or is what happened to a receipt the invoice names; then it
    is a copy, so that everything a receivable's due date depends on lies with the receivable.
    """

    __tablename__ = "clock_facts"

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    receipt_id: UUID
    """The receipt, or the receivable itself where no receipt is named."""
    kind: str
    on: date
    since_on: date
    """The day from which it counts for this receivable: a receipt may be named later."""
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class Confirmation(SQLModel, table=True):
    """A request for, or the debtor's answer on, the confirmation of the debt (确权)."""

    __tablename__ = "confirmations"
    __table_args__ = (CheckConstraint("amount_fen >= 0"),)

    receivable_id: UUID = Field(primary_key=True, foreign_key="receivables.id")
    id: UUID = Field(primary_key=True)
    kind: str
    amount_fen: int = Field(sa_type=BigInteger)
    reason: str
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
