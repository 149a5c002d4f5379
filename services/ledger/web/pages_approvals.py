"""Pages of approvals: what waits for a checker, what it would change, and deciding it."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Form, Query, Request, status
from fastapi.responses import Response
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals import deciding, queries, service
from services.ledger.approvals.api import decide_all
from services.ledger.approvals.deciding import Ballot
from services.ledger.approvals.queries import Proposal, Wanted
from services.ledger.approvals.schemas import BulkResult
from services.ledger.approvals.step_up import take_code
from services.ledger.clock import now
from services.ledger.db import transaction
from services.ledger.edges import DbSession, Note, request_id
from services.ledger.errors import LedgerError
from services.ledger.payments import accounts
from services.ledger.web import words_approvals
from services.ledger.web.pages_edge import (
    CONSOLE,
    AloneWriter,
    KnownAt,
    PageInputError,
    Reader,
    SignedIn,
    Writer,
    address,
    page,
    pages,
    see,
)
from services.ledger.web.pages_edge import Id as OptionalId
from services.ledger.web.pages_sign_in import said

router = pages()
APPROVALS: Final = f"{CONSOLE}/approvals"
_ONE: Final = APPROVALS + "/{proposal_id:uuid}"
_ROWS: Final = 50
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


def _shown(session: Session, viewer: Viewer, found: list[Proposal]) -> list[dict[str, Any]]:
    votes = queries.votes(session, [one.id for one in found])
    return [
        words_approvals.shown(
            one,
            votes[one.id],
            may_decide=deciding.may_decide(session, viewer, one, votes[one.id]),
            own=viewer.user_id in one.people,
        )
        for one in found
    ]


def waiting_on(session: Session, viewer: Viewer, subject_id: UUID) -> list[dict[str, Any]]:
    """Return what of the viewer's party waits to be done to one subject."""
    wanted = Wanted("WAITING", subject=subject_id)
    found = queries.page(session, viewer, wanted, after=(_BEGINNING, UUID(int=0)), limit=_ROWS)
    return _shown(session, viewer, found)


def _list(
    request: Request,
    signed_in: SignedIn,
    session: Session,
    *,
    after: tuple[datetime, UUID] | None = None,
    refusal: LedgerError | None = None,
    results: list[BulkResult] | None = None,
) -> Response:
    viewer = signed_in.viewer
    found = queries.page(
        session,
        viewer,
        Wanted("WAITING"),
        after=after or (_BEGINNING, UUID(int=0)),
        limit=_ROWS + 1,
    )
    last = found[_ROWS - 1] if len(found) > _ROWS else None
    waiting = _shown(session, viewer, found[:_ROWS])
    return page(
        request,
        "approvals.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        waiting=waiting,
        decides=any(row["may_decide"] for row in waiting),
        closed=_shown(session, viewer, queries.latest_closed(session, viewer, limit=_ROWS)),
        results=results or [],
        refusal=said(refusal),
        first=APPROVALS if after else "",
        more=address(APPROVALS, after_at=last.proposed_at, after=last.id) if last else "",
    )


@router.get(APPROVALS)
def get_approvals(
    request: Request,
    signed_in: Reader,
    session: DbSession,
    after_at: Annotated[KnownAt, Query()] = None,
    after: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Show what waits for a checker of the party, the oldest first, and what was decided."""
    behind = (after_at, after) if after_at and after else None
    return _list(request, signed_in, session, after=behind)


@router.get(_ONE)
def get_approval(
    request: Request, proposal_id: UUID, signed_in: Reader, session: DbSession
) -> Response:
    """Show one proposal: what it would change, who proposed it, who has decided."""
    return _one(request, proposal_id, signed_in, session)


def _one(
    request: Request,
    proposal_id: UUID,
    signed_in: SignedIn,
    session: Session,
    refusal: LedgerError | None = None,
    number: str = "",
) -> Response:
    found = queries.get(session, signed_in.viewer, proposal_id)
    (row,) = _shown(session, signed_in.viewer, [found])
    return page(
        request,
        "approval.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        row=row,
        number=number,
        refusal=said(refusal),
    )


def _ballots(items: list[str], reason: str, request_id: str) -> list[Ballot]:
    try:
        split = [item.split(" ", 1) for item in items]
        return [
            Ballot(UUID(one), bytes.fromhex(digest), reason.strip(), request_id)
            for one, digest in split
        ]
    except ValueError as error:
        raise PageInputError("item: unreadable", "所选申请无法识别。") from error


@router.post(APPROVALS)
def post_decisions(
    request: Request,
    signed_in: AloneWriter,
    decision: Annotated[Literal["approve", "reject"], Form()],
    code: Annotated[str, Form(max_length=20)] = "",
    item: Annotated[list[str] | None, Form(max_length=200)] = None,
    reason: Annotated[Note, Form()] = "",
    one: Annotated[bool, Form()] = False,  # noqa: FBT002 (a field of a form)
) -> Response:
    """Decide what was ticked alike, by a code of now; each by itself."""
    viewer = signed_in.viewer
    ballots = _ballots(item or [], reason, request_id(request))
    refusal: LedgerError | None = None
    results: list[BulkResult] = []
    try:
        if not ballots:
            raise PageInputError("item: tick at least one", "请至少选择一项。")
        if decision == "reject" and not reason.strip():
            raise PageInputError("reason: say why", "驳回须填写原因。")
        take_code(viewer, code, at=now())
        with transaction() as session:
            results = decide_all(session, viewer, ballots, approve=decision == "approve")
    except LedgerError as error:
        refusal = error
    with transaction() as session:
        if one and ballots:
            if results and not results[0].ok:
                refusal = PageInputError(results[0].detail, results[0].detail_zh)
            return _one(request, ballots[0].proposal_id, signed_in, session, refusal)
        return _list(request, signed_in, session, refusal=refusal, results=results)


@router.post(_ONE + "/withdraw")
def post_withdrawal(
    request: Request, proposal_id: UUID, signed_in: Writer, session: DbSession
) -> Response:
    """Take back what one proposed."""
    service.withdraw(session, signed_in.viewer, proposal_id, request_id(request))
    return see(f"{APPROVALS}/{proposal_id}")


@router.post(_ONE + "/account")
def post_account_read(
    request: Request, proposal_id: UUID, signed_in: Writer, session: DbSession
) -> Response:
    """Show the whole number of a proposed account; a button, since reading it is an event."""
    viewer = signed_in.viewer
    found = queries.get(session, viewer, proposal_id)
    account = accounts.read_proposed(
        session, viewer, found.subject_id, proposal_id, request_id=request_id(request)
    )
    return _one(request, proposal_id, signed_in, session, number=account["account"])
