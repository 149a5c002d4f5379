"""Receivables over HTTP: recorded, listed, looked at."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import Request, Response, status
from fastapi.concurrency import run_in_threadpool

from services.ledger import idempotency
from services.ledger.clock import today
from services.ledger.config import settings
from services.ledger.credentials import Token
from services.ledger.cursors import Paged
from services.ledger.db import GATE, transaction
from services.ledger.edges import (
    AskedBy,
    DbSession,
    Router,
    past_day,
    request_id,
    statements,
)
from services.ledger.errors import LedgerError
from services.ledger.idempotency import Call
from services.ledger.identification import Presented, identify
from services.ledger.ids import id_of, new_id
from services.ledger.log import queries as log
from services.ledger.money import parse_fen
from services.ledger.orders.service import get_contract
from services.ledger.receivables import queries
from services.ledger.receivables.identity import digest
from services.ledger.receivables.opening import Sent, open_at_once, open_receivable
from services.ledger.receivables.opening_rows import Line, Opening
from services.ledger.receivables.schemas import (
    Opened,
    ReceivableIn,
    ReceivableOut,
    ReceivablePage,
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
    with transaction(role=GATE) as session:
        viewer = identify(session, token)
        if call is not None:
            idempotency.begin(session, viewer, call)
        viewer.require("receivables.open")
        opening = _opening(body, identifier)
        if body.invoice_kind == "OTHER":
            contract = get_contract(session, viewer, body.contract_id)
            opening = replace(opening, identity=_identity(body, contract.creditor_id))
        try:
            opened = open_receivable(session, viewer, opening, request_id) is None
        except LedgerError:
            if call is not None:
                # The one statement waits for no lock: the same may have been done meanwhile.
                idempotency.begin(session, viewer, call)
            raise
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
        opened_on=past_day(body.issued_on),
        told_on=today(),
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
    """Return everything that was done to a receivable, oldest first.

    Who did it is named to its own party and to authorities; to others the party is.
    """
    queries.get_visible(session, viewer, receivable_id)
    return log.of_subject(session, viewer, receivable_id)
