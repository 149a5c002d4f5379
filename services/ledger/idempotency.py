"""`Idempotency-Key`: a write sent again under its key is answered as before, and done once.

The key is its sender's and its route's own. The answer is stored in the transaction of what it
answers, so there is never one without the other, and a refusal, which wrote nothing, stores none.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from pydantic import AwareDatetime
from sqlalchemy import DateTime, Index, text
from sqlmodel import Field, Session, SQLModel
from starlette.requests import Request

from services.ledger.access import Viewer
from services.ledger.errors import LedgerError
from services.ledger.vault import seal, unseal

HEADER: Final = "idempotency-key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_IN_SCOPE: Final = "ledger.idempotency"


class IdempotencyKeyError(LedgerError):
    """A key that is no key."""

    code = "IDEMPOTENCY_KEY_INVALID"
    status = 400


class IdempotencyReusedError(LedgerError):
    """The key was sent before with another content."""

    code = "IDEMPOTENCY_KEY_REUSED"


class InProgressError(LedgerError):
    """The same request is being worked on."""

    code = "IDEMPOTENCY_IN_PROGRESS"
    status = 409
    retry_seconds = 1


class Replayed(Exception):  # noqa: N818 (an answer, not an error)
    """Ends a request that was answered before, with that answer."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__("answered before")
        self.status = status
        self.body = body


class StoredAnswer(SQLModel, table=True):
    """What a write under a key was answered; kept for seven days."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_recorded", "recorded_at", postgresql_using="brin"),)

    principal: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes
    status: int
    body: bytes
    """Sealed (vault.py): some answers hold a secret that is shown once."""
    recorded_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


@dataclass(slots=True)
class Call:
    """A write under a key, from its arrival to its answer."""

    key: str
    route: str
    fingerprint: bytes
    """SHA-256 of the address, the query and the body."""
    principal: str = ""
    """Who sent it, once that is known."""
    status: int = 0
    """What it was answered, once it is."""
    body: bytes = b""


async def note(request: Request, route: str) -> Call | None:
    """Note the key of a write on its request; files are their own key, by their hash.

    Raises:
        IdempotencyKeyError: it is not 1 to 255 printable ASCII characters.
    """
    given = request.headers.getlist(HEADER)
    if not given or request.method not in _WRITES or _is_form(request):
        return None
    key = given[0]
    if len(given) > 1 or not _KEY.fullmatch(key):
        raise IdempotencyKeyError(
            "One Idempotency-Key of 1 to 255 printable ASCII characters without spaces, please.",
            "Idempotency-Key须为一个1至255个可打印的ASCII字符、不含空格的值。",
        )
    address = f"{request.url.path}?{request.url.query}\n".encode()
    fingerprint = hashlib.sha256(address + await request.body()).digest()
    call = Call(key, f"{request.method} {route}", fingerprint)
    request.scope[_IN_SCOPE] = call
    return call


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").strip().lower()
    return kind.startswith(("multipart/", "application/x-www-form-urlencoded"))


def noted(request: Request) -> Call | None:
    """Return the call that was noted on a request."""
    call = request.scope.get(_IN_SCOPE)
    assert call is None or isinstance(call, Call)
    return call


def principal(viewer: Viewer) -> str:
    """Return whose key it is: no other role, party, person or machine meets it.

    A party's machines of one name are one, so that what was sent before its API key was replaced is
    not done again by the new one. Those of no party may be of several authorities: each is its own.
    """
    if viewer.user_id is not None:
        who = f"person {viewer.user_id}"
    elif viewer.party_id is not None:
        who = f"key {viewer.name}"
    else:
        assert viewer.key is not None
        who = f"key {viewer.key.hex()}"
    return f"{viewer.role}/{viewer.party_id or ''}/{who}"


_BEGIN: Final = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended(jsonb_build_array("
    "CAST(:principal AS text), CAST(:route AS text), CAST(:key AS text))::text, 0))"
)
_STORED: Final = text(
    "SELECT fingerprint, status, body FROM idempotency_keys"
    " WHERE principal = :principal AND route = :route AND key = :key"
)
_STORE: Final = """
    INSERT INTO idempotency_keys (principal, route, key, fingerprint, status, body, recorded_at)
    SELECT :call_principal, :call_route, :call_key, :call_fingerprint, :call_status, :call_body,
      now()
    """
STORE_IF_SENT: Final = f"{_STORE} FROM {{done}} WHERE CAST(:call_key AS varchar) IS NOT NULL"
"""A part of a statement that does its work once: stores the answer, if ``done`` has a row."""
_FORGET: Final = text("DELETE FROM idempotency_keys WHERE recorded_at < now() - interval '7 days'")


def begin(session: Session, viewer: Viewer, call: Call) -> None:
    """Let one request under a key go on, and answer the others as it was answered.

    Raises:
        Replayed: it was answered before.
        IdempotencyReusedError: the key came with another content before.
        InProgressError: it is being worked on now.
    """
    call.principal = principal(viewer)
    named = {"principal": call.principal, "route": call.route, "key": call.key}
    if not session.connection().execute(_BEGIN, named).scalar_one():
        raise InProgressError(
            "The same request is being worked on; send it again in a second.",
            "相同的请求正在处理；请稍后重发。",
        )
    stored = session.connection().execute(_STORED, named).one_or_none()
    if stored is None:
        return
    if stored.fingerprint != call.fingerprint:
        raise IdempotencyReusedError(
            f"The Idempotency-Key {call.key!r} was sent before with another content; use a new key"
            " for another request.",
            f"Idempotency-Key“{call.key}”已用于内容不同的请求；请为新请求使用新的键。",
        )
    raise Replayed(stored.status, opened(call.principal, call.route, call.key, stored.body))


def _purpose(whose: str, route: str, key: str) -> str:
    return f"answer {whose} {route} {key}"


def opened(whose: str, route: str, key: str, body: bytes) -> bytes:
    """Return an answer as it was given to its sender, from what is stored of it.

    Raises:
        BrokenSealError: it was changed, or is that of another sender, route or key.
    """
    return unseal(body, of=_purpose(whose, route, key))


def call_values(call: Call | None, whose: str) -> dict[str, object]:
    """Return the values of `STORE_IF_SENT`."""
    return {
        "call_principal": whose,
        "call_route": call and call.route,
        "call_key": call and call.key,
        "call_fingerprint": call and call.fingerprint,
        "call_status": call and call.status,
        "call_body": call and seal(call.body, of=_purpose(whose, call.route, call.key)),
    }


def store(session: Session, call: Call) -> None:
    """Store what a request under a key was answered, in the transaction of what it did."""
    session.connection().execute(text(_STORE), call_values(call, call.principal))


def forget(session: Session) -> int:
    """Forget answers of more than seven days and return how many."""
    return session.connection().execute(_FORGET).rowcount
