"""Who takes part, and where messages to them go."""

from typing import ClassVar
from uuid import UUID

from services.events.envelope import Data


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


class UserAdded(Data):
    """A person may sign in, for the subject's role and party; who it is, is not in the log."""

    type: ClassVar[str] = "user.added"
    role: str
    duty: str = ""
    party_id: UUID | None = None


class UserPasswordSet(Data):
    """A person has a new password."""

    type: ClassVar[str] = "user.password_set"
    role: str
    party_id: UUID | None = None


class ApiKeyAdded(Data):
    """A machine may ask the ledger, by a key that is in no event."""

    type: ClassVar[str] = "api_key.added"
    name: str
    """As it appears as the actor of events."""
    role: str
    scopes: tuple[str, ...] | None = None
    """What it is restricted to; None: all of its role."""
    party_id: UUID | None = None
