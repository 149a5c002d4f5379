"""Make what a test needs with few words: parties, contracts, receivables."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.almanac import shipped
from services.ledger.ids import new_id
from services.ledger.orders.models import Contract
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, register
from services.ledger.receivables.identity import digest
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.opening_rows import Opening
from services.ledger.receivables.queries import Claim, get_visible

KEY = b"a key that only tests use"


def a_party(session: Session, *, kind: str = "SMALL", domestic: bool = True, **more: Any) -> UUID:
    party_id = new_id()
    register(
        session,
        OPERATOR,
        Registration(id=party_id, name=f"主体{party_id}", kind=kind, domestic=domestic, **more),
    )
    return party_id


def acting_for(party_id: UUID, role: str = "core_enterprise") -> Viewer:
    return Viewer(name=f"{role} of {party_id}", role=role, party_id=party_id)


def a_contract(
    session: Session,
    *,
    debtor_kind: str = "LARGE",
    domestic: bool = True,
    signed_on: date = date(2025, 6, 10),
    settlement: str = "ON_DELIVERY",
    **terms: Any,
) -> Contract:
    return register_contract(
        session,
        OPERATOR,
        Agreement(
            id=new_id(),
            reference="合同-1",
            debtor_id=a_party(session, kind=debtor_kind, domestic=domestic),
            creditor_id=a_party(session, kind="SMALL", domestic=domestic),
            signed_on=signed_on,
            subject="GOODS",
            settlement=settlement,
            terms=terms,
        ),
        shipped(),
    )


def an_opening(contract: Contract, **changes: Any) -> Opening:
    number = changes.pop("number", f"INV-{new_id().hex[-12:]}")
    facts: dict[str, Any] = {
        "id": new_id(),
        "contract_id": contract.id,
        "invoice_kind": "OTHER",
        "invoice_code": "",
        "invoice_number": number,
        "issued_on": date(2025, 7, 9),
        "face_fen": 1_000_00,
        "currency": "CNY",
        "opened_on": date(2025, 7, 9),
        "delivered_on": date(2025, 7, 9),
        "identity": digest(
            KEY,
            kind="OTHER",
            code="",
            number=number,
            creditor_id=contract.creditor_id,
            issued_on=date(2025, 7, 9),
        ),
    }
    return Opening(**{**facts, **changes})


def a_receivable(session: Session, contract: Contract | None = None, **changes: Any) -> Claim:
    """Open a receivable as its supplier, so that it waits for confirmation."""
    contract = contract or a_contract(session)
    supplier = acting_for(contract.creditor_id, "supplier")
    opening = an_opening(contract, **changes)
    open_receivable(session, supplier, opening)
    return get_visible(session, OPERATOR, opening.id)
