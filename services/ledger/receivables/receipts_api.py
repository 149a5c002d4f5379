"""Receipts over HTTP: they belong to orders, and start the terms of receivables naming them."""

from typing import Literal
from uuid import UUID

from fastapi import Request, status

from services.ledger.edges import AskedBy, DbSession, Router, past_day, request_id
from services.ledger.orders.schemas import ReceiptIn, ReceiptOut
from services.ledger.orders.service import Arrival, receive
from services.ledger.receivables.receipts import spread

router = Router(prefix="/v1/orders", tags=["orders"])

KINDS = {
    "deliveries": "DELIVERED",
    "acceptances": "ACCEPTED",
    "rejections": "REJECTED",
    "cancellations": "CANCELLED",
    "settlements": "SETTLEMENT_CONFIRMED",
}
What = Literal["deliveries", "acceptances", "rejections", "cancellations", "settlements"]


@router.post("/{order_id}/{what}", status_code=status.HTTP_201_CREATED)
def post_receipt(
    order_id: UUID,
    what: What,
    body: ReceiptIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> ReceiptOut:
    """Record what happened to a receipt of goods or services; the same again changes nothing.

    Every receivable whose invoice names the receipt has its due day found again.
    """
    arrival = Arrival(
        reference=body.reference,
        kind=KINDS[what],
        on=past_day(body.on),
        order_ids=(order_id, *body.also_order_ids),
    )
    receipt_id = receive(session, viewer, arrival, request_id(request))
    return ReceiptOut(receipt_id=receipt_id, receivables=spread(session, [receipt_id]))
