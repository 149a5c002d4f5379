"""Payments that are late or soon will be."""

from datetime import date
from typing import ClassVar

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
