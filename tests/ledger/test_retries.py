"""The same request again, at the same time, or under an id that is taken."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.errors import ReusedIdError
from services.ledger.ids import new_id
from services.ledger.parties.service import Registration, register
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn, invoice, opened
from tests.ledger.make import a_receivable, acting_for

DAY = date(2025, 7, 20)


def act(claim: Claim, fen: int = 0) -> service.Act:
    return service.Act(id=new_id(), receivable_id=claim.id, on=DAY, amount_fen=fen, reason="数量")


def test_confirming_the_whole_again_answers_also_after_it_was_paid(session: Session) -> None:
    claim = a_receivable(session)
    buyer, whole = acting_for(claim.debtor_id), act(claim)
    service.confirm(session, buyer, whole, whole=True)
    paid = Paid(new_id(), "P-1", 400_00, "CNY", DAY, "", {claim.id: 400_00})
    record_payment(session, OPERATOR, paid)

    again = service.confirm(session, buyer, whole, whole=True)

    assert (again.receivable_fen, again.disputed_fen, again.confirmed_on) == (600_00, 0, DAY)


def test_a_part_confirmed_is_not_the_whole_under_the_same_id(session: Session) -> None:
    claim = a_receivable(session)
    buyer, part = acting_for(claim.debtor_id), act(claim, 800_00)
    service.confirm(session, buyer, part)

    service.confirm(session, buyer, part)
    with pytest.raises(ReusedIdError):
        service.confirm(session, buyer, part, whole=True)


def test_the_whole_of_nothing_is_not_confirmed_and_not_rejected(session: Session) -> None:
    claim = a_receivable(session)
    buyer, supplier = acting_for(claim.debtor_id), acting_for(claim.creditor_id, "supplier")
    service.credit(session, supplier, act(claim, 1_000_00))

    with pytest.raises(service.NothingToConfirmError):
        service.confirm(session, buyer, act(claim), whole=True)

    values = {"id": claim.id}
    stated = session.connection().execute(
        text("SELECT kind FROM confirmations WHERE receivable_id = :id"), values
    )
    assert stated.all() == []


@pytest.mark.parametrize(("fen", "whole"), [(100_00, False), (900_00, False), (0, True)])
def test_an_answer_under_the_id_of_a_dispute_is_refused(
    session: Session, fen: int, *, whole: bool
) -> None:
    claim = a_receivable(session)
    buyer, held = acting_for(claim.debtor_id), act(claim, 100_00)
    service.dispute(session, buyer, held)

    with pytest.raises(ReusedIdError):
        service.confirm(session, buyer, replace(held, amount_fen=fen), whole=whole)


def test_a_dispute_under_the_id_of_an_answer_is_refused(session: Session) -> None:
    claim, other = a_receivable(session), a_receivable(session)
    part, whole = act(claim, 800_00), act(other)
    service.confirm(session, acting_for(claim.debtor_id), part)
    service.confirm(session, acting_for(other.debtor_id), whole, whole=True)

    with pytest.raises(ReusedIdError):
        service.dispute(session, acting_for(claim.debtor_id), replace(part, amount_fen=200_00))
    with pytest.raises(ReusedIdError):
        service.dispute(session, acting_for(other.debtor_id), replace(whole, amount_fen=1))
    assert get_visible(session, OPERATOR, other.id).disputed_fen == 0


def test_confirming_without_an_amount_is_replayed_over_http(
    buyer: Client, supplier: Client, contract: str
) -> None:
    path = f"/v1/receivables/{opened(supplier, invoice(contract))}"
    body = {"id": str(new_id())}
    assert buyer.post(f"{path}/confirmation", json=body).json()["lifecycle"] == "confirmed"
    held = buyer.post(f"{path}/disputes", json={"amount": "300.00", "reason": "数量"})
    assert held.status_code == 200, held.text

    again = buyer.post(f"{path}/confirmation", json=body)

    assert (again.status_code, again.json()["disputed"]) == (200, "300.00")


def test_confirming_a_rejected_receivable_without_an_amount_is_refused(
    buyer: Client, supplier: Client, contract: str
) -> None:
    path = f"/v1/receivables/{opened(supplier, invoice(contract))}/confirmation"
    assert buyer.post(path, json={"reject": True, "reason": "未收货"}).status_code == 200

    answer = buyer.post(path, json={})

    assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_CONFIRM")
    assert "1000.00" in answer.json()["detail"]


def _waiting() -> int:
    with db.transaction(role="none") as session:  # others' waiting is the owner's to see
        found = session.connection().execute(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
        return int(found.scalar_one())


def _meanwhile(request: Callable[[], Any]) -> Any:
    """Start a request and return its future once the database makes it wait."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(request)
    pool.shutdown(wait=False)
    for _ in range(250):
        if _waiting() or future.done():
            return future
        time.sleep(0.01)
    raise AssertionError("the request neither waits nor answers")


