"""Machines' keys: restricted by area, place and time, rolled with an overlap, shown once."""

import secrets
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, select

from services.events import ApiKeyAdded, ApiKeyRevoked, ApiKeyRolled
from services.ledger.access import SCOPES
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.identification import digest
from services.ledger.ids import id_of
from services.ledger.log.service import Entry, append
from services.ledger.parties.models import ApiKey
from services.ledger.vault import seal

_LETTERS: Final = string.ascii_letters + string.digits
_SHOWN_LETTERS: Final = 10
_SECRET_BYTES: Final = 32
LONGEST_OVERLAP: Final = timedelta(days=30)


class KeyFieldError(LedgerError):
    """A scope, network or time that a key cannot have."""

    code = "KEY_FIELD_INVALID"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What a key may do less than its role, and how its requests must come."""

    scopes: tuple[str, ...] | None = None
    """None: all of its role."""
    networks: tuple[str, ...] | None = None
    """CIDR; None: from anywhere."""
    expires_at: datetime | None = None
    signs: bool = False
    """It gets a signing secret, and only signed requests count."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new key; its secrets are shown this once."""

    prefix: str
    token: str
    signing_secret: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A key as administrators see it."""

    prefix: str | None
    name: str
    role: str
    scopes: Sequence[str] | None
    networks: Sequence[str] | None
    signed_only: bool
    recorded_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def subject_of(key_hash: bytes) -> UUID:
    """Return what the log calls a key: a hash of its hash, which gives neither away."""
    return id_of("api_key", key_hash.hex())


def checked(
    *,
    scopes: Iterable[str] | None,
    networks: Iterable[str],
    expires_at: datetime | None,
    signs: bool,
    at: datetime,
) -> Restrictions:
    """Return restrictions as a key keeps them.

    Raises:
        KeyFieldError: an unknown scope, something that is no network, or an end that has passed.
    """
    asked = None if scopes is None else tuple(sorted(set(scopes)))
    unknown = sorted(set(asked or ()) - set(SCOPES))
    if unknown:
        raise KeyFieldError(
            f"There is no scope {unknown[0]}; there are: {', '.join(SCOPES)}.",
            f"权限范围{unknown[0]}不存在；可用：{'、'.join(SCOPES)}。",
            field="scopes",
        )
    if expires_at is not None and expires_at <= at:
        raise KeyFieldError(
            f"A key cannot end at {expires_at.isoformat()}, which has passed.",
            f"密钥的到期时刻{expires_at.isoformat()}已过。",
            field="expires_at",
        )
    return Restrictions(asked, _networks(networks), expires_at, signs)


def _networks(given: Iterable[str]) -> tuple[str, ...] | None:
    taken = []
    for one in given:
        try:
            taken.append(str(ip_network(one.strip())))
        except ValueError as error:
            raise KeyFieldError(
                f"{one!r} is no network such as 203.0.113.0/24 or 2001:db8::/48.",
                f"{one!r}不是网段；例如203.0.113.0/24或2001:db8::/48。",
                field="networks",
            ) from error
    return tuple(taken) or None


def add(
    session: Session,
    *,
    name: str,
    role: str,
    party_id: UUID | None,
    restrictions: Restrictions,
    actor: str,
) -> Made:
    """Make a key and return it, this once: only its hash is kept, and what may be shown of it."""
    made, key = _made(name, role, party_id, restrictions)
    _store(session, key)
    event = ApiKeyAdded(name=name, role=role, scopes=restrictions.scopes, party_id=party_id)
    _tell(session, key, event, actor)
    return made


def _made(
    name: str, role: str, party_id: UUID | None, restrictions: Restrictions
) -> tuple[Made, ApiKey]:
    prefix = "lk_" + "".join(secrets.choice(_LETTERS) for _ in range(_SHOWN_LETTERS))
    token = f"{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    signing = secrets.token_bytes(_SECRET_BYTES) if restrictions.signs else None
    key = ApiKey(
        key_hash=digest(token),
        name=name,
        role=role,
        party_id=party_id,
        prefix=prefix,
        scopes=None if restrictions.scopes is None else list(restrictions.scopes),
        networks=None if restrictions.networks is None else list(restrictions.networks),
        expires_at=restrictions.expires_at,
        signing_secret=None if signing is None else seal(signing, of=f"signing {prefix}"),
        signed_only=restrictions.signs,
    )
    return Made(prefix, token, None if signing is None else signing.hex()), key


def _store(session: Session, key: ApiKey) -> None:
    session.add(key)
    session.flush()
    used = text("INSERT INTO uses (digest) VALUES (:digest)")
    session.connection().execute(used, {"digest": key.key_hash})


def _tell(session: Session, key: ApiKey, event: object, actor: str) -> None:
    assert isinstance(event, ApiKeyAdded | ApiKeyRolled | ApiKeyRevoked)
    subject = subject_of(key.key_hash)
    append(session, [Entry(subject, event, actor, key.party_id, debtor_id=key.party_id)])


def _kept(session: Session, prefix: str) -> ApiKey:
    found = session.exec(
        select(ApiKey).where(ApiKey.prefix == prefix).with_for_update()
    ).one_or_none()
    if found is None or found.revoked_at is not None:
        raise no_key()
    return found


def no_key() -> NotFoundError:
    """Return the refusal of a key that is not there, has ended, or is another's."""
    return NotFoundError("There is no such key, or it has ended.", "没有该密钥，或已失效。")


