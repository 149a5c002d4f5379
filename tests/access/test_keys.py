import logging
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from services.ledger import db, identification
from services.ledger.access import SCOPES
from services.ledger.clock import now
from services.ledger.credentials import AREA_OF
from services.ledger.parties import keys
from tests.access.making import a_key, client_of, rows
from tests.ledger.conftest import BUYER, SUPPLIER, SignIn, invoice

READ = "/v1/events"


def test_a_key_is_shown_by_its_prefix_and_kept_as_a_hash(ledger: SignIn) -> None:
    made = a_key()

    assert made.token.startswith(f"{made.prefix}_")
    (row,) = rows("SELECT * FROM api_keys WHERE prefix = :prefix", prefix=made.prefix)
    assert bytes(row.key_hash) == identification.digest(made.token)
    secret = made.token.removeprefix(f"{made.prefix}_")
    assert not any(secret in str(value) or secret.encode() in _bytes(value) for value in row)
    assert client_of(made.token).get(READ).status_code == 200
    assert client_of(made.prefix).get(READ).status_code == 401


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def test_every_address_of_the_api_has_an_area(ledger: SignIn) -> None:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    first = {path.split("/")[2] for path in app.openapi()["paths"] if path.startswith("/v1/")}

    assert first <= set(AREA_OF)
    assert {f"{area}:{kind}" for area in AREA_OF.values() for kind in ("read", "write")} == set(
        SCOPES
    )


