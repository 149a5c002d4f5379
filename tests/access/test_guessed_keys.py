"""R-28: a key that has ended, and one that never was, are told apart by nothing."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db, edges
from services.ledger.access import Viewer
from services.ledger.identification import Presented, digest, identify
from services.ledger.ids import new_id
from tests.access.making import a_key, client_of, rows
from tests.access.signing import Signer
from tests.ledger.conftest import SUPPLIER, SignIn, invoice, operator
from tests.procedures.test_same_time import PERMILLE_APART, permille_apart
from tests.procedures.trips import watched

__all__ = ["operator"]
PATH = "/v1/receivables"
Ask = Callable[[str], Response]


def never() -> str:
    """Return a key that has never been one."""
    return f"lk_{secrets.token_hex(5)}_{secrets.token_urlsafe(32)}"


@pytest.fixture
def asks(operator: TestClient) -> Iterator[dict[str, Ask]]:
    """How a key is tried: to read and to write, from an address whose guesses are its own."""
    body = invoice(str(new_id()))

    def of(token: str) -> dict[str, str]:
        return {"authorization": f"Bearer {token}"}

    with client_of("", f"2001:db8:0:{new_id().int % 65536:x}::1") as http:
        yield {
            "read": lambda token: http.get(PATH, headers=of(token)),
            "write": lambda token: http.post(PATH, json=body, headers=of(token)),
        }


@pytest.fixture
def ended(asks: dict[str, Ask]) -> dict[str, str]:
    """Keys that were used, in this process, and have expired or been revoked since."""
    given = {
        "expired": a_key("supplier", SUPPLIER, lasts=timedelta(hours=1)).token,
        "revoked": a_key("supplier", SUPPLIER).token,
    }
    for token in given.values():
        assert asks["read"](token).status_code == 200
    rows("UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL RETURNING 1")
    rows(
        "UPDATE api_keys SET revoked_at = now() WHERE key_hash = :digest RETURNING 1",
        digest=digest(given["revoked"]),
    )
    return given


def expect_the_same_statements(asks: dict[str, Ask], ended: dict[str, str]) -> None:
    """Try all keys in all ways, and compare what the database was asked."""
    with watched() as trips:
        for what, ask in asks.items():
            asked = {}
            for why, token in {"unknown": never(), **ended}.items():
                trips.begin()
                assert ask(token).status_code == 401
                asked[why] = list(trips.asked)
            assert asked["unknown"]
            assert asked["expired"] == asked["revoked"] == asked["unknown"], what


def test_whatever_became_of_a_key_the_database_is_asked_the_same(
    asks: dict[str, Ask], ended: dict[str, str]
) -> None:
    expect_the_same_statements(asks, ended)


def test_whatever_became_of_a_signing_key_the_database_is_asked_the_same(ledger: SignIn) -> None:
    revoked, unknown = Signer(a_key(signs=True)), Signer(a_key(signs=True))
    unknown.keyid = "lk_nobody0000"
    rows(
        "UPDATE api_keys SET revoked_at = now() WHERE prefix = :prefix RETURNING 1",
        prefix=revoked.key.prefix,
    )

    assert unknown.send("GET", PATH).status_code == 401  # The first also connects.
    with watched() as trips:
        asked = []
        for signer in (revoked, unknown):
            trips.begin()
            assert signer.send("GET", PATH).status_code == 401
            asked.append(list(trips.asked))

    assert asked[0] == asked[1] != []


def test_an_ended_key_takes_as_long_as_one_that_never_was(
    asks: dict[str, Ask], ended: dict[str, str]
) -> None:
    for why, token in ended.items():
        apart = permille_apart(asks["read"], token, never)
        assert abs(apart) < PERMILLE_APART, f"{why}: takes {apart} ‰ longer"


@pytest.fixture
def says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: who is nobody is looked up once more, to see whether there was such a key."""

    def curious(session: Session, token: Presented) -> Viewer:
        found = {"digest": token.digest}
        ended = text("SELECT revoked_at FROM api_keys WHERE key_hash = :digest")
        if session.connection().execute(ended, found).one_or_none() is not None:
            with db.transaction() as other:
                for _ in range(4):
                    other.connection().execute(ended, found)
        return identify(session, token)

    monkeypatch.setattr(edges, "identify", curious)


@pytest.mark.usefixtures("says_why")
def test_a_key_looked_up_to_say_why_is_found_by_the_statements_and_by_the_clock(
    asks: dict[str, Ask], ended: dict[str, str]
) -> None:
    with pytest.raises(AssertionError, match="read"):
        expect_the_same_statements(asks, ended)
    with pytest.raises(AssertionError, match="longer"):
        test_an_ended_key_takes_as_long_as_one_that_never_was(asks, ended)
