"""Register contracts with the terms the law makes of them, orders, and what was received."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import OrderPlaced
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.ids import id_of
from services.ledger.law.values import Almanac
from services.ledger.log.service import append
from services.ledger.money import format_fen
from services.ledger.orders.audit import decide_contract
from services.ledger.orders.entries import of_contract, of_order, received
from services.ledger.orders.models import Contract, Order
from services.ledger.orders.terms import TERM_KEYS, Size, size_at_signing
from services.ledger.parties import service as parties
from services.ledger.parties.models import Party
from services.ledger.policy import between


class SamePartyError(LedgerError):
    """A contract of a party with itself."""

    code = "PARTIES_ARE_THE_SAME"


@dataclass(frozen=True, slots=True)
class Agreement:
    """A contract about to be registered; kind and size default to the parties' own today."""

    id: UUID
    reference: str
    debtor_id: UUID
    creditor_id: UUID
    signed_on: date
    subject: str
    settlement: str
    terms: dict[str, Any]
    debtor_kind: str | None = None
    creditor_size: str | None = None
    creditor: Mapping[str, Any] | None = None
    """What the creditor's size rests on: `terms.size_at_signing` says what it may hold."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that happened to a receipt of goods or services for some orders, on a day."""

    reference: str
    kind: str
    on: date
    order_ids: tuple[UUID, ...]


_AS_AGREED: Final = (
    *("id", "reference", "debtor_id", "creditor_id", "signed_on", "subject", "settlement"),
)
"""What a contract keeps as it was agreed."""


def register_contract(
    session: Session,
    viewer: Viewer,
    agreed: Agreement,
    almanac: Almanac,
    *,
    almanac_version: int = 0,
    request_id: str = "",
) -> Contract:
    """Register a contract; decide its payment term and audit it, once, by the law at signing.

    Args:
        almanac_version: the imports that the almanac holds; kept, so that the decision can be
            reasoned again.

    Raises:
        NotFoundError: an unknown party.
        NotAllowedError: the viewer is neither party.
        ReusedIdError: the id names another contract.
        SizeContradictedError: the creditor's figures do not give its size.
        LprMissingError: a rate was agreed and the LPR at signing is not in the almanac.
    """
    debtor, creditor = _parties(session, viewer, agreed)
    terms = {key: agreed.terms[key] for key in TERM_KEYS if agreed.terms.get(key) is not None}
    registered = agreed.creditor_size or creditor.kind
    size = size_at_signing(agreed.creditor, known=registered, sizes=almanac.sizes)
    known = session.get(Contract, agreed.id)
    if known is not None:
        return _same_contract(viewer, known, agreed, terms, size)
    debtor_kind = agreed.debtor_kind or debtor.kind
    decided = decide_contract(
        terms,
        size,
        almanac,
        signed_on=agreed.signed_on,
        debtor_kind=debtor_kind,
        subject=agreed.subject,
        settlement=agreed.settlement,
        domestic=debtor.domestic and creditor.domestic,
    )
    contract = Contract(
        **{name: getattr(agreed, name) for name in _AS_AGREED},
        debtor_kind=debtor_kind,
        creditor_size=size.word,
        creditor_evidence=size.evidence,
        terms=terms,
        almanac_version=almanac_version,
        **decided,
    )
    contract.known_at = session.connection().execute(text("SELECT now()")).scalar_one()
    session.add(contract)
    session.flush()
    told = of_contract(
        contract,
        viewer,
        kind_stated=agreed.debtor_kind is not None,
        size_stated=agreed.creditor_size is not None,
    )
    append(session, [told], request_id)
    return contract


def _parties(session: Session, viewer: Viewer, agreed: Agreement) -> tuple[Party, Party]:
    viewer.require("contracts.register")
    if agreed.debtor_id == agreed.creditor_id:
        raise SamePartyError(
            "A contract needs two parties; debtor and creditor are the same.",
            "合同须有两方；付款方与供应商相同。",
            field="creditor_id",
        )
    viewer.require("contracts.register", between(agreed))
    return parties.get(session, agreed.debtor_id), parties.get(session, agreed.creditor_id)


def _same_contract(
    viewer: Viewer, known: Contract, agreed: Agreement, terms: dict[str, Any], size: Size
) -> Contract:
    same = (
        all(getattr(known, name) == getattr(agreed, name) for name in _AS_AGREED)
        # A kind or size left out is the party's own of that day, which may since have changed.
        and agreed.debtor_kind in {None, known.debtor_kind}
        and (agreed.creditor_size is None or known.creditor_size == size.word)
        and known.terms == terms
        and known.creditor_evidence == size.evidence
    )
    if not same:
        english, chinese = "another contract", "另一合同"
        if _party(viewer, known):
            english = f"the contract {known.reference!r} of {known.signed_on} with other terms"
            chinese = f"{known.signed_on}签订的合同{known.reference!r}，条款不同"
        raise ReusedIdError(
            f"The id {agreed.id} already names {english}; a changed or new contract gets an id of"
            " its own.",
            f"编号{agreed.id}已用于{chinese}；变更后的或新的合同请使用新编号。",
            field="id",
        )
    return known


