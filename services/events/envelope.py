"""What every event has in common: its envelope, its page, and how amounts are written."""

from collections.abc import Mapping
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,13}\.[0-9]{2}$")]
"""An amount such as ``"1234.50"``, in the currency beside it."""
Total = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,24}\.[0-9]{2}$")]
"""A sum of any number of amounts, which may be larger than any of them."""


class Frozen(BaseModel):
    """What crosses between the services: never changed, and unknown fields are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Frozen):
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
    """Who did it, by name; told to its own party and to authorities, to others it is empty."""
    actor_party_id: UUID | None = None
    """The party that did it, where a party did."""
    data: Mapping[str, JsonValue]


class EventPage(Frozen):
    """The answer of ``GET /v1/events``: at most ``limit`` events after a position."""

    events: tuple[Event, ...]
    next: int
    """The position to ask after next: all up to it has been searched, and no event can appear
    there later. The asked one again when nothing was new."""
    has_more: bool


class Data(Frozen):
    """What one type of event says. Written with ``model_dump(mode="json")``."""

    type: ClassVar[str]
    version: ClassVar[int] = 1


class OfReceivable(Data):
    """The names people know a receivable by, repeated so that no reader has to ask back."""

    invoice_number: str = ""
    currency: str = "CNY"
