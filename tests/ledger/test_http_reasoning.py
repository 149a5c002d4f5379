from datetime import date

from tests.ledger.conftest import STRANGER, Client, SignIn, invoice, opened


def test_the_reasoning_is_read_over_http(
    ledger: SignIn, contract: str, buyer: Client, supplier: Client
) -> None:
    path = f"/v1/receivables/{opened(supplier, invoice(contract))}/reasoning"

    answer = buyer.get(path)

    assert answer.status_code == 200, answer.text
    body = answer.json()
    late = (date.fromisoformat(body["as_of"]) - date(2025, 9, 8)).days
    assert (body["result"]["due_on"], body["result"]["days_overdue"]) == ("2025-09-08", late)
    assert (body["book"]["due_on"], body["book"]["days_overdue"]) == ("2025-09-08", late)
    assert body["case"]["facts"]["amount"] == "1000.00"
    again = buyer.post("/v1/law/explain", json=body["case"])
    assert again.json() == body["result"]
    assert ledger("core_enterprise", STRANGER).get(path).status_code == 404
    assert buyer.get(path, params={"as_of": "2025-07-01"}).json()["code"] == "NOT_YET_OPENED"
