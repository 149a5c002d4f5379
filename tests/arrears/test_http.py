"""Interest, facts and complaints over HTTP: roles, strangers, retries, refusals."""

from typing import Any

import pytest

from services.ledger.ids import new_id
from tests.ledger.conftest import STRANGER, Client, SignIn, invoice, opened


@pytest.fixture
def path(contract: str, supplier: Client) -> str:
    """A receivable of 1,000.00, due on 2025-09-08."""
    return f"/v1/receivables/{opened(supplier, invoice(contract))}"


def refused(client: Client, path: str, body: dict[str, Any]) -> tuple[int, str]:
    answer = client.post(path, json=body)
    return answer.status_code, answer.json()["code"]


def test_interest_is_claimed_by_the_supplier_and_read_by_both(
    path: str, buyer: Client, supplier: Client
) -> None:
    body = {"id": str(new_id()), "reading": "statutory", "until_on": "2025-10-08"}

    first = supplier.post(f"{path}/interest-claims", json=body)
    again = supplier.post(f"{path}/interest-claims", json=body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() == buyer.get(f"{path}/interest-claims").json()
    (claim,) = first.json()["claims"]
    assert (claim["from_on"], claim["until_on"], claim["amount"]) == (
        "2025-09-09",
        "2025-10-08",
        "15.00",
    )
    assert [span["interest"] for span in claim["spans"]] == ["15.00"]
    seen = buyer.get(path).json()
    assert (seen["open"], seen["claimed_interest"]) == ("1000.00", "15.00")


def test_a_claim_of_interest_is_refused_with_the_days_that_overlap(
    path: str, supplier: Client
) -> None:
    claims = f"{path}/interest-claims"
    assert supplier.post(claims, json={"reading": "statutory", "until_on": "2025-10-08"}).is_success

    answer = supplier.post(claims, json={"reading": "statutory", "until_on": "2025-10-01"})

    assert (answer.status_code, answer.json()["code"]) == (409, "INTEREST_OVERLAPS")
    assert "2025-10-01 to 2025-10-01" in answer.json()["detail"]
    assert "2025-10-01至2025-10-01" in answer.json()["detail_zh"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reading": "usury"}, "REQUEST_INVALID"),
        ({"reading": "court", "until_on": "2025-10-08"}, "NO_INTEREST"),
        ({"reading": "statutory", "until_on": "2025-09-08"}, "NO_INTEREST"),
        (
            {"reading": "statutory", "until_on": "2025-10-08", "on": "2025-10-07"},
            "INTEREST_NOT_ACCRUED",
        ),
        ({"reading": "statutory", "on": "2199-01-01"}, "DAY_IN_FUTURE"),
        ({"reading": "statutory", "amount": "1.00"}, "REQUEST_INVALID"),
    ],
)
def test_what_is_no_claim_of_interest_is_refused(
    path: str, supplier: Client, body: dict[str, Any], code: str
) -> None:
    assert refused(supplier, f"{path}/interest-claims", body)[1] == code
    assert supplier.get(f"{path}/interest-claims").json()["claims"] == []


def test_a_payment_over_http_goes_to_claimed_interest_first(
    path: str, buyer: Client, supplier: Client
) -> None:
    supplier.post(f"{path}/interest-claims", json={"reading": "statutory"})
    interest = buyer.get(path).json()["claimed_interest"]
    payment = {
        "reference": "P-1",
        "amount": interest,
        "allocations": [{"receivable_id": path.rsplit("/", maxsplit=1)[-1], "amount": interest}],
    }

    assert buyer.post("/v1/payments", json=payment).status_code == 201

    seen = buyer.get(path).json()
    assert (seen["open"], seen["claimed_interest"]) == ("1000.00", "0.00")
    report = supplier.get("/v1/reports/interest").json()
    assert [(row["paid"], row["open"], row["principal_open"]) for row in report["rows"]] == [
        (interest, "0.00", "1000.00")
    ]
    assert report["totals"][0]["claimed"] == interest


