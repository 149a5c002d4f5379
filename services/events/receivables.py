"""A receivable from its invoice to the last fen."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.events.envelope import Amount, OfReceivable


class ReceivableOpened(OfReceivable):
    """An invoice became a receivable."""

    type: ClassVar[str] = "receivable.opened"
    face: Amount
    due_on: date | None = None


class ConfirmationRequested(OfReceivable):
    """The debtor is asked to confirm (确权) and has until the end of `answer_due_on`."""

    type: ClassVar[str] = "confirmation.requested"
    receivable_id: UUID
    amount: Amount
    answer_due_on: date


class ReceivableConfirmed(OfReceivable):
    """The debtor answered: what it owes and what it disputes. All disputed is a rejection."""

    type: ClassVar[str] = "receivable.confirmed"
    confirmed: Amount
    disputed: Amount


class ReceivableDisputed(OfReceivable):
    """A part of the receivable is disputed from now on."""

    type: ClassVar[str] = "receivable.disputed"
    amount: Amount
    reason: str = ""


class DisputeResolved(OfReceivable):
    """A disputed part is owed again (`upheld`) or given up (`withdrawn`)."""

    type: ClassVar[str] = "dispute.resolved"
    upheld: Amount
    withdrawn: Amount


class ReceivableCredited(OfReceivable):
    """A credit note or agreed deduction lowered the receivable."""

    type: ClassVar[str] = "receivable.credited"
    amount: Amount
    still_open: Amount
    reference: str = ""
    """Of events before `reason`, which holds it since: what a person writes can be erased."""
    reason: str = ""


class ReceivableTermChanged(OfReceivable):
    """What is known of a receipt moved the last day to pay on time, or took it away."""

    type: ClassVar[str] = "receivable.term_changed"
    due_on: date | None = None


class ReceivableSettled(OfReceivable):
    """Nothing is owed any more."""

    type: ClassVar[str] = "receivable.settled"
    settled_on: date | None = None
