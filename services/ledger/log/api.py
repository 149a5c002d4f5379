"""The event log over HTTP: the truth that webhooks and the notifier are views of."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.events import EventPage
from services.ledger.edges import AskedBy, DbSession
from services.ledger.log.queries import page_after

router = APIRouter(prefix="/v1/events", tags=["events"])


@router.get("")
def get_events(
    viewer: AskedBy,
    session: DbSession,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EventPage:
    """Return the events after a position that the asker may see, in the one order of the log."""
    return page_after(session, viewer, after=after, limit=limit)
