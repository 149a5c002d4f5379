"""Complaints as pages: the list with its time limits, and one complaint with what may be done."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Depends, Form, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import RowMapping

from services.events import REVIEW_NOTE
from services.ledger.arrears import complaints, complaints_queries
from services.ledger.arrears.complaint_states import CREDITOR, STEPS, Step
from services.ledger.arrears.complaints_queries import SOON_DAYS, Wanted
from services.ledger.clock import now, today
from services.ledger.edges import DbSession, Note, past_day, request_id
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import new_id
from services.ledger.policy import Whose
from services.ledger.web import words, words_arrears
from services.ledger.web.arrears_panel import shown
from services.ledger.web.pages_edge import (
    CONSOLE,
    AsOf,
    Id,
    Reader,
    SignedIn,
    Writer,
    address,
    page,
    pages,
    see,
)

router = pages()
_LIST: Final = f"{CONSOLE}/complaints"
_ONE: Final = CONSOLE + "/receivables/{receivable_id:uuid}/complaints/{complaint_id:uuid}"
_PAGE: Final = 50


class ListQuery(BaseModel):
    """The query form of the list, as it stands in the address."""

    state: str = ""
    timer: Literal["", "late", "soon"] = ""
    after: Id = None


@router.get(_LIST)
def get_complaints(
    request: Request, asked: Annotated[ListQuery, Query()], signed_in: Reader, session: DbSession
) -> Response:
    """List the complaints the reader may know of, the time limits that end first on top."""
    day, instant, viewer = today(), now(), signed_in.viewer
    wanted = Wanted(
        state=asked.state or None, within={"late": -1, "soon": SOON_DAYS}.get(asked.timer)
    )
    if asked.after is not None:
        found = complaints_queries.complaints(
            session, viewer, Wanted(one=asked.after), as_of=day, known_at=instant
        )
        wanted = wanted._replace(after=complaints_queries.place(found[0])) if found else wanted
    rows = complaints_queries.complaints(
        session, viewer, wanted, as_of=day, known_at=instant, limit=_PAGE + 1
    )
    given = asked.model_dump(exclude={"after"})
    return page(
        request,
        "complaints.html",
        signed_in,
        as_of=day,
        asked=given,
        states=words_arrears.STATES,
        rows=[shown(row) for row in rows[:_PAGE]],
        first=address(_LIST, **given) if asked.after else "",
        more=address(_LIST, **given, after=rows[_PAGE - 1]["id"]) if len(rows) > _PAGE else "",
        reset=_LIST,
        note=REVIEW_NOTE,
    )


@router.get(_ONE)
def get_complaint(
    request: Request,
    receivable_id: UUID,
    complaint_id: UUID,
    signed_in: Reader,
    session: DbSession,
) -> Response:
    """Show one complaint: its state and time limits, what was done, what may be done."""
    return _one(request, receivable_id, complaint_id, signed_in, session)


def _step(
    request: Request,
    receivable_id: UUID,
    complaint_id: UUID,
    step_id: Annotated[UUID, Form(alias="id")],
    kind: Annotated[str, Form(max_length=40)],
    reason: Annotated[str, Form(max_length=40)] = "",
    text: Annotated[Note, Form()] = "",
    extended_to: Annotated[AsOf, Form()] = None,
) -> Step:
    return Step(
        id=step_id,
        receivable_id=receivable_id,
        complaint_id=complaint_id,
        kind=kind,
        on=past_day(None),
        reason=reason,
        text=text.strip(),
        extended_to=extended_to,
        request_id=request_id(request),
    )


@router.post(_ONE)
def post_step(
    request: Request,
    taken: Annotated[Step, Depends(_step)],
    signed_in: Writer,
    session: DbSession,
) -> Response:
    """Take a step, once however often its button is pressed, and show the complaint again."""
    if taken.kind not in STEPS:
        raise NotFoundError("There is no such page.", "没有该页面。")
    try:
        with session.begin_nested():
            complaints.step(session, signed_in.viewer, taken)
    except NotFoundError:
        raise
    except LedgerError as refusal:
        where = (taken.receivable_id, taken.complaint_id)
        return _one(request, *where, signed_in, session, refusal)
    return see(request.url.path)


def _side(kind: str, row: RowMapping) -> str:
    """Return which side took a step, for those who are not told who did."""
    return row["creditor_name"] if STEPS[kind].by == CREDITOR else "主管部门 the authority"


def _one(
    request: Request,
    receivable_id: UUID,
    complaint_id: UUID,
    signed_in: SignedIn,
    session: DbSession,
    refusal: LedgerError | None = None,
) -> Response:
    viewer = signed_in.viewer
    row = complaints.one(
        session, viewer, receivable_id, complaint_id, known_at=now(), as_of=today()
    )
    whose = Whose(row["debtor_id"], row["creditor_id"])
    forms = [
        (kind, words_arrears.STEPS[kind], rule, new_id())
        for kind, rule in STEPS.items()
        if viewer.may(rule.by, whose) and row["state"] in rule.from_states
    ]
    steps = [
        {
            **step,
            "word": words.of(words_arrears.STEPS, step["kind"]),
            "by": step["actor"] or _side(step["kind"], row),
        }
        for step in complaints_queries.steps(session, viewer, receivable_id, complaint_id)
    ]
    return page(
        request,
        "complaint.html",
        signed_in,
        http_status=refusal.status if refusal else 200,
        refusal=refusal and (refusal.code, refusal.chinese, refusal.english),
        one=shown(row),
        steps=steps,
        forms=forms,
        reasons=words_arrears.REASONS,
        note=REVIEW_NOTE,
    )
