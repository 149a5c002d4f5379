"""Regions with a debtor each, and authorities that look at them."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.receivables.queries import Claim
from tests.access.making import a_key, client_of
from tests.arrears.late import filed, late
from tests.ledger.conftest import SignIn


@dataclass(frozen=True)
class Place:
    """A region with one debtor, whose receivable of a million is late, complained of, ordered."""

    claim: Claim
    order_id: str
    complaint_id: UUID


def a_place(ledger: SignIn, region: str) -> Place:
    with db.transaction() as session:
        claim = late(session)
        session.connection().execute(
            text("UPDATE parties SET region = :region WHERE id = :id"),
            {"region": region, "id": claim.debtor_id},
        )
        complaint_id = filed(session, claim, date(2025, 10, 20))
    order = {
        "contract_id": str(claim.contract_id),
        "reference": "PO-1",
        "placed_on": "2025-07-01",
        "amount": "1000.00",
    }
    placed = ledger("core_enterprise", claim.debtor_id).post("/v1/orders", json=order)
    assert placed.status_code == 201, placed.text
    return Place(claim, placed.json()["id"], complaint_id)


def authority() -> tuple[str, TestClient]:
    key = a_key("regulator")
    return key.prefix, client_of(key.token)


def get(client: TestClient, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


def claims(client: TestClient) -> set[str]:
    return {one["id"] for one in get(client, "/v1/receivables")["items"]}


def of(*places: Place) -> set[str]:
    return {str(place.claim.id) for place in places}
