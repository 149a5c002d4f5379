"""Complaints over HTTP: filed by suppliers, handled by authorities, hidden from all others."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response, status
from pydantic import AwareDatetime
from sqlalchemy import RowMapping
from sqlmodel import Session

from services.events import REVIEW_NOTE
from services.ledger.access import Viewer
from services.ledger.arrears import complaints, complaints_queries
from services.ledger.arrears.complaint_states import Step
from services.ledger.arrears.complaints import Filing
from services.ledger.arrears.complaints_queries import SOON_DAYS, Wanted
from services.ledger.clock import now, today
from services.ledger.cursors import Paged
from services.ledger.edges import (
    Amount,
    ApiModel,
    AskedBy,
    Day,
    DbSession,
    Note,
    Router,
    past_day,
    request_id,
)
from services.ledger.ids import new_id
from services.ledger.money import format_fen, parse_fen

router = Router(prefix="/v1", tags=["complaints"])
_ONE = "/receivables/{receivable_id}/complaints"
State = Literal[
    "FILED",
    "SUPPLEMENT_NEEDED",
    "ACCEPTED",
    "REFUSED",
    "TRANSFERRED",
    "HANDLING",
    "RESULT",
    "CLOSED",
    "ENDED",
    "WITHDRAWN",
]


class ComplaintIn(ApiModel):
    """A complaint about an overdue receivable; all that is owed, if no amount is given."""

    id: UUID | None = None
    amount: Amount | None = None
    text: Note
    """The facts and what is asked for."""
    no_proceedings: Literal[True]
    """The complainant's word that no court or tribunal has the claim."""
    on: Day | None = None


class StepIn(ApiModel):
    """What was done about a complaint; the reasons of refusals, results and ends are lists."""

    id: UUID | None = None
    kind: Literal[
        "SUPPLEMENT_ASKED",
        "SUPPLEMENTED",
        "ACCEPTED",
        "REFUSED",
        "TRANSFERRED",
        "RECEIVED",
        "RESPONDENT_ASKED",
        "EXTENDED",
        "RESULT",
        "CLOSED",
        "ENDED",
        "WITHDRAWN",
    ]
    on: Day | None = None
    reason: Note = ""
    text: Note = ""
    extended_to: Day | None = None


class StepOut(ApiModel):
    """A step that was taken."""

    id: UUID
    kind: str
    on: Day
    reason: str
    text: str
    extended_to: Day | None
    actor: str
    known_at: AwareDatetime


class ComplaintOut(ApiModel):
    """A complaint as it stands on a day, with the one timer that then runs."""

    id: UUID
    receivable_id: UUID
    invoice_number: str
    debtor_name: str
    creditor_name: str
    amount: str
    currency: str
    text: str
    filed_on: Day
    state: str
    disclosed: bool
    """The debtor was asked and knows of it."""
    timer: str | None
    """REVIEW, TRANSFER or RESULT; None: no time limit runs in this state, or none was in force."""
    timer_due_on: Day | None
    days_left: int | None
    """Days to the end of the timer; negative when it has lapsed."""
    result_max_on: Day | None
    steps: list[StepOut] | None = None


class ComplaintPage(ApiModel):
    """Complaints, the most urgent first. 仅供核查，不构成法律认定."""

    as_of: Day
    items: list[ComplaintOut]
    next: str | None
    note: str


@router.get("/complaints")
def get_complaints(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    as_of: Day | None = None,
    state: State | None = None,
    timer: Annotated[
        Literal["late", "soon"] | None,
        Query(description=f"late: has lapsed; soon: ends within {SOON_DAYS} days, or has lapsed"),
    ] = None,
) -> ComplaintPage:
    """List the complaints the asker may know of, those whose time limit ends first at the top."""
    day, instant = page.when(as_of, None)
    wanted = Wanted(state=state, within={"late": -1, "soon": SOON_DAYS}.get(timer or ""))
    if page.after:
        due_on, filed_on, last = page.after
        place = (date.fromisoformat(due_on), date.fromisoformat(filed_on), UUID(last))
        wanted = wanted._replace(after=place)
    found = complaints_queries.complaints(
        session, viewer, wanted, as_of=day, known_at=instant, limit=page.limit + 1
    )
    rows, cursor = page.shown(found, complaints_queries.place, (day, instant))
    return ComplaintPage(
        as_of=day,
        items=[_out(row) for row in rows],
        next=cursor,
        note=REVIEW_NOTE,
    )


@router.post(_ONE, status_code=status.HTTP_201_CREATED)
def post_complaint(
    receivable_id: UUID,
    body: ComplaintIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> ComplaintOut:
    """File a complaint (投诉); the debtor does not see it until the authority asks it."""
    filing = Filing(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        on=past_day(body.on),
        amount_fen=None if body.amount is None else parse_fen(body.amount),
        text=body.text,
        request_id=request_id(request),
    )
    if not complaints.file(session, viewer, filing):
        response.status_code = status.HTTP_200_OK
    return _one(session, viewer, receivable_id, filing.id)


@router.get(_ONE + "/{complaint_id}")
def get_complaint(
    receivable_id: UUID, complaint_id: UUID, viewer: AskedBy, session: DbSession
) -> ComplaintOut:
    """Return a complaint with all its steps."""
    return _one(session, viewer, receivable_id, complaint_id)


@router.post(_ONE + "/{complaint_id}/steps", status_code=status.HTTP_201_CREATED)
def post_step(
    receivable_id: UUID,
    complaint_id: UUID,
    body: StepIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> ComplaintOut:
    """Take a step: the authority's, or the complainant's to add material or withdraw."""
    taken = Step(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        complaint_id=complaint_id,
        kind=body.kind,
        on=past_day(body.on),
        reason=body.reason,
        text=body.text,
        extended_to=body.extended_to,
        request_id=request_id(request),
    )
    if not complaints.step(session, viewer, taken):
        response.status_code = status.HTTP_200_OK
    return _one(session, viewer, receivable_id, complaint_id)


def _one(session: Session, viewer: Viewer, receivable_id: UUID, complaint_id: UUID) -> ComplaintOut:
    row = complaints.one(
        session, viewer, receivable_id, complaint_id, known_at=now(), as_of=today()
    )
    taken = complaints_queries.steps(session, viewer, receivable_id, complaint_id)
    steps = [
        StepOut(**{name: value for name, value in each.items() if name != "place"})
        for each in taken
    ]
    return _out(row, steps=steps)


def _out(row: RowMapping, **more: Any) -> ComplaintOut:  # noqa: ANN401 (the model's own)
    named = {name: value for name, value in row.items() if name in ComplaintOut.model_fields}
    del named["steps"]
    return ComplaintOut(**named, amount=format_fen(row["amount_fen"]), **more)
