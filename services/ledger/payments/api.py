"""Payments over HTTP."""

from uuid import UUID

from fastapi import Request, Response, status
from pydantic import Field

from services.ledger.edges import (
    Amount,
    ApiModel,
    AskedBy,
    Currency,
    Day,
    DbSession,
    Note,
    Router,
    Text,
    past_day,
    request_id,
)
from services.ledger.ids import new_id
from services.ledger.money import parse_fen
from services.ledger.payments.service import AllocationError, Paid, record_payment

router = Router(prefix="/v1/payments", tags=["payments"])


class AllocationIn(ApiModel):
    """What of a payment is set against one receivable."""

    receivable_id: UUID
    amount: Amount


class PaymentIn(ApiModel):
    """A payment and its allocations, which add up to it."""

    id: UUID | None = None
    reference: Text
    amount: Amount
    currency: Currency = "CNY"
    on: Day | None = None
    method: Note = ""
    allocations: list[AllocationIn] = Field(min_length=1, max_length=1000)


class PaymentOut(ApiModel):
    """The payment that was recorded."""

    id: UUID


@router.post("", status_code=status.HTTP_201_CREATED)
def post_payment(
    body: PaymentIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> PaymentOut:
    """Record a payment and set it against receivables; the same again answers 200."""
    allocations = {item.receivable_id: parse_fen(item.amount) for item in body.allocations}
    if len(allocations) != len(body.allocations):
        raise AllocationError(
            "A receivable is named twice in one payment; add the amounts up.",
            "同一应收账款在一笔付款中出现两次；请合并金额。",
            field="allocations",
        )
    paid = Paid(
        id=body.id or new_id(),
        reference=body.reference,
        amount_fen=parse_fen(body.amount),
        currency=body.currency,
        on=past_day(body.on),
        method=body.method,
        allocations=allocations,
    )
    if not record_payment(session, viewer, paid, request_id(request)):
        response.status_code = status.HTTP_200_OK
    return PaymentOut(id=paid.id)
