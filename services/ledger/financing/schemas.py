"""What financing takes over HTTP."""

from services.ledger.edges import ApiModel, Currency, Day, Text


class ExportIn(ApiModel):
    """What to offer to which platform, as of a day (today if absent).

    Without a currency it is the only one that is eligible.
    """

    platform: Text
    currency: Currency | None = None
    as_of: Day | None = None