def get(session: Session, prefix: str) -> ApiKey:
    """Return a key that has not been revoked, by what may be shown of it, and hold it.

    Raises:
        NotFoundError: there is none.
    """
    return _kept(session, prefix)


_APPOINT_ALIKE: Final = text(
    """
    INSERT INTO regulator_scopes (holder, id, region, function, from_on, until_on, ended_at)
    SELECT :new, id, region, function, from_on, until_on, ended_at
    FROM regulator_scopes WHERE holder = :old
    """
)
"""Also what has ended, and under the same ids, so that one ends with both keys."""


def roll(session: Session, key: ApiKey, *, overlap: timedelta, at: datetime, actor: str) -> Made:
    """Make a key like another one, which goes on for a while so that nothing stops.

    Raises:
        KeyFieldError: the overlap is negative or longer than 30 days.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise KeyFieldError(
            f"The old key goes on for 0 to {LONGEST_OVERLAP.days} days.",
            f"旧密钥可继续有效0至{LONGEST_OVERLAP.days}天。",
            field="overlap",
        )
    if key.expires_at is not None and key.expires_at <= at:
        raise no_key()
    restrictions = Restrictions(
        scopes=None if key.scopes is None else tuple(key.scopes),
        networks=None if key.networks is None else tuple(key.networks),
        # As long again as the old one was given, or for ever as that was.
        expires_at=None if key.expires_at is None else at + (key.expires_at - key.recorded_at),
        signs=key.signed_only,
    )
    made, new = _made(key.name, key.role, key.party_id, restrictions)
    _store(session, new)
    session.connection().execute(_APPOINT_ALIKE, {"old": key.key_hash, "new": new.key_hash})
    ends_at = min(at + overlap, key.expires_at or at + overlap)
    key.expires_at = ends_at
    session.add(key)
    session.flush()
    event = ApiKeyRolled(
        name=key.name,
        old_ends_at=ends_at.isoformat(),
        role=key.role,
        scopes=restrictions.scopes,
        party_id=key.party_id,
    )
    _tell(session, new, event, actor)
    return made


def revoke(session: Session, key: ApiKey, *, at: datetime, actor: str) -> None:
    """End a key at once and for good."""
    key.revoked_at = at
    session.add(key)
    session.flush()
    _tell(session, key, ApiKeyRevoked(name=key.name, party_id=key.party_id), actor)


_LIST: Final = text(
    """
    SELECT k.prefix, k.name, k.role, k.scopes, k.networks, k.signed_only, k.recorded_at,
      k.expires_at, u.at AS used_at, k.revoked_at
    FROM api_keys k LEFT JOIN uses u ON u.digest = k.key_hash
    WHERE CAST(:everyones AS boolean) OR k.party_id IS NOT DISTINCT FROM CAST(:party_id AS uuid)
    ORDER BY k.revoked_at IS NOT NULL, k.recorded_at DESC, k.prefix
    """
)


def listed(session: Session, party_id: UUID | None, *, everyones: bool = False) -> list[Listed]:
    """Return the keys of a party, or of nobody's party; the newest first, ended ones last."""
    values = {"party_id": party_id, "everyones": everyones}
    return [Listed(**row) for row in session.connection().execute(_LIST, values).mappings()]
