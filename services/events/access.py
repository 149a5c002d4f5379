"""Who may come in, and who did. People are their user ids; nothing secret, no name, no address."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from services.events.envelope import Data


class UserChanged(Data):
    """Something of a person's sign-in changed; the subject is the person."""

    type: ClassVar[str] = "user.changed"
    change: str
    """``second_factor_set``, ``second_factor_removed``, ``recovery_codes_made``,
    ``recovery_code_used``, ``disabled``, ``enabled``, ``duty_set``, ``linked``, ``unlinked``,
    ``admitted`` by the party's own administrator."""
    duty: str = ""
    party_id: UUID | None = None


class ApiKeyRolled(Data):
    """A machine has a new key; the old one ends."""

    type: ClassVar[str] = "api_key.rolled"
    name: str
    old_ends_at: str
    """ISO instant."""
    role: str = ""
    scopes: tuple[str, ...] | None = None
    party_id: UUID | None = None


class ApiKeyRevoked(Data):
    """A machine's key has ended."""

    type: ClassVar[str] = "api_key.revoked"
    name: str
    party_id: UUID | None = None


class Appointed(Data):
    """What a regulator may look at: debtors of a region, from the first to the last day."""

    appointment_id: UUID
    region: str
    """What a GB/T 2260 code starts with; '': the whole country."""
    area: str
    """An area of the interface; '': all of them, and the console."""
    from_on: date
    until_on: date


class UserAppointed(Appointed):
    """A person of an authority is appointed; the subject is the person."""

    type: ClassVar[str] = "user.appointed"


class UserAppointmentEnded(Data):
    """A person's appointment was ended before its last day."""

    type: ClassVar[str] = "user.appointment_ended"
    appointment_id: UUID


class ApiKeyAppointed(Appointed):
    """A machine of an authority is appointed."""

    type: ClassVar[str] = "api_key.appointed"
    name: str


class ApiKeyAppointmentEnded(Data):
    """A machine's appointment was ended before its last day."""

    type: ClassVar[str] = "api_key.appointment_ended"
    name: str
    appointment_id: UUID


class SignInSucceeded(Data):
    """A person came in; the subject is the person."""

    type: ClassVar[str] = "sign_in.succeeded"
    by: str
    """``password``, ``password+code``, ``single_sign_on``, ``single_sign_on+code``; with
    ``again`` in front where somebody who was in proved it once more."""


class SignInFailed(Data):
    """Somebody did not come in; for a name nobody has, the subject is no person."""

    type: ClassVar[str] = "sign_in.failed"
    factor: str
    """``password``, ``code`` or ``single_sign_on``."""
    known: bool


class SignInHeld(Data):
    """After too many failures the next try has to wait."""

    type: ClassVar[str] = "sign_in.held"
    factor: str
    known: bool


class SignInEnded(Data):
    """A person's sign-ins ended: one by signing out, or all."""

    type: ClassVar[str] = "sign_in.ended"
    cause: str
    """``signed_out``, ``everywhere``, ``one_of_several``, ``password_set``, ``disabled``."""
    count: int
