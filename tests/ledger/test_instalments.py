"""An invoice owed in instalments: each a receivable of its own, all under one identity."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.insight.simulation import Change, Part, simulate
from services.ledger.insight.verify import verify
from tests.ledger.conftest import Client, SignIn, invoice

PLAN = [
    {"kind": "ADVANCE", "amount": "300.00", "agreed_due_on": "2025-07-15"},
    {"kind": "PROGRESS", "amount": "600.00"},
    {"kind": "RETENTION", "amount": "100.00", "agreed_due_on": "2026-07-10"},
]


def planned(contract: str, **changes: Any) -> dict[str, Any]:
    return {**invoice(contract), "instalments": PLAN, **changes}


def shown(client: Client, ids: list[str]) -> list[dict[str, Any]]:
    return [client.get(f"/v1/receivables/{one}").json() for one in ids]


def verified() -> list[Any]:
    with db.transaction() as session:
        return list(verify(session))


@pytest.fixture
def lines(supplier: Client, contract: str) -> list[str]:
    answer = supplier.post("/v1/receivables", json=planned(contract))
    assert answer.status_code == 201, answer.text
    ids: list[str] = answer.json()["instalments"]
    assert ids[0] == answer.json()["id"]
    return ids


def test_each_instalment_is_due_on_its_own_day(supplier: Client, lines: list[str]) -> None:
    found = shown(supplier, lines)

    assert [(one["instalment"], one["instalment_kind"]) for one in found] == [
        (1, "ADVANCE"),
        (2, "PROGRESS"),
        (3, "RETENTION"),
    ]
    assert [one["amount"] for one in found] == ["300.00", "600.00", "100.00"]
    # 60 days after delivery on 2025-07-09 end on Sunday, 2025-09-07; retention has no such limit.
    assert [one["due_on"] for one in found] == ["2025-07-15", "2025-09-08", "2026-07-10"]
    assert {one["invoice_number"] for one in found} == {"25312000000000000001"}


def test_overdue_is_counted_by_instalment(supplier: Client, lines: list[str]) -> None:
    def late(on: str) -> dict[str, int]:
        answer = supplier.get("/v1/reports/overdue", params={"as_of": on})
        return {row["id"]: row["days_overdue"] for row in answer.json()["rows"]}

    assert late("2025-07-20") == {lines[0]: 5}
    assert late("2025-09-18") == {lines[0]: 65, lines[1]: 10}
    assert late("2026-07-11") == {lines[0]: 361, lines[1]: 306, lines[2]: 1}


def test_the_law_over_the_whole_book_gives_each_instalment_its_day(lines: list[str]) -> None:
    with db.transaction() as session:
        found = simulate(
            session, OPERATOR, Change(), Part(), as_of=date(2026, 11, 22), known_at=now()
        )

    rows = {row["id"]: row for row in found.rows}
    assert [(rows[one]["due_on"], rows[one]["days_overdue"]) for one in lines] == [
        ("2025-07-15", 495),
        ("2025-09-08", 440),
        ("2026-07-10", 135),
    ]


def test_the_reasoning_of_retention_gives_its_agreed_day(
    supplier: Client, lines: list[str]
) -> None:
    reasons = [
        supplier.get(f"/v1/receivables/{one}/reasoning", params={"as_of": "2026-11-22"}).json()
        for one in lines
    ]

    days = ["2025-07-15", "2025-09-08", "2026-07-10"]
    assert [one["result"]["due_on"] for one in reasons] == days
    assert [one["book"]["due_on"] for one in reasons] == days
    late = [(one["result"]["days_overdue"], one["book"]["days_overdue"]) for one in reasons]
    assert late == [(495, 495), (440, 440), (135, 135)]


def test_the_books_hold_with_instalments(supplier: Client, lines: list[str]) -> None:
    assert verified() == []


def test_an_invoice_in_instalments_is_not_claimed_again_as_a_whole_or_in_others(
    supplier: Client, contract: str, lines: list[str]
) -> None:
    for again in (invoice(contract), planned(contract, instalments=PLAN[:0]), planned(contract)):
        answer = supplier.post("/v1/receivables", json={**again, "id": str(new_id())})
        assert (answer.status_code, answer.json()["code"]) == (409, "INVOICE_CLAIMED")


def test_the_same_instalments_again_are_answered_and_others_refused(
    supplier: Client, contract: str
) -> None:
    body = planned(contract)
    first = supplier.post("/v1/receivables", json=body)
    again = supplier.post("/v1/receivables", json=body)
    other_day = [*PLAN[:2], {**PLAN[2], "agreed_due_on": "2026-07-11"}]
    others = (
        supplier.post("/v1/receivables", json={**body, "instalments": other_day}),
        supplier.post("/v1/receivables", json={**body, "instalments": []}),
    )

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert [(one.status_code, one.json()["code"]) for one in others] == [(409, "ID_REUSED")] * 2


@pytest.mark.parametrize(
    "plan",
    [
        [{"kind": "FINAL", "amount": "999.99"}],
        [{"kind": "FINAL", "amount": "900.00"}, {"kind": "RETENTION", "amount": "100.00"}],
    ],
    ids=["not the amount of the invoice", "retention without a day"],
)
def test_instalments_that_do_not_make_the_invoice_are_refused(
    supplier: Client, contract: str, plan: list[dict[str, str]]
) -> None:
    answer = supplier.post("/v1/receivables", json=planned(contract, instalments=plan))

    assert (answer.status_code, answer.json()["code"]) == (422, "INSTALMENTS_INVALID")


def test_instalments_that_name_a_receipt_wait_for_it_together(
    supplier: Client, buyer: Client, contract: str
) -> None:
    order = buyer.post(
        "/v1/orders",
        json={"contract_id": contract, "reference": "O-1", "placed_on": "2025-07-01",
              "amount": "1000.00"},
    )  # fmt: skip
    assert order.status_code == 201, order.text
    path = f"/v1/orders/{order.json()['id']}"

    def told(what: str, on: str) -> str:
        answer = buyer.post(f"{path}/{what}", json={"reference": "R-1", "on": on})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["receipt_id"])

    body = planned(contract, receipt_ids=[told("deliveries", "2025-07-09")])
    body["instalments"] = [{**PLAN[1], "amount": "900.00"}, PLAN[2]]
    del body["delivered_on"]
    ids = supplier.post("/v1/receivables", json=body).json()["instalments"]
    assert [one["due_on"] for one in shown(supplier, ids)] == ["2025-09-08", "2026-07-10"]

    told("cancellations", "2025-07-11")

    assert [one["due_on"] for one in shown(supplier, ids)] == [None, "2026-07-10"]
    assert verified() == []


def test_a_buyer_that_opens_instalments_has_confirmed_each(
    ledger: SignIn, buyer: Client, contract: str
) -> None:
    ids = buyer.post("/v1/receivables", json=planned(contract)).json()["instalments"]

    assert {one["lifecycle"] for one in shown(buyer, ids)} == {"confirmed"}
    with db.transaction() as session:
        told = session.connection().execute(
            text("SELECT type, count(*) FROM events WHERE subject_id = ANY(:ids) GROUP BY 1"),
            {"ids": ids},
        )
        assert dict(told.all()) == {"receivable.opened": 3, "receivable.confirmed": 3}
