"""The second factor: one-time codes of an authenticator (RFC 6238), and codes for its loss."""

import hashlib
import secrets
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
import segno
from sqlalchemy import text
from sqlmodel import Session

from services.events import UserChanged
from services.ledger.access import same_token
from services.ledger.log.service import Entry, append
from services.ledger.parties import outside
from services.ledger.parties.models import RecoveryCode, User
from services.ledger.policy import ADMINISTRATORS
from services.ledger.vault import seal, unseal

_ISSUER: Final = "应收账款台账"
_STEP_SECONDS: Final = 30
_NEIGHBOURS: Final = (-1, 0, 1)
"""Steps whose codes are taken: clocks differ, and people type."""
_RECOVERY_CODES: Final = 8
_RECOVERY_BYTES: Final = 15
"""120 bits: more than the 112 from which a plain hash is enough (OWASP ASVS 5.0, 6.5.2)."""
_GROUP: Final = 4
_NEEDING_DUTIES: Final = frozenset({"checker", "administrator"})


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret for an authenticator: as it is typed, and as it is photographed."""

    secret: str
    picture: str
    """A ``data:`` address of an SVG of the QR code."""


def is_required(user: User) -> bool:
    """Say whether a person must have a second factor: administrators, operators, checkers."""
    return user.role in ADMINISTRATORS or user.duty in _NEEDING_DUTIES


def _purpose(user_id: UUID) -> str:
    return f"totp {user_id}"


def offer(session: Session, user: User) -> Offer:
    """Return the secret a person is to take into an authenticator; the same until it is taken."""
    if user.totp_offered is None:
        user.totp_offered = seal(pyotp.random_base32().encode(), of=_purpose(user.id))
        session.add(user)
        session.flush()
    secret = unseal(user.totp_offered, of=_purpose(user.id)).decode()
    address = pyotp.TOTP(secret).provisioning_uri(name=user.login, issuer_name=_ISSUER)
    return Offer(secret, segno.make(address, micro=False).svg_data_uri(scale=4))


def _step_of(secret: str, code: str, at: datetime) -> int | None:
    now = int(at.timestamp()) // _STEP_SECONDS
    clock = pyotp.TOTP(secret)
    found = None
    for step in (now + neighbour for neighbour in _NEIGHBOURS):
        if same_token(clock.generate_otp(step), code):
            found = step
    return found


_TAKE_STEP: Final = text("UPDATE users SET totp_step = :step WHERE id = :id AND totp_step < :step")


def is_code(session: Session, user: User, code: str, *, at: datetime) -> bool:
    """Say whether a code is the authenticator's of now, and take it, so that it is good once."""
    if user.totp_secret is None:
        return False
    secret = unseal(user.totp_secret, of=_purpose(user.id)).decode()
    step = _step_of(secret, code.strip().replace(" ", ""), at)
    if step is None:
        return False
    # One statement: of two requests with one code only the first moves the step.
    taken = session.connection().execute(_TAKE_STEP, {"id": user.id, "step": step})
    return taken.rowcount == 1


def confirm(session: Session, user: User, code: str, *, at: datetime) -> list[str]:
    """Set the offered secret when a first code shows that the person holds it.

    Returns:
        Recovery codes, which exist nowhere else; nothing if the code is wrong.
    """
    if user.totp_offered is None:
        return []
    secret = unseal(user.totp_offered, of=_purpose(user.id)).decode()
    step = _step_of(secret, code.strip().replace(" ", ""), at)
    if step is None:
        return []
    user.totp_secret, user.totp_offered, user.totp_step = user.totp_offered, None, step
    session.add(user)
    session.flush()
    told(session, user, "second_factor_set", actor=user.id)
    return make_recovery_codes(session, user)


def make_recovery_codes(session: Session, user: User) -> list[str]:
    """Make new recovery codes in place of all old ones, and return them."""
    _forget_recovery_codes(session, user)
    codes = [
        b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode() for _ in range(_RECOVERY_CODES)
    ]
    session.add_all(RecoveryCode(user_id=user.id, code_hash=_recovery_hash(one)) for one in codes)
    session.flush()
    told(session, user, "recovery_codes_made", actor=user.id)
    return [
        "-".join(one[start : start + _GROUP] for start in range(0, len(one), _GROUP))
        for one in codes
    ]


def _recovery_hash(code: str) -> bytes:
    return hashlib.sha256(code.upper().replace("-", "").replace(" ", "").encode()).digest()


_USE: Final = text("DELETE FROM recovery_codes WHERE user_id = :id AND code_hash = :hash")
_FORGET: Final = text("DELETE FROM recovery_codes WHERE user_id = :id")


def is_recovery_code(session: Session, user: User, code: str) -> bool:
    """Say whether a code is one of the person's for a lost authenticator, and use it up."""
    used = session.connection().execute(_USE, {"id": user.id, "hash": _recovery_hash(code)})
    if used.rowcount == 1:
        told(session, user, "recovery_code_used", actor=user.id)
    return used.rowcount == 1


def _forget_recovery_codes(session: Session, user: User) -> None:
    session.connection().execute(_FORGET, {"id": user.id})


_LEFT: Final = text("SELECT count(*) FROM recovery_codes WHERE user_id = :id")


def recovery_codes_left(session: Session, user: User) -> int:
    """Return how many codes for a lost authenticator a person has."""
    return int(session.connection().execute(_LEFT, {"id": user.id}).scalar_one())


def remove(session: Session, user: User, *, actor: UUID | str) -> None:
    """Take a lost second factor away; who needs one sets a new one at the next sign-in."""
    user.totp_secret = user.totp_offered = None
    session.add(user)
    session.flush()
    _forget_recovery_codes(session, user)
    outside.note(session, user, actor)
    told(session, user, "second_factor_removed", actor=actor)


def told(session: Session, user: User, change: str, *, actor: UUID | str) -> None:
    """Append that something of a person's sign-in changed; their party may read it."""
    event = UserChanged(change=change, duty=user.duty, party_id=user.party_id)
    by = outside.party_of(session, actor)
    append(session, [Entry(user.id, event, str(actor), by, debtor_id=user.party_id)])
