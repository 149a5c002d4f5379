"""Who is asking, and which rows that person may see. To a stranger a receivable does not exist."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.db import direct, run
from services.ledger.errors import LedgerError

SESSION_LASTS: Final = timedelta(hours=12)
SEES_ALL: Final = frozenset({"regulator", "operator", "service"})


class NotSignedInError(LedgerError):
    """No sign-in, or one that has ended."""

    code = "NOT_SIGNED_IN"
    status = 401


class NotAllowedError(LedgerError):
    """A signed-in person asks for what the role does not include."""

    code = "NOT_ALLOWED"
    status = 403


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, for which party, in which role."""

    name: str
    role: str
    party_id: UUID | None

    @property
    def sees_all(self) -> bool:
        """A regulator, an operator and the notifier read the whole book."""
        return self.role in SEES_ALL

    def parameters(self) -> dict[str, object]:
        """Return the bind parameters of `VISIBLE`."""
        return {"sees_all": self.sees_all, "viewer": self.party_id}

    def require(self, *roles: str) -> None:
        """Refuse unless the role is one of those given.

        Raises:
            NotAllowedError: it is not.
        """
        if self.role not in roles:
            wanted = ", ".join(roles)
            raise NotAllowedError(
                f"The role {self.role} may not do this; it takes one of: {wanted}.",
                f"角色 {self.role} 无权执行此操作；需要以下角色之一：{wanted}。",
            )


VISIBLE: Final = (
    "(CAST(:sees_all AS boolean) OR {table}.debtor_id = CAST(:viewer AS uuid)"
    " OR {table}.creditor_id = CAST(:viewer AS uuid))"
)
"""The condition on a row with a debtor and a creditor; ``{table}`` is its alias."""

OPERATOR: Final = Viewer(name="operator", role="operator", party_id=None)
"""Whoever runs commands on the machine itself."""

_HOLDER: Final = """
    SELECT k.name, k.role, k.party_id FROM api_keys k
    WHERE k.key_hash = :digest AND k.revoked_at IS NULL
    UNION ALL
    SELECT u.login, u.role, u.party_id FROM sessions s JOIN users u ON u.id = s.user_id
    WHERE s.token_hash = :digest AND s.expires_at > now()
    LIMIT 1
    """
_IDENTIFY: Final = direct(_HOLDER)

STILL: Final = (
    f"EXISTS (SELECT FROM ({_HOLDER}) w WHERE (w.name, w.role, w.party_id)"
    " IS NOT DISTINCT FROM (:actor, :role, CAST(:viewer AS uuid)))"
)
"""The condition that a remembered viewer still holds its token, with the values of `proof`."""

_remembered: Final[dict[bytes, Viewer]] = {}
_MOST_REMEMBERED: Final = 10_000


def digest(token: str) -> bytes:
    """Return what is stored of a token: its hash, so that a copy of the table opens nothing."""
    return hashlib.sha256(token.encode()).digest()


def identify(session: Session, token: str) -> Viewer:
    """Return who holds an API key or session token.

    Raises:
        NotSignedInError: nobody does, or no longer.
    """
    key = digest(token)
    row = run(session, _IDENTIFY, {"digest": key}).fetchone()
    if row is None:
        raise NotSignedInError(
            "This key or sign-in is unknown or has ended; sign in again.",
            "该密钥或登录不存在或已失效；请重新登录。",
        )
    viewer = Viewer(name=row.name, role=row.role, party_id=row.party_id)
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key] = viewer
    return viewer


def remembered(token: str) -> Viewer | None:
    """Return who held a token when it was last looked up, which it may hold no longer.

    Good for a statement that holds only under `STILL`, and for nothing else.
    """
    return _remembered.get(digest(token))


def proof(viewer: Viewer, token: str) -> dict[str, object]:
    """Return the bind parameters of `STILL`."""
    return {"digest": digest(token), "actor": viewer.name, "role": viewer.role}


def start_session(session: Session, user_id: UUID, *, at: datetime) -> str:
    """Store a new sign-in and return its token, which exists nowhere else."""
    token = secrets.token_urlsafe(32)
    session.connection().execute(
        text("INSERT INTO sessions (token_hash, user_id, expires_at) VALUES (:digest, :u, :end)"),
        {"digest": digest(token), "u": user_id, "end": at + SESSION_LASTS},
    )
    return token


def end_session(session: Session, token: str) -> None:
    """Forget a sign-in."""
    session.connection().execute(
        text("DELETE FROM sessions WHERE token_hash = :digest"), {"digest": digest(token)}
    )


def same_token(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
