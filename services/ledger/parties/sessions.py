"""Where people are signed in: proving it once more, seeing all of it, ending some or all."""

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import Data, SignInEnded, SignInFailed, SignInHeld, SignInSucceeded
from services.ledger.identification import digest
from services.ledger.ids import id_of
from services.ledger.log.service import Entry, append
from services.ledger.parties.models import User

_NOBODY: Final = id_of("sign_in", "nobody")
_TOKEN_BYTES: Final = 32
_BY_ANYBODY: Final = (SignInFailed, SignInHeld)


def tell(session: Session, user_id: UUID | None, told: list[Data]) -> None:
    """Append what happened at the door; the actor is the person, by id."""
    subject = user_id or _NOBODY
    append(
        session,
        [
            # Who failed is not known to be the person.
            Entry(subject, data, "" if isinstance(data, _BY_ANYBODY) else str(subject))
            for data in told
        ],
    )


_RENEW: Final = text(
    """
    WITH old AS (
      DELETE FROM sessions WHERE token_hash = :old RETURNING *
    ), used AS (
      INSERT INTO uses (digest, at) SELECT CAST(:new AS bytea), now() FROM old
    )
    INSERT INTO sessions
      (token_hash, user_id, expires_at, started_at, verified_at, browser, address)
    SELECT :new, user_id, expires_at, started_at, :at, browser, address FROM old
    """
)


def renew(session: Session, user: User, token: str, *, by: str, at: datetime) -> str:
    """Give a session whose person proved once more who it is a new token; return it."""
    new = secrets.token_urlsafe(_TOKEN_BYTES)
    values = {"old": digest(token), "new": digest(new), "at": at}
    renewed = session.connection().execute(_RENEW, values)
    assert renewed.rowcount == 1
    tell(session, user.id, [SignInSucceeded(by=f"again {by}")])
    return new


_VERIFIED: Final = text("SELECT verified_at FROM sessions WHERE token_hash = :digest")


def verified_at(session: Session, token: str) -> datetime | None:
    """Return when a session's person last proved who they are; None: there is no such session."""
    found = session.connection().execute(_VERIFIED, {"digest": digest(token)}).scalar()
    assert found is None or isinstance(found, datetime)
    return found


_END: Final = text(
    """
    DELETE FROM sessions WHERE user_id = :user_id AND token_hash <> :but
      AND (CAST(:only AS varchar) IS NULL
        OR encode(substring(token_hash FOR 8), 'hex') = CAST(:only AS varchar))
    """
)
_END_HALVES: Final = text(
    "DELETE FROM half_sign_ins WHERE user_id = :user_id AND token_hash <> :but"
)
_FORGET_BROWSERS: Final = text(
    "DELETE FROM known_browsers WHERE user_id = :user_id AND token_hash <> :but"
)


def end_others(
    session: Session,
    user_id: UUID,
    *,
    cause: str,
    but_token: str = "",
    but_browser: str = "",
    only: str | None = None,
) -> int:
    """End a person's sign-ins and return how many: all, all but one, or only one by its name.

    ``but_token`` may be of a session or of half a sign-in.

    When all end, the browsers are no longer known either, and half sign-ins are gone.
    """
    connection = session.connection()
    values = {"user_id": user_id, "but": digest(but_token), "only": only}
    count = connection.execute(_END, values).rowcount
    if only is None:
        values = {"user_id": user_id, "but": digest(but_browser)}
        connection.execute(_FORGET_BROWSERS, values)
        connection.execute(_END_HALVES, {"user_id": user_id, "but": digest(but_token)})
    if count:
        tell(session, user_id, [SignInEnded(cause=cause, count=count)])
    return count


def tell_signed_out(session: Session, user_id: UUID) -> None:
    """Tell that a person signed out."""
    tell(session, user_id, [SignInEnded(cause="signed_out", count=1)])


_OPEN: Final = text(
    """
    SELECT encode(substring(s.token_hash FOR 8), 'hex') AS name, s.browser, s.address,
      s.started_at, u.at AS seen_at, s.token_hash = :own AS own
    FROM sessions s JOIN uses u ON u.digest = s.token_hash
    WHERE s.user_id = :user_id AND s.expires_at > :at
    ORDER BY own DESC, s.started_at DESC
    """
)


def open_sessions(
    session: Session, user_id: UUID, *, own_token: str, at: datetime
) -> list[dict[str, object]]:
    """Return where a person is signed in, the asking browser first."""
    values = {"user_id": user_id, "own": digest(own_token), "at": at}
    return [dict(row) for row in session.connection().execute(_OPEN, values).mappings()]


_SWEEP: Final = text(
    """
    WITH s AS (DELETE FROM sessions WHERE expires_at < :at RETURNING 1),
      h AS (DELETE FROM half_sign_ins WHERE expires_at < :at RETURNING 1),
      b AS (DELETE FROM known_browsers WHERE seen_at < :at - interval '180 days' RETURNING 1),
      n AS (DELETE FROM request_nonces WHERE expires_at < :at RETURNING 1),
      g AS (DELETE FROM gates
        WHERE failed_at < :at - interval '1 day' AND closed_until < :at RETURNING 1),
      u AS (DELETE FROM uses u WHERE u.at < :at - interval '1 day'
        AND NOT EXISTS (SELECT FROM sessions WHERE token_hash = u.digest AND expires_at >= :at)
        AND NOT EXISTS (SELECT FROM api_keys WHERE key_hash = u.digest) RETURNING 1)
    SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM h) + (SELECT count(*) FROM b)
      + (SELECT count(*) FROM n) + (SELECT count(*) FROM g) + (SELECT count(*) FROM u)
    """
)


def sweep(session: Session, *, at: datetime) -> int:
    """Take away what ended before an instant, and return how many rows; none of it counts."""
    swept = session.connection().execute(_SWEEP, {"at": at}).scalar_one()
    assert isinstance(swept, int)
    return swept