def test_the_loser_of_two_equal_requests_is_told_to_send_it_again(operator: Client) -> None:
    party_id = new_id()
    body = {"id": str(party_id), "name": "小企业丁", "kind": "SMALL"}
    with db.transaction() as session:
        register(session, OPERATOR, Registration(id=party_id, name="小企业丁", kind="SMALL"))
        future = _meanwhile(lambda: operator.post("/v1/parties", json=body))

    lost = future.result()
    again = operator.post("/v1/parties", json=body)

    assert (lost.status_code, lost.json()["code"]) == (409, "CONFLICT")
    assert "send it again" in lost.json()["detail"]
    assert again.status_code == 200, again.text


@pytest.mark.parametrize(
    "path", ["/v1/parties?scheme=USCC&value=a%00b", "/v1/parties?scheme=%00&value=a"]
)
def test_a_value_that_no_column_holds_is_refused(operator: Client, path: str) -> None:
    answer = operator.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "VALUE_INVALID")


def test_an_id_that_is_taken_tells_a_stranger_nothing_of_the_payment(
    ledger: SignIn, buyer: Client, supplier: Client, contract: str
) -> None:
    receivable_id = opened(supplier, invoice(contract))
    theirs = _payment(receivable_id, "777.77")
    assert buyer.post("/v1/payments", json=theirs).status_code == 201
    stranger = ledger("core_enterprise", STRANGER)
    agreed = stranger.post("/v1/contracts", json=_contract(STRANGER, str(new_id()))).json()
    other_id = opened(
        ledger("supplier", SUPPLIER), invoice(agreed["id"], invoice_number="25312000000000000002")
    )

    own = _payment(other_id, "1.00", id=theirs["id"])
    refused = stranger.post("/v1/payments", json=own)
    by_payer = buyer.post("/v1/payments", json=_payment(receivable_id, "1.00", id=theirs["id"]))

    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert "777.77" not in refused.text
    assert theirs["on"] not in refused.text
    assert "777.77" in by_payer.json()["detail"]


def test_an_id_that_is_taken_tells_a_stranger_nothing_of_the_contract(
    ledger: SignIn, buyer: Client, contract: str
) -> None:
    stranger = ledger("core_enterprise", STRANGER)

    refused = stranger.post("/v1/contracts", json=_contract(STRANGER, contract))
    by_party = buyer.post(
        "/v1/contracts", json=_contract(BUYER, contract) | {"signed_on": "2025-06-11"}
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "CONFLICT")
    assert "合同-1" not in refused.text
    assert "2025-06-10" not in refused.text
    assert "合同-1" in by_party.json()["detail"]


def _payment(receivable_id: str, amount: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "reference": "P-1",
        "on": "2025-07-21",
        "amount": amount,
        "allocations": [{"receivable_id": receivable_id, "amount": amount}],
        **changes,
    }


def _contract(debtor_id: object, contract_id: str) -> dict[str, Any]:
    return {
        "id": contract_id,
        "reference": "合同-2",
        "debtor_id": str(debtor_id),
        "creditor_id": str(SUPPLIER),
        "signed_on": "2025-06-12",
    }


def test_a_batch_locks_by_receivable_and_answers_in_the_order_given(
    buyer: Client, supplier: Client, contract: str
) -> None:
    numbers = [f"2531200000000000000{n}" for n in range(1, 4)]
    ids = sorted(opened(supplier, invoice(contract, invoice_number=n)) for n in numbers)
    first, last = ids[0], ids[-1]
    unknown = str(new_id())
    body = {"items": [{"receivable_id": each} for each in (last, unknown, first)]}
    with db.transaction() as session:
        held = text("SELECT 1 FROM balances WHERE receivable_id = :id FOR UPDATE")
        session.connection().execute(held, {"id": first})
        future = _meanwhile(lambda: buyer.post("/v1/confirmations", json=body))
        # The batch waits for the first; were the last locked already, this would deadlock.
        nowait = text("SELECT 1 FROM balances WHERE receivable_id = :id FOR UPDATE NOWAIT")
        session.connection().execute(nowait, {"id": last})

    results = future.result().json()

    assert [result["receivable_id"] for result in results] == [last, unknown, first]
    assert [result["ok"] for result in results] == [True, False, True]
