"""Offers to platforms and their answers, as commands that others may have to approve."""

import base64
import io

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import ANSWER, OFFER
from services.ledger.edges import past_day
from services.ledger.financing import exporting, service
from services.ledger.financing.answering import AnswerResult
from services.ledger.financing.queries import ExportSummary
from services.ledger.financing.schemas import ExportIn


class OfferArguments(ExportIn, Arguments):
    """All that is eligible, to one platform."""


class AnswerArguments(Arguments):
    """A platform's file, in base64."""

    content: str


def _offer(
    session: Session, viewer: Viewer, given: OfferArguments, request_id: str
) -> ExportSummary:
    day = past_day(given.as_of)
    if day != past_day(None):
        viewer.require("exports.date_back")
    return exporting.reserve(
        session,
        viewer,
        platform=given.platform,
        currency=given.currency,
        as_of=day,
        request_id=request_id,
    )


def _answer(
    session: Session, viewer: Viewer, given: AnswerArguments, request_id: str
) -> AnswerResult:
    file = io.BytesIO(base64.b64decode(given.content))
    return service.read_answer_file(session, viewer, file, on=past_day(None), request_id=request_id)


OFFERED = command(OFFER, OfferArguments, _offer)
ANSWERED = command(ANSWER, AnswerArguments, _answer)