def place_order(session: Session, viewer: Viewer, order: Order, request_id: str = "") -> Order:
    """Place an order under a contract of the viewer's; the same order again changes nothing.

    Args:
        order: its parties are taken from the contract.

    Raises:
        NotFoundError: no such contract for this viewer.
        ReusedIdError: the id names another order.
    """
    viewer.require("orders.place")
    contract = get_contract(session, viewer, order.contract_id)
    known = session.get(Order, order.id)
    if known is not None:
        stated = ("contract_id", "reference", "amount_fen", "currency", "placed_on")
        if any(getattr(known, name) != getattr(order, name) for name in stated):
            raise ReusedIdError(
                f"The id {order.id} already names another order; use an id of its own.",
                f"编号{order.id}已用于另一订单；请使用新编号。",
                field="id",
            )
        return known
    order.debtor_id, order.creditor_id = contract.debtor_id, contract.creditor_id
    order.known_at = session.connection().execute(text("SELECT now()")).scalar_one()
    session.add(order)
    session.flush()
    placed = OrderPlaced(
        number=order.reference,
        amount=format_fen(order.amount_fen or 0),
        currency=order.currency,
        placed_on=order.placed_on,
    )
    append(session, [of_order(order, placed, viewer)], request_id)
    return order


def get_contract(session: Session, viewer: Viewer, contract_id: UUID) -> Contract:
    """Return a contract the viewer may see.

    Raises:
        NotFoundError: there is none, or none for this viewer.
    """
    contract = session.get(Contract, contract_id)
    if contract is None or not _party(viewer, contract):
        raise NotFoundError("No such contract.", "没有该合同。", field="contract_id")
    return contract


def get_order(session: Session, viewer: Viewer, order_id: UUID) -> Order:
    """Return an order the viewer may see.

    Raises:
        NotFoundError: there is none, or none for this viewer.
    """
    order = session.get(Order, order_id)
    if order is None or not _party(viewer, order):
        raise NotFoundError("No such order.", "没有该订单。")
    return order


def _party(viewer: Viewer, of: Contract | Order) -> bool:
    # To an authority the database has shown what lies in its region.
    across = viewer.sees_all or viewer.regions is not None
    return across or viewer.party_id in {of.debtor_id, of.creditor_id}


_RECEIVE: Final = text(
    """INSERT INTO receipts (order_id, id, receipt_id, reference, kind, "on", known_at)
    SELECT o, :id, :receipt_id, :reference, :kind, :on, now()
    FROM unnest(CAST(:orders AS uuid[])) t(o) ON CONFLICT DO NOTHING RETURNING order_id"""
)
_HOLD: Final = text(
    "SELECT pg_advisory_xact_lock_shared(hashtext('receipts')),"
    " pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(CAST(:ids AS text[])) t(id)"
)
HOLD_ALL: Final = "SELECT pg_advisory_xact_lock(hashtext('receipts'))"
"""What a file does: there is no room for a lock each. First receipts, then balances, then rows."""


def receipt_id(debtor_id: UUID, reference: str) -> UUID:
    """Return the id of a buyer's receipt document, which several orders may share."""
    return id_of("receipt", debtor_id, reference)


def hold_receipts(session: Session, receipt_ids: Sequence[UUID]) -> None:
    """Let nobody else name these receipts, or tell of them, until this transaction ends."""
    session.connection().execute(_HOLD, {"ids": sorted({str(one) for one in receipt_ids})})


def receive(session: Session, viewer: Viewer, arrival: Arrival, request_id: str = "") -> UUID:
    """Record a delivery, acceptance, rejection, cancellation or confirmed settlement.

    Only the buyer accepts, rejects and cancels; the supplier may record its delivery.

    Returns:
        The receipt's id. The caller carries the fact to the receivables that name the receipt.

    Raises:
        NotFoundError: an order the viewer may not see.
        NotAllowedError: the act is the buyer's, or the viewer only reads.
    """
    action = "receipts.deliver" if arrival.kind == "DELIVERED" else "receipts.accept"
    viewer.require(action)
    orders = [get_order(session, viewer, order_id) for order_id in arrival.order_ids]
    debtor_ids = {order.debtor_id for order in orders}
    if len(debtor_ids) != 1:
        raise NotFoundError("One receipt is of one buyer.", "一张收货单只属于一个付款方。")
    debtor_id = debtor_ids.pop()
    for order in orders:
        viewer.require(action, between(order))
    document_id = receipt_id(debtor_id, arrival.reference)
    values = {
        "id": id_of("received", document_id, arrival.kind, arrival.on),
        "receipt_id": document_id,
        "reference": arrival.reference,
        "kind": arrival.kind,
        "on": arrival.on,
        "orders": list(arrival.order_ids),
    }
    hold_receipts(session, [document_id])
    # What is here already was told already, by a file perhaps.
    new = set(session.connection().execute(_RECEIVE, values).scalars())
    key = ("received", document_id, arrival.kind, arrival.on)
    entries = [
        replace(
            of_order(order, received(order, arrival.reference, arrival.kind, arrival.on), viewer),
            id=id_of(*key, order.id),
        )
        for order in orders
        if order.id in new
    ]
    append(session, entries, request_id)
    return document_id
