"""Payments that are late or soon will be."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.events.envelope import Amount, OfReceivable

REVIEW_FLAG = "待拖欠审核"
"""What the ledger may say of a late payment; the finding of 拖欠 is an authority's (decree 802)."""
REVIEW_NOTE = "仅供核查，不构成法律认定"


class ReceivableDueSoon(OfReceivable):
    """The last day to pay on time is near."""

    type: ClassVar[str] = "receivable.due_soon"
    due_on: date
    open: Amount


class ReceivableOverdue(OfReceivable):
    """The last day to pay on time has passed with a balance open."""

    type: ClassVar[str] = "receivable.overdue"
    due_on: date
    days_overdue: int
    undisputed: Amount
    disputed: Amount
    article: str
    rule_ids: tuple[str, ...]
    flag: str = REVIEW_FLAG
    note: str = REVIEW_NOTE


class InterestClaimed(OfReceivable):
    """The creditor claims interest for a period; until somebody does, none is posted."""

    type: ClassVar[str] = "receivable.interest_claimed"
    reading: str
    """The reading of the law it is claimed under: statutory, agreed, court, floor, void_clause."""
    from_on: date
    until_on: date
    amount: Amount
    interest_open: Amount
    """All the claimed interest that is neither waived nor paid, with this."""
    note: str = REVIEW_NOTE


class InterestWaived(OfReceivable):
    """The creditor gave up claimed interest; with a `claim_id`, the whole of that claim."""

    type: ClassVar[str] = "receivable.interest_waived"
    amount: Amount
    interest_open: Amount
    claim_id: UUID | None = None
    reason: str = ""


class CostsClaimed(OfReceivable):
    """The creditor claims a cost of enforcement; a payment settles it first (民法典 561)."""

    type: ClassVar[str] = "receivable.costs_claimed"
    costs_id: UUID
    kind: str
    """LITIGATION, ARBITRATION, PRESERVATION, NOTARY, LAWYER or OTHER."""
    amount: Amount
    costs_open: Amount
    """All the claimed costs that are neither withdrawn nor paid, with this."""
    on: date


class CostsWithdrawn(OfReceivable):
    """The creditor gave up what was not paid of a claimed cost."""

    type: ClassVar[str] = "receivable.costs_withdrawn"
    costs_id: UUID
    amount: Amount
    costs_open: Amount
    on: date


class LimitationInterrupted(OfReceivable):
    """Something that begins the limitation period anew (民法典 195): a demand, a plan, a suit."""

    type: ClassVar[str] = "limitation.interrupted"
    kind: str
    """DEMAND, ACKNOWLEDGEMENT, PLAN or SUIT."""
    on: date
    reference: str = ""
    amount: Amount | None = None
    until_on: date | None = None
    """The last day of a plan."""


class InstrumentHanded(OfReceivable):
    """A bill, certificate or other instrument was handed over instead of money."""

    type: ClassVar[str] = "instrument.handed"
    instrument_id: UUID
    kind: str
    """BILL, ECERT or OTHER."""
    amount: Amount
    handed_on: date
    matures_on: date


class InstrumentReturned(OfReceivable):
    """An instrument was refused or given back; it stands for no payment any more."""

    type: ClassVar[str] = "instrument.returned"
    instrument_id: UUID
    returned_on: date
    reason: str = ""


class DelayExplained(OfReceivable):
    """The debtor says why it pays late; some reasons never stop the clock (802号 第十四条)."""

    type: ClassVar[str] = "delay.explained"
    reason: str


class ComplaintFiled(OfReceivable):
    """The creditor complains (投诉); the debtor is not told before the authority asks it."""

    type: ClassVar[str] = "complaint.filed"
    receivable_id: UUID
    amount: Amount


class ComplaintMoved(OfReceivable):
    """Something was done about a complaint."""

    type: ClassVar[str] = "complaint.moved"
    receivable_id: UUID
    step: str
    state: str
    reason: str = ""


class ComplaintTimer(OfReceivable):
    """A time limit of the authority's is about to end, or has ended, with the step not taken."""

    type: ClassVar[str] = "complaint.timer"
    receivable_id: UUID
    timer: str
    """REVIEW, TRANSFER, RESULT or RESULT_MAX."""
    timer_due_on: date
    late: bool
