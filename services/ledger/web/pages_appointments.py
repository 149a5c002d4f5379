"""The security administrator appoints regulators, on the pages of people and of keys."""

from typing import Annotated
from uuid import UUID

from fastapi import Form, Request
from fastapi.responses import Response

from services.ledger.clock import now, today
from services.ledger.edges import DbSession
from services.ledger.errors import LedgerError
from services.ledger.parties import scopes
from services.ledger.web.pages_access import KEYS, PEOPLE, show_keys, show_people
from services.ledger.web.pages_edge import AsOf, FreshWriter, pages, see

router = pages()


@router.post(PEOPLE + "/appointments")
@router.post(KEYS + "/appointments")
def post_appointment(
    request: Request,
    signed_in: FreshWriter,
    session: DbSession,
    who: Annotated[str, Form(max_length=200)],
    region: Annotated[str, Form(max_length=6)] = "",
    area: Annotated[str, Form(max_length=40)] = "",
    from_on: Annotated[AsOf, Form()] = None,
    until_on: Annotated[AsOf, Form()] = None,
) -> Response:
    """Let a regulator see the debtors of a region."""
    try:
        scopes.appoint(
            session,
            signed_in.viewer,
            who,
            region=region,
            area=area,
            from_on=from_on or today(),
            until_on=until_on or scopes.NO_END,
        )
    except LedgerError as refusal:
        show = show_keys if request.url.path.startswith(KEYS) else show_people
        return show(request, signed_in, session, refusal=refusal)
    return see(f"{_page(request)}#appointments")


@router.post(PEOPLE + "/appointments/{appointment_id}/end")
@router.post(KEYS + "/appointments/{appointment_id}/end")
def post_end(
    request: Request, appointment_id: UUID, signed_in: FreshWriter, session: DbSession
) -> Response:
    """End an appointment at once."""
    scopes.end(session, signed_in.viewer, appointment_id, at=now())
    return see(f"{_page(request)}#appointments")


def _page(request: Request) -> str:
    return KEYS if request.url.path.startswith(KEYS) else PEOPLE
