"""Where a party's notices go is its own to say: whoever names it first does not read its mail."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from services.ledger import db
from services.ledger.access import Viewer
from services.ledger.identification import act
from services.ledger.ids import new_id
from services.ledger.parties.models import Party
from tests.access.making import rows
from tests.approvals.people import arrive
from tests.ledger.conftest import BUYER, SUPPLIER, SignIn, buyer, operator, supplier

__all__ = ["buyer", "operator", "supplier"]


def _viewer() -> Viewer:
    return Viewer(name="buyer", role="core_enterprise", party_id=BUYER)


def told(party_id: str) -> list[tuple[str, str | None]]:
    found = rows(
        "SELECT type, data->>'email' AS email FROM events WHERE subject_id = :id ORDER BY id",
        id=UUID(party_id),
    )
    return [(row.type, row.email) for row in found]


def test_a_supplier_does_not_say_where_its_buyers_notices_go(
    supplier: TestClient, operator: TestClient
) -> None:
    new = {"id": str(new_id()), "name": "新客户", "kind": "LARGE"}

    refused = supplier.post("/v1/parties", json={**new, "email": "mine@supplier.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "CONTACT_NOT_YOURS")
    assert refused.json()["field"] == "email"
    assert supplier.post("/v1/parties", json=new).status_code == 201
    again = supplier.post("/v1/parties", json={**new, "email": "mine@supplier.example"})
    assert again.status_code == 403
    assert told(new["id"]) == [("party.registered", None)]

    said = {**new, "id": str(new_id()), "email": "ap@buyer.example"}
    assert operator.post("/v1/parties", json=said).status_code == 201
    assert supplier.post("/v1/parties", json=said).status_code == 200  # it is as it was
    other = operator.post("/v1/parties", json={**said, "email": "mine@operator.example"})
    assert other.status_code == 403  # no administrator acts for a tenant
    assert told(said["id"]) == [("party.registered", "ap@buyer.example")]


def test_a_party_says_so_itself_by_its_administrator_or_a_key(
    ledger: SignIn, supplier: TestClient
) -> None:
    own = {"id": str(SUPPLIER), "name": "小企业乙", "kind": "SMALL", "email": "a@yi.example"}
    maker, administrator = (
        arrive(supplier.app, SUPPLIER, duty, role="supplier", with_phone=False).client
        for duty in ("maker", "administrator")
    )

    assert maker.post("/v1/parties", json=own).status_code == 403
    assert ledger("supplier", BUYER).post("/v1/parties", json=own).status_code == 403
    assert supplier.post("/v1/parties", json=own).status_code == 200
    assert administrator.post("/v1/parties", json={**own, "email": "b@yi.example"}).is_success
    assert [email for _, email in told(str(SUPPLIER))] == [None, "a@yi.example", "b@yi.example"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parties SET name = 'x' WHERE id = :own",
        "DELETE FROM parties WHERE id = :other",
        "UPDATE party_identifiers SET party_id = :own",
        "DELETE FROM platforms",
        "UPDATE exports SET total_fen = 1",
    ],
)
def test_the_directory_is_not_changed_by_those_who_read_it(
    buyer: TestClient, statement: str
) -> None:
    with db.transaction() as session:
        act(session, _viewer())
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.connection().execute(text(statement), {"own": BUYER, "other": SUPPLIER})
        session.rollback()


def test_the_database_lets_a_party_change_its_own_contact_alone(buyer: TestClient) -> None:
    with db.transaction() as session:
        act(session, _viewer())
        changed = text("UPDATE parties SET email = 'x@example.com' WHERE id IN (:own, :other)")
        values = {"own": BUYER, "other": SUPPLIER}
        assert session.connection().execute(changed, values).rowcount == 1
    with db.transaction() as session:
        assert session.get_one(Party, SUPPLIER).email == ""