def test_a_key_without_scopes_may_do_nothing_anywhere(ledger: SignIn) -> None:
    """Also at an address nobody thought of: what asks who it is asks what the key is for."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    client = client_of(a_key(scopes=()).token)
    asked = 0
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            address = path.replace("{", "").replace("}", "")
            for _ in range(2):  # the second time it may be remembered
                answer = client.request(method, address, json={})
                assert answer.status_code in {403, 415, 422}, (method, path, answer.text)
                if answer.status_code == 403:
                    assert answer.json()["code"] == "KEY_RESTRICTED", (method, path)
            asked += 1
    assert asked > 30


def test_a_scope_lets_its_area_and_kind_through_and_no_other(ledger: SignIn) -> None:
    reads = client_of(a_key(scopes=("events:read",)).token)

    assert reads.get(READ).status_code == 200
    assert reads.get("/v1/receivables").json()["code"] == "KEY_RESTRICTED"
    body = {"name": "甲", "kind": "LARGE"}
    assert reads.post("/v1/parties", json=body).status_code == 403
    writes = client_of(a_key(scopes=("parties:write",)).token)
    assert writes.post("/v1/parties", json=body).status_code == 201
    assert writes.get("/v1/parties?scheme=USCC&value=1").json()["code"] == "KEY_RESTRICTED"


def test_the_fastest_write_asks_for_the_scope_too(
    ledger: SignIn, buyer: TestClient, supplier: TestClient
) -> None:
    """It goes by what is remembered of a key, in one statement of its own."""
    made = buyer.post(
        "/v1/contracts",
        json={
            "reference": "合同-2",
            "debtor_id": str(BUYER),
            "creditor_id": str(SUPPLIER),
            "signed_on": "2025-06-10",
        },
    )
    contract_id = made.json()["id"]
    reads = a_key("supplier", SUPPLIER, scopes=("receivables:read",))
    with client_of(reads.token) as client:
        assert client.get("/v1/receivables").status_code == 200
        refused = client.post("/v1/receivables", json=invoice(contract_id))
    assert refused.json()["code"] == "KEY_RESTRICTED"
    writes = a_key("supplier", SUPPLIER, scopes=("receivables:write",))
    with client_of(writes.token) as client:
        for number in range(2):
            body = invoice(contract_id, invoice_number=f"2531200000000000009{number}")
            assert client.post("/v1/receivables", json=body).status_code == 201
    with client_of(writes.token) as client, db.transaction() as session:
        key = keys.get(session, writes.prefix)
        keys.revoke(session, key, at=now(), actor="tests")
        session.commit()
        late = client.post("/v1/receivables", json=invoice(contract_id))
    assert late.status_code == 401


def test_a_key_counts_only_from_its_networks(ledger: SignIn) -> None:
    token = a_key(networks=("192.0.2.0/24", "2001:db8::/32")).token

    for inside in ("192.0.2.200", "2001:db8:1::5", "::ffff:192.0.2.9"):
        assert client_of(token, inside).get(READ).status_code == 200, inside
    for outside in ("192.0.3.1", "2001:db9::1", "testclient", "::ffff:192.0.3.9"):
        answer = client_of(token, outside).get(READ)
        assert (answer.status_code, answer.json()["code"]) == (403, "KEY_RESTRICTED"), outside


def test_a_header_does_not_say_where_a_request_comes_from(ledger: SignIn) -> None:
    token = a_key(networks=("192.0.2.0/24",)).token
    spoofed = {"x-forwarded-for": "192.0.2.1", "forwarded": "for=192.0.2.1"}

    assert client_of(token, "203.0.113.9").get(READ, headers=spoofed).status_code == 403


def test_an_expired_or_revoked_key_reads_like_one_nobody_has(ledger: SignIn) -> None:
    expired, revoked, never = a_key(lasts=timedelta(hours=1)), a_key(), "lk_never_was"
    assert client_of(expired.token).get(READ).status_code == 200
    rows("UPDATE api_keys SET expires_at = now() WHERE expires_at IS NOT NULL RETURNING 1")
    with db.transaction() as session:
        keys.revoke(session, keys.get(session, revoked.prefix), at=now(), actor="tests")

    answers = [client_of(one).get(READ) for one in (expired.token, revoked.token, never)]

    told = [
        {name: value for name, value in answer.json().items() if name != "request_id"}
        for answer in answers
    ]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert told[0] == told[1] == told[2]


def test_a_rolled_key_overlaps_and_keeps_its_restrictions(ledger: SignIn) -> None:
    old = a_key(scopes=("events:read",), networks=("192.0.2.0/24",), lasts=timedelta(days=90))
    with db.transaction() as session:
        key = keys.get(session, old.prefix)
        new = keys.roll(session, key, overlap=timedelta(hours=2), at=now(), actor="tests")

    for token in (old.token, new.token):
        assert client_of(token).get(READ).status_code == 200
        assert client_of(token).get("/v1/receivables").status_code == 403
        assert client_of(token, "203.0.113.1").get(READ).status_code == 403
    (ends,) = rows(
        "SELECT expires_at - now() AS old_left FROM api_keys WHERE prefix = :p", p=old.prefix
    )
    assert ends.old_left <= timedelta(hours=2)
    (lasts,) = rows(
        "SELECT expires_at - now() AS new_left FROM api_keys WHERE prefix = :p", p=new.prefix
    )
    assert timedelta(days=89) < lasts.new_left <= timedelta(days=90)
    with db.transaction() as session, pytest.raises(keys.KeyFieldError):
        keys.roll(
            session,
            keys.get(session, new.prefix),
            overlap=timedelta(days=31),
            at=now(),
            actor="tests",
        )


def test_an_overlap_never_makes_a_key_last_longer(ledger: SignIn) -> None:
    old = a_key(lasts=timedelta(hours=1))
    with db.transaction() as session:
        key = keys.get(session, old.prefix)
        keys.roll(session, key, overlap=timedelta(days=30), at=now(), actor="tests")

    (row,) = rows("SELECT expires_at - now() AS l FROM api_keys WHERE prefix = :p", p=old.prefix)
    assert row.l <= timedelta(hours=1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": ("everything:write",)},
        {"scopes": ("receivables",)},
        {"networks": ("somewhere",)},
        {"networks": ("192.0.2.1/24",)},
        {"lasts": timedelta(seconds=-1)},
    ],
    ids=str,
)
def test_restrictions_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(keys.KeyFieldError):
        a_key(**wrong)  # type: ignore[arg-type]  # one of the fields each


def test_its_use_is_noted_at_first_and_not_each_time(ledger: SignIn) -> None:
    made = a_key()
    client = client_of(made.token)

    def used() -> object:
        (row,) = rows(
            "SELECT u.at, u.xmin::text FROM uses u JOIN api_keys k ON k.key_hash = u.digest"
            " WHERE k.prefix = :p",
            p=made.prefix,
        )
        return row

    never = used()
    client.get(READ)
    first = used()
    client.get(READ)
    second = used()

    assert never.at is None  # type: ignore[attr-defined]  # a row
    assert first != never
    assert second == first


def test_a_request_that_takes_long_does_not_keep_its_key_from_being_revoked(
    ledger: SignIn,
) -> None:
    made = a_key()
    with db.transaction() as working:
        identification.identify(working, made.token)  # notes the use, in a transaction still open
        with db.transaction() as session:
            keys.revoke(session, keys.get(session, made.prefix), at=now(), actor="tests")
    assert client_of(made.token).get(READ).status_code == 401


def test_wrong_keys_of_every_shape_are_answered_alike(ledger: SignIn) -> None:
    made = a_key()
    shapes = [
        "x",
        made.token[:-1],
        made.token + "x",
        made.token.swapcase(),
        "lk_",
        made.prefix + "_" + "A" * 43,
        "é" * 40,
        "' OR 1=1 --",
        "a" * 5000,
    ]
    told = set()
    for shape in shapes:
        answer = client_of("").get(READ, headers={b"authorization": b"Bearer " + shape.encode()})
        body = {name: value for name, value in answer.json().items() if name != "request_id"}
        told.add((answer.status_code, str(sorted(body.items()))))
    assert len(told) == 1


def test_what_happens_to_keys_is_in_the_log_and_no_secret_is(
    ledger: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = a_key(signs=True)
    assert made.signing_secret
    with db.transaction() as session:
        key = keys.get(session, made.prefix)
        rolled = keys.roll(session, key, overlap=timedelta(), at=now(), actor="tests")
        keys.revoke(session, keys.get(session, rolled.prefix), at=now(), actor="tests")
    client_of(made.token).get(READ)
    told = rows("SELECT type, data::text, actor FROM events WHERE type LIKE 'api_key.%'")

    assert [row.type for row in told] == ["api_key.added", "api_key.rolled", "api_key.revoked"]
    everything = "\n".join([*(str(row) for row in told), caplog.text])
    for secret in (made.token, made.signing_secret, rolled.token, rolled.signing_secret):
        assert secret
        assert secret not in everything
    (row,) = rows("SELECT signing_secret FROM api_keys WHERE prefix = :p", p=made.prefix)
    assert bytes.fromhex(made.signing_secret) not in bytes(row.signing_secret)
