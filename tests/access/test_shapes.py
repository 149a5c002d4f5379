"""What nobody would read is refused, so that no sender takes an answer for something else."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from tests.ledger.conftest import Client, buyer, contract, invoice, operator, supplier

__all__ = ["buyer", "contract", "operator", "supplier"]

JSON = {"content-type": "application/json"}
CSV = ("企业.csv", "统一社会信用代码,名称,类型\nX,错,大型企业\n".encode())


def problems(answer: Any) -> list[tuple[str, str]]:
    return [(one["code"], one["field"]) for one in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("as_off=2025-09-30", ("extra_forbidden", "query.as_off")),
        ("as_of=2025-09-30&as_of=2025-10-01", ("FIELD_REPEATED", "query.as_of")),
        ("as_of=2025-09-30&debtor=7", ("extra_forbidden", "query.debtor")),
        ("AS_OF=2025-09-30", ("extra_forbidden", "query.AS_OF")),
    ],
)
def test_a_filter_that_would_be_passed_over_is_refused(
    supplier: Client, query: str, said: tuple[str, str]
) -> None:
    answer = supplier.get(f"/v1/reports/ageing?{query}")

    assert answer.status_code == 422
    assert problems(answer) == [said]
    assert supplier.get("/v1/reports/ageing?as_of=2025-09-30").status_code == 200


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('{"amount": "1.00", "amount": "2.00"}', ("FIELD_REPEATED", "body.amount")),
        ('{"a": {"b": 1, "c": 2, "b": 1}}', ("FIELD_REPEATED", "body.b")),
        ('{"amount": NaN}', ("json_invalid", "body.")),
        ('{"amount": -Infinity}', ("json_invalid", "body.")),
    ],
)
def test_json_that_two_readers_would_read_differently_is_refused(
    supplier: Client, raw: str, said: tuple[str, str]
) -> None:
    for path in ("/v1/receivables", "/v1/law/explain"):
        answer = supplier.post(path, content=raw, headers=JSON)
        assert answer.status_code == 422
        assert problems(answer) == [said]


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "",
        "application/json; charset=gbk",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
def test_a_body_of_another_kind_is_refused_before_it_is_misread(
    supplier: Client, contract: str, kind: str
) -> None:
    body = json.dumps(invoice(contract, reference="某某"), ensure_ascii=False).encode("gbk")
    answer = supplier.post("/v1/receivables", content=body, headers={"content-type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")
    assert answer.headers["content-type"] == "application/problem+json"


def test_json_of_another_name_and_case_is_taken(supplier: Client, contract: str) -> None:
    body = json.dumps(invoice(contract)).encode()
    named = {"content-type": 'Application/JSON; Charset="UTF-8"'}

    assert supplier.post("/v1/receivables", content=body, headers=named).status_code == 201


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([("party_id", (None, b"7"))], ("extra_forbidden", "body.party_id")),
        ([("file", CSV)], ("FIELD_REPEATED", "body.file")),
        ([("second", CSV)], ("extra_forbidden", "body.second")),
        ([("profile", (None, b"standard"))], ("FIELD_REPEATED", "body.profile")),
    ],
)
def test_a_part_of_a_form_that_nobody_reads_is_refused(
    supplier: Client, more: list[Any], said: tuple[str, str]
) -> None:
    parts = [("file", CSV), ("profile", (None, b"standard"))]
    answer = supplier.post("/v1/imports", files=[*parts, *more])

    assert answer.status_code == 422
    assert problems(answer) == [said]
    with db.transaction() as session:
        count = session.connection().execute(text("SELECT count(*) FROM import_jobs"))
        assert count.scalar_one() == 0
    assert supplier.post("/v1/imports", files=parts).status_code == 202


def test_a_file_comes_as_a_form_of_parts(supplier: Client) -> None:
    for path in ("/v1/imports", "/v1/exports/answers"):
        answer = supplier.post(path, data={"file": "x", "profile": "standard"})
        assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNSUPPORTED")
    many = [("file", CSV)] * 60
    assert supplier.post("/v1/imports", files=many).status_code == 400


def test_two_keys_or_two_idempotency_keys_are_none(supplier: Client, contract: str) -> None:
    token = supplier.headers["authorization"]
    two = [("authorization", token), ("authorization", "Bearer another")]
    bare = TestClient(supplier.app)
    assert bare.get("/v1/receivables", headers=two).status_code == 401
    assert bare.get("/v1/receivables", headers=two[:1]).status_code == 200
    keys = [("idempotency-key", "one"), ("idempotency-key", "two")]
    answer = supplier.post("/v1/receivables", json=invoice(contract), headers=keys)
    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")


def test_a_condition_that_would_not_be_weighed_is_refused(supplier: Client, contract: str) -> None:
    seen = {"if-match": '"as it was"'}
    answer = supplier.post("/v1/receivables", json=invoice(contract), headers=seen)

    assert (answer.status_code, answer.json()["code"]) == (412, "PRECONDITION_NOT_WEIGHED")
    assert supplier.get("/v1/receivables").json()["items"] == []


def test_every_refusal_of_the_framework_is_a_problem_with_its_headers(supplier: Client) -> None:
    put = supplier.put("/v1/parties")
    assert (put.status_code, put.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert put.headers["allow"] in {"GET", "POST"}
    slash = supplier.get("/v1/receivables/", follow_redirects=False)
    assert (slash.status_code, slash.json()["code"]) == (404, "NOT_FOUND")
    anonymous = TestClient(supplier.app).get("/v1/receivables")
    assert (anonymous.status_code, anonymous.headers["www-authenticate"]) == (401, "Bearer")
    answers = (put, slash, anonymous, supplier.get("/v1/receivables"))
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-request-id"]
    for answer in answers[:3]:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("said", [0, 1, "true", "no", None])
def test_what_is_no_boolean_is_not_taken_for_one(supplier: TestClient, said: object) -> None:
    answer = supplier.post("/v1/simulations", json={"only_changed": said})

    assert answer.status_code == 422, answer.text
    assert problems(answer)[0][1] == "body.only_changed"
