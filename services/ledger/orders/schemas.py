"""Contracts, orders and receipts as they cross HTTP."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.ledger.edges import Amount, ApiModel, Currency, Day, Text

Days = Annotated[int, Field(ge=0, le=3650, strict=True)]
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")]


class TermsIn(ApiModel):
    """What a contract says about payment; what it does not say is left out."""

    term_days: Days | None = None
    term_months: Annotated[int, Field(ge=0, le=120, strict=True)] | None = None
    pay_when_paid: bool | None = None
    inspection_days: Days | None = None
    agreed_annual_rate_percent: Percent | None = None
    agreed_daily_rate_percent: Percent | None = None
    day_basis: Literal[360, 365, 366] | None = None
    noncash: Text | None = None
    noncash_clause: bool | None = None
    audit_condition: bool | None = None
    principal_first: bool | None = None


class ContractIn(ApiModel):
    """A contract; kind and size at signing default to the parties' own."""

    id: UUID | None = None
    reference: Text
    debtor_id: UUID
    creditor_id: UUID
    signed_on: Day
    subject: Literal["GOODS", "WORKS", "SERVICES"] = "GOODS"
    settlement: Literal["ON_DELIVERY", "ACCEPTANCE", "PROGRESS", "PERIODIC"] = "ON_DELIVERY"
    terms: TermsIn = TermsIn()
    debtor_kind: Text | None = None
    creditor_size: Text | None = None


class ContractOut(ApiModel):
    """A contract with what the law made of it at signing."""

    id: UUID
    reference: str
    applies: str
    reason: str
    regime: str
    start_rule: str
    due_term_days: int | None
    due_term_months: int | None
    due_cap_days: int | None
    flags: list[str]
    trace: list[dict[str, Any]]


class OrderIn(ApiModel):
    """An order under a contract."""

    id: UUID | None = None
    contract_id: UUID
    reference: Text
    placed_on: Day
    amount: Amount | None = None
    currency: Currency = "CNY"


class OrderOut(ApiModel):
    """An order."""

    id: UUID
    contract_id: UUID
    debtor_id: UUID
    creditor_id: UUID
    reference: str
    placed_on: Day
    amount: str | None
    currency: str


class ReceiptIn(ApiModel):
    """What happened to a receipt of goods; other orders on the same receipt are named too."""

    reference: Text
    on: Day
    also_order_ids: list[UUID] = Field(default=[], max_length=100)


class ReceiptOut(ApiModel):
    """The receipt, and how many receivables' due days were found again."""

    receipt_id: UUID
    receivables: int
