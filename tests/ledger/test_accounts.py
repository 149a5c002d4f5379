"""Where a creditor wants to be paid: masked, read in full by who pays it, and each time told."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.ledger import db
from services.ledger.clock import today
from services.ledger.ids import new_id
from services.ledger.log.service import seal
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn, invoice, opened

NUMBER = "6222020200012345678"
PATH = f"/v1/parties/{SUPPLIER}/repayment-accounts"


def kept(supplier: Client, *, days: int = 0, number: str = NUMBER) -> str:
    identifier = str(new_id())
    body = {
        "id": identifier,
        "holder": "小企业乙",
        "bank": "中国银行杭州分行",
        "number": number,
        "valid_from": (today() + timedelta(days=days)).isoformat(),
    }
    answer = supplier.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return identifier


@pytest.fixture
def account(supplier: Client) -> str:
    return kept(supplier)


def told(client: Client) -> list[dict[str, Any]]:
    with db.transaction() as session:
        seal(session)
    events = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    return [one for one in events if one["type"] == "account.read"]


def test_a_debtor_reads_the_whole_number_and_both_are_told(
    supplier: Client, buyer: Client, contract: str, account: str
) -> None:
    opened(supplier, invoice(contract))

    (listed,) = buyer.get(PATH).json()
    assert (listed["id"], listed["account"]) == (account, "****5678")
    assert told(supplier) == []
    answer = buyer.get(f"{PATH}/{account}")

    assert answer.json() == {**listed, "account": NUMBER}
    assert answer.headers["cache-control"] == "no-store"
    for party in (supplier, buyer):
        (event,) = told(party)
        assert (event["actor_party_id"], event["subject_id"]) == (str(BUYER), str(SUPPLIER))
        data = {"party_id": str(SUPPLIER), "account_id": account, "account": "****5678"}
        assert event["data"] == data


def test_a_creditors_own_people_read_it_and_that_is_told_to_them_alone(
    supplier: Client, buyer: Client, account: str
) -> None:
    assert supplier.get(f"{PATH}/{account}").json()["account"] == NUMBER
    assert len(told(supplier)) == 1
    assert told(buyer) == []


def test_to_everybody_else_it_is_not_there(
    ledger: SignIn, supplier: Client, buyer: Client, contract: str, account: str
) -> None:
    """Who never owed, who owes no more, who is owed by it, and who only reads or administers."""
    stranger = ledger("core_enterprise", STRANGER)
    nothing = f"/v1/parties/{new_id()}/repayment-accounts"

    def refused() -> None:
        for who in (stranger, buyer, ledger("platform", BUYER)):
            absent = who.get(f"{nothing}/{account}")
            for path in (PATH, f"{PATH}/{account}", f"{PATH}/{new_id()}"):
                answer = who.get(path)
                assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
                assert answer.json() | {"request_id": ""} == absent.json() | {"request_id": ""}

    refused()
    claim = opened(supplier, invoice(contract))
    assert buyer.get(PATH).status_code == 200
    paid = {
        "reference": "P-1",
        "amount": "1000.00",
        "allocations": [{"receivable_id": claim, "amount": "1000.00"}],
    }
    assert buyer.post("/v1/payments", json=paid).status_code == 201
    refused()
    assert told(supplier) == []
    for role in ("operator", "regulator", "service"):
        assert ledger(role, None).get(f"{PATH}/{account}").status_code == 403


def test_an_address_in_the_log_is_whole_for_its_party_and_the_notifier_alone(
    ledger: SignIn, operator: Client
) -> None:
    party = {"id": str(new_id()), "name": "旁人丁", "kind": "SMALL", "email": "ding@example.com"}
    assert operator.post("/v1/parties", json=party).status_code == 201
    with db.transaction() as session:
        seal(session)

    def email(who: Client) -> list[str]:
        events = who.get("/v1/events", params={"limit": 1000}).json()["events"]
        return [one["data"]["email"] for one in events if one["subject_id"] == party["id"]]

    own = ledger("supplier", UUID(party["id"]))
    assert [email(who) for who in (own, ledger("service", None))] == [["ding@example.com"]] * 2
    assert [email(who) for who in (operator, ledger("regulator", None))] == [
        ["d***@example.com"]
    ] * 2


def test_a_debtor_sees_the_account_in_force_and_those_to_come(
    supplier: Client, buyer: Client, contract: str
) -> None:
    opened(supplier, invoice(contract))
    old = kept(supplier, days=-9, number="6222020200011111111")
    now = kept(supplier, days=-1)
    later = kept(supplier, days=9, number="6222020200022222222")

    assert [one["id"] for one in supplier.get(PATH).json()] == [later, now, old]
    assert [one["id"] for one in buyer.get(PATH).json()] == [later, now]
    assert buyer.get(f"{PATH}/{old}").status_code == 404
    assert supplier.get(f"{PATH}/{old}").json()["account"] == "6222020200011111111"