def test_a_claim_of_interest_is_withdrawn_or_waived(path: str, supplier: Client) -> None:
    body = {"id": str(new_id()), "reading": "statutory", "until_on": "2025-10-08"}
    supplier.post(f"{path}/interest-claims", json=body)
    waivers = f"{path}/interest-waivers"

    assert refused(supplier, waivers, {})[1] == "REQUEST_INVALID"
    assert refused(supplier, waivers, {"claim_id": str(new_id())}) == (404, "NOT_FOUND")
    assert refused(supplier, waivers, {"amount": "15.01"}) == (409, "AMOUNT_EXCEEDS")
    whole = supplier.post(waivers, json={"claim_id": body["id"], "reason": "达成和解"})

    assert (whole.status_code, whole.json()["claimed_open"]) == (201, "0.00")
    assert whole.json()["claims"][0]["withdrawn_on"] is not None
    assert refused(supplier, waivers, {"claim_id": body["id"]})[1] == "INTEREST_WITHDRAWN"


def test_facts_are_stated_by_the_party_they_are_of(
    path: str, buyer: Client, supplier: Client
) -> None:
    demand = {"id": str(new_id()), "kind": "DEMAND", "on": "2025-10-01", "reference": "函-1"}
    bill = {"kind": "BILL", "amount": "500.00", "on": "2025-09-05", "matures_on": "2026-03-05"}

    assert supplier.post(f"{path}/interruptions", json=demand).status_code == 201
    assert supplier.post(f"{path}/interruptions", json=demand).status_code == 200
    handed = buyer.post(f"{path}/instruments", json=bill)
    assert handed.status_code == 201
    reason = {"reason": "INTERNAL_PROCESS"}
    assert buyer.post(f"{path}/delay-reasons", json=reason).status_code == 201
    ended = supplier.post(f"{path}/arrears-facts/{handed.json()['id']}/end", json={})
    assert ended.status_code == 201

    assert refused(buyer, f"{path}/interruptions", {"kind": "DEMAND"}) == (403, "NOT_ALLOWED")
    late = {**bill, "matures_on": "2025-09-04"}
    assert refused(buyer, f"{path}/instruments", late)[1] == "MATURITY_INVALID"
    kinds = [fact["kind"] for fact in supplier.get(f"{path}/arrears-facts").json()]
    assert kinds == ["INSTRUMENT", "DEMAND", "DELAY_REASON", "ENDED"]
    flags = buyer.get(f"{path}/reasoning").json()["result"]["flags"]
    assert "R-EXCUSE" in flags


def test_a_complaint_goes_its_way_over_http(
    path: str, buyer: Client, supplier: Client, ledger: SignIn
) -> None:
    regulator = ledger("regulator", None)
    body = {"id": str(new_id()), "text": "货款逾期未付", "no_proceedings": True}

    filed = supplier.post(f"{path}/complaints", json=body)
    assert (filed.status_code, filed.json()["state"], filed.json()["amount"]) == (
        201,
        "FILED",
        "1000.00",
    )
    assert supplier.post(f"{path}/complaints", json=body).status_code == 200
    one = f"{path}/complaints/{body['id']}"
    assert refused(supplier, f"{one}/steps", {"kind": "ACCEPTED"}) == (403, "NOT_ALLOWED")
    assert refused(regulator, f"{one}/steps", {"kind": "RESULT"}) == (409, "STEP_REFUSED")
    step = {"id": str(new_id()), "kind": "ACCEPTED"}
    assert regulator.post(f"{one}/steps", json=step).status_code == 201
    assert regulator.post(f"{one}/steps", json=step).status_code == 200

    seen = regulator.get(one).json()
    assert (seen["state"], seen["timer"]) == ("ACCEPTED", "TRANSFER")
    assert [each["kind"] for each in seen["steps"]] == ["ACCEPTED"]
    listed = regulator.get("/v1/complaints", params={"timer": "late"}).json()
    assert listed["items"] == []
    assert len(regulator.get("/v1/complaints").json()["items"]) == 1
    assert buyer.get(one).status_code == 404
    assert buyer.get("/v1/complaints").json()["items"] == []


def test_complaints_are_read_a_page_at_a_time(
    contract: str, supplier: Client, ledger: SignIn
) -> None:
    regulator = ledger("regulator", None)
    for number in range(3):
        body = invoice(contract, invoice_number=f"2531200000000000000{number}")
        path = f"/v1/receivables/{opened(supplier, body)}/complaints"
        supplier.post(path, json={"text": "逾期", "no_proceedings": True})
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 2}

    for _ in range(2):
        page = regulator.get("/v1/complaints", params=params).json()
        seen += [item["id"] for item in page["items"]]
        params["cursor"] = page["next"]

    assert len(set(seen)) == len(seen) == 3
    assert page["next"] is None


