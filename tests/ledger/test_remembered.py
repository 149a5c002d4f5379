"""A key that was seen before opens receivables in one statement, and only while it holds."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.ledger import db, identification
from services.ledger.ids import new_id
from services.ledger.receivables import api
from tests.ledger.conftest import STRANGER, SUPPLIER, Client, SignIn, invoice, opened


def changed_keys(statement: str, **values: object) -> None:
    with db.transaction() as session:
        session.connection().execute(text(f"UPDATE api_keys SET {statement}"), values)


def rows() -> int:
    with db.transaction() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM events")).scalar_one())


def another(contract: str, **changes: Any) -> dict[str, Any]:
    return invoice(contract, invoice_number=f"25{new_id().int % 10**18:018d}", **changes)


@pytest.fixture
def known(supplier: Client, contract: str) -> Client:
    """A supplier whose key is remembered since its first request."""
    opened(supplier, another(contract))
    return supplier


def test_a_remembered_key_opens_without_a_thread(
    known: Client, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> bool:
        raise AssertionError

    monkeypatch.setattr(api, "_open", never)

    answer = known.post("/v1/receivables", json=another(contract))

    assert answer.status_code == 201


def test_a_key_revoked_after_it_was_remembered_opens_nothing(known: Client, contract: str) -> None:
    changed_keys("revoked_at = now()")
    before = rows()

    answer = known.post("/v1/receivables", json=another(contract))

    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_SIGNED_IN")
    assert rows() == before


def test_a_key_that_changed_its_role_acts_in_the_new_one(known: Client, contract: str) -> None:
    changed_keys("role = 'platform'")

    answer = known.post("/v1/receivables", json=another(contract))

    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")


def test_a_key_that_changed_its_party_finds_nothing_of_the_old_one(
    known: Client, contract: str
) -> None:
    changed_keys("party_id = :party WHERE role = 'supplier'", party=STRANGER)

    answer = known.post("/v1/receivables", json=another(contract))

    assert answer.status_code == 404


def test_what_is_remembered_is_bounded(
    ledger: SignIn, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identification, "_MOST_REMEMBERED", 3)
    for number in range(9):
        party: UUID = SUPPLIER if number % 2 else STRANGER
        assert ledger("supplier", party).get("/v1/receivables").status_code == 200
        assert len(identification._remembered) <= 3
