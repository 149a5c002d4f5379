from datetime import date

from services.ledger.clock import today
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


def test_what_is_typed_in_late_is_in_the_book_from_the_day_of_its_invoice(
    contract: str, buyer: Client, supplier: Client
) -> None:
    one = opened(supplier, invoice(contract))
    day = {"as_of": "2025-12-31"}

    found = supplier.get(f"/v1/receivables/{one}/reasoning", params=day).json()
    late = supplier.get("/v1/reports/overdue", params=day).json()["rows"]

    assert (found["result"]["days_overdue"], found["book"]["days_overdue"]) == (114, 114)
    assert [(row["id"], row["days_overdue"]) for row in late] == [(one, 114)]
    then = day | {"known_at": "2025-12-31T23:59:59+08:00"}
    assert supplier.get("/v1/reports/overdue", params=then).json()["rows"] == []


def test_what_the_debtor_types_in_late_it_confirms_on_that_day(
    contract: str, buyer: Client
) -> None:
    one = opened(buyer, invoice(contract))

    found = buyer.get(f"/v1/receivables/{one}").json()

    assert (found["issued_on"], found["confirmed_on"]) == ("2025-07-10", str(today()))
