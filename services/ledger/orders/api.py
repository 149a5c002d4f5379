"""Contracts and orders over HTTP. Receipts are with the receivables they start the term of."""

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from services.ledger.almanac.service import edition
from services.ledger.cursors import Paged
from services.ledger.edges import AskedBy, DbSession, Router, request_id
from services.ledger.ids import new_id
from services.ledger.law.rule import NOTICE
from services.ledger.money import format_fen, parse_fen
from services.ledger.orders import queries, service
from services.ledger.orders.models import Contract, Order
from services.ledger.orders.schemas import (
    AuditOut,
    ContractIn,
    ContractOut,
    ContractPage,
    ContractRow,
    FindingOut,
    OrderIn,
    OrderOut,
)

router = Router(prefix="/v1", tags=["orders"])


def _contract(contract: Contract) -> ContractOut:
    return ContractOut(
        **{name: getattr(contract, name) for name in ContractOut.model_fields},
    )


def _order(order: Order) -> OrderOut:
    amount = None if order.amount_fen is None else format_fen(order.amount_fen)
    fields = {name: getattr(order, name) for name in OrderOut.model_fields if name != "amount"}
    return OrderOut(amount=amount, **fields)


@router.post("/contracts", status_code=status.HTTP_201_CREATED)
def post_contract(
    body: ContractIn, viewer: AskedBy, session: DbSession, request: Request
) -> ContractOut:
    """Register a contract; the answer shows how the law reads its payment terms."""
    agreed = service.Agreement(
        id=body.id or new_id(),
        reference=body.reference,
        debtor_id=body.debtor_id,
        creditor_id=body.creditor_id,
        signed_on=body.signed_on,
        subject=body.subject,
        settlement=body.settlement,
        terms=body.terms.model_dump(mode="json", exclude_none=True),
        debtor_kind=body.debtor_kind,
        creditor_size=body.creditor_size,
        creditor=None if body.creditor is None else body.creditor.model_dump(exclude_none=True),
    )
    known = edition(session)
    contract = service.register_contract(
        session,
        viewer,
        agreed,
        known.signed(body.signed_on),
        almanac_version=known.version,
        request_id=request_id(request),
    )
    return _contract(contract)


@router.get("/contracts")
def get_contracts(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    flag: Annotated[
        str, Query(max_length=60, description="only those flagged so; ANY: flagged at all")
    ] = "",
) -> ContractPage:
    """List contracts with what their terms were flagged for, before anything is late."""
    before = queries.LAST
    if page.after:
        before = (date.fromisoformat(page.after[0]), UUID(page.after[1]))
    wanted = queries.Wanted(flag=flag)
    found = queries.contracts(session, viewer, wanted, before=before, limit=page.limit + 1)
    rows, cursor = page.shown(found, lambda row: (row.signed_on, row.id))
    items = [ContractRow(**asdict(row)) for row in rows]
    return ContractPage(items=items, next=cursor, note=NOTICE)


@router.get("/contracts/{contract_id}")
def get_contract(contract_id: UUID, viewer: AskedBy, session: DbSession) -> ContractOut:
    """Return a contract to its parties."""
    return _contract(service.get_contract(session, viewer, contract_id))


@router.get("/contracts/{contract_id}/audit")
def get_contract_audit(contract_id: UUID, viewer: AskedBy, session: DbSession) -> AuditOut:
    """Return what the contract's terms were flagged for at registration, before anything is late.

    仅供核查，不构成法律认定. Later rules, rates and notices never change it.
    """
    contract = service.get_contract(session, viewer, contract_id)
    return AuditOut(
        contract_id=contract.id,
        reference=contract.reference,
        signed_on=contract.signed_on,
        applies=contract.applies,
        reason=contract.reason,
        regime=contract.regime,
        creditor_size=contract.creditor_size,
        creditor_evidence=contract.creditor_evidence,
        almanac_version=contract.almanac_version,
        audited=contract.audit is not None,
        findings=[FindingOut(**finding) for finding in contract.audit or ()],
        trace=contract.trace,
        note=NOTICE,
    )


@router.post("/orders", status_code=status.HTTP_201_CREATED)
def post_order(
    body: OrderIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> OrderOut:
    """Place an order; the same again answers 200."""
    order = Order(
        id=body.id or new_id(),
        contract_id=body.contract_id,
        reference=body.reference,
        placed_on=body.placed_on,
        amount_fen=None if body.amount is None else parse_fen(body.amount),
        currency=body.currency,
    )
    placed = service.place_order(session, viewer, order, request_id(request))
    if placed is not order:
        response.status_code = status.HTTP_200_OK
    return _order(placed)


@router.get("/orders/{order_id}")
def get_order(order_id: UUID, viewer: AskedBy, session: DbSession) -> OrderOut:
    """Return an order to its parties."""
    return _order(service.get_order(session, viewer, order_id))
