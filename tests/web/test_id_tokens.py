"""R-26: no abused ID token vouches for anybody."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
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
        "exp": now + 86_400,  # a whole run may lie between import and use
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


def shared(said: dict[str, Any], secret: bytes, bits: int = 256) -> str:
    """Sign with a secret that is none, such as what everybody knows."""
    head, body, _ = unsigned(said, f"HS{bits}").split(".")
    made = hmac.digest(secret, f"{head}.{body}".encode(), f"sha{bits}")
    return f"{head}.{body}." + base64.urlsafe_b64encode(made).decode().rstrip("=")


NOW, PUBLIC = int(time.time()), KEY.as_pem(private=False)
LOGOUT: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
ABUSES = {
    "none": unsigned(claims(), "none"),
    "None": unsigned(claims(), "None"),
    "no signature": signed(claims()).rpartition(".")[0] + ".",
    "cut off": signed(claims())[:-4],
    "of another key": signed(claims(), STRANGERS),
    "HS256 with the public key": shared(claims(), PUBLIC),
    "HS384 with the public key": shared(claims(), PUBLIC, 384),
    "HS512 with the public key": shared(claims(), PUBLIC, 512),
    "HS256 with the public key as DER": shared(claims(), KEY.as_der(private=False)),
    "HS256 with an empty key": shared(claims(), b""),
    "kid path": signed(claims(), STRANGERS, kid="../../dev/null"),
    "jku": signed(claims(), STRANGERS, jku="https://evil.example/keys"),
    "jwk inside": signed(claims(), STRANGERS, jwk=STRANGERS.as_dict(private=False)),
    "x5u": signed(claims(), STRANGERS, x5u="https://evil.example/cert"),
    "expired": signed(claims(exp=NOW - 3600)),
    "without exp": signed(claims(exp=None)),
    "exp as text": signed(claims(exp="never")),
    "exp true": signed(claims(exp=True)),
    "not yet": signed(claims(nbf=NOW + 3600)),
    "nbf as text": signed(claims(nbf="now")),
    "of the future": signed(claims(iat=NOW + 3600)),
    "without iat": signed(claims(iat=None)),
    "another audience": signed(claims(aud="another client")),
    "another audience by us": signed(claims(aud="another client", azp=CLIENT_ID)),
    "other audiences by us": signed(claims(aud=["a", "b"], azp=CLIENT_ID)),
    "audiences without us": signed(claims(aud=["another client"])),
    "audiences without azp": signed(claims(aud=[CLIENT_ID, "another client"])),
    "for another azp": signed(claims(aud=[CLIENT_ID, "another"], azp="another")),
    "without aud": signed(claims(aud=None)),
    "aud empty": signed(claims(aud=[])),
    "another issuer": signed(claims(iss="https://single.example.evil")),
    "issuer with a slash": signed(claims(iss=ISSUER + "/")),
    "without iss": signed(claims(iss=None)),
    "another nonce": signed(claims(nonce="replayed")),
    "without nonce": signed(claims(nonce=None)),
    "nobody": signed(claims(sub="")),
    "without sub": signed(claims(sub=None)),
    "sub as a list": signed(claims(sub=["subject-1"])),
    "an access token": signed(claims(), typ="at+jwt"),
    "a logout token": signed(claims(), typ="logout+jwt"),
    "with a logout event": signed(claims(events=LOGOUT)),
    "header changed": signed(claims()).replace("eyJ", "eyK", 1),
    "empty": "",
    "not a token": "a.b.c",
    "five parts": "a.b.c.d.e",
    "not text": "\x00\xff",
}


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settle(monkeypatch, ISSUER)
    yield
    config.settings.cache_clear()


def accepted() -> set[str]:
    """Return which of the abuses vouch for somebody."""
    vouch = set()
    for name, token in ABUSES.items():
        with suppress(single.SingleSignOnError):
            single.subject_of(token, KEYS, nonce="the nonce")
            vouch.add(name)
    return vouch


def test_no_abused_token_vouches_for_anybody() -> None:
    assert len(set(ABUSES.values())) == len(ABUSES) >= 40

    assert accepted() == set()


def test_a_refusal_names_nobody() -> None:
    with pytest.raises(single.SingleSignOnError) as refused:
        single.subject_of(ABUSES["another issuer"], KEYS, nonce="the nonce")

    assert "subject-1" not in refused.value.english + refused.value.chinese


def without(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Let the checker of claims be made without what it has to know."""

    class Forgetful(CodeIDToken):  # type: ignore[misc]
        def __init__(self, *given: Any, **more: Any) -> None:
            super().__init__(*given, **{**more, what: {}})

    monkeypatch.setattr(single, "CodeIDToken", Forgetful)


@pytest.mark.parametrize(
    ("what", "let_in"),
    [
        (
            "options",
            {
                "another audience by us",
                "other audiences by us",
                "aud empty",
                "another issuer",
                "issuer with a slash",
            },
        ),
        (
            "params",
            {"audiences without azp", "for another azp", "another nonce", "without nonce"},
        ),
    ],
)
def test_a_check_that_forgets_who_is_meant_is_found(
    what: str, let_in: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what each half of the check refuses alone."""
    without(monkeypatch, what)

    assert accepted() == let_in


@pytest.mark.parametrize(
    "changes", [{}, {"aud": [CLIENT_ID]}, {"aud": [CLIENT_ID, "b"], "azp": CLIENT_ID}]
)
def test_the_same_token_unabused_vouches(changes: dict[str, Any]) -> None:
    said = claims(**changes)
    plain = jws.serialize_compact({"alg": "RS256", "kid": "one"}, json.dumps(said), KEY)

    for token in (signed(said), signed(said, typ="jwt"), plain):
        assert single.subject_of(token, KEYS, nonce="the nonce") == "subject-1"
