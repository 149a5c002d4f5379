import psycopg

from services.ledger import db
from services.ledger.receivables.opening import open_receivable
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_contract, acting_for, an_opening


def test_a_server_that_went_away_costs_one_request_and_not_one_for_each_connection(
    ledger: SignIn, fresh_database_url: str
) -> None:
    client = ledger("operator", None)
    with db.transaction() as session:
        session.connection()
        assert client.get("/v1/receivables").status_code == 200
    with psycopg.connect(fresh_database_url, autocommit=True) as server:
        ended = server.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert ended == (2,)

    first, *later = [client.get("/v1/receivables") for _ in range(3)]

    assert (first.status_code, first.json()["code"]) == (503, "BUSY")
    assert [answer.status_code for answer in later] == [200, 200]


def test_an_invoice_that_is_being_opened_makes_a_second_opening_wait_and_then_come_again(
    ledger: SignIn,
) -> None:
    with db.transaction() as session:
        contract = a_contract(session)
    supplier = ledger("supplier", contract.creditor_id)
    opening = an_opening(contract)
    body = {
        "id": str(opening.id),
        "contract_id": str(contract.id),
        "invoice_kind": "OTHER",
        "invoice_number": opening.invoice_number,
        "issued_on": "2025-07-09",
        "amount": "1000.00",
    }
    with db.transaction() as session:
        open_receivable(session, acting_for(contract.creditor_id, "supplier"), opening)
        answer = supplier.post("/v1/receivables", json=body)

    assert (answer.status_code, answer.json()["code"]) == (503, "BUSY")
