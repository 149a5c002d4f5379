"""What financing takes and answers over HTTP."""

from pydantic import AwareDatetime

from services.ledger.edges import ApiModel, Currency, Day, Text


class ExportIn(ApiModel):
    """What to offer to which platform, as of a day (today if absent).

    Without a currency it is the only one that is eligible.
    """

    platform: Text
    currency: Currency | None = None
    as_of: Day | None = None


class StateOut(ApiModel):
    """How many rows of an export are in one state."""

    state: str
    count: int
    amount: str


class ExportOut(ApiModel):
    """An export with what has become of its rows."""

    reference: str
    platform: str
    as_of: Day
    currency: str
    count: int
    total: str
    recorded_at: AwareDatetime
    states: list[StateOut]


class ExportPage(ApiModel):
    """Exports, the latest first."""

    items: list[ExportOut]
    next: str | None


class AnswerOut(ApiModel):
    """What of an answer was new."""

    reference: str
    financed: int
    pending: int
    refused: int
    repeated: int
    financed_amount: str
