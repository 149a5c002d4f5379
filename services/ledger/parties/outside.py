"""Sign-ins of a party that somebody outside it made or reset: they wait, and the party is told.

The security administrator would otherwise come in as the administrator of any party.
"""

from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.errors import LedgerError
from services.ledger.parties.models import User

HOURS: Final = 24
"""How long such a sign-in waits where the party has no other administrator to admit it."""


class WaitsError(LedgerError):
    """A sign-in that was made or reset from outside the party and does not open yet."""

    code = "SIGN_IN_WAITS"
    status = 403


_ALONE: Final = text(
    """
    SELECT NOT EXISTS (SELECT FROM users WHERE party_id = :party_id AND id <> :id)
      AND NOT EXISTS (SELECT FROM api_keys WHERE party_id = :party_id)
    """
)
_ADMIT: Final = text("UPDATE users SET outside_at = NULL WHERE id = :id")
_WAIT: Final = text(
    """
    UPDATE users SET outside_at = now()
    WHERE party_id = :party_id AND (outside_at IS NOT NULL OR id = :id AND NOT :closed)
    """
)
"""All that wait begin anew: whom they wait for may have been shut out just now."""
_WAITS: Final = text(
    f"""
    SELECT to_char((u.outside_at + interval '{HOURS} hours') AT TIME ZONE 'Asia/Shanghai',
        'YYYY-MM-DD HH24:MI') AS opens_at,
      u.outside_at + interval '{HOURS} hours' > now() AS early,
      EXISTS (SELECT FROM users o WHERE o.party_id = u.party_id AND o.id <> u.id
        AND o.duty = 'administrator' AND o.disabled_at IS NULL AND o.outside_at IS NULL) AS others
    FROM users u WHERE u.id = :id AND u.outside_at IS NOT NULL
    """
)


def party_of(session: Session, actor: UUID | str) -> UUID | None:
    """Return the party that somebody who acts is of; None: of none, or the machine itself."""
    person = session.get(User, actor) if isinstance(actor, UUID) else None
    return None if person is None else person.party_id


def note(
    session: Session,
    user: User,
    actor: UUID | str,
    *,
    added: bool = False,
    closed: bool = False,
) -> None:
    """Let a sign-in wait that somebody outside its party made, reset or opened; or no longer.

    What the party's own administrator, or the machine itself, has made or reset does not wait; nor
    does the first sign-in of a party that has nobody and no key: there is nobody to wait for.
    """
    if user.party_id is None or actor == user.id:
        return
    connection, values = session.connection(), {"id": user.id, "party_id": user.party_id}
    if not isinstance(actor, UUID) or party_of(session, actor) == user.party_id:
        if not closed:
            connection.execute(_ADMIT, {"id": user.id})
    elif not (added and connection.execute(_ALONE, values).scalar_one()):
        connection.execute(_WAIT, {**values, "closed": closed})
    session.refresh(user)


def check(session: Session, user: User) -> None:
    """Refuse a sign-in that waits.

    Raises:
        WaitsError: it does.
    """
    found = session.connection().execute(_WAITS, {"id": user.id}).one_or_none()
    if found is None or not (found.early or found.others):
        return
    if found.others:
        raise WaitsError(
            "Somebody outside your party made or reset this sign-in; it opens when an administrator"
            " of the party admits it, under People.",
            "该登录由本主体以外的人员创建或重置；须由本主体的管理员在“用户”中接纳后方可使用。",
        )
    raise WaitsError(
        f"Somebody outside your party made or reset this sign-in; it opens at {found.opens_at}"
        " (Beijing time). Your party was told; if it was not asked for, call the operator.",
        f"该登录由本主体以外的人员创建或重置；{found.opens_at}（北京时间）起可用。"
        "已通知本主体；如非本主体申请，请立即联系运营方。",
    )


def opened(session: Session, user: User) -> None:
    """Note that a sign-in has waited long enough: its person counts as the party's own now."""
    if user.outside_at is not None:
        user.outside_at = None
        session.add(user)
        session.flush()
