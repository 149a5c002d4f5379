"""Single sign-on by OpenID Connect: the code flow with PKCE, state, nonce and a pinned issuer.

It says who somebody is, never what they may do: only users that exist here and were linked come in,
and who needs a second factor here shows it here.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.ledger.access import same_token
from services.ledger.config import settings
from services.ledger.errors import LedgerError
from services.ledger.vault import BrokenSealError, seal, unseal

_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "Ed25519", "EdDSA"]
"""Signatures only: with a shared secret whoever verifies could also have signed."""
_TIMEOUT_SECONDS: Final = 5
_LEEWAY_SECONDS: Final = 60
_LASTS_SECONDS: Final = 600
_MOST_BYTES: Final = 256 * 1024
_HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PURPOSE: Final = "single sign-on"
_LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
_LOGOUT_SECONDS: Final = 300


class SingleSignOnError(LedgerError):
    """The single sign-on did not say who somebody is; why is in the log of the ledger only."""

    code = "SINGLE_SIGN_ON_FAILED"
    status = 401


@dataclass(frozen=True, slots=True)
class Pending:
    """What a browser keeps, sealed, while its person is at the single sign-on."""

    state: str
    nonce: str
    verifier: str
    back: str
    links_user: str
    """The user who links this identity to the account here; '': somebody signs in."""
    started_seconds: int


def is_on() -> bool:
    """Say whether this installation has a single sign-on."""
    return bool(settings().ledger_oidc_issuer and settings().ledger_oidc_client_id)


def failed(reason: str) -> SingleSignOnError:
    """Return the refusal; its cause is kept for the operator and not told."""
    error = SingleSignOnError(
        "The single sign-on did not work; start again, or sign in with a password.",
        "单点登录未成功；请重新开始，或使用密码登录。",
    )
    error.add_note(reason)
    return error


def _asked(client: httpx2.Client, address: str) -> Mapping[str, Any]:
    _check_address(address)
    answer = client.get(address)
    return _read(answer)


def _read(answer: httpx2.Response) -> Mapping[str, Any]:
    if not answer.is_success or len(answer.content) > _MOST_BYTES:
        raise failed(f"{answer.url} answered {answer.status_code}")
    read = answer.json()
    if not isinstance(read, dict):
        raise failed(f"{answer.url} answered something else")
    return read


def _check_address(address: object) -> None:
    parts = urlsplit(address) if isinstance(address, str) else urlsplit("")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
        raise failed(f"{address!r} is not https")


def _client() -> httpx2.Client:
    return httpx2.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False)


def _provider(client: httpx2.Client) -> Mapping[str, Any]:
    issuer = settings().ledger_oidc_issuer
    found = _asked(client, issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise failed(f"the issuer names itself {found.get('issuer')!r}")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _check_address(found.get(name))
    return found


def start(*, return_to: str, back: str, links_user: str = "") -> tuple[str, str]:
    """Return where to send a browser, and what it keeps meanwhile.

    Raises:
        SingleSignOnError: the single sign-on does not answer, or is not the one that was pinned.
    """
    pending = Pending(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        back=back,
        links_user=links_user,
        started_seconds=int(time.time()),
    )
    try:
        with _client() as client:
            provider = _provider(client)
    except (httpx2.HTTPError, ValueError) as error:
        raise failed(str(error)) from error
    query = {
        "response_type": "code",
        "client_id": settings().ledger_oidc_client_id,
        "redirect_uri": return_to,
        "scope": "openid",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": create_s256_code_challenge(pending.verifier),
        "code_challenge_method": "S256",
    }
    at = str(provider["authorization_endpoint"])
    joint = "&" if "?" in at else "?"
    kept = seal(json.dumps(asdict(pending)).encode(), of=_PURPOSE).hex()
    return f"{at}{joint}{urlencode(query)}", kept


def pending_of(kept: str, *, state: str) -> Pending:
    """Return what a browser kept, if it is what belongs to a state and not too old.

    Raises:
        SingleSignOnError: it is not.
    """
    try:
        pending = Pending(**json.loads(unseal(bytes.fromhex(kept), of=_PURPOSE)))
    except (BrokenSealError, ValueError) as error:
        raise failed("the browser kept nothing that counts") from error
    late = int(time.time()) - pending.started_seconds > _LASTS_SECONDS
    if late or not same_token(pending.state, state):
        raise failed("the state is another or too old")
    return pending


def finish(pending: Pending, *, code: str, return_to: str) -> str:
    """Return the subject whom the pinned issuer vouches for.

    Raises:
        SingleSignOnError: it vouches for nobody, or not to us, or not now.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": return_to,
        "code_verifier": pending.verifier,
    }
    us = (settings().ledger_oidc_client_id, settings().ledger_oidc_client_secret)
    try:
        with _client() as client:
            provider = _provider(client)
            tokens = _read(client.post(str(provider["token_endpoint"]), data=form, auth=us))
            keys = _asked(client, str(provider["jwks_uri"]))
    except (httpx2.HTTPError, ValueError) as error:
        raise failed(str(error)) from error
    access_token = str(tokens.get("access_token", ""))
    return subject_of(
        str(tokens.get("id_token", "")), keys, nonce=pending.nonce, access_token=access_token
    )


