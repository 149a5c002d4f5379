"""Who holds a token, asked of the database, which from then on shows what that one may see."""

import hashlib
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.db import GATE, MACHINE, PARTY, direct, run
from services.ledger.errors import LedgerError
from services.ledger.rates import begin, count_guess

SESSION_LASTS: Final = timedelta(hours=12)
IDLE: Final = timedelta(minutes=30)
"""A browser that asks for nothing for so long is signed out."""
_DATABASE_ROLES: Final = {
    "core_enterprise": PARTY,
    "supplier": PARTY,
    "platform": "ledger_platform",
    "regulator": "ledger_regulator",
    "operator": MACHINE,
    "service": MACHINE,
    "installation": MACHINE,
    "security_admin": GATE,
    "audit_admin": GATE,
}
"""As what row-level security takes each role, so that a forgotten condition shows nothing."""


class NotSignedInError(LedgerError):
    """No sign-in, or one that has ended."""

    code = "NOT_SIGNED_IN"
    status = 401


class KeyRestrictedError(LedgerError):
    """A key asks for more than it was made for, from elsewhere, or unsigned."""

    code = "KEY_RESTRICTED"
    status = 403


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request shows of who sends it, and what it needs if that is a restricted key."""

    digest: bytes
    needs: str = ""
    """A scope such as ``receivables:write``; '': none has it, so restricted keys are refused."""
    address: str = ""
    signed: bool = False


_KEY: Final = """
    api_keys k {join}
    WHERE k.key_hash = :digest AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
"""
_PERSON: Final = f"""
    sessions s JOIN users u ON u.id = s.user_id JOIN uses t ON t.digest = s.token_hash
    WHERE s.token_hash = :digest AND s.expires_at > now() AND u.disabled_at IS NULL
      AND t.at > now() - interval '{int(IDLE.total_seconds())} seconds'
"""
_REGIONS: Final = """
    CASE w.role WHEN 'regulator' THEN ARRAY(
      SELECT c.code FROM regulator_scopes s,
        CAST(now() AT TIME ZONE 'Asia/Shanghai' AS date) AS today,
        LATERAL (SELECT s.region UNION SELECT r.was FROM region_successors r
          WHERE s.region <> '' AND r.became ^@ s.region AND r.from_on <= today) AS c(code)
      WHERE s.holder = w.holder AND s.function IN ('', :area) AND s.ended_at IS NULL
        AND today BETWEEN s.from_on AND s.until_on) END"""
"""What a regulator is appointed to now, with the codes that were merged into it."""
_ACTS_AS: Final = "CASE w.role {} ELSE 'ledger_gate' END".format(
    " ".join(f"WHEN '{role}' THEN '{acts_as}'" for role, acts_as in _DATABASE_ROLES.items())
)
_IDENTIFY: Final = direct(
    f"""
    WITH w AS MATERIALIZED (
      SELECT k.name, k.role, k.party_id, NULL::uuid AS user_id, '' AS duty, k.scopes, k.networks,
        k.signed_only, t.at IS NULL OR t.at < now() - interval '10 minutes' AS stale,
        k.key_hash AS holder
      FROM {_KEY.format(join="LEFT JOIN uses t ON t.digest = k.key_hash")}
      UNION ALL
      SELECT u.login, u.role, u.party_id, u.id, u.duty, NULL, NULL, false,
        t.at < now() - interval '1 minute', uuid_send(u.id)
      FROM {_PERSON}
      LIMIT 1
    ), known AS MATERIALIZED (SELECT w.*, {_REGIONS} AS regions FROM w)
    SELECT w.*, set_config('role', {_ACTS_AS}, true) AS acts_as,
      set_config('ledger.party', coalesce(w.party_id::text, ''), true) AS for_party,
      set_config('ledger.person', coalesce(w.user_id::text, ''), true) AS for_person,
      set_config('ledger.regions', coalesce(w.regions::text, ''), true) AS in_regions
    FROM known w
    """
)
"""Who holds a token; the rest of the transaction sees what that one may."""
_ACT: Final = direct(
    "SELECT set_config('role', :acts_as, true) AS acts_as,"
    " set_config('ledger.party', :party, true) AS for_party,"
    " set_config('ledger.person', :person, true) AS for_person,"
    " set_config('ledger.regions', coalesce(CAST(:regions AS text[])::text, ''), true) AS regions"
)
_USED: Final = direct(
    """
    UPDATE uses SET at = now() WHERE digest IN (
      SELECT digest FROM uses WHERE digest = :digest FOR UPDATE SKIP LOCKED)
    """
)
"""Nobody waits to note a use: whoever holds the row notes it."""

STILL: Final = (
    f"EXISTS (SELECT FROM (SELECT k.name, k.role, k.party_id FROM {_KEY.format(join='')}"
    f" UNION ALL SELECT u.login, u.role, u.party_id FROM {_PERSON} LIMIT 1) w"
    " WHERE (w.name, w.role, w.party_id)"
    " IS NOT DISTINCT FROM (:actor, :role, CAST(:viewer AS uuid)))"
)
"""The condition that a remembered viewer still holds its token, with the values of `proof`."""

_remembered: Final[dict[bytes, tuple[Viewer, int]]] = {}
_MOST_REMEMBERED: Final = 10_000
_REMEMBERED_SECONDS: Final = 300
"""Then it is looked up again, which also notes that it is used."""


def digest(token: str) -> bytes:
    """Return what is stored of a token: its hash, so that a copy of the table opens nothing."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def act(session: Session, viewer: Viewer) -> None:
    """Let the rest of the transaction see what a viewer may, as `identify` does."""
    named = {
        "acts_as": _DATABASE_ROLES[viewer.role],
        "party": str(viewer.party_id or ""),
        "person": str(viewer.user_id or ""),
        "regions": viewer.parameters()["regions"],
    }
    run(session, _ACT, named)


