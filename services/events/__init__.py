"""The contract between the ledger and the notifier: every event, frozen, additive only.

The ledger appends events, anyone else reads them with ``GET /v1/events?after=POSITION``. What is
here may gain event types and optional fields and loses nothing, ever: old events are read for
ever, and a reader meets events written by a newer ledger. So readers pass over types and fields
they do not know. A change that is not additive gets a new type, not a new meaning.

Money is a decimal string with two places, a day is an ISO day in Asia/Shanghai, an instant is UTC.
"""

from collections.abc import Mapping
from types import MappingProxyType

from services.events import (
    access,
    approvals,
    arrears,
    evidence,
    financing,
    imports,
    messages,
    orders,
    parties,
    payments,
    receivables,
    webhooks,
)
from services.events.access import (
    ApiKeyAppointed,
    ApiKeyAppointmentEnded,
    ApiKeyRevoked,
    ApiKeyRolled,
    SignInEnded,
    SignInFailed,
    SignInHeld,
    SignInSucceeded,
    UserAppointed,
    UserAppointmentEnded,
    UserChanged,
)
from services.events.approvals import (
    ApprovalApproved,
    ApprovalExpired,
    ApprovalGiven,
    ApprovalRejected,
    ApprovalRequested,
    ApprovalRuleSet,
    ApprovalSubstituteSet,
    ApprovalWithdrawn,
)
from services.events.arrears import (
    REVIEW_FLAG,
    REVIEW_NOTE,
    ComplaintFiled,
    ComplaintMoved,
    ComplaintTimer,
    CostsClaimed,
    CostsWithdrawn,
    DelayExplained,
    InstrumentHanded,
    InstrumentReturned,
    InterestClaimed,
    InterestWaived,
    LimitationInterrupted,
    ReceivableDueSoon,
    ReceivableOverdue,
)
from services.events.envelope import Amount, Data, Event, EventPage, Total
from services.events.evidence import EvidenceErased
from services.events.financing import (
    ExportDelivered,
    PlatformRegistered,
    ReceivableExported,
    ReceivableFinanced,
    ReceivableRefused,
)
from services.events.imports import AlmanacImported, FileImported
from services.events.messages import (
    MEANING,
    Arrival,
    Arrivals,
    ArrivalsAnswer,
    MessageDelivered,
    Stage,
)
from services.events.orders import (
    ContractRegistered,
    OrderAccepted,
    OrderDelivered,
    OrderPlaced,
    ReceiptRecorded,
)
from services.events.parties import (
    ApiKeyAdded,
    PartyContactChanged,
    PartyRegistered,
    UserAdded,
    UserPasswordSet,
)
from services.events.payments import AccountChanged, AccountRead, PaymentAllocated
from services.events.receivables import (
    ConfirmationRequested,
    DisputeResolved,
    ReceivableConfirmed,
    ReceivableCredited,
    ReceivableDisputed,
    ReceivableOpened,
    ReceivableSettled,
    ReceivableTermChanged,
)
from services.events.webhooks import (
    WebhookAdded,
    WebhookChanged,
    WebhookDisabled,
    WebhookPinged,
    WebhookRemoved,
    WebhookReplayed,
    WebhookSecretRotated,
)

__all__ = [
    "DATA",
    "MEANING",
    "REVIEW_FLAG",
    "REVIEW_NOTE",
    "AccountChanged",
    "AccountRead",
    "AlmanacImported",
    "Amount",
    "ApiKeyAdded",
    "ApiKeyAppointed",
    "ApiKeyAppointmentEnded",
    "ApiKeyRevoked",
    "ApiKeyRolled",
    "ApprovalApproved",
    "ApprovalExpired",
    "ApprovalGiven",
    "ApprovalRejected",
    "ApprovalRequested",
    "ApprovalRuleSet",
    "ApprovalSubstituteSet",
    "ApprovalWithdrawn",
    "Arrival",
    "Arrivals",
    "ArrivalsAnswer",
    "ComplaintFiled",
    "ComplaintMoved",
    "ComplaintTimer",
    "ConfirmationRequested",
    "ContractRegistered",
    "CostsClaimed",
    "CostsWithdrawn",
    "Data",
    "DelayExplained",
    "DisputeResolved",
    "Event",
    "EventPage",
    "EvidenceErased",
    "ExportDelivered",
    "FileImported",
    "InstrumentHanded",
    "InstrumentReturned",
    "InterestClaimed",
    "InterestWaived",
    "LimitationInterrupted",
    "MessageDelivered",
    "OrderAccepted",
    "OrderDelivered",
    "OrderPlaced",
    "PartyContactChanged",
    "PartyRegistered",
    "PaymentAllocated",
    "PlatformRegistered",
    "ReceiptRecorded",
    "ReceivableConfirmed",
    "ReceivableCredited",
    "ReceivableDisputed",
    "ReceivableDueSoon",
    "ReceivableExported",
    "ReceivableFinanced",
    "ReceivableOpened",
    "ReceivableOverdue",
    "ReceivableRefused",
    "ReceivableSettled",
    "ReceivableTermChanged",
    "SignInEnded",
    "SignInFailed",
    "SignInHeld",
    "SignInSucceeded",
    "Stage",
    "Total",
    "UserAdded",
    "UserAppointed",
    "UserAppointmentEnded",
    "UserChanged",
    "UserPasswordSet",
    "WebhookAdded",
    "WebhookChanged",
    "WebhookDisabled",
    "WebhookPinged",
    "WebhookRemoved",
    "WebhookReplayed",
    "WebhookSecretRotated",
    "read",
]

DATA: Mapping[str, type[Data]] = MappingProxyType(
    {
        kind.type: kind
        for room in (
            access,
            approvals,
            parties,
            orders,
            receivables,
            payments,
            arrears,
            evidence,
            financing,
            imports,
            messages,
            webhooks,
        )
        for kind in vars(room).values()
        if isinstance(kind, type) and issubclass(kind, Data) and "type" in vars(kind)
    }
)
"""Every type of event there is, by its name: whatever class of a room names a type."""


def read(event: Event) -> Data | None:
    """Return what an event says, or None for a type this reader does not know.

    Raises:
        pydantic.ValidationError: the writer broke the contract.
    """
    kind = DATA.get(event.type)
    return None if kind is None else kind.model_validate(event.data)
