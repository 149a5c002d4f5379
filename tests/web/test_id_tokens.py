import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from services.ledger import config
from services.ledger.parties import single_sign_on as single
from tests.web.provider import CLIENT_ID, settle

ISSUER = "https://single.example"
KEY = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
STRANGERS = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
KEYS = {"keys": [KEY.as_dict(private=False)]}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "sub": "subject-1",
        "exp": now + 300,
        "iat": now,
        "nonce": "the nonce",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, **header: Any) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one", **header}, said, key)


def unsigned(said: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, said)
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode() for one in parts]
    return ".".join(part.rstrip("=") for part in coded) + "."


def with_public_key(said: dict[str, Any]) -> str:
    """Sign with what everybody knows, as if it were a shared secret."""
    head, body, _ = unsigned(said, "HS256").split(".")
    made = hmac.digest(KEY.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}." + base64.urlsafe_b64encode(made).decode().rstrip("=")


NOW = int(time.time())
ABUSES = {
    "none": unsigned(claims(), "none"),
    "None": unsigned(claims(), "None"),
    "no signature": signed(claims()).rpartition(".")[0] + ".",
    "cut off": signed(claims())[:-4],
    "of another key": signed(claims(), STRANGERS),
    "hmac with the public key": with_public_key(claims()),
    "kid path": signed(claims(), STRANGERS, kid="../../dev/null"),
    "jku": signed(claims(), STRANGERS, jku="https://evil.example/keys"),
    "jwk inside": signed(claims(), STRANGERS, jwk=STRANGERS.as_dict(private=False)),
    "x5u": signed(claims(), STRANGERS, x5u="https://evil.example/cert"),
    "expired": signed(claims(exp=NOW - 3600)),
    "without exp": signed(claims(exp=None)),
    "exp as text": signed(claims(exp="never")),
    "not yet": signed(claims(nbf=NOW + 3600)),
    "of the future": signed(claims(iat=NOW + 3600)),
    "without iat": signed(claims(iat=None)),
    "another audience": signed(claims(aud="another client")),
    "another audience by us": signed(claims(aud="another client", azp=CLIENT_ID)),
    "other audiences by us": signed(claims(aud=["a", "b"], azp=CLIENT_ID)),
    "audiences without us": signed(claims(aud=["another client"])),
    "audiences without azp": signed(claims(aud=[CLIENT_ID, "another client"])),
    "for another azp": signed(claims(aud=[CLIENT_ID, "another"], azp="another")),
    "without aud": signed(claims(aud=None)),
    "another issuer": signed(claims(iss="https://single.example.evil")),
    "issuer with a slash": signed(claims(iss=ISSUER + "/")),
    "without iss": signed(claims(iss=None)),
    "another nonce": signed(claims(nonce="replayed")),
    "without nonce": signed(claims(nonce=None)),
    "nobody": signed(claims(sub="")),
    "without sub": signed(claims(sub=None)),
    "sub as a list": signed(claims(sub=["subject-1"])),
    "header changed": signed(claims()).replace("eyJ", "eyK", 1),
    "empty": "",
    "not a token": "a.b.c",
    "five parts": "a.b.c.d.e",
    "not text": "\x00\xff",
}


@pytest.mark.parametrize("token", [pytest.param(one, id=name) for name, one in ABUSES.items()])
def test_no_abused_token_vouches_for_anybody(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, ISSUER)

    with pytest.raises(single.SingleSignOnError) as refused:
        single.subject_of(token, KEYS, nonce="the nonce")

    assert "subject-1" not in refused.value.english
    config.settings.cache_clear()


def test_the_same_token_unabused_vouches(monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, ISSUER)
    for said in (claims(), claims(aud=[CLIENT_ID]), claims(aud=[CLIENT_ID, "b"], azp=CLIENT_ID)):
        assert single.subject_of(signed(said), KEYS, nonce="the nonce") == "subject-1"
    config.settings.cache_clear()
