"""The almanac over HTTP: rates, rest days, caps and readings come in with two operators' word."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import Field
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import ALMANAC
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.clock import today
from services.ledger.edges import ApiModel, AskedBy, DbSession, Router, Text, request_id
from services.ledger.receivables.notice import Imported, import_almanac

router = Router(prefix="/v1/almanac", tags=["almanac"])
_LONGEST = 900_000
"""Characters; a body has at most 1 MiB."""


class AlmanacIn(Arguments):
    """A file of dated rows as `ledger almanac import` takes it: kind,date,value,source."""

    name: Text
    content: Annotated[str, Field(min_length=1, max_length=_LONGEST)]


class AlmanacOut(ApiModel):
    """What an import changed."""

    version: int
    known: bool
    """The same file was imported before, and nothing changed."""
    rows: dict[str, int]
    calendar_days: int
    due_days: int


def _import(session: Session, viewer: Viewer, given: AlmanacIn, request_id: str) -> Imported:
    assert request_id is not None
    content = given.content.encode()
    return import_almanac(session, viewer, content, name=given.name, today=today())


IMPORT = command(ALMANAC, AlmanacIn, _import)


@router.post("/imports")
def post_almanac(
    body: AlmanacIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> AlmanacOut | ProposalOut:
    """Propose rates, rest days, caps or readings, all rows or none; another operator approves."""
    outcome = submit(session, viewer, IMPORT, body, request_id(request))
    answer = answered(outcome, response)
    if isinstance(answer, ProposalOut):
        return answer
    return AlmanacOut(
        version=answer.version,
        known=answer.known,
        rows=answer.rows,
        calendar_days=answer.calendar_days,
        due_days=answer.due_days,
    )
