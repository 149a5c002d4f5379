"""Orders, deliveries and acceptances."""

from datetime import date
from typing import ClassVar

from services.events.envelope import Amount, Data


class OrderPlaced(Data):
    """A large buyer placed an order with a supplier."""

    type: ClassVar[str] = "order.placed"
    number: str
    amount: Amount
    currency: str = "CNY"
    placed_on: date


class OrderDelivered(Data):
    """Goods or services of an order were delivered."""

    type: ClassVar[str] = "order.delivered"
    number: str
    delivered_on: date


class OrderAccepted(Data):
    """A delivery was accepted, by the buyer or because the time to examine it ran out."""

    type: ClassVar[str] = "order.accepted"
    number: str
    accepted_on: date
    deemed: bool = False
