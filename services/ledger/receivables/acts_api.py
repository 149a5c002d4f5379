"""What the parties do with receivables, over HTTP: ask, confirm, dispute, resolve, credit."""

from uuid import UUID

from fastapi import Depends, Request, Response, status

from services.ledger.approvals.queries import Proposal
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.edges import AskedBy, DbSession, Router, must_match, past_day, request_id
from services.ledger.errors import LedgerError
from services.ledger.ids import new_id
from services.ledger.money import parse_fen
from services.ledger.receivables import queries, service
from services.ledger.receivables.commands import (
    CONFIRMATION,
    CREDIT_NOTE,
    RESOLUTION,
    ConfirmArguments,
    CreditArguments,
    ResolveArguments,
)
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.schemas import (
    ActIn,
    BatchIn,
    BatchResult,
    ConfirmationIn,
    ReceivableOut,
    RequestIn,
    ResolutionIn,
)
from services.ledger.shapes import weighs_tags

router = Router(prefix="/v1", tags=["receivables"])


@weighs_tags
def _as_seen(receivable_id: UUID, viewer: AskedBy, session: DbSession, request: Request) -> None:
    """Let an act with `If-Match` go on only if the receivable is as its sender saw it."""
    if "if-match" in request.headers:
        # Whoever acts for nobody is refused the act itself, and holds nothing until then.
        lock = viewer.party_id is not None
        claim = queries.get_visible(session, viewer, receivable_id, lock=lock)
        must_match(request, ReceivableOut.of(claim))


AS_SEEN = [Depends(_as_seen, scope="function")]


def _answer(outcome: Claim | Proposal, response: Response) -> ReceivableOut | ProposalOut:
    answer = answered(outcome, response)
    return answer if isinstance(answer, ProposalOut) else ReceivableOut.of(answer)


@router.post("/receivables/{receivable_id}/confirmation-requests", dependencies=AS_SEEN)
def post_confirmation_request(
    receivable_id: UUID, body: RequestIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """Ask the buyer to confirm the debt (确权); it has 30 days."""
    day = past_day(body.on)
    act = service.Act(body.id or new_id(), receivable_id, day, request_id=request_id(request))
    claim = service.request_confirmation(session, viewer, act)
    return ReceivableOut.of(claim)


@router.post("/receivables/{receivable_id}/confirmation", dependencies=AS_SEEN)
def post_confirmation(
    receivable_id: UUID,
    body: ConfirmationIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> ReceivableOut | ProposalOut:
    """Confirm what is owed, in full or in part; the remainder becomes disputed.

    202: others have to approve it first.
    """
    given = ConfirmArguments(receivable_id=receivable_id, **dict(body))
    outcome = submit(session, viewer, CONFIRMATION, given, request_id(request))
    return _answer(outcome, response)


@router.post("/confirmations", responses={202: {"model": list[BatchResult]}})
def post_confirmations(
    body: BatchIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> list[BatchResult]:
    """Confirm many; the answer says of each whether it succeeded, in the order given.

    202: others have to approve some of them first, each by itself.
    """
    viewer.require("receivables.confirm")
    results: dict[int, BatchResult] = {}
    # By receivable, as everyone locks several: two batches wait for, but never block, each other.
    for place, item in sorted(enumerate(body.items), key=lambda placed: placed[1].receivable_id):
        given = ConfirmArguments(**dict(item))
        try:
            with session.begin_nested():
                outcome = submit(session, viewer, CONFIRMATION, given, request_id(request))
        except LedgerError as error:
            results[place] = BatchResult(
                receivable_id=item.receivable_id,
                ok=False,
                code=error.code,
                detail=error.english,
                detail_zh=error.chinese,
            )
        else:
            waits = answered(outcome, response) if isinstance(outcome, Proposal) else None
            results[place] = BatchResult.of(item.receivable_id, waits)
    if response.status_code == status.HTTP_202_ACCEPTED:
        response.headers["location"] = "/v1/approvals"
    return [results[place] for place in range(len(body.items))]


@router.post("/receivables/{receivable_id}/disputes", dependencies=AS_SEEN)
def post_dispute(
    receivable_id: UUID, body: ActIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """Hold an amount back as disputed; the rest stays due (802号 第十五条)."""
    act = service.Act(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        on=past_day(body.on),
        amount_fen=parse_fen(body.amount),
        reason=body.reason,
        request_id=request_id(request),
    )
    return ReceivableOut.of(service.dispute(session, viewer, act))


@router.post("/receivables/{receivable_id}/resolutions", dependencies=AS_SEEN)
def post_resolution(
    receivable_id: UUID,
    body: ResolutionIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> ReceivableOut | ProposalOut:
    """End a dispute over an amount. 202: others have to approve it first."""
    given = ResolveArguments(receivable_id=receivable_id, **dict(body))
    outcome = submit(session, viewer, RESOLUTION, given, request_id(request))
    return _answer(outcome, response)


@router.post("/receivables/{receivable_id}/credits", dependencies=AS_SEEN)
def post_credit(
    receivable_id: UUID,
    body: ActIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> ReceivableOut | ProposalOut:
    """Lower a receivable by a credit note or deduction. 202: others have to approve it first."""
    given = CreditArguments(receivable_id=receivable_id, **dict(body))
    outcome = submit(session, viewer, CREDIT_NOTE, given, request_id(request))
    return _answer(outcome, response)
