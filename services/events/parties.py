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
