"""Eligible receivables, exports to platforms and their answers, over HTTP."""

import base64
import hashlib
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response, UploadFile, status
from fastapi.responses import FileResponse
from pydantic import AwareDatetime
from starlette.background import BackgroundTask

from services.ledger.approvals.gate import rule_for
from services.ledger.approvals.kinds import ANSWER
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.clock import today
from services.ledger.cursors import Paged
from services.ledger.edges import (
    ApiModel,
    AskedBy,
    Day,
    DbSession,
    Instant,
    Router,
    Text,
    request_id,
)
from services.ledger.financing import platforms, queries, service
from services.ledger.financing.answering import AnswerResult
from services.ledger.financing.commands import ANSWERED, OFFERED, AnswerArguments, OfferArguments
from services.ledger.financing.files.formats import FORMATS
from services.ledger.financing.schemas import (
    AnswerOut,
    ExportIn,
    ExportOut,
    ExportPage,
    StateOut,
)
from services.ledger.ids import id_of
from services.ledger.money import format_fen

router = Router(prefix="/v1", tags=["financing"])
ANSWER_BYTES = 21 * 1024 * 1024


class EligibleOut(ApiModel):
    """A receivable that may be offered, and the part of it that is free."""

    id: UUID
    debtor_name: str
    creditor_name: str
    invoice_number: str
    issued_on: Day
    currency: str
    amount: str
    free: str
    start_on: Day
    due_on: Day
    calendar_provisional: bool
    """The holiday notice for the year of ``due_on`` is not in yet, and may move it."""


class EligibleTotalOut(ApiModel):
    """The eligible of one currency."""

    currency: str
    count: int
    amount: str


class EligiblePage(ApiModel):
    """What may be offered for financing on a day."""

    as_of: Day
    known_at: AwareDatetime
    totals: list[EligibleTotalOut]
    rows: list[EligibleOut]
    next: str | None


class PlatformIn(ApiModel):
    """A financing platform; with a party, that party's users see the exports to it."""

    code: Text
    name: Text
    party_id: UUID | None = None


@router.get("/reports/eligible", tags=["reports"])
def get_eligible(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    as_of: Day | None = None,
    known_at: Instant | None = None,
) -> EligiblePage:
    """Return what may be offered for financing on a day, with the totals."""
    day, instant = page.when(as_of, known_at)
    after = UUID(page.after[0]) if page.after else UUID(int=0)
    found = queries.eligible(
        session, viewer, as_of=day, known_at=instant, after=after, limit=page.limit + 1
    )
    rows, cursor = page.shown(found, lambda row: (row.id,), (day, instant))
    totals = queries.eligible_totals(session, viewer, as_of=day, known_at=instant)
    return EligiblePage(
        as_of=day,
        known_at=instant,
        totals=[
            EligibleTotalOut(
                currency=total.currency, count=total.count, amount=format_fen(total.free_fen)
            )
            for total in totals
        ],
        rows=[
            EligibleOut(
                id=row.id,
                debtor_name=row.debtor_name,
                creditor_name=row.creditor_name,
                invoice_number=row.invoice_code + row.invoice_number,
                issued_on=row.issued_on,
                currency=row.currency,
                amount=format_fen(row.face_fen),
                free=format_fen(row.free_fen),
                start_on=row.start_on,
                due_on=row.due_on,
                calendar_provisional=row.provisional,
            )
            for row in rows
        ],
        next=cursor,
    )


@router.post("/platforms", status_code=status.HTTP_201_CREATED)
def post_platform(
    body: PlatformIn, viewer: AskedBy, session: DbSession, request: Request
) -> PlatformIn:
    """Register a financing platform; the same code again changes its name.

    409 `PLATFORM_OF_ANOTHER`: once said, whose it is stays.
    """
    platforms.register_platform(
        session,
        viewer,
        code=body.code,
        name=body.name,
        party_id=body.party_id,
        request_id=request_id(request),
    )
    return body


