"""The inbox as a page; its messages are the notifier's."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response

from services.ledger.web import inbox
from services.ledger.web.pages_edge import (
    CONSOLE,
    AloneReader,
    AloneWriter,
    address,
    page,
    pages,
    see,
)

router = pages()
_PATH = f"{CONSOLE}/inbox"


@router.get(_PATH)
def get_inbox(
    request: Request,
    signed_in: AloneReader,
    before: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
) -> Response:
    """Show what the viewer's party was told, the newest first."""
    party_id = signed_in.viewer.party_id
    found = inbox.fetch(party_id, before=before) if party_id else None
    messages = found.messages if found else ()
    return page(
        request,
        "inbox.html",
        signed_in,
        has_party=party_id is not None,
        reachable=found is not None,
        unread=found.unread if found else 0,
        messages=messages,
        first=_PATH if before is not None else "",
        more=address(_PATH, before=messages[-1].event_position)
        if len(messages) == inbox.PAGE
        else "",
    )


@router.post(_PATH + "/{message_id:uuid}")
def post_read(message_id: UUID, signed_in: AloneWriter) -> Response:
    """Record that a message was read and show what it is about."""
    party_id = signed_in.viewer.party_id
    message = inbox.read(party_id, message_id) if party_id else None
    return see(f"{CONSOLE}/receivables/{message.subject_id}" if message else _PATH)