def _decoded(token: str, keys: Mapping[str, Any]) -> jwt.Token:
    usable = [key for key in keys.get("keys", []) if key.get("kty") != "oct"]
    return jwt.decode(token, KeySet.import_key_set({"keys": usable}), algorithms=_ALGORITHMS)


def signed_out(logout_token: str) -> str:
    """Return the subject whom the pinned issuer says to have signed out.

    Raises:
        SingleSignOnError: it says so of nobody, or not to us, or not now.
    """
    try:
        with _client() as client:
            keys = _asked(client, str(_provider(client)["jwks_uri"]))
    except (httpx2.HTTPError, ValueError) as error:
        raise failed(str(error)) from error
    return subject_signed_out(logout_token, keys)


def subject_signed_out(logout_token: str, keys: Mapping[str, Any]) -> str:
    """Return the subject of a logout token (OpenID Connect Back-Channel Logout 1.0, 2.6).

    Raises:
        SingleSignOnError: it is not the issuer's, for us, of now, or is no such token.
    """
    here = int(time.time())
    rules = jwt.JWTClaimsRegistry(
        now=here,
        leeway=_LEEWAY_SECONDS,
        iss={"essential": True, "value": settings().ledger_oidc_issuer},
        aud={"essential": True, "value": settings().ledger_oidc_client_id},
        sub={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        claims = _decoded(logout_token, keys).claims
        rules.validate(claims)
        late = here - int(claims["iat"]) > _LOGOUT_SECONDS
        told = isinstance(claims["events"][_LOGOUT], dict)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise failed(repr(error)) from error
    subject = claims["sub"]
    if late or not told or "nonce" in claims or not isinstance(subject, str) or not subject:
        raise failed("the token signs nobody out")
    return subject


def subject_of(
    id_token: str, keys: Mapping[str, Any], *, nonce: str, access_token: str = ""
) -> str:
    """Return the subject of an ID token after checking all of it (OpenID Connect Core, 3.1.3.7).

    A token that says it is of another kind is none: issuers also sign access and logout tokens.

    Raises:
        SingleSignOnError: it is not the issuer's, for us, of this sign-in, or of now.
    """
    us = settings().ledger_oidc_client_id
    try:
        token = _decoded(id_token, keys)
        if token.header.get("typ", "JWT").upper() != "JWT" or "events" in token.claims:
            raise failed("the token is of another kind")
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": settings().ledger_oidc_issuer},
                "aud": {"essential": True, "value": us},
                "sub": {"essential": True},
                "exp": {"essential": True},
                "iat": {"essential": True},
            },
            params={"nonce": nonce, "client_id": us, "access_token": access_token},
        )
        claims.validate(now=int(time.time()), leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise failed(repr(error)) from error
    subject = claims["sub"]
    if not isinstance(subject, str) or not subject:
        raise failed("the token names nobody")
    return subject
