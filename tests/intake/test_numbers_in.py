"""The numbers that a file gives its documents are those of the party that sends it."""

from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.ids import id_of, new_id
from services.ledger.intake import desk
from services.ledger.intake.tasks import work
from services.ledger.parties.service import Registration, register
from tests.intake.files import BUYER, CLAIM_HEAD, OTHER, SELLER, STRANGER, claim
from tests.intake.over_http import SignIn, asked, committed

ORDER_HEAD = "订单编号,合同编号,买方统一社会信用代码,卖方统一社会信用代码,下单日期,金额"
Trade = tuple[str, str, str, TestClient]


def taken(client: TestClient, name: str, *lines: str) -> dict[str, Any]:
    file = {"file": (name, "\n".join(lines).encode())}
    answer = client.post("/v1/imports", files=file, data={"profile": "standard"})
    assert answer.status_code == 202, answer.text
    import_id = answer.json()["id"]
    work(import_id=import_id)
    committed(client, import_id)
    work(import_id=import_id)
    report: dict[str, Any] = asked(client, import_id)["report"]
    return report


@pytest.fixture
def trades(sign_in: SignIn, client: TestClient) -> list[Trade]:
    """Two suppliers, each with a buyer and a contract of its own."""
    found = []
    for buyer, seller in ((BUYER, SELLER), (OTHER, STRANGER)):
        with db.transaction() as session:
            ids = {}
            for code, kind in ((buyer, "LARGE"), (seller, "SMALL")):
                ids[code] = new_id()
                party = Registration(ids[code], "企业", kind, identifiers={"USCC": code})
                register(session, OPERATOR, party)
        contract = {
            "reference": "HT-1",
            "debtor_id": str(ids[buyer]),
            "creditor_id": str(ids[seller]),
            "signed_on": "2025-06-10",
        }
        made = sign_in("core_enterprise", ids[buyer]).post("/v1/contracts", json=contract)
        assert made.status_code == 201, made.text
        found.append((buyer, seller, made.json()["id"], sign_in("supplier", ids[seller])))
    return found


def _orders(trade: Trade, amount: str) -> dict[str, Any]:
    buyer, seller, _, client = trade
    return taken(client, "订单.csv", ORDER_HEAD, f"PO-1,HT-1,{buyer},{seller},2025-06-20,{amount}")


def _claims(trade: Trade, number: int) -> dict[str, Any]:
    buyer, seller, _, client = trade
    row = claim(number, id="AR1", buyer=buyer, seller=seller)
    return taken(client, "应收账款.csv", CLAIM_HEAD, row)


def test_two_parties_may_number_alike(trades: list[Trade]) -> None:
    for number, trade in enumerate(trades, start=1):
        for report in (_orders(trade, f"{number}00.00"), _claims(trade, number)):
            assert (report["errors"], list(report["new"].values())) == ([], [1])
        assert len(trade[3].get("/v1/receivables").json()["items"]) == 1


def test_numbers_without_their_sender_would_be_taken_for_one(
    trades: list[Trade], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: ids of the profile's book and the number alone."""
    monkeypatch.setattr(
        desk, "numbered", lambda name, source, _, number: id_of(name, source, number)
    )
    _orders(trades[0], "100.00")

    assert [one["code"] for one in _orders(trades[1], "200.00")["errors"]] == ["ID_REUSED"]
    assert _placed(trades[1], id_of("order", "standard", "PO-1")) == 409


def test_nobody_can_work_out_the_id_of_a_number(trades: list[Trade]) -> None:
    """Whoever knows the party, the profile and the number finds no id that is taken."""
    _orders(trades[0], "100.00")
    owner = UUID(trades[0][3].get("/v1/contracts").json()["items"][0]["creditor_id"])

    for book in (("standard",), ("standard", owner)):
        assert _placed(trades[1], id_of("order", *book, "PO-1")) == 201


def _placed(trade: Trade, order_id: UUID) -> int:
    body = {"id": str(order_id), "contract_id": trade[2], "reference": "x"}
    answer = trade[3].post("/v1/orders", json={**body, "placed_on": "2025-06-20"})
    return int(answer.status_code)
