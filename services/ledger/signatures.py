"""Signed requests: HTTP message signatures (RFC 9421, hmac-sha256) over the digest of the body.

A signature shows that whoever holds the key's signing secret sent this very request, now and once:
it covers method, host, path, query and body, says when it was made, and carries a nonce that
PostgreSQL remembers for as long as the signature counts.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ledger.db import GATE, transaction
from services.ledger.errors import LedgerError
from services.ledger.vault import unseal

SKEW: Final = timedelta(minutes=5)
"""How far the sender's clock may be from ours, either way."""
LARGEST_BODY_BYTES: Final = 32 * 1024 * 1024
BODY: Final = "ledger.signed_body"
_ALGORITHM: Final = "hmac-sha256"
_ALWAYS_COVERED: Final = frozenset({"@method", "@authority", "@path", "@query"})
_INPUT: Final = re.compile(
    r'(?P<label>[a-z*][a-z0-9_.*-]*)=(?P<params>\((?P<parts>(?:"[a-z0-9@-]+"(?: |(?=\))))*)\)'
    r'(?P<more>(?:;[a-z]+=(?:[0-9]{1,15}|"[\x20\x21\x23-\x5b\x5d-\x7e]*"))*))',
    re.ASCII,
)
_SIGNATURE: Final = re.compile(r"(?P<label>[a-z*][a-z0-9_.*-]*)=:(?P<bytes>[A-Za-z0-9+/=]+):")
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")')
_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)
_NONCE: Final = re.compile(r"[\x21-\x7e]{16,128}", re.ASCII)
_DIGEST: Final = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/=]+):")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


class SignatureError(LedgerError):
    """A signature that is not one of this request by a key that counts."""

    code = "SIGNATURE_INVALID"
    status = 401


class SignatureTimeError(LedgerError):
    """A signature made too long ago, or by a clock that is ahead."""

    code = "SIGNATURE_OUT_OF_TIME"
    status = 401


class SignatureReplayedError(LedgerError):
    """A signed request that has come before."""

    code = "SIGNATURE_REPLAYED"
    status = 401


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as its signature sees it."""

    method: str
    scheme: str
    path: str
    """Absolute and still encoded."""
    query: str
    headers: Mapping[str, Sequence[str]]
    """By lower-case name, each value as it came."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a ``Signature-Input`` with its ``Signature`` claims."""

    components: tuple[str, ...]
    parameters: str
    """The covered components with the parameters, as they were sent and are signed."""
    values: Mapping[str, str]
    signature: bytes


def sent(scope: Scope) -> Sent:
    """Return a request of the server as its signature sees it."""
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    path = scope.get("raw_path") or scope["path"].encode()
    return Sent(
        method=scope["method"],
        scheme=scope["scheme"],
        path=path.decode("latin-1") or "/",
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )


def _component(of: Sent, name: str) -> str:
    """Return the value of one component (RFC 9421, 2.1 and 2.2)."""
    if name == "@method":
        return of.method
    if name == "@authority":
        host = ", ".join(of.headers.get("host", ())).strip().lower()
        return host.removesuffix(_DEFAULT_PORTS.get(of.scheme, ""))
    if name == "@path":
        return of.path
    if name == "@query":
        return f"?{of.query}"
    if name.startswith("@") or name not in of.headers:
        raise _invalid()
    return ", ".join(value.strip() for value in of.headers[name])


def base_of(of: Sent, components: Sequence[str], parameters: str) -> bytes:
    """Return what is signed: the signature base of RFC 9421, 2.5."""
    lines = [f'"{name}": {_component(of, name)}' for name in components]
    return "\n".join([*lines, f'"@signature-params": {parameters}']).encode("latin-1")


def claimed(of: Sent) -> Claimed:
    """Return the one signature a request carries.

    Raises:
        SignatureError: there is none, several, or one that cannot be read.
    """
    given = [of.headers.get(name, ()) for name in ("signature-input", "signature")]
    if any(len(values) != 1 for values in given):
        raise _invalid()
    entered, signed = (values[0].strip() for values in given)
    outer, inner = _INPUT.fullmatch(entered), _SIGNATURE.fullmatch(signed)
    if outer is None or inner is None or outer["label"] != inner["label"]:
        raise _invalid()
    components = tuple(re.findall(r'"([^"]+)"', outer["parts"]))
    named = [(name, number or words) for name, number, words in _PARAMETER.findall(outer["more"])]
    if len(set(components)) != len(components) or len(dict(named)) != len(named):
        raise _invalid()
    return Claimed(components, outer["params"], dict(named), _decoded(inner["bytes"]))


def is_signed(of: Sent, one: Claimed, secret: bytes) -> bool:
    """Say whether a signature is this secret's, of what it covers (RFC 9421, 3.3.3)."""
    base = base_of(of, one.components, one.parameters)
    return hmac.compare_digest(hmac.digest(secret, base, "sha256"), one.signature)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise _invalid() from error


