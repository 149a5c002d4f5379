"""What a contract or a receivable says, in the words of the case: kept, audited, reasoned with."""

from typing import Any

import pytest

from services.ledger.ids import new_id
from tests.ledger.conftest import BUYER, SUPPLIER, Client, invoice, opened
from tests.ledger.test_instalments import PLAN

Json = dict[str, Any]


def signed(client: Client, terms: Json, **more: Any) -> Any:
    parties = {"debtor_id": str(BUYER), "creditor_id": str(SUPPLIER)}
    said = {"reference": "合同-2", "signed_on": "2025-06-10", "terms": terms, **parties, **more}
    return client.post("/v1/contracts", json=said)


def agreed(client: Client, terms: Json, **more: Any) -> str:
    answer = signed(client, terms, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def reasoned(client: Client, receivable_id: str, as_of: str | None = None) -> Json:
    path = f"/v1/receivables/{receivable_id}/reasoning"
    answer = client.get(path, params={"as_of": as_of} if as_of else None)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    judged_again = client.post("/v1/law/explain", json=body["case"]).json()
    assert {**judged_again, "trace": None} == {**body["result"], "trace": None}
    return body


def other_result(body: Json, reading: str) -> Json:
    (one,) = [each for each in body["result"]["readings"] if each["id"] == reading]
    result: Json = one["alternatives"][0]["result"]
    return result


def simulated(client: Client, as_of: str, **change: Any) -> Json:
    answer = client.post("/v1/simulations", json={"as_of": as_of, **change})
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["rows"]
    found: Json = row
    return found


def test_a_penalty_owed_once_counts_until_the_floor_comes_to_more(buyer: Client) -> None:
    contract = agreed(buyer, {"penalty_percent": "1.5"})
    one = opened(buyer, invoice(contract))

    early = reasoned(buyer, one, "2025-10-08")["result"]
    # 1.5 % of 1000.00, once; 30 days at the LPR of 3.00 % are 2.47.
    assert early["interest"]["agreed"] == "15.00"
    assert (early["interest"]["floor"], early["flags"]) == (None, [])
    late = reasoned(buyer, one, "2026-06-01")["result"]
    # 266 days at 3.00 % a year of 365 days.
    assert (late["interest"]["agreed"], late["interest"]["floor"]) == ("15.00", "21.86")
    assert "RATE_BELOW_LPR" in late["flags"]
    live = [simulated(buyer, on)["live"]["interest"] for on in ("2025-10-08", "2026-06-01")]
    assert live == ["15.00", "21.86"]


def test_interest_stops_at_its_cap(buyer: Client) -> None:
    terms = {"agreed_daily_rate_percent": "0.05", "penalty_cap_percent": "1"}
    one = opened(buyer, invoice(agreed(buyer, terms)))

    result = reasoned(buyer, one, "2025-10-08")["result"]

    # 30 days at 0.05 % would be 15.00.
    assert result["interest"]["agreed"] == "10.00"
    assert simulated(buyer, "2025-10-08")["live"]["interest"] == "10.00"


@pytest.mark.parametrize(
    "terms",
    [
        {"penalty_cap_percent": "5"},
        {"penalty_percent": "-1"},
        {"deposits": [{"kind": "QUALITY", "percent": "three"}]},
        {"framework_signed_on": "2025-06-11"},
        {"framework_signed_on": "2025-02-30"},
    ],
)
def test_words_that_make_no_sense_are_refused(buyer: Client, terms: Json) -> None:
    answer = signed(buyer, terms)

    assert answer.status_code == 422, answer.text


def test_a_deposit_above_its_limit_is_found_at_the_contract_and_in_the_reasoning(
    buyer: Client,
) -> None:
    deposits = [{"kind": "PERFORMANCE", "percent": "10.5"}]
    contract = agreed(buyer, {"deposits": deposits}, subject="WORKS")

    audit = buyer.get(f"/v1/contracts/{contract}/audit").json()
    body = reasoned(buyer, opened(buyer, invoice(contract)), "2025-08-01")

    assert [one["flag"] for one in audit["findings"]] == ["R-DEPOSIT-RATIO"]
    assert body["case"]["contract"]["deposits"] == [deposits[0] | {"cash_only": False}]
    assert "R-DEPOSIT-RATIO" in body["result"]["flags"]


def test_the_day_of_the_framework_agreement_is_the_other_reading(buyer: Client) -> None:
    contract = agreed(buyer, {"framework_signed_on": "2025-05-20"})
    body = reasoned(buyer, opened(buyer, invoice(contract)), "2025-10-20")

    assert body["case"]["contract"]["framework_signed_on"] == "2025-05-20"
    assert body["result"]["due_on"] == "2025-09-08"
    # Before June 2025 no term is given to a large enterprise that agreed none.
    assert other_result(body, "FRAMEWORK")["due_on"] is None
    row = simulated(buyer, "2025-10-20", readings={"contract_date": "FRAMEWORK"})
    assert (row["live"]["due_on"], row["simulated"]["due_on"]) == ("2025-09-08", None)


def test_the_day_of_the_invoice_is_told_for_the_reading_that_waits_for_it(
    buyer: Client, contract: str
) -> None:
    one = opened(buyer, invoice(contract, issued_on="2025-07-20"))

    body = reasoned(buyer, one, "2025-10-20")

    assert body["case"]["facts"]["invoiced_on"] == "2025-07-20"
    assert body["result"]["due_on"] == "2025-09-08"
    assert other_result(body, "O7")["due_on"] == "2025-09-18"


@pytest.mark.parametrize(
    ("facts", "start_on"),
    [({}, "2025-07-09"), ({"delivered_on": None}, None), ({"delivered_on": "2025-09-10"}, None)],
)
def test_an_agreed_day_of_payment_stands_in_the_case_as_it_was_agreed(
    buyer: Client, contract: str, facts: Json, start_on: str | None
) -> None:
    one = opened(buyer, invoice(contract, agreed_due_on="2025-09-06", **facts))

    body = reasoned(buyer, one, "2025-09-20")

    assert body["case"]["contract"]["due_on"] == "2025-09-06"
    assert "term_days" not in body["case"]["contract"]
    # A Saturday.
    assert (body["result"]["due_on"], body["result"]["days_overdue"]) == ("2025-09-08", 12)
    assert (body["book"]["due_on"], body["book"]["days_overdue"]) == ("2025-09-08", 12)
    assert body["result"]["start_on"] == start_on or facts
    assert body["notes"] == []


def test_each_instalment_is_a_line_of_its_case(buyer: Client) -> None:
    contract = agreed(buyer, {}, subject="WORKS")
    body = {**invoice(contract), "id": str(new_id()), "instalments": PLAN}
    ids = buyer.post("/v1/receivables", json=body).json()["instalments"]

    cases = [reasoned(buyer, one, "2026-08-01") for one in ids]

    lines = [one["case"]["contract"]["lines"] for one in cases]
    assert lines == [
        [{"kind": "ADVANCE", "due_on": "2025-07-15"}],
        [{"kind": "PROGRESS"}],
        [{"kind": "RETENTION", "due_on": "2026-07-10"}],
    ]
    due_days = ["2025-07-15", "2025-09-08", "2026-07-10"]
    assert [one["result"]["due_on"] for one in cases] == due_days
    assert [one["result"]["lines"][0]["due_on"] for one in cases] == due_days
    amounts = [one["result"]["overdue_undisputed"] for one in cases]
    assert amounts == ["300.00", "600.00", "100.00"]
    stated = [one["facts"]["receivable"] for one in cases]
    assert [(one["instalment"], one["instalment_kind"]) for one in stated] == [
        (1, "ADVANCE"),
        (2, "PROGRESS"),
        (3, "RETENTION"),
    ]
    # 100.00 of 1000.00 is kept back; at most 3 % may be.
    assert ["R-DEPOSIT-RATIO" in one["result"]["flags"] for one in cases] == [False, False, True]
    assert {note["id"] for one in cases for note in one["notes"]} == {"INSTALMENT"}


def test_retention_within_its_limit_is_not_flagged(buyer: Client) -> None:
    contract = agreed(buyer, {}, subject="WORKS")
    plan = [
        {"kind": "FINAL", "amount": "970.00"},
        {"kind": "RETENTION", "amount": "30.00", "agreed_due_on": "2026-07-10"},
    ]
    body = {**invoice(contract), "id": str(new_id()), "instalments": plan}
    ids = buyer.post("/v1/receivables", json=body).json()["instalments"]

    case = reasoned(buyer, ids[1], "2026-08-01")

    (kept,) = case["case"]["contract"]["deposits"]
    assert kept == {"kind": "QUALITY", "percent": "3.00000000"}
    assert "R-DEPOSIT-RATIO" not in case["result"]["flags"]


def test_a_term_waits_for_every_receipt_and_the_note_says_so(buyer: Client, contract: str) -> None:
    order = buyer.post(
        "/v1/orders",
        json={"contract_id": contract, "reference": "O-1", "placed_on": "2025-07-01"},
    ).json()
    receipts = [
        buyer.post(
            f"/v1/orders/{order['id']}/deliveries", json={"reference": name, "on": "2025-07-09"}
        ).json()["receipt_id"]
        for name in ("R-1", "R-2")
    ]
    body = invoice(contract, receipt_ids=receipts)
    del body["delivered_on"]
    one = opened(buyer, body)
    said = {"reference": "R-2", "on": "2025-07-12"}
    buyer.post(f"/v1/orders/{order['id']}/cancellations", json=said)

    found = reasoned(buyer, one)

    (note,) = found["notes"]
    assert "waits until every one of them has started" in note["text_en"]
    assert "全部收货单" in note["text_zh"]
    assert (found["result"]["start_on"], found["book"]["due_on"]) == (None, None)
