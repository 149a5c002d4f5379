"""Receivables over HTTP: record, confirm, dispute, credit; receipts that start their terms."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Depends, Request, Response, status
from fastapi.concurrency import run_in_threadpool

from services.ledger import idempotency
from services.ledger.access import Presented, identify
from services.ledger.clock import today
from services.ledger.config import settings
from services.ledger.credentials import Token
from services.ledger.cursors import Paged
from services.ledger.db import transaction
from services.ledger.edges import (
    AskedBy,
    DbSession,
    Router,
    must_match,
    past_day,
    request_id,
    statements,
)
from services.ledger.errors import LedgerError
from services.ledger.idempotency import Call
from services.ledger.ids import id_of, new_id
from services.ledger.log import queries as log
from services.ledger.money import parse_fen
from services.ledger.orders.service import get_contract
from services.ledger.receivables import queries, service
from services.ledger.receivables.identity import digest
from services.ledger.receivables.opening import Sent, open_at_once, open_receivable
from services.ledger.receivables.opening_rows import Line, Opening
from services.ledger.receivables.schemas import (
    ActIn,
    BatchIn,
    BatchResult,
    ConfirmationIn,
    Opened,
    ReceivableIn,
    ReceivableOut,
    ReceivablePage,
    RequestIn,
    ResolutionIn,
)

router = Router(prefix="/v1", tags=["receivables"])


@router.post("/receivables", status_code=status.HTTP_201_CREATED)
async def post_receivable(
    body: ReceivableIn, token: Token, request: Request, response: Response
) -> Opened:
    """Record an invoice as a receivable, or as one for each instalment; again it answers 200.

    What the buyer itself records counts as confirmed.
    """
    identifier = body.id or new_id()
    lines = _lines(body, identifier)
    answer = Opened(id=identifier, instalments=tuple(line.id for line in lines))
    call = idempotency.noted(request)
    if call is not None:
        call.status, call.body = status.HTTP_201_CREATED, answer.model_dump_json().encode()
    opened = False
    if body.invoice_kind != "OTHER" and not (body.receipt_ids or lines):  # as one statement does
        async with statements(request).connection() as connection:
            sent = Sent(token, request_id(request), call)
            opened = await open_at_once(connection, sent, _opening(body, identifier))
    if not opened and not await run_in_threadpool(
        _open, token, body, identifier, request_id(request), call
    ):
        response.status_code = status.HTTP_200_OK
    return answer


def _open(
    token: Presented, body: ReceivableIn, identifier: UUID, request_id: str, call: Call | None
) -> bool:
    with transaction() as session:
        viewer = identify(session, token)
        if call is not None:
            idempotency.begin(session, viewer, call)
        opening = _opening(body, identifier)
        if body.invoice_kind == "OTHER":
            contract = get_contract(session, viewer, body.contract_id)
            opening = replace(opening, identity=_identity(body, contract.creditor_id))
        opened = open_receivable(session, viewer, opening, request_id) is None
        if call is not None:
            call.status = status.HTTP_201_CREATED if opened else status.HTTP_200_OK
            idempotency.store(session, call)
        return opened


def _opening(body: ReceivableIn, identifier: UUID) -> Opening:
    return Opening(
        id=identifier,
        contract_id=body.contract_id,
        order_id=body.order_id,
        invoice_kind=body.invoice_kind,
        invoice_code=body.invoice_code,
        invoice_number=body.invoice_number,
        issued_on=past_day(body.issued_on),
        face_fen=parse_fen(body.amount),
        currency=body.currency,
        opened_on=today(),
        agreed_due_on=body.agreed_due_on,
        delivered_on=body.delivered_on and past_day(body.delivered_on),
        accepted_on=body.accepted_on and past_day(body.accepted_on),
        settlement_confirmed_on=body.settlement_confirmed_on
        and past_day(body.settlement_confirmed_on),
        receipt_ids=tuple(body.receipt_ids),
        identity=_identity(body),
        lines=_lines(body, identifier),
    )


def _lines(body: ReceivableIn, identifier: UUID) -> tuple[Line, ...]:
    """Return the instalments; the first has the id of the whole, the others come from it."""
    return tuple(
        Line(
            id=id_of("instalment", identifier, number) if number else identifier,
            kind=line.kind,
            face_fen=parse_fen(line.amount),
            agreed_due_on=line.agreed_due_on,
        )
        for number, line in enumerate(body.instalments)
    )


def _identity(body: ReceivableIn, creditor_id: UUID = UUID(int=0)) -> bytes:  # noqa: B008 (immutable)
    return digest(
        settings().ledger_identity_key.encode(),
        kind=body.invoice_kind,
        code=body.invoice_code,
        number=body.invoice_number,
        creditor_id=creditor_id,
        issued_on=body.issued_on,
    )


@router.get("/receivables")
def get_receivables(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
) -> ReceivablePage:
    """List the receivables the asker may see, by id."""
    after = UUID(page.after[0]) if page.after else UUID(int=0)
    found = queries.page(session, viewer, after=after, limit=page.limit + 1)
    claims, cursor = page.shown(found, lambda claim: (claim.id,))
    return ReceivablePage(items=[ReceivableOut.of(claim) for claim in claims], next=cursor)


@router.get("/receivables/{receivable_id}")
def get_receivable(receivable_id: UUID, viewer: AskedBy, session: DbSession) -> ReceivableOut:
    """Return a receivable with what is owed on it now."""
    return ReceivableOut.of(queries.get_visible(session, viewer, receivable_id))


@router.get("/receivables/{receivable_id}/history")
def get_history(receivable_id: UUID, viewer: AskedBy, session: DbSession) -> list[dict[str, Any]]:
    """Return everything that was done to a receivable, oldest first."""
    queries.get_visible(session, viewer, receivable_id)
    return log.of_subject(session, receivable_id)


def _as_seen(receivable_id: UUID, viewer: AskedBy, session: DbSession, request: Request) -> None:
    """Let an act with `If-Match` go on only if the receivable is as its sender saw it."""
    if "if-match" in request.headers:
        claim = queries.get_visible(session, viewer, receivable_id, lock=True)
        must_match(request, ReceivableOut.of(claim))


AS_SEEN = [Depends(_as_seen, scope="function")]


def _act(receivable_id: UUID, body: ActIn, request: Request) -> service.Act:
    return service.Act(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        on=past_day(body.on),
        amount_fen=parse_fen(body.amount),
        reason=body.reason,
        request_id=request_id(request),
    )


@router.post("/receivables/{receivable_id}/confirmation-requests", dependencies=AS_SEEN)
def post_confirmation_request(
    receivable_id: UUID, body: RequestIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """Ask the buyer to confirm the debt (确权); it has 30 days."""
    day = past_day(body.on)
    act = service.Act(body.id or new_id(), receivable_id, day, request_id=request_id(request))
    claim = service.request_confirmation(session, viewer, act)
    return ReceivableOut.of(claim)


def _confirm(
    session: DbSession, viewer: AskedBy, receivable_id: UUID, body: ConfirmationIn, request: Request
) -> ReceivableOut:
    fen = 0 if body.reject or body.amount is None else parse_fen(body.amount)
    whole = body.amount is None and not body.reject
    act = service.Act(
        id=body.id or new_id(),
        receivable_id=receivable_id,
        on=past_day(body.on),
        amount_fen=fen,
        reason=body.reason,
        request_id=request_id(request),
    )
    return ReceivableOut.of(service.confirm(session, viewer, act, whole=whole))


@router.post("/receivables/{receivable_id}/confirmation", dependencies=AS_SEEN)
def post_confirmation(
    receivable_id: UUID,
    body: ConfirmationIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> ReceivableOut:
    """Confirm what is owed, in full or in part; the remainder becomes disputed."""
    return _confirm(session, viewer, receivable_id, body, request)


@router.post("/confirmations")
def post_confirmations(
    body: BatchIn, viewer: AskedBy, session: DbSession, request: Request
) -> list[BatchResult]:
    """Confirm many; the answer says of each whether it succeeded, in the order given."""
    results: dict[int, BatchResult] = {}
    # By receivable, as everyone locks several: two batches wait for, but never block, each other.
    for place, item in sorted(enumerate(body.items), key=lambda placed: placed[1].receivable_id):
        one = ConfirmationIn(**item.model_dump(exclude={"receivable_id"}))
        try:
            with session.begin_nested():
                _confirm(session, viewer, item.receivable_id, one, request)
        except LedgerError as error:
            results[place] = BatchResult(
                receivable_id=item.receivable_id,
                ok=False,
                code=error.code,
                detail=error.english,
                detail_zh=error.chinese,
            )
        else:
            results[place] = BatchResult(receivable_id=item.receivable_id, ok=True)
    return [results[place] for place in range(len(body.items))]


@router.post("/receivables/{receivable_id}/disputes", dependencies=AS_SEEN)
def post_dispute(
    receivable_id: UUID, body: ActIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """Hold an amount back as disputed; the rest stays due (802号 第十五条)."""
    act = _act(receivable_id, body, request)
    return ReceivableOut.of(service.dispute(session, viewer, act))


@router.post("/receivables/{receivable_id}/resolutions", dependencies=AS_SEEN)
def post_resolution(
    receivable_id: UUID, body: ResolutionIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """End a dispute over an amount."""
    act = _act(receivable_id, body, request)
    upheld = body.outcome == "upheld"
    return ReceivableOut.of(service.resolve(session, viewer, act, upheld=upheld))


@router.post("/receivables/{receivable_id}/credits", dependencies=AS_SEEN)
def post_credit(
    receivable_id: UUID, body: ActIn, viewer: AskedBy, session: DbSession, request: Request
) -> ReceivableOut:
    """Lower a receivable by a credit note or agreed deduction."""
    act = _act(receivable_id, body, request)
    return ReceivableOut.of(service.credit(session, viewer, act))
