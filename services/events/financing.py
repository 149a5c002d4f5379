"""Receivables on their way to financing platforms and back."""

from typing import ClassVar
from uuid import UUID

from services.events.envelope import Amount, Data, OfReceivable, Total


class ReceivableExported(OfReceivable):
    """The receivable went to a financing platform and is reserved there."""

    type: ClassVar[str] = "receivable.exported"
    platform: str
    export_reference: str
    amount: Amount


class ReceivableFinanced(OfReceivable):
    """A platform financed the receivable, or a part of it."""

    type: ClassVar[str] = "receivable.financed"
    platform: str
    amount: Amount


class ReceivableRefused(OfReceivable):
    """A platform refused to finance; the reservation is released."""

    type: ClassVar[str] = "receivable.refused"
    platform: str
    reason: str = ""


class ExportDelivered(Data):
    """The platform fetched the file of an export for the first time; `total` is its sum."""

    type: ClassVar[str] = "export.delivered"
    platform: str
    export_reference: str
    receivables: int
    total: Total
    currency: str = "CNY"


class PlatformRegistered(Data):
    """A financing platform may be offered receivables, or has another name or a party now."""

    type: ClassVar[str] = "platform.registered"
    code: str
    name: str
    party_id: UUID | None = None
