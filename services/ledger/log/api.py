"""The event log over HTTP: the truth that webhooks and the notifier are views of."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from services.events import Arrivals, ArrivalsAnswer, EventPage
from services.ledger.edges import AskedBy, DbSession, Router, request_id
from services.ledger.log import arrivals
from services.ledger.log.queries import Only, page_after
from services.ledger.log.types import check_type

router = Router(prefix="/v1", tags=["events"])


@router.get("/events")
def get_events(
    viewer: AskedBy,
    session: DbSession,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    type_: Annotated[
        str | None,
        Query(alias="type", max_length=100, description="one type, or a group: `receivable.*`"),
    ] = None,
    subject_id: UUID | None = None,
) -> EventPage:
    """Return the events after a position that the asker may see, in the one order of the log.

    A page of one type may be empty and ``has_more`` still be true: go on from ``next``.
    """
    if type_ is not None:
        check_type(type_)
    only = Only(type_, subject_id)
    return page_after(session, viewer, after=after, limit=limit, only=only)


@router.post("/message-arrivals")
def post_arrivals(
    body: Arrivals, viewer: AskedBy, session: DbSession, request: Request
) -> ArrivalsAnswer:
    """Record which notices arrived, and how; for the notifier only.

    An arrival in the log twice is there once: whoever heard no answer sends the same again.
    """
    recorded, refused = arrivals.record(session, viewer, body.arrivals, request_id(request))
    return ArrivalsAnswer(recorded=recorded, refused=refused)
