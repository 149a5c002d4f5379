import asyncio
import base64
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.ledger.ids import new_id
from services.ledger.signatures import Claimed, Sent, SignedBodies, base_of, claimed, is_signed
from tests.access.making import a_key, client_of, rows
from tests.access.signing import Signer, send
from tests.ledger.conftest import SignIn

LISTED = "/v1/events"


def a_party(name: str = "甲") -> bytes:
    return json.dumps({"id": str(new_id()), "name": name, "kind": "LARGE"}).encode()


def parties() -> int:
    return len(rows("SELECT 1 FROM parties"))


@pytest.fixture
def signer(ledger: SignIn) -> Signer:
    return Signer(a_key(signs=True))


def test_a_signed_request_counts_without_the_key_itself(signer: Signer) -> None:
    assert signer.send("GET", LISTED, "limit=5&after=0").status_code == 200
    assert signer.send("POST", "/v1/parties", body=a_party()).status_code == 201
    assert parties() == 1


def test_a_key_that_signs_does_not_count_unsigned(signer: Signer) -> None:
    answer = client_of(signer.key.token).get(LISTED)

    assert (answer.status_code, answer.json()["code"]) == (403, "KEY_RESTRICTED")


def test_the_same_request_again_is_a_replay_and_does_nothing(signer: Signer) -> None:
    body = a_party()
    assert signer.send("POST", "/v1/parties", body=body).status_code == 201

    again = send("POST", "/v1/parties", "", body, signer.sent)

    assert (again.status_code, again.json()["code"]) == (401, "SIGNATURE_REPLAYED")


def test_a_request_that_was_refused_is_not_replayed_either(signer: Signer) -> None:
    refused = signer.send("POST", "/v1/parties", body=b'{"name": "x", "kind": "NOTHING"}')
    assert refused.status_code == 422

    again = send("POST", "/v1/parties", "", b'{"name": "x", "kind": "NOTHING"}', signer.sent)

    assert again.json()["code"] == "SIGNATURE_REPLAYED"


def changed(headers: dict[str, str], **changes: str) -> dict[str, str]:
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def test_nothing_of_a_signed_request_can_be_changed(signer: Signer) -> None:
    body, other = a_party(), a_party("乙")
    good = signer.headers("POST", "/v1/parties", "", body)
    bad_digest = signer.headers("POST", "/v1/parties", "", other)["content-digest"]
    entered = good["signature-input"]
    changes: dict[str, tuple[str, str, str, bytes, dict[str, str]]] = {
        "method": ("PUT", "/v1/parties", "", body, good),
        "path": ("POST", "/v1/contracts", "", body, good),
        "body": ("POST", "/v1/parties", "", other, good),
        "no body": ("POST", "/v1/parties", "", b"", good),
        "body and digest": (
            "POST", "/v1/parties", "", other, changed(good, content_digest=bad_digest),
        ),
        "host": ("POST", "/v1/parties", "", body, changed(good, host="evil.example")),
        "time": (
            "POST", "/v1/parties", "", body,
            changed(good, signature_input=entered.replace("created=", "created=1")),
        ),
        "nonce": (
            "POST", "/v1/parties", "", body,
            changed(good, signature_input=entered.replace('nonce="', 'nonce="x')),
        ),
        "label": (
            "POST", "/v1/parties", "", body,
            changed(good, signature_input=entered.replace("one=", "two=")),
        ),
    }  # fmt: skip
    for name, (method, path, query, sent, headers) in changes.items():
        answer = send(method, path, query, sent, headers)
        assert answer.status_code in {401, 405, 422}, (name, answer.text)
        if answer.status_code == 401:
            assert answer.json()["code"] == "SIGNATURE_INVALID", name
    assert parties() == 0
    assert send("POST", "/v1/parties", "", body, good).status_code == 201


@pytest.mark.parametrize("query", ["limit=2", "limit=1&limit=1", "limit=01", "limit=%31", ""])
def test_nor_can_its_query(signer: Signer, query: str) -> None:
    good = signer.headers("GET", "/v1/receivables", "limit=1", b"")

    answer = send("GET", "/v1/receivables", query, b"", good)
    assert answer.status_code in {401, 422}
    assert answer.json()["code"] in {"SIGNATURE_INVALID", "REQUEST_INVALID"}
    assert send("GET", "/v1/receivables", "limit=1", b"", good).status_code == 200


@pytest.mark.parametrize("left_out", ["@method", "@authority", "@path", "@query", "content-digest"])
def test_all_that_matters_is_covered(signer: Signer, left_out: str) -> None:
    signer.covered = tuple(name for name in signer.covered if name != left_out)

    answer = signer.send("POST", "/v1/parties", body=a_party())

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")
    assert parties() == 0


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(-310, "SIGNATURE_OUT_OF_TIME"), (310, "SIGNATURE_OUT_OF_TIME"), (-280, None), (280, None)],
)
def test_a_clock_may_be_five_minutes_off(signer: Signer, seconds: int, code: str | None) -> None:
    signer.created = int(time.time()) + seconds

    answer = signer.send("GET", LISTED)

    assert answer.json().get("code") == code


def test_a_nonce_is_remembered_for_as_long_as_its_signature_counts(signer: Signer) -> None:
    signer.created = int(time.time()) + 280
    signer.send("GET", LISTED)

    (row,) = rows(
        "SELECT expires_at >= to_timestamp(:created) + interval '5 minutes' AS enough"
        " FROM request_nonces",
        created=signer.created,
    )
    assert row.enough


