"""The contract between the ledger and the notifier: every event, frozen, additive only.

The ledger appends events, anyone else reads them with ``GET /v1/events?after=POSITION``. What is
here may gain event types and optional fields and loses nothing, ever: old events are read for
ever, and a reader meets events written by a newer ledger. So readers pass over types and fields
they do not know. A change that is not additive gets a new type, not a new meaning.

Money is a decimal string with two places, a day is an ISO day in Asia/Shanghai, an instant is UTC.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,13}\.[0-9]{2}$")]
"""An amount such as ``"1234.50"``, in the currency beside it."""

REVIEW_FLAG = "待拖欠审核"
"""What the ledger may say of a late payment; the finding of 拖欠 is an authority's (decree 802)."""
REVIEW_NOTE = "仅供核查，不构成法律认定"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(_Frozen):
    """One sealed event as it leaves the ledger."""

    position: int = Field(ge=1)
    """Gapless and ascending over the whole installation; the reader's cursor."""
    id: UUID
    type: str
    version: int = 1
    subject_id: UUID
    """What it is about: the receivable, order, party or export."""
    occurred_at: AwareDatetime
    debtor_id: UUID | None = None
    creditor_id: UUID | None = None
    actor: str = ""
    actor_party_id: UUID | None = None
    """The party that did it, where a party did."""
    data: Mapping[str, JsonValue]


class EventPage(_Frozen):
    """The answer of ``GET /v1/events``: at most ``limit`` events after a position."""

    events: tuple[Event, ...]
    next: int
    """The position to ask after next; the asked one again when nothing was new."""
    has_more: bool


class Data(_Frozen):
    """What one type of event says. Written with ``model_dump(mode="json")``."""

    type: ClassVar[str]
    version: ClassVar[int] = 1


class PartyRegistered(Data):
    """A party takes part from now on; its messages go to `email`, if it has one."""

    type: ClassVar[str] = "party.registered"
    party_id: UUID
    name: str
    roles: tuple[str, ...] = ()
    email: str | None = None


class PartyContactChanged(Data):
    """The whole contact of a party as it is from now on; no e-mail means none is wanted."""

    type: ClassVar[str] = "party.contact_changed"
    party_id: UUID
    name: str
    email: str | None = None


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


class _OfReceivable(Data):
    """The names people know a receivable by, repeated so that no reader has to ask back."""

    invoice_number: str = ""
    currency: str = "CNY"


class ReceivableOpened(_OfReceivable):
    """An invoice became a receivable."""

    type: ClassVar[str] = "receivable.opened"
    face: Amount
    due_on: date | None = None


class ConfirmationRequested(_OfReceivable):
    """The debtor is asked to confirm (确权) and has until the end of `answer_due_on`."""

    type: ClassVar[str] = "confirmation.requested"
    receivable_id: UUID
    amount: Amount
    answer_due_on: date


class ReceivableConfirmed(_OfReceivable):
    """The debtor answered: what it owes and what it disputes. All disputed is a rejection."""

    type: ClassVar[str] = "receivable.confirmed"
    confirmed: Amount
    disputed: Amount


class ReceivableDisputed(_OfReceivable):
    """A part of the receivable is disputed from now on."""

    type: ClassVar[str] = "receivable.disputed"
    amount: Amount
    reason: str = ""


class DisputeResolved(_OfReceivable):
    """A disputed part is owed again (`upheld`) or given up (`withdrawn`)."""

    type: ClassVar[str] = "dispute.resolved"
    upheld: Amount
    withdrawn: Amount


class ReceivableCredited(_OfReceivable):
    """A credit note or agreed deduction lowered the receivable."""

    type: ClassVar[str] = "receivable.credited"
    amount: Amount
    still_open: Amount
    reference: str = ""


class PaymentAllocated(_OfReceivable):
    """Part or all of a payment was set against the receivable."""

    type: ClassVar[str] = "payment.allocated"
    payment_reference: str
    amount: Amount
    still_open: Amount
    paid_on: date | None = None


class ReceivableSettled(_OfReceivable):
    """Nothing is owed any more."""

    type: ClassVar[str] = "receivable.settled"
    settled_on: date | None = None


class ReceivableDueSoon(_OfReceivable):
    """The last day to pay on time is near."""

    type: ClassVar[str] = "receivable.due_soon"
    due_on: date
    open: Amount


class ReceivableTermChanged(_OfReceivable):
    """What is known of a receipt moved the last day to pay on time, or took it away."""

    type: ClassVar[str] = "receivable.term_changed"
    due_on: date | None = None


class ReceivableOverdue(_OfReceivable):
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


class ReceivableExported(_OfReceivable):
    """The receivable went to a financing platform and is reserved there."""

    type: ClassVar[str] = "receivable.exported"
    platform: str
    export_reference: str
    amount: Amount


class ReceivableFinanced(_OfReceivable):
    """A platform financed the receivable, or a part of it."""

    type: ClassVar[str] = "receivable.financed"
    platform: str
    amount: Amount


class ReceivableRefused(_OfReceivable):
    """A platform refused to finance; the reservation is released."""

    type: ClassVar[str] = "receivable.refused"
    platform: str
    reason: str = ""


class ExportDelivered(Data):
    """An export file reached the platform; `total` is the sum of its rows."""

    type: ClassVar[str] = "export.delivered"
    platform: str
    export_reference: str
    receivables: int
    total: Amount
    currency: str = "CNY"


class MessageDelivered(Data):
    """The notifier's word that a notice arrived; the day may decide priority and limitation."""

    type: ClassVar[str] = "message.delivered"
    message_id: UUID
    event_id: UUID
    party_id: UUID
    channel: str
    delivered_at: AwareDatetime


DATA: Mapping[str, type[Data]] = MappingProxyType(
    {
        kind.type: kind
        for kind in (
            PartyRegistered,
            PartyContactChanged,
            OrderPlaced,
            OrderDelivered,
            OrderAccepted,
            ReceivableOpened,
            ConfirmationRequested,
            ReceivableConfirmed,
            ReceivableDisputed,
            DisputeResolved,
            ReceivableCredited,
            PaymentAllocated,
            ReceivableSettled,
            ReceivableDueSoon,
            ReceivableTermChanged,
            ReceivableOverdue,
            ReceivableExported,
            ReceivableFinanced,
            ReceivableRefused,
            ExportDelivered,
            MessageDelivered,
        )
    }
)
"""Every type of event there is, by its name."""


def read(event: Event) -> Data | None:
    """Return what an event says, or None for a type this reader does not know.

    Raises:
        pydantic.ValidationError: the writer broke the contract.
    """
    kind = DATA.get(event.type)
    return None if kind is None else kind.model_validate(event.data)
