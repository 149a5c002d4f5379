"""Receivables as they cross HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from services.ledger.approvals.schemas import ProposalOut
from services.ledger.edges import Amount, ApiModel, Currency, Day, Flag, Note, Text
from services.ledger.money import format_fen
from services.ledger.receivables.queries import Claim


class InstalmentIn(ApiModel):
    """One instalment of an invoice; retention (质量保证金) is due on the day agreed for it."""

    kind: Literal["ADVANCE", "PROGRESS", "FINAL", "RETENTION"]
    amount: Amount
    agreed_due_on: Day | None = None


class ReceivableIn(ApiModel):
    """An invoice to be recorded as a receivable, with the days its payment term may start from."""

    id: UUID | None = None
    contract_id: UUID
    order_id: UUID | None = None
    invoice_kind: Literal["DIGITAL", "VAT", "OTHER"] = "DIGITAL"
    invoice_code: Note = ""
    invoice_number: Text
    issued_on: Day
    amount: Amount
    currency: Currency = "CNY"
    agreed_due_on: Day | None = None
    delivered_on: Day | None = None
    accepted_on: Day | None = None
    settlement_confirmed_on: Day | None = None
    receipt_ids: list[UUID] = Field(default=[], max_length=1000)
    instalments: list[InstalmentIn] = Field(default=[], max_length=60)


class ReceivableOut(ApiModel):
    """A receivable with what is owed on it now."""

    id: UUID
    contract_id: UUID
    order_id: UUID | None
    debtor_id: UUID
    debtor_name: str
    creditor_id: UUID
    creditor_name: str
    invoice_kind: str
    invoice_code: str
    invoice_number: str
    issued_on: Day
    instalment: int
    instalment_kind: str
    amount: str
    currency: str
    lifecycle: str
    open: str
    free: str
    disputed: str
    reserved: str
    assigned: str
    claimed_interest: str
    """Apart from ``open``, which is principal."""
    claimed_costs: str
    """Costs of enforcement, apart from ``open`` as well."""
    start_on: Day | None
    due_on: Day | None
    calendar_provisional: bool
    """The holiday notice for the year of ``due_on`` is not in yet, and may move it."""
    confirmed_on: Day | None

    @classmethod
    def of(cls, claim: Claim) -> "ReceivableOut":
        """Return a receivable as it crosses HTTP."""
        return cls(
            id=claim.id,
            contract_id=claim.contract_id,
            order_id=claim.order_id,
            debtor_id=claim.debtor_id,
            debtor_name=claim.debtor_name,
            creditor_id=claim.creditor_id,
            creditor_name=claim.creditor_name,
            invoice_kind=claim.invoice_kind,
            invoice_code=claim.invoice_code,
            invoice_number=claim.invoice_number,
            issued_on=claim.issued_on,
            instalment=claim.line,
            instalment_kind=claim.line_kind,
            amount=format_fen(claim.face_fen),
            currency=claim.currency,
            lifecycle=claim.lifecycle,
            open=format_fen(claim.open_fen),
            free=format_fen(claim.receivable_fen),
            disputed=format_fen(claim.disputed_fen),
            reserved=format_fen(claim.reserved_fen),
            assigned=format_fen(claim.assigned_fen),
            claimed_interest=format_fen(claim.interest_fen),
            claimed_costs=format_fen(claim.costs_fen),
            start_on=claim.start_on,
            due_on=claim.due_on,
            calendar_provisional=claim.provisional,
            confirmed_on=claim.confirmed_on,
        )


class ReceivablePage(ApiModel):
    """Receivables in the order of their ids; ``next`` is the cursor of the page after."""

    items: list[ReceivableOut]
    next: str | None


class Opened(ApiModel):
    """What was opened: a receivable, or one for each instalment, of which the first has the id."""

    id: UUID
    instalments: tuple[UUID, ...] = ()


class ActIn(ApiModel):
    """An amount, the legal day it takes effect (today if left out), and why."""

    id: UUID | None = None
    amount: Amount
    on: Day | None = None
    reason: Note = ""


class ConfirmationIn(ApiModel):
    """What the buyer confirms: all of it if no amount is given, nothing if it is rejected."""

    id: UUID | None = None
    amount: Amount | None = None
    reject: Flag = False
    on: Day | None = None
    reason: Note = ""


class RequestIn(ApiModel):
    """A request for confirmation."""

    id: UUID | None = None
    on: Day | None = None


class ResolutionIn(ActIn):
    """Who gave in: upheld, the amount is owed; withdrawn, it is given up."""

    outcome: Literal["upheld", "withdrawn"]


class BatchItem(ConfirmationIn):
    """One confirmation of a batch."""

    receivable_id: UUID


class BatchIn(ApiModel):
    """Confirmations; each succeeds or fails by itself."""

    items: Annotated[list[BatchItem], Field(min_length=1, max_length=500)]


class BatchResult(ApiModel):
    """What became of one confirmation of a batch; one that waits for approval is not ``ok`` yet."""

    receivable_id: UUID
    ok: bool
    code: str = ""
    detail: str = ""
    detail_zh: str = ""
    proposal: str = ""
    """The address of what waits for the approval of others."""

    @classmethod
    def of(cls, receivable_id: UUID, waits: ProposalOut | None) -> "BatchResult":
        """Return that one was done, or waits for others."""
        if waits is None:
            return cls(receivable_id=receivable_id, ok=True)
        return cls(
            receivable_id=receivable_id,
            ok=False,
            code="APPROVAL_WAITS",
            detail="It waits for the approval of somebody else.",
            detail_zh="已提交，待他人复核。",
            proposal=waits.address,
        )
