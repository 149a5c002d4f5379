"""A write sent again under its Idempotency-Key is done once and answered as before (R-05)."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from fastapi import Request
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db, edges, idempotency
from services.ledger.ids import new_id
from tests.ledger.conftest import Client, invoice, opened

THREADS, KEYS, PATIENCE_SECONDS = 10, 8, 0.1
CREDITED = "postings WHERE credit = 'receivable'"


def count(what: str) -> int:
    with db.transaction() as session:
        counted = session.connection().execute(text(f"SELECT count(*) FROM {what}"))
        return int(counted.scalar_one())


def unnamed(contract: str, **changes: Any) -> dict[str, Any]:
    """Return an invoice without an id of its own, so that only the key tells it is the same."""
    body = invoice(contract, **{"invoice_number": f"25{new_id().int % 10**18:018d}", **changes})
    del body["id"]
    return body


def keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


@pytest.fixture
def claim(supplier: Client, contract: str) -> str:
    return opened(supplier, unnamed(contract))


@pytest.mark.parametrize("kind", ["DIGITAL", "OTHER"])
def test_a_receivable_sent_again_under_its_key_is_answered_as_before(
    supplier: Client, contract: str, claim: str, kind: str
) -> None:
    body = unnamed(contract, invoice_kind=kind)
    if kind == "OTHER":
        body["invoice_number"] = "收据-17"

    first = supplier.post("/v1/receivables", json=body, headers=keyed("a"))
    again = supplier.post("/v1/receivables", json=body, headers=keyed("a"))

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert count("receivables") == 2


def test_a_dispute_sent_again_under_its_key_is_held_once(buyer: Client, claim: str) -> None:
    body = {"amount": "100.00", "reason": "数量不符"}
    path = f"/v1/receivables/{claim}/disputes"

    first = buyer.post(path, json=body, headers=keyed("d"))
    again = buyer.post(path, json=body, headers=keyed("d"))
    other = buyer.post(path, json=body, headers=keyed("e"))

    assert first.json()["disputed"] == "100.00"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert other.json()["disputed"] == "200.00"


def test_another_content_under_the_same_key_is_refused(
    supplier: Client, contract: str, claim: str
) -> None:
    body = unnamed(contract)
    supplier.post("/v1/receivables", json=body, headers=keyed("k"))

    other = supplier.post("/v1/receivables", json=unnamed(contract), headers=keyed("k"))

    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert count("receivables") == 2


def test_a_refusal_leaves_the_key_free_for_the_corrected_request(buyer: Client, claim: str) -> None:
    path = f"/v1/receivables/{claim}/disputes"
    refused = buyer.post(path, json={"amount": "9000.00", "reason": "x"}, headers=keyed("r"))

    right = buyer.post(path, json={"amount": "90.00", "reason": "x"}, headers=keyed("r"))

    assert (refused.status_code, right.status_code) == (409, 200)
    assert count("idempotency_keys") == 1


def test_the_same_request_being_worked_on_asks_for_patience(
    supplier: Client, contract: str, claim: str
) -> None:
    body = unnamed(contract, invoice_kind="OTHER", invoice_number="收据-18")
    with db.transaction() as session:
        viewer = db.direct("SELECT role, party_id, name FROM api_keys WHERE role = 'supplier'")
        row = db.run(session, viewer, {}).fetchone()
        assert row is not None
        named = {
            "principal": f"{row.role}/{row.party_id}/key {row.name}",
            "route": "POST /v1/receivables",
            "key": "busy",
        }
        held = session.connection().execute(idempotency._BEGIN, named)
        assert held.scalar_one()

        answer = supplier.post("/v1/receivables", json=body, headers=keyed("busy"))

    assert (answer.status_code, answer.json()["code"]) == (409, "IDEMPOTENCY_IN_PROGRESS")
    assert answer.headers["retry-after"] == "1"


Write = tuple[str, dict[str, Any]]
"""An address, and what is sent to it."""


def openings(contract: str, many: int) -> list[Write]:
    return [("/v1/receivables", unnamed(contract)) for _ in range(many)]


def credits_of(claim: str, many: int) -> list[Write]:
    path = f"/v1/receivables/{claim}/credits"
    return [(path, {"amount": "1.00", "reason": f"第{number}次"}) for number in range(many)]


def expect_once_each(client: Client, writes: list[Write], *, at_once: int, done: str) -> None:
    """Send each write so many times at one time, and expect one effect and one answer of each.

    Args:
        client: who sends them.
        writes: what is sent, each under a key of its own.
        at_once: how many send one write together; all wait until all of them are there.
        done: the rows that tell of an effect, one for each.
    """
    before = count(done)
    starts = [Barrier(at_once) for _ in writes]

    def send(number: int) -> tuple[int, int, bytes, bool]:
        key = number // at_once
        path, body = writes[key]
        starts[key].wait()
        while True:
            answer = client.post(path, json=body, headers=keyed(str(key)))
            if answer.json().get("code") != "IDEMPOTENCY_IN_PROGRESS":
                again = "idempotent-replayed" in answer.headers
                return key, answer.status_code, answer.content, again
            time.sleep(PATIENCE_SECONDS)

    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(send, range(at_once * len(writes))))

    effects = count(done) - before
    assert effects == len(writes), f"{effects} effects of {len(writes)} writes"
    assert {status for _, status, _, _ in answers} <= {200, 201}
    assert len({(key, content) for key, _, content, _ in answers}) == len(writes)
    assert sum(again for _, _, _, again in answers) == len(answers) - len(writes)


def test_ten_at_one_time_under_one_key_open_one_receivable(supplier: Client, contract: str) -> None:
    writes = openings(contract, KEYS)

    expect_once_each(supplier, writes, at_once=THREADS, done="receivables")


def test_ten_at_one_time_under_one_key_credit_once(supplier: Client, claim: str) -> None:
    expect_once_each(supplier, credits_of(claim, KEYS), at_once=THREADS, done=CREDITED)


def test_an_answer_stored_after_its_effect_is_found(
    supplier: Client, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: who comes between the effect and its answer has it done again."""

    def late(request: Request) -> Iterator[Session]:
        with db.transaction(role=db.GATE) as session:
            yield session
        call = idempotency.noted(request)
        assert call is not None
        time.sleep(PATIENCE_SECONDS)
        if call.principal and call.status:
            with db.transaction() as session:
                idempotency.store(session, call)

    app: Any = supplier.app
    monkeypatch.setitem(app.dependency_overrides, edges._session, late)

    with pytest.raises(AssertionError, match=r"\d+ effects of 2 writes"):
        expect_once_each(supplier, credits_of(claim, 2), at_once=THREADS, done=CREDITED)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "键"])
def test_a_key_that_is_none_is_refused(supplier: Client, contract: str, key: str) -> None:
    headers = {"idempotency-key": key.encode()}
    answer = supplier.post("/v1/receivables", json=unnamed(contract), headers=headers)  # type: ignore[arg-type]

    assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert count("receivables") == 0


def test_answers_are_kept_for_seven_days(supplier: Client, contract: str, claim: str) -> None:
    for key in ("old", "new"):
        supplier.post("/v1/receivables", json=unnamed(contract), headers=keyed(key))
    with db.transaction() as session:
        session.connection().execute(
            text(
                "UPDATE idempotency_keys SET recorded_at = now() - interval '8 days'"
                " WHERE key = 'old'"
            )
        )
        assert idempotency.forget(session) == 1

    assert count("idempotency_keys") == 1