@router.post("/exports", status_code=status.HTTP_201_CREATED)
def post_export(
    body: ExportIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> ExportOut | ProposalOut:
    """Reserve all that the asker may offer to a platform; its file is fetched afterwards.

    A day in the past is offered on the machine itself, with `ledger export`. 202: others have to
    approve it first, and until then nothing is reserved.
    """
    given = OfferArguments(**dict(body))
    outcome = submit(session, viewer, OFFERED, given, request_id(request))
    answer = answered(outcome, response)
    return answer if isinstance(answer, ProposalOut) else _export(session, answer)


@router.get("/exports")
def get_exports(viewer: AskedBy, session: DbSession, page: Paged) -> ExportPage:
    """List the exports to the asker's platform, or of its own claims only, the latest first."""
    before = (datetime.max.replace(tzinfo=UTC), UUID(int=0))
    if page.after:
        before = (datetime.fromisoformat(page.after[0]), UUID(page.after[1]))
    found = queries.exports(session, viewer, before=before, limit=page.limit + 1)
    shown, cursor = page.shown(found, lambda one: (one.recorded_at.isoformat(), one.id))
    states = queries.states(session, [one.id for one in shown])
    return ExportPage(items=[_out(one, states[one.id]) for one in shown], next=cursor)


@router.get("/exports/{reference}")
def get_export(reference: str, viewer: AskedBy, session: DbSession) -> ExportOut:
    """Return an export with what has become of its rows."""
    return _export(session, queries.get_export(session, viewer, reference))


def _export(session: DbSession, export: queries.ExportSummary) -> ExportOut:
    return _out(export, queries.states(session, [export.id])[export.id])


def _out(export: queries.ExportSummary, states: list[dict[str, Any]]) -> ExportOut:
    return ExportOut(
        reference=export.reference,
        platform=export.platform_code,
        as_of=export.as_of,
        currency=export.currency,
        count=export.count,
        total=format_fen(export.total_fen),
        recorded_at=export.recorded_at,
        states=[
            StateOut(state=row["state"], count=row["count"], amount=format_fen(row["amount_fen"]))
            for row in states
        ],
    )


@router.get("/exports/{reference}/file")
def get_export_file(
    reference: str,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    file_format: Annotated[
        Literal["csv", "csv-gb18030", "xlsx", "tsin001"], Query(alias="format")
    ] = "csv",
) -> FileResponse:
    """Return an export as a file; a file whose totals differ from the ledger's is never sent.

    The first time its platform fetches it is an event, ``export.delivered``.
    """
    export = queries.get_export(session, viewer, reference)
    chosen = FORMATS[file_format]
    with tempfile.NamedTemporaryFile(suffix=chosen.extension, delete=False) as target:
        try:
            service.write_file(session, export, file_format=file_format, target=target)
        except BaseException:
            _forget(target.name)
            raise
    service.note_delivery(session, viewer, export, request_id(request))
    return FileResponse(
        target.name,
        media_type=chosen.media_type,
        filename=f"{export.reference}{chosen.extension}",
        background=BackgroundTask(_forget, target.name),
    )


def _forget(name: str) -> None:
    """Remove a file that was sent; if the process dies first, the system's cleaning finds it."""
    Path(name).unlink(missing_ok=True)


@router.post("/exports/answers", max_body_size=ANSWER_BYTES)
def post_answer(
    file: UploadFile, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> AnswerOut | ProposalOut:
    """Take in a platform's tsin.002 answer; the same file again changes nothing.

    202: others at the platform have to approve it first.
    """
    if rule_for(session, viewer, ANSWER) is None:
        result = service.read_answer_file(
            session, viewer, file.file, on=today(), request_id=request_id(request)
        )
        return _answer(result)
    content = file.file.read()
    given = AnswerArguments(
        id=id_of("answer", hashlib.sha256(content).hexdigest()),
        content=base64.b64encode(content).decode(),
    )
    outcome = submit(session, viewer, ANSWERED, given, request_id(request))
    answer = answered(outcome, response)
    return answer if isinstance(answer, ProposalOut) else _answer(answer)


def _answer(result: AnswerResult) -> AnswerOut:
    return AnswerOut(
        reference=result.reference,
        financed=result.financed,
        pending=result.pending,
        refused=result.refused,
        repeated=result.repeated,
        financed_amount=format_fen(result.financed_fen),
    )
