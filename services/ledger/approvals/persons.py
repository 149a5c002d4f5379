"""Who is who: nobody approves their own, under whichever name, key or stand-in they come."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.kinds import Duty
from services.ledger.parties.keys import subject_of
from services.ledger.policy import Relation, roles

_KNOWN_BY: Final = text(
    """
    SELECT u.id, u.login, l.issuer, l.subject
    FROM users u LEFT JOIN user_links l ON l.user_id = u.id WHERE u.id = ANY(:ids)
    """
)
_MADE_KEY: Final = text(
    """
    SELECT u.id FROM users u WHERE u.id::varchar IN (
      SELECT e.actor FROM events e WHERE e.subject_id = :key
        AND e.type IN ('api_key.added', 'api_key.rolled'))
    """
)
"""Whoever made or rolled a key has seen it; the log knows them, by id."""
_HANDED_BY: Final = text(
    """
    WITH RECURSIVE one(id) AS (
      SELECT * FROM unnest(CAST(:ids AS uuid[]))
      UNION
      SELECT u.id FROM one CROSS JOIN LATERAL (
        SELECT e.actor FROM events e WHERE e.subject_id = one.id
          AND e.type IN ('user.added', 'user.password_set') AND e.actor <> one.id::varchar
        ORDER BY e.recorded_at DESC, e.id DESC LIMIT 1) last
      JOIN users u ON u.id::varchar = last.actor
    )
    SELECT id FROM one WHERE id <> ALL (CAST(:ids AS uuid[]))
    """
)
"""Whoever added a user, or set the password anew last, could have come in by it ever since."""
_HOLDS: Final = """u.disabled_at IS NULL AND CASE WHEN CAST(:party_id AS uuid) IS NULL
      THEN u.party_id IS NULL AND u.role = ANY(CAST(:keepers AS varchar[]))
      ELSE u.party_id = :party_id AND u.duty = :duty END"""
_KEEPERS: Final = roles("approvals.decide", Relation.NOBODYS)
"""Who approves what is the installation's."""
_SEATS: Final = text(
    f"""
    WITH stands_in AS (
      SELECT DISTINCT ON (s.principal_id) s.principal_id, s.from_on, s.to_on
      FROM approval_substitutes s
      WHERE s.stand_in_id = :user_id AND s.party_id IS NOT DISTINCT FROM CAST(:party_id AS uuid)
      ORDER BY s.principal_id, s.recorded_at DESC, s.id DESC
    )
    SELECT u.id FROM users u
    WHERE {_HOLDS} AND (u.id = :user_id OR u.id IN (
      SELECT principal_id FROM stands_in
      WHERE (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN from_on AND to_on))
    ORDER BY u.id <> :user_id, u.id
    """
)
_SOMEBODY: Final = text(f"SELECT EXISTS (SELECT FROM users u WHERE {_HOLDS})")


@dataclass(frozen=True, slots=True)
class Behind:
    """Who is behind a proposal."""

    people: frozenset[UUID]
    """Users: the person, or who made or rolled the key."""
    identities: frozenset[str]


def plain_login(login: str) -> str:
    """Return a login as two users of one person would share it: case, width and tags aside.

    >>> plain_login("Zhang.San+2@Example.com ")
    'zhang.san@example.com'
    """
    name = unicodedata.normalize("NFKC", login).strip().casefold()
    local, at, domain = name.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else name


def identities(session: Session, user_ids: Iterable[UUID]) -> frozenset[str]:
    """Return all that users are known by, hashed: ids, logins, and who they are elsewhere."""
    found: set[str] = set()
    for row in session.connection().execute(_KNOWN_BY, {"ids": list(user_ids)}):
        found |= {_hashed("user", str(row.id)), _hashed("login", plain_login(row.login))}
        if row.issuer is not None:
            found.add(_hashed("link", row.issuer, row.subject))
    return frozenset(found)


def handed_by(session: Session, user_ids: Iterable[UUID]) -> frozenset[str]:
    """Return, as `identities` does, who handed users their sign-ins, and who handed those theirs.

    An administrator may make a checker, and would otherwise be the checker too.
    """
    found = session.connection().execute(_HANDED_BY, {"ids": list(user_ids)})
    return identities(session, found.scalars().all())


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def behind(session: Session, viewer: Viewer) -> Behind:
    """Return who is behind what a viewer proposes now."""
    people: frozenset[UUID] = frozenset()
    if viewer.user_id is not None:
        people = frozenset({viewer.user_id})
    elif viewer.key is not None:
        made = session.connection().execute(_MADE_KEY, {"key": subject_of(viewer.key)})
        people = frozenset(made.scalars())
    return Behind(people, identities(session, people))


def seats(session: Session, user_id: UUID, party_id: UUID | None, duty: Duty) -> list[UUID]:
    """Return in whose seats a person may approve today: their own first, then as a stand-in.

    A principal who may not approve any more leaves no seat to stand in.
    """
    values = {"user_id": user_id, **_holding(party_id, duty)}
    return list(session.connection().execute(_SEATS, values).scalars())


def anybody(session: Session, party_id: UUID | None, duty: Duty) -> bool:
    """Say whether a party, or the installation, has anyone who may approve."""
    return bool(session.connection().execute(_SOMEBODY, _holding(party_id, duty)).scalar_one())


def _holding(party_id: UUID | None, duty: Duty) -> dict[str, object]:
    return {"party_id": party_id, "duty": duty, "keepers": list(_KEEPERS)}
