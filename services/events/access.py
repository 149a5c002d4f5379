"""Who may come in, and who did. People are their user ids; nothing secret, no name, no address."""

from typing import ClassVar
from uuid import UUID

from services.events.envelope import Data


class UserChanged(Data):
    """Something of a person's sign-in changed; the subject is the person."""

    type: ClassVar[str] = "user.changed"
    change: str
    """``second_factor_set``, ``second_factor_removed``, ``recovery_codes_made``,
    ``recovery_code_used``, ``disabled``, ``enabled``, ``duty_set``, ``linked``, ``unlinked``."""
    duty: str = ""
    party_id: UUID | None = None


class ApiKeyRolled(Data):
    """A machine has a new key; the old one ends."""

    type: ClassVar[str] = "api_key.rolled"
    name: str
    old_ends_at: str
    """ISO instant."""
    party_id: UUID | None = None


class ApiKeyRevoked(Data):
    """A machine's key has ended."""

    type: ClassVar[str] = "api_key.revoked"
    name: str
    party_id: UUID | None = None


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