NOWHERE = "00000000-0000-7000-8000-000000000000"
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("interest-claims", {"reading": "statutory"}),
    ("interest-waivers", {"amount": "1.00"}),
    ("interruptions", {"kind": "DEMAND"}),
    ("instruments", {"kind": "BILL", "amount": "1.00", "matures_on": "2199-01-01"}),
    ("delay-reasons", {"reason": "OTHER"}),
    (f"arrears-facts/{NOWHERE}/end", {}),
    ("complaints", {"text": "逾期", "no_proceedings": True}),
    (f"complaints/{NOWHERE}/steps", {"kind": "WITHDRAWN"}),
]
READS = ("interest-claims", "arrears-facts", f"complaints/{NOWHERE}")


@pytest.mark.parametrize(("where", "body"), WRITES, ids=[where[:16] for where, _ in WRITES])
def test_to_strangers_there_is_nothing_to_write_to(
    path: str, ledger: SignIn, where: str, body: dict[str, Any]
) -> None:
    for role in ("core_enterprise", "supplier"):
        stranger = ledger(role, STRANGER)
        assert refused(stranger, f"{path}/{where}", body) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("where", "body"), WRITES[:5] + WRITES[6:7], ids=[w[:16] for w, _ in WRITES[:5] + WRITES[6:7]]
)
def test_authorities_and_operators_act_for_nobody(
    path: str, ledger: SignIn, where: str, body: dict[str, Any]
) -> None:
    for role in ("regulator", "operator"):
        assert refused(ledger(role, None), f"{path}/{where}", body) == (403, "NOT_ALLOWED")


@pytest.mark.parametrize("where", READS)
def test_to_strangers_there_is_nothing_to_read(path: str, ledger: SignIn, where: str) -> None:
    assert ledger("supplier", STRANGER).get(f"{path}/{where}").status_code == 404


def test_reports_and_lists_are_empty_to_strangers(
    path: str, supplier: Client, ledger: SignIn
) -> None:
    supplier.post(f"{path}/interest-claims", json={"reading": "statutory"})
    supplier.post(f"{path}/complaints", json={"text": "逾期", "no_proceedings": True})
    stranger = ledger("supplier", STRANGER)

    report = stranger.get("/v1/reports/interest").json()
    assert (report["rows"], report["totals"]) == ([], [])
    assert stranger.get("/v1/complaints").json()["items"] == []


def test_costs_are_claimed_by_the_supplier_paid_first_and_withdrawn(
    path: str, ledger: SignIn, buyer: Client, supplier: Client
) -> None:
    fee = {"id": str(new_id()), "kind": "LAWYER", "amount": "80.00", "text": "委托合同与发票"}

    answers = [supplier.post(f"{path}/costs", json=fee) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    seen = buyer.get(path).json()
    assert (seen["open"], seen["claimed_costs"]) == ("1000.00", "80.00")
    assert refused(buyer, f"{path}/costs", fee | {"id": str(new_id())}) == (403, "NOT_ALLOWED")
    assert refused(supplier, f"{path}/costs", fee | {"amount": "81.00"}) == (409, "ID_REUSED")
    unshown = {"kind": "OTHER", "amount": "1.00"}
    assert refused(supplier, f"{path}/costs", unshown) == (422, "COSTS_UNSHOWN")
    bad = {"kind": "DINNER", "amount": "1.00", "text": "x"}
    assert refused(supplier, f"{path}/costs", bad) == (422, "REQUEST_INVALID")
    stranger = ledger("supplier", STRANGER)
    assert stranger.post(f"{path}/costs", json=fee).status_code == 404
    paid = {"receivable_id": path.rpartition("/")[2], "amount": "30.00"}
    payment = {"reference": "P-1", "amount": "30.00", "allocations": [paid]}
    assert buyer.post("/v1/payments", json=payment).status_code == 201
    assert buyer.get(path).json()["claimed_costs"] == "50.00"
    end = f"{path}/arrears-facts/{fee['id']}/end"
    assert refused(buyer, end, {}) == (403, "NOT_ALLOWED")
    assert supplier.post(end, json={}).status_code == 201
    seen = buyer.get(path).json()
    assert (seen["open"], seen["claimed_costs"]) == ("1000.00", "0.00")
