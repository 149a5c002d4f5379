from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from services.ledger import config, db
from services.ledger.identification import digest
from services.ledger.ids import new_id
from services.ledger.parties.models import RegulatorScope
from services.ledger.parties.service import add_api_key

Client = TestClient
SignIn = Callable[[str, UUID | None], Client]
BUYER, SUPPLIER, STRANGER = (new_id() for _ in range(3))


def of_the_country(session: Session, holder: bytes) -> None:
    """Appoint a regulator's key or person to all regions, for as long as a test may be of."""
    session.add(
        RegulatorScope(
            holder=holder,
            id=new_id(),
            region="",
            function="",
            from_on=date.min,
            until_on=date.max,
        )
    )
    session.flush()


@pytest.fixture
def ledger(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    """The application on a database of its own; call it with a role and party to sign in."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.dispose()
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    def sign_in(role: str, party_id: UUID | None = None) -> Client:
        token = str(new_id())
        with db.transaction() as session:
            add_api_key(session, name=role, role=role, party_id=party_id, token=token)
            if role == "regulator":
                of_the_country(session, digest(token))
        client = TestClient(
            app, headers={"authorization": f"Bearer {token}"}, raise_server_exceptions=False
        )
        return serving.enter_context(client)

    with ExitStack() as serving:
        yield sign_in
    db.dispose()
    config.settings.cache_clear()


@pytest.fixture
def operator(ledger: SignIn) -> Client:
    client = ledger("operator", None)
    for party_id, name, kind in (
        (BUYER, "大型企业甲", "LARGE"),
        (SUPPLIER, "小企业乙", "SMALL"),
        (STRANGER, "旁人丙", "LARGE"),
    ):
        answer = client.post("/v1/parties", json={"id": str(party_id), "name": name, "kind": kind})
        assert answer.status_code == 201, answer.text
    return client


@pytest.fixture
def buyer(ledger: SignIn, operator: Client) -> Client:
    return ledger("core_enterprise", BUYER)


@pytest.fixture
def supplier(ledger: SignIn, operator: Client) -> Client:
    return ledger("supplier", SUPPLIER)


@pytest.fixture
def contract(buyer: Client) -> str:
    answer = buyer.post(
        "/v1/contracts",
        json={
            "reference": "合同-1",
            "debtor_id": str(BUYER),
            "creditor_id": str(SUPPLIER),
            "signed_on": "2025-06-10",
        },
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["due_term_days"] == 60
    return str(answer.json()["id"])


def invoice(contract: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(new_id()),
        "contract_id": contract,
        "invoice_number": "25312000000000000001",
        "issued_on": "2025-07-10",
        "amount": "1000.00",
        "delivered_on": "2025-07-09",
        **changes,
    }


def opened(client: Client, body: dict[str, Any]) -> str:
    answer = client.post("/v1/receivables", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
