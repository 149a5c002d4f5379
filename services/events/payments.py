"""Money that came in."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.events.envelope import Amount, Data, OfReceivable


class PaymentAllocated(OfReceivable):
    """Part or all of a payment was set against the receivable."""

    type: ClassVar[str] = "payment.allocated"
    payment_reference: str
    amount: Amount
    still_open: Amount
    """Of the principal."""
    paid_on: date | None = None
    interest: Amount = "0.00"
    """What of the amount went to claimed interest; the rest lowered the principal."""
    interest_open: Amount = "0.00"
    costs: Amount = "0.00"
    """What of the amount went to claimed costs of enforcement."""
    costs_open: Amount = "0.00"


class AccountChanged(Data):
    """A party is paid to another account from a day on; the number itself is in no event."""

    type: ClassVar[str] = "account.changed"
    party_id: UUID
    account: str
    """The last digits of the number."""
    bank_name: str
    account_name: str
    valid_from: date


class AccountRead(Data):
    """Somebody read the whole number of an account that a party is paid to."""

    type: ClassVar[str] = "account.read"
    party_id: UUID
    account_id: UUID
    account: str
    """The last digits of the number."""
