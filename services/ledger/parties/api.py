"""Parties over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status
from pydantic import Field

from services.ledger.edges import ApiModel, AskedBy, DbSession, Flag, Note, Router, Text, request_id
from services.ledger.ids import new_id
from services.ledger.parties import service
from services.ledger.parties.models import Party

router = Router(prefix="/v1/parties", tags=["parties"])


class PartyIn(ApiModel):
    """A party to register; without an id of the caller's it gets one."""

    id: UUID | None = None
    name: Text
    kind: Text
    domestic: Flag = True
    region: Note = ""
    email: Note = ""
    identifiers: dict[Text, Text] = Field(default={})


class PartyOut(ApiModel):
    """A party as anyone signed in may see it."""

    id: UUID
    name: str
    kind: str
    domestic: bool
    region: str


def _out(party: Party) -> PartyOut:
    return PartyOut(
        id=party.id,
        name=party.name,
        kind=party.kind,
        domestic=party.domestic,
        region=party.region,
    )


@router.post("", status_code=status.HTTP_201_CREATED)
def post_party(
    body: PartyIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> PartyOut:
    """Register a party; the same again answers 200."""
    new = service.Registration(
        id=body.id or new_id(),
        name=body.name,
        kind=body.kind,
        domestic=body.domestic,
        region=body.region,
        email=body.email,
        identifiers=body.identifiers,
    )
    if not service.register(session, viewer, new, request_id(request)):
        response.status_code = status.HTTP_200_OK
    return _out(service.get(session, new.id))


@router.get("")
def find_party(
    viewer: AskedBy,
    session: DbSession,
    scheme: Annotated[str, Query(max_length=50)],
    value: Annotated[str, Query(max_length=200)],
) -> PartyOut:
    """Find a party by an identifier, such as scheme ``USCC``."""
    viewer.require("law.read")
    return _out(service.find(session, scheme, value))
