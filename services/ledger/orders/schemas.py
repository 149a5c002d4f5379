"""Contracts, orders and receipts as they cross HTTP."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.ledger.edges import Amount, ApiModel, Currency, Day, Flag, Text

Days = Annotated[int, Field(ge=0, le=3650, strict=True)]
Wan = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
"""An amount in 万元, as the size standard counts."""
DelayReason = Literal[
    "PERSON_IN_CHARGE_CHANGED", "INTERNAL_PROCESS", "COMPLETION_FILING", "FINAL_AUDIT"
]
"""Reasons the contract gives for paying later, of those that decree 802 Art. 14 names."""
Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")]


class InstrumentIn(ApiModel):
    """An instrument that the debtor may pay with, and how long it runs."""

    kind: Literal["BILL", "ECERT", "OTHER"]
    tenor_months: Annotated[int, Field(ge=1, le=120, strict=True)]


class DepositIn(ApiModel):
    """A deposit that the contract asks for; BID, PERFORMANCE, QUALITY, MIGRANT_WAGES are lawful."""

    kind: Text
    cash_only: Flag = False
    percent: Percent | None = None
    """Of the price, or for BID of the estimate."""


class TermsIn(ApiModel):
    """What a contract says about payment; what it does not say is left out."""

    term_days: Days | None = None
    term_months: Annotated[int, Field(ge=0, le=120, strict=True)] | None = None
    pay_when_paid: Flag | None = None
    pay_in_proportion: Flag | None = None
    rest_days_roll: Flag | None = None
    framework_signed_on: Day | None = None
    """The framework agreement that the order was placed under."""
    inspection_days: Days | None = None
    agreed_annual_rate_percent: Percent | None = None
    agreed_daily_rate_percent: Percent | None = None
    penalty_percent: Percent | None = None
    """A sum owed once for being late, percent of the amount."""
    penalty_cap_percent: Percent | None = None
    """The most that agreed interest and penalty may come to, percent of the amount."""
    day_basis: Literal[360, 365, 366] | None = None
    noncash: Flag | None = None
    noncash_clause: Flag | None = None
    noncash_consent: Flag | None = None
    instrument: InstrumentIn | None = None
    audit_condition: Flag | None = None
    deposits: Annotated[list[DepositIn], Field(max_length=20)] | None = None
    delay_reasons: list[DelayReason] | None = None
    principal_first: Flag | None = None

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        """Refuse a term and a rate that are said twice; the case format does the same."""
        if self.term_days is not None and self.term_months is not None:
            raise PydanticCustomError(
                "TERM_TWICE",
                "Give the term in days or in months, not both. 期限请以日或月之一约定。",
            )
        if None not in (self.agreed_annual_rate_percent, self.agreed_daily_rate_percent):
            raise PydanticCustomError(
                "RATE_TWICE",
                "Give the rate a year or a day, not both. 利率请以年或日之一填写。",
            )
        bears = (
            self.agreed_annual_rate_percent,
            self.agreed_daily_rate_percent,
            self.penalty_percent,
        )
        if self.penalty_cap_percent is not None and not any(bears):
            raise PydanticCustomError(
                "CAP_ALONE",
                "penalty_cap_percent caps a rate or a penalty; give one."
                " 上限须与利率或违约金同时填写。",
            )
        return self


class CreditorIn(ApiModel):
    """The creditor's size at signing, or the figures it follows from, and what shows it."""

    size: Literal["LARGE", "MEDIUM", "SMALL", "MICRO", "INDIVIDUAL"] | None = None
    industry: Annotated[int, Field(strict=True)] | Text | None = None
    """Its number or name in the size standard, or a GB/T 4754 code."""
    employees: Annotated[int, Field(ge=0, le=100_000_000, strict=True)] | None = None
    revenue_wan: Wan | None = None
    assets_wan: Wan | None = None
    data_year: Annotated[int, Field(ge=1990, le=2199, strict=True)] | None = None
    source: Literal["SELF_DECLARED", "SELF_TEST", "GOVERNMENT", "STATISTICS"] | None = None
    declared: Flag | None = None
    """Whether it told the debtor that it is an SME (Art. 3: 主动告知)."""
    evidence_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    controlled_by_large: Flag | None = None


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
    creditor: CreditorIn | None = None

    @model_validator(mode="after")
    def _framework_first(self) -> Self:
        """Refuse a framework agreement that is signed after what was ordered under it."""
        framework_on = self.terms.framework_signed_on
        if framework_on is not None and framework_on > self.signed_on:
            raise PydanticCustomError(
                "FRAMEWORK_LATER",
                "terms.framework_signed_on lies after signed_on."
                " 框架协议签订日（terms.framework_signed_on）晚于合同签订日。",
            )
        return self


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


class ContractRow(ApiModel):
    """A contract of a list, with the ids of what its terms are flagged for."""

    id: UUID
    reference: str
    debtor_id: UUID
    debtor_name: str
    debtor_kind: str
    creditor_id: UUID
    creditor_name: str
    creditor_size: str
    signed_on: Day
    subject: str
    settlement: str
    applies: str
    regime: str
    due_term_days: int | None
    due_term_months: int | None
    due_cap_days: int | None
    flags: list[str]


class ContractPage(ApiModel):
    """Contracts, the latest signed first. 仅供核查，不构成法律认定."""

    items: list[ContractRow]
    next: str | None
    note: str


class FindingOut(ApiModel):
    """A clause to look at: what it is, by which article, and that it is no legal finding."""

    flag: str
    rule: str
    version: str
    article: str
    text_zh: str
    text_en: str
    confidence: str
    """"rule": the text decides; "review": a person has to."""
    notice_zh: str


class AuditOut(ApiModel):
    """What a contract's terms were flagged for when it was registered."""

    contract_id: UUID
    reference: str
    signed_on: Day
    applies: str
    reason: str
    regime: str
    creditor_size: str
    creditor_evidence: dict[str, Any] | None
    almanac_version: int
    audited: bool
    """False: registered before contracts were audited."""
    findings: list[FindingOut]
    trace: list[dict[str, Any]]
    note: str


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
