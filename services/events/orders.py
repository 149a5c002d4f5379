"""Contracts, orders, and what was received for them."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import JsonValue

from services.events.envelope import Amount, Data


class ContractRegistered(Data):
    """A contract is kept with what its parties were at signing, which the law is asked with.

    What the kind and size rest on is told, since both decide the term: ``STATED`` by the actor
    with the contract, ``FIGURES`` the actor stated, or as the ``PARTY`` was registered.
    """

    type: ClassVar[str] = "contract.registered"
    reference: str
    signed_on: date
    subject: str
    settlement: str
    debtor_kind: str
    debtor_kind_from: str
    creditor_size: str
    creditor_size_from: str
    creditor_size_source: str = ""
    """Whose result or declaration the size is, where one was named."""
    terms: Mapping[str, JsonValue]
    """As agreed, in the keys of the case format."""
    regime: str
    due_term_days: int | None = None
    due_term_months: int | None = None
    flags: tuple[str, ...] = ()


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


class ReceiptRecorded(Data):
    """What else happened to a receipt: REJECTED, CANCELLED or SETTLEMENT_CONFIRMED."""

    type: ClassVar[str] = "receipt.recorded"
    number: str
    """Of the order."""
    receipt: str
    kind: str
    on: date
