from datetime import timedelta

from services.ledger import db
from services.ledger.clock import now
from services.ledger.identification import start_session
from services.ledger.parties import gates
from services.ledger.parties.sessions import sweep
from tests.access.making import a_key, client_of, rows
from tests.access.signing import Signer
from tests.ledger.conftest import SignIn
from tests.web.signing import a_user

TABLES = ("sessions", "half_sign_ins", "known_browsers", "request_nonces", "gates")


def counts() -> dict[str, int]:
    return {table: rows(f"SELECT count(*) AS n FROM {table}")[0].n for table in (*TABLES, "uses")}


def test_what_has_ended_is_taken_away_and_nothing_that_counts(ledger: SignIn) -> None:
    user_id = a_user("auditor", "regulator")
    signer = Signer(a_key(signs=True))
    whole = a_key()
    assert signer.send("GET", "/v1/events").status_code == 200
    assert client_of(whole.token).get("/v1/events").status_code == 200
    with db.transaction() as session:
        start_session(session, user_id, at=now())
        gates.count_try(session, [gates.of_address("192.0.2.1")])
    before = counts()

    with db.transaction() as session:
        assert sweep(session, at=now()) == 0
    assert counts() == before
    with db.transaction() as session:
        assert sweep(session, at=now() + timedelta(days=200)) == 4
    assert counts() == dict.fromkeys(TABLES, 0) | {"uses": 2}
    assert client_of(whole.token).get("/v1/events").status_code == 200
