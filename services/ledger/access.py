"""Who is asking, and which rows that person may see. To a stranger a receivable does not exist."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger import policy
from services.ledger.db import direct, run
from services.ledger.errors import LedgerError
from services.ledger.policy import Relation, Whose

SESSION_LASTS: Final = timedelta(hours=12)
IDLE: Final = timedelta(minutes=30)
"""A browser that asks for nothing for so long is signed out."""
SEES_ALL: Final = frozenset(policy.roles("book.read", Relation.ANY))
AREAS: Final = (
    "parties",
    "orders",
    "receivables",
    "payments",
    "arrears",
    "financing",
    "events",
    "webhooks",
    "intake",
    "insight",
)
SCOPES: Final = tuple(f"{area}:{kind}" for area in AREAS for kind in ("read", "write"))
"""What a key may be restricted to: areas of the API (`edges.AREA_OF`), and reading or writing."""


class NotSignedInError(LedgerError):
    """No sign-in, or one that has ended."""

    code = "NOT_SIGNED_IN"
    status = 401


class NotAllowedError(LedgerError):
    """A signed-in person asks for what the role does not include."""

    code = "NOT_ALLOWED"
    status = 403


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


@dataclass(frozen=True, slots=True)
class Grant:
    """What others have approved of somebody: this command with this effect, and nothing else."""

    command: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, for which party, in which role."""

    name: str
    role: str
    party_id: UUID | None
    user_id: UUID | None = None
    """The person, where one is signed in; None: a machine with a key."""
    duty: str = ""
    """The person's within the party: maker, checker or administrator."""
    scopes: frozenset[str] | None = None
    """What a restricted key may do; None: all of the role."""
    networks: tuple[str, ...] = ()
    signed_only: bool = False
    key: bytes | None = None
    """The hash of the key, where a machine asks with one."""
    grant: Grant | None = None
    """Set while what this viewer proposed is done, as others approved it."""

    @property
    def sees_all(self) -> bool:
        """A regulator, an operator and the notifier read the whole book."""
        return self.role in SEES_ALL

    def parameters(self) -> dict[str, object]:
        """Return the bind parameters of `VISIBLE`."""
        return {"sees_all": self.sees_all, "viewer": self.party_id}

    def relation(self, action: str) -> Relation | None:
        """Return in which relation the viewer may do something; None: in none."""
        return policy.relation(action, self.role)

    def may(self, action: str, whose: Whose | None = None) -> bool:
        """Say whether the viewer may do something: at all, or to what is somebody's."""
        wanted = self.relation(action)
        return wanted is not None and (whose is None or policy.stands(wanted, self.party_id, whose))

    def require(self, action: str, whose: Whose | None = None) -> None:
        """Refuse unless the viewer may do something: at all, or to what is somebody's.

        Raises:
            NotAllowedError: it may not.
        """
        if not self.may(action, whose):
            raise NotAllowedError(*policy.refusal(action, self.role))


VISIBLE: Final = (
    "(CAST(:sees_all AS boolean) OR {table}.debtor_id = CAST(:viewer AS uuid)"
    " OR {table}.creditor_id = CAST(:viewer AS uuid))"
)
"""The condition on a row with a debtor and a creditor; ``{table}`` is its alias."""

OPERATOR: Final = Viewer(name="operator", role=policy.MACHINE, party_id=None)
"""Whoever runs commands on the machine itself."""

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
_IDENTIFY: Final = direct(
    f"""
    SELECT k.name, k.role, k.party_id, NULL::uuid AS user_id, '' AS duty, k.scopes, k.networks,
      k.signed_only, t.at IS NULL OR t.at < now() - interval '10 minutes' AS stale
    FROM {_KEY.format(join="LEFT JOIN uses t ON t.digest = k.key_hash")}
    UNION ALL
    SELECT u.login, u.role, u.party_id, u.id, u.duty, NULL, NULL, false,
      t.at < now() - interval '1 minute'
    FROM {_PERSON}
    LIMIT 1
    """
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


def identify(session: Session, token: str | Presented) -> Viewer:
    """Return who holds an API key or session token, if it may be used for what is asked.

    Raises:
        NotSignedInError: nobody does, or no longer.
        KeyRestrictedError: the key was not made for this.
    """
    presented = Presented(digest(token)) if isinstance(token, str) else token
    row = run(session, _IDENTIFY, {"digest": presented.digest}).fetchone()
    if row is None:
        raise NotSignedInError(
            "This key or sign-in is unknown or has ended; sign in again.",
            "该密钥或登录不存在或已失效；请重新登录。",
        )
    if row.stale:
        run(session, _USED, {"digest": presented.digest})
    viewer = _viewer(row, presented.digest)
    refusal = _refusal(viewer, presented)
    if refusal is not None:
        raise refusal
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[presented.digest] = viewer, int(time.monotonic())
    return viewer


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


def same_token(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
