"""What the log is told of contracts, orders and receipts."""

from datetime import date

from services.events import (
    ContractRegistered,
    Data,
    OrderAccepted,
    OrderDelivered,
    ReceiptRecorded,
)
from services.ledger.access import Viewer
from services.ledger.ids import id_of
from services.ledger.log.service import Entry
from services.ledger.orders.models import Contract, Order


def of_contract(
    contract: Contract, viewer: Viewer, *, kind_stated: bool = False, size_stated: bool = False
) -> Entry:
    """Return the event of a contract being registered.

    Args:
        kind_stated: the debtor's kind was given with the contract.
        size_stated: the creditor's size was; figures speak for themselves.
    """
    evidence = contract.creditor_evidence or {}
    size_stated = size_stated or evidence.get("size") is not None
    from_figures = "FIGURES" if "size_by_figures" in evidence else "PARTY"
    told = ContractRegistered(
        reference=contract.reference,
        signed_on=contract.signed_on,
        subject=contract.subject,
        settlement=contract.settlement,
        debtor_kind=contract.debtor_kind,
        debtor_kind_from="STATED" if kind_stated else "PARTY",
        creditor_size=contract.creditor_size,
        creditor_size_from="STATED" if size_stated else from_figures,
        creditor_size_source=str(evidence.get("source") or ""),
        terms=contract.terms,
        regime=contract.regime,
        due_term_days=contract.due_term_days,
        due_term_months=contract.due_term_months,
        flags=tuple(contract.flags),
    )
    return Entry(
        contract.id,
        told,
        viewer.name,
        viewer.party_id,
        contract.debtor_id,
        contract.creditor_id,
        id=id_of("contract.registered", contract.id),
    )


def of_order(order: Order, data: Data, viewer: Viewer) -> Entry:
    """Return an event about an order, which both its parties may see."""
    return Entry(order.id, data, viewer.name, viewer.party_id, order.debtor_id, order.creditor_id)


def received(order: Order, receipt: str, kind: str, on: date) -> Data:
    """Return what an order is told of something that happened to one of its receipts."""
    if kind == "DELIVERED":
        return OrderDelivered(number=order.reference, delivered_on=on)
    if kind == "ACCEPTED":
        return OrderAccepted(number=order.reference, accepted_on=on)
    return ReceiptRecorded(number=order.reference, receipt=receipt, kind=kind, on=on)