def test_unknown_unsigning_and_ended_keys_are_answered_alike(signer: Signer) -> None:
    unsigning = a_key()
    told = []
    for keyid in ("lk_nobody0000", unsigning.prefix, "' OR 1=1", "lk_"):
        signer.keyid = keyid
        told.append(signer.send("GET", LISTED))
    signer.keyid = ""
    rows("UPDATE api_keys SET revoked_at = now() RETURNING 1")
    told.append(signer.send("GET", LISTED))

    bodies = [
        {name: value for name, value in answer.json().items() if name != "request_id"}
        for answer in told
    ]
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["code"] == "SIGNATURE_INVALID"


_ALL = 'one=("@method" "@authority" "@path" "@query")'


@pytest.mark.parametrize(
    ("entered", "signed"),
    [
        ("", ""),
        ("one=()", "one=:AA==:"),
        ('one=("@method")', "one=:not base64:"),
        ('one=("@method" "@method");created=1;keyid="x"', "one=:AA==:"),
        ('one=("@status");created=1;keyid="x"', "one=:AA==:"),
        ('one=("@query-param";name="a");created=1', "one=:AA==:"),
        ('one=("@method");created=1;created=2', "one=:AA==:"),
        (f'{_ALL};created="soon";nonce="{"n" * 16}";keyid="x"', "one=:AA==:"),
        (f'{_ALL};created=1;expires="";nonce="{"n" * 16}";keyid="x"', "one=:AA==:"),
        ('one=("@method"), two=("@path")', "one=:AA==:, two=:AA==:"),
        ("x" * 4000, "one=:AA==:"),
        ('one=("@method");alg="none"', ""),
    ],
)
def test_what_is_no_signature_is_refused_with_one_code(
    ledger: SignIn, entered: str, signed: str
) -> None:
    headers = {"signature-input": entered, "signature": signed}
    answer = client_of("").get(LISTED, headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (401, "SIGNATURE_INVALID")


@pytest.mark.parametrize(("named", "read"), [("", 1), ("lk_nobody0000", 0)])
def test_a_body_is_read_early_only_under_the_name_of_a_key(
    signer: Signer, named: str, read: int
) -> None:
    signer.keyid = named
    headers = signer.headers("POST", "/v1/imports", body=b"x")
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/imports",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    reads: list[int] = []

    async def receive() -> Any:
        reads.append(len(reads))
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def application(*_: Any) -> None:
        assert len(reads) == read

    async def send_nothing(_: Any) -> None: ...

    asyncio.run(SignedBodies(application)(scope, receive, send_nothing))
    assert len(reads) == read


@pytest.mark.parametrize("algorithm", ["ed25519", "rsa-pss-sha512", "none", ""])
def test_no_other_algorithm_is_taken(signer: Signer, algorithm: str) -> None:
    signer.more = f';alg="{algorithm}"'
    assert signer.send("GET", LISTED).json()["code"] == "SIGNATURE_INVALID"
    signer.more = ';alg="hmac-sha256"'
    assert signer.send("GET", LISTED).status_code == 200


def test_a_signature_does_not_widen_what_a_key_may_do(ledger: SignIn) -> None:
    signer = Signer(a_key(scopes=("events:read",), networks=("192.0.2.0/24",), signs=True))

    assert signer.send("GET", LISTED).status_code == 200
    assert signer.send("POST", "/v1/parties", body=a_party()).json()["code"] == "KEY_RESTRICTED"


def sent_in(vectors: dict[str, Any], extra: dict[str, str]) -> Sent:
    request = vectors["request"]
    _, _, rest = request["url"].partition("://")
    path, _, query = rest[rest.index("/") :].partition("?")
    headers = {name.lower(): [value] for name, value in {**request["headers"], **extra}.items()}
    return Sent(request["method"], "https", path, query, headers)


def published(vectors: Path, name: str) -> tuple[dict[str, Any], Sent, Claimed]:
    read = json.loads(vectors.joinpath("rfc9421.json").read_text("utf-8"))
    vector = read[name]
    sent = sent_in(read, {n: vector[n] for n in ("Signature-Input", "Signature")})
    one = claimed(sent)
    assert base_of(sent, one.components, one.parameters).decode() == vector["signature_base"]
    return vector, sent, one


def test_the_published_shared_secret_has_signed_what_the_ledger_takes_for_signed(
    vectors: Path,
) -> None:
    vector, sent, one = published(vectors, "B.2.5_hmac_sha256")
    secret = base64.b64decode(vector["shared_secret_base64"])

    assert is_signed(sent, one, secret)
    assert not is_signed(sent, one, secret[:-1])
    assert not is_signed(replace(sent, headers={**sent.headers, "date": ["now"]}), one, secret)


def test_the_published_key_verifies_its_signature_over_the_ledgers_base(vectors: Path) -> None:
    vector, sent, one = published(vectors, "B.2.6_ed25519")
    key = load_pem_public_key(vector["public_key_pem"].encode())
    assert isinstance(key, Ed25519PublicKey)

    key.verify(one.signature, base_of(sent, one.components, one.parameters))
    with pytest.raises(InvalidSignature):
        key.verify(one.signature, base_of(sent, one.components[1:], one.parameters))