def check_body(of: Sent, components: Sequence[str], body: bytes | None) -> None:
    """Refuse a body that the signature does not cover through its digest (RFC 9530).

    Raises:
        SignatureError: it does not.
    """
    if body is None or (body and "content-digest" not in components):
        raise _invalid()
    if "content-digest" in components:
        found = _DIGEST.fullmatch(_component(of, "content-digest"))
        if found is None:
            raise _invalid()
        made = hashlib.new(found[1].replace("-", ""), body).digest()
        if not hmac.compare_digest(made, _decoded(found[2])):
            raise _invalid()


def _invalid() -> SignatureError:
    return SignatureError(
        "The signature is not one of this request by a key that counts; it covers @method,"
        " @authority, @path, @query and, with a body, content-digest, and says created, nonce and"
        " keyid.",
        "签名与本请求不符或密钥无效；签名须覆盖@method、@authority、@path、@query，有请求体时还须覆盖"
        "content-digest，并带有created、nonce和keyid。",
    )


_KEY: Final = text(
    """
    SELECT key_hash, signing_secret FROM api_keys WHERE prefix = :prefix AND revoked_at IS NULL
      AND (expires_at IS NULL OR expires_at > :at) AND signing_secret IS NOT NULL
    """
)
_NAMED: Final = text(
    "SELECT FROM api_keys WHERE prefix = :prefix AND revoked_at IS NULL"
    " AND signing_secret IS NOT NULL"
)
_REMEMBER: Final = text(
    "INSERT INTO request_nonces (key_hash, nonce, expires_at) VALUES (:key_hash, :nonce, :until)"
    " ON CONFLICT DO NOTHING"
)


def signer(session: Session, of: Sent, body: bytes | None, *, at: datetime) -> bytes:
    """Return the hash of the key that signed a request, and remember that it came.

    The caller commits before anything is done, so that what fails later does not come again.

    Raises:
        SignatureError: nobody signed this, or not all of it.
        SignatureTimeError: it was signed at another time.
        SignatureReplayedError: it came before.
    """
    one = claimed(of)
    values = one.values
    if not _ALWAYS_COVERED.issubset(one.components) or values.get("alg", _ALGORITHM) != _ALGORITHM:
        raise _invalid()
    if not {"created", "keyid"} <= set(values) or not _are_times(values):
        raise _invalid()
    if not _NONCE.fullmatch(values.get("nonce", "")):
        raise _invalid()
    check_body(of, one.components, body)
    key = session.connection().execute(_KEY, {"prefix": values["keyid"], "at": at}).one_or_none()
    secret = b"" if key is None else unseal(key.signing_secret, of=f"signing {values['keyid']}")
    if not is_signed(of, one, secret) or key is None:
        raise _invalid()
    _check_time(values, at)
    remembered = {"key_hash": key.key_hash, "nonce": values["nonce"], "until": at + 2 * SKEW}
    if session.connection().execute(_REMEMBER, remembered).rowcount != 1:
        raise SignatureReplayedError(
            "This signed request has come before; sign it anew with another nonce.",
            "该签名请求已收到过；请以新的nonce重新签名。",
        )
    return bytes(key.key_hash)


def _are_times(values: Mapping[str, str]) -> bool:
    return all(_SECONDS.fullmatch(values.get(name, "0")) for name in ("created", "expires"))


def _check_time(values: Mapping[str, str], at: datetime) -> None:
    now, created = int(at.timestamp()), int(values["created"])
    late = "expires" in values and int(values["expires"]) <= now
    if late or abs(now - created) > SKEW.seconds:
        raise SignatureTimeError(
            f"The signature was made at {created}, and it is {now} here; it counts for"
            f" {SKEW.seconds} seconds. Set the clock, or sign again.",
            f"签名时间为{created}，当前为{now}；签名在{SKEW.seconds}秒内有效。请校准时钟或重新签名。",
        )


def _names_a_key(scope: Scope) -> bool:
    try:
        keyid = claimed(sent(scope)).values.get("keyid", "")
    except SignatureError:
        return False
    try:
        with transaction(role=GATE) as session:
            return session.connection().execute(_NAMED, {"prefix": keyid}).first() is not None
    except SQLAlchemyError:
        return True  # The request itself meets the same and is answered so.


class SignedBodies:
    """Read the body of a request signed by a key there is before anything else, for its digest.

    Of what names no key nothing is read: strangers fill no memory.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on; a larger body than may be signed is passed on unread."""
        if scope["type"] != "http" or b"signature-input" not in dict(scope["headers"]):
            await self.app(scope, receive, send)
            return
        if not await run_in_threadpool(_names_a_key, scope):
            await self.app(scope, receive, send)  # refused later, without its body
            return
        came: list[Message] = []
        size, whole = 0, False
        while not whole and size <= LARGEST_BODY_BYTES:
            message = await receive()
            came.append(message)
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
        body = b"".join(message.get("body", b"") for message in came)
        scope[BODY] = body if whole and size <= LARGEST_BODY_BYTES else None
        left = iter(came)

        async def again() -> Any:  # noqa: ANN401 (a message)
            return next(left, None) or await receive()

        await self.app(scope, again, send)
