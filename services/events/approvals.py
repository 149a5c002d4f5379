"""What one person proposed and others approved; names are the actors', here are only ids."""

from typing import ClassVar
from uuid import UUID

from services.events.envelope import Amount, Data


class OfApproval(Data):
    """The proposal is the event's subject; this repeats what it is about."""

    command: str
    """Its code, such as ``receivable.confirm``."""
    what: str
    """The command in words."""
    about_id: UUID
    """The receivable, party, platform or rule it would change."""
    invoice_number: str = ""
    amount: Amount | None = None
    currency: str = "CNY"
    digest: str
    """SHA-256, in hex, of what the approvers are shown."""
    proposed_by: UUID | None = None
    """The person; none: a machine with a key."""


class ApprovalRequested(OfApproval):
    """Somebody proposed what others have to approve before it is done."""

    type: ClassVar[str] = "approval.requested"
    approvers: int
    """How many persons have to approve."""
    expires_at: str
    """ISO instant."""


class ApprovalGiven(OfApproval):
    """One of several persons approved; it is not done yet."""

    type: ClassVar[str] = "approval.given"
    approved_by: tuple[UUID, ...]
    approvers: int


class ApprovalApproved(OfApproval):
    """The last person approved, and it was done in the same transaction."""

    type: ClassVar[str] = "approval.approved"
    approved_by: tuple[UUID, ...]


class ApprovalRejected(OfApproval):
    """A person refused; it is not done."""

    type: ClassVar[str] = "approval.rejected"
    rejected_by: UUID
    reason: str = ""


class ApprovalWithdrawn(OfApproval):
    """Who proposed it took it back."""

    type: ClassVar[str] = "approval.withdrawn"


class ApprovalExpired(OfApproval):
    """Nobody decided in time; it is not done."""

    type: ClassVar[str] = "approval.expired"


class ApprovalRuleSet(Data):
    """A party, or the installation, has another rule on who approves what from a day on."""

    type: ClassVar[str] = "approval.rule_set"
    command: str
    """``*``: every command without a rule of its own."""
    valid_from: str
    holds_for: str
    steps: tuple[tuple[Amount, int], ...]
    """Above which amount how many persons approve."""
    expiry_hours: int


class ApprovalSubstituteSet(Data):
    """Somebody may stand in for an approver on certain days."""

    type: ClassVar[str] = "approval.substitute_set"
    principal_id: UUID
    stand_in_id: UUID
    from_on: str
    to_on: str