_ROLE: Final = direct("SELECT current_setting('role') AS acts_as")
_AS: Final = direct("SELECT set_config('role', :acts_as, true) AS acts_as")


@contextmanager
def as_machine(session: Session) -> Iterator[None]:
    """Let what is inside see the whole book, of which the caller has shown what may be told.

    A refusal inside undoes this with all else that was done there.
    """
    with session.begin_nested():
        was = run(session, _ROLE, {}).fetchone()
        assert was is not None
        run(session, _AS, {"acts_as": MACHINE})
        yield
        run(session, _AS, {"acts_as": was.acts_as})


def identify(session: Session, token: str | Presented) -> Viewer:
    """Return who holds an API key or session token, if it may be used for what is asked.

    The rest of the transaction sees what that one may.

    Raises:
        NotSignedInError: nobody does, or no longer.
        KeyRestrictedError: the key was not made for this.
    """
    presented = Presented(digest(token)) if isinstance(token, str) else token
    named = {"digest": presented.digest, "area": presented.needs.partition(":")[0]}
    row = run(session, _IDENTIFY, named).fetchone()
    if row is None:
        _remembered.pop(presented.digest, None)
        count_guess(presented.address)
        raise NotSignedInError(
            "This key or sign-in is unknown or has ended; sign in again.",
            "该密钥或登录不存在或已失效；请重新登录。",
        )
    if row.stale:
        run(session, _USED, {"digest": presented.digest})
    viewer = _viewer(row, presented.digest)
    if not is_known(presented.digest):
        begin(presented.digest)
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[presented.digest] = viewer, int(time.monotonic())
    refusal = _refusal(viewer, presented)
    if refusal is not None:
        raise refusal
    return viewer


def is_known(presented: bytes) -> bool:
    """Say whether a token has been held by somebody since this process began, and not ended."""
    return presented in _remembered


def _viewer(row: Any, presented: bytes) -> Viewer:  # noqa: ANN401 (a row of _IDENTIFY)
    return Viewer(
        name=row.name,
        role=row.role,
        party_id=row.party_id,
        user_id=row.user_id,
        duty=row.duty,
        scopes=None if row.scopes is None else frozenset(row.scopes),
        networks=tuple(row.networks or ()),
        signed_only=row.signed_only,
        regions=None if row.regions is None else tuple(row.regions),
        key=presented if row.user_id is None else None,
    )


def _refusal(viewer: Viewer, presented: Presented) -> KeyRestrictedError | None:
    """Return why a key may not be used for what is asked; what a key is made for never changes."""
    if viewer.signed_only and not presented.signed:
        return KeyRestrictedError(
            "This key counts only for signed requests (RFC 9421).",
            "该密钥仅用于签名请求（RFC 9421）。",
        )
    if viewer.networks and not _is_within(presented.address, viewer.networks):
        return KeyRestrictedError(
            "This key does not count from this address.", "该密钥不能在此地址使用。"
        )
    if viewer.scopes is not None and presented.needs not in viewer.scopes:
        needed = presented.needs or "-"
        return KeyRestrictedError(
            f"This key lacks the scope {needed}; make one that has it.",
            f"该密钥没有权限范围{needed}；请创建具备该范围的密钥。",
        )
    return None


def _is_within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        where = ip_address(address)
    except ValueError:
        return False
    where = getattr(where, "ipv4_mapped", None) or where
    return any(where in ip_network(one) for one in networks)


def remembered(presented: Presented) -> Viewer | None:
    """Return who held a token when it was last looked up, which it may hold no longer.

    Good for a statement that holds only under `STILL`, and for nothing else.
    """
    viewer, since = _remembered.get(presented.digest, (None, 0))
    if viewer is None or int(time.monotonic()) - since > _REMEMBERED_SECONDS:
        return None
    return None if _refusal(viewer, presented) else viewer


def proof(viewer: Viewer, presented: Presented) -> dict[str, object]:
    """Return the bind parameters of `STILL`."""
    return {"digest": presented.digest, "actor": viewer.name, "role": viewer.role}


_START: Final = text(
    """
    WITH used AS (INSERT INTO uses (digest, at) VALUES (:digest, now()))
    INSERT INTO sessions (token_hash, user_id, expires_at, browser, address)
    VALUES (:digest, :user_id, :ends_at, :browser, :address)
    """
)


def start_session(
    session: Session, user_id: UUID, *, at: datetime, browser: str = "", address: str = ""
) -> str:
    """Store a new sign-in and return its token, which exists nowhere else."""
    token = secrets.token_urlsafe(32)
    values = {"digest": digest(token), "user_id": user_id, "ends_at": at + SESSION_LASTS}
    session.connection().execute(_START, {**values, "browser": browser, "address": address})
    return token


def end_session(session: Session, token: str) -> None:
    """Forget a sign-in."""
    session.connection().execute(
        text("DELETE FROM sessions WHERE token_hash = :digest"), {"digest": digest(token)}
    )
