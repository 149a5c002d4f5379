"""Every command tells the log who did it, for whom and by which request; and no secret."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.events import DATA
from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.orders.models import Order
from services.ledger.orders.service import (
    Agreement,
    Arrival,
    place_order,
    receive,
    register_contract,
)
from services.ledger.parties.service import add_api_key
from tests.ledger.make import a_contract, a_party, acting_for


def told(session: Session, type_: str) -> list[Any]:
    """Return the events of a type; what they say must be what the contract allows."""
    found = session.connection().execute(
        text("SELECT * FROM events WHERE type = :type ORDER BY id"), {"type": type_}
    )
    events = list(found)
    for event in events:
        DATA[type_].model_validate(event.data, extra="forbid")
    return events


def test_a_contract_says_what_its_parties_were_who_said_so_and_by_which_request(
    session: Session,
) -> None:
    debtor_id, creditor_id = a_party(session, kind="LARGE"), a_party(session, kind="MEDIUM")
    buyer = acting_for(debtor_id)
    agreed = Agreement(
        id=new_id(),
        reference="合同-7",
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        signed_on=date(2025, 6, 10),
        subject="GOODS",
        settlement="ON_DELIVERY",
        terms={"term_days": 45},
        creditor_size="SMALL",
    )
    for request_id in ("first", "again"):
        register_contract(session, buyer, agreed, shipped(), request_id=request_id)

    [event] = told(session, "contract.registered")
    assert (event.subject_id, event.request_id) == (agreed.id, "first")
    assert (event.actor, event.actor_party_id) == (buyer.name, debtor_id)
    assert (event.debtor_id, event.creditor_id) == (debtor_id, creditor_id)
    data = event.data
    assert (data["debtor_kind"], data["debtor_kind_from"]) == ("LARGE", "PARTY")
    assert (data["creditor_size"], data["creditor_size_from"]) == ("SMALL", "STATED")
    assert (data["reference"], data["terms"]) == ("合同-7", {"term_days": 45})
    assert data["due_term_days"] == 45


@pytest.mark.parametrize("kind", ["REJECTED", "CANCELLED", "SETTLEMENT_CONFIRMED"])
def test_whatever_happens_to_a_receipt_is_told_once(session: Session, kind: str) -> None:
    contract = a_contract(session)
    order = Order(
        id=new_id(),
        contract_id=contract.id,
        reference="PO-1",
        placed_on=date(2025, 7, 1),
        currency="CNY",
    )
    place_order(session, acting_for(contract.debtor_id), order)
    arrival = Arrival("收货-1", kind, date(2025, 7, 9), (order.id,))
    for _ in range(2):
        receive(session, acting_for(contract.debtor_id), arrival, "request")

    [event] = told(session, "receipt.recorded")
    assert event.subject_id == order.id
    assert event.request_id == "request"
    assert event.data == {
        "number": "PO-1",
        "receipt": "收货-1",
        "kind": kind,
        "on": "2025-07-09",
    }


def test_a_platform_is_told_of_when_it_is_new_or_changes_and_not_otherwise(
    session: Session,
) -> None:
    party_id = a_party(session, kind="FINANCIER")
    for name, party in (("云帆", None), ("云帆", None), ("云帆", party_id), ("云帆二", party_id)):
        register_platform(
            session, OPERATOR, code="YF", name=name, party_id=party, request_id="request"
        )

    events = told(session, "platform.registered")
    said = [(event.data["name"], event.data["party_id"]) for event in events]
    assert said == [("云帆", None), ("云帆", str(party_id)), ("云帆二", str(party_id))]
    assert {(event.actor, event.request_id) for event in events} == {("operator", "request")}
    assert len({event.subject_id for event in events}) == 1
    assert {event.platform_id for event in events} == {events[0].subject_id}


def test_a_key_is_told_of_once_and_never_what_opens_with_it(session: Session) -> None:
    for _ in range(2):
        add_api_key(session, name="erp", role="operator", party_id=None, token="the secret itself")

    [event] = told(session, "api_key.added")
    assert (event.data["name"], event.data["role"]) == ("erp", "operator")
    hashes = session.connection().execute(text("SELECT encode(key_hash, 'hex') FROM api_keys"))
    for secret in ("the secret itself", *hashes.scalars()):
        assert secret not in str(tuple(event))
