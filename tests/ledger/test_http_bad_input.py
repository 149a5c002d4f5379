from typing import Any
from uuid import UUID

import pytest

from services.ledger.ids import new_id
from tests.ledger.conftest import Client, invoice, opened

BAD = [
    ({"amount": "-1.00"}, "AMOUNT_NOT_POSITIVE"),
    ({"amount": "1.005"}, "AMOUNT_INVALID"),
    ({"amount": "NaN"}, "AMOUNT_INVALID"),
    ({"amount": "1e3"}, "AMOUNT_INVALID"),
    ({"amount": "１２.５０"}, "AMOUNT_INVALID"),
    ({"amount": "0"}, "AMOUNT_NOT_POSITIVE"),
    ({"amount": "99999999999999.00"}, "AMOUNT_INVALID"),
    ({"amount": 1000.5}, "AMOUNT_NOT_TEXT"),
    ({"amount": 1000}, "AMOUNT_NOT_TEXT"),
    ({"issued_on": "2025-02-30"}, "DAY_INVALID"),
    ({"issued_on": 20250101}, "DAY_INVALID"),
    ({"delivered_on": "2025-7-9"}, "DAY_INVALID"),
    ({"invoice_number": "12\u0000"}, "TEXT_INVALID"),
    ({"currency": "cny"}, "string_pattern_mismatch"),
    ({"colour": "red"}, "extra_forbidden"),
]


@pytest.mark.parametrize(("change", "code"), BAD)
def test_bad_fields_are_refused_by_name_and_nothing_is_written(
    supplier: Client, contract: str, change: dict[str, Any], code: str
) -> None:
    answer = supplier.post("/v1/receivables", json=invoice(contract, **change))

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert error["field"] == f"body.{next(iter(change))}"
    assert supplier.get("/v1/receivables").json()["items"] == []


REFUSED = [
    ({"contract_id": str(UUID(int=1))}, 404, "NOT_FOUND"),
    ({"order_id": str(UUID(int=1))}, 404, "NOT_FOUND"),
    ({"invoice_number": "123"}, 422, "INVOICE_NUMBER_INVALID"),
    ({"invoice_number": "2" * 20, "issued_on": "2021-12-31"}, 422, "INVOICE_NUMBER_INVALID"),
    ({"issued_on": "2198-01-01"}, 422, "DAY_IN_FUTURE"),
]


@pytest.mark.parametrize(("change", "status", "code"), REFUSED)
def test_what_does_not_fit_is_refused_with_a_code(
    supplier: Client, contract: str, change: dict[str, Any], status: int, code: str
) -> None:
    answer = supplier.post("/v1/receivables", json=invoice(contract, **change))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail_zh"]
    assert supplier.get("/v1/receivables").json()["items"] == []


def test_unreadable_bodies_are_refused_without_a_fault(supplier: Client) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"{", b"\xff", b'{"amount": NaN}', b'{"reason": "\\ud800"}', b"[" * 100_000):
        answer = supplier.post("/v1/receivables", content=body, headers=headers)
        assert answer.status_code in {400, 422}, body[:20]
        assert answer.headers["content-type"] == "application/problem+json"
    large = supplier.post("/v1/receivables", content=b" " * 2_000_000, headers=headers)
    assert (large.status_code, large.json()["code"]) == (413, "TOO_LARGE")


def test_a_wrong_credit_code_is_refused_with_the_right_character(operator: Client) -> None:
    party = {"name": "某公司", "kind": "SMALL", "identifiers": {"USCC": "91330106MA27XY1B8A"}}

    answer = operator.post("/v1/parties", json=party)

    assert answer.json()["code"] == "USCC_INVALID"
    assert "check character is L" in answer.json()["detail"]


def test_the_same_request_again_is_answered_and_other_content_refused(
    supplier: Client, contract: str
) -> None:
    body = invoice(contract)
    opened(supplier, body)

    assert supplier.post("/v1/receivables", json=body).status_code == 200
    other = supplier.post("/v1/receivables", json=body | {"amount": "2.00"})
    assert (other.status_code, other.json()["code"]) == (409, "ID_REUSED")
    taken = supplier.post("/v1/receivables", json=body | {"id": str(new_id())})
    assert (taken.status_code, taken.json()["code"]) == (409, "INVOICE_CLAIMED")


DAYS = ("0", "20250101", "2025-1-1", "1899-12-31", "2200-01-01")
INSTANTS = ("0", "20250101", "2025-01-01", "2025-01-01T08:00:00", "0001-01-01T00:00:00+14:00")


def test_what_is_asked_as_of_is_a_day_and_known_at_an_instant(
    supplier: Client, contract: str
) -> None:
    """20250101 is no day: taken for seconds, it was answered as of a day in 1970."""
    claim = opened(supplier, invoice(contract))
    paths = supplier.get("/v1/openapi.json").json()["paths"]
    asked: dict[str, set[str]] = {"as_of": set(), "known_at": set()}
    for path, methods in paths.items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["name"] in asked:
                asked[parameter["name"]].add(path.replace("{receivable_id}", claim))
    assert min(map(len, asked.values())) >= 6

    for name, wrong in (("as_of", DAYS), ("known_at", INSTANTS)):
        for path in asked[name]:
            for value in wrong:
                answer = supplier.get(path, params={name: value})
                assert answer.status_code == 422, (path, name, value, answer.text)
                assert [e["field"] for e in answer.json()["errors"]] == [f"query.{name}"]
