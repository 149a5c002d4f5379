"""Gates against guessing: every try is counted before it is judged, and too many have to wait.

A stranger who guesses at somebody's name must be slowed down without being able to lock that
person out. So tries from a browser where the person has signed in before are counted apart from
everyone else's (device cookies, as OWASP calls them), and the wait has a limit. Unknown names are
counted like known ones, so that a closed gate says nothing about a name.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.errors import LedgerError
from services.ledger.rates import origin_of

FREE_TRIES: Final = 5
FREE_TRIES_OF_ADDRESS: Final = 30
"""Of one address: offices share one, so it is wider and forgets as the others do."""
FIRST_WAIT_SECONDS: Final = 30
LONGEST_WAIT_SECONDS: Final = 900


class WaitError(LedgerError):
    """Too many tries: the gate is closed for a while, whether or not the name exists."""

    code = "SIGN_IN_MUST_WAIT"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"There were too many tries; try again in {seconds} seconds.",
            f"尝试次数过多；请在{seconds}秒后重试。",
        )
        self.retry_seconds = seconds


@dataclass(frozen=True, slots=True)
class Gate:
    """What is counted: tries at one thing, and how many are free."""

    bucket: bytes
    free: int


def _gate(free: int, *what: object) -> Gate:
    named = "\x00".join(str(part) for part in what)
    return Gate(hashlib.sha256(named.encode()).digest(), free)


def of_login(login: str, browser_of: UUID | None, browser: bytes) -> Gate:
    """Return the gate of a login: from a browser it is known from, or from everywhere else."""
    if browser_of is not None:
        return _gate(FREE_TRIES, "browser", browser_of, browser.hex())
    return _gate(FREE_TRIES, "login", login.casefold())


def of_second_factor(user_id: UUID) -> Gate:
    """Return the gate of somebody's second factor; only who has the first one comes to it."""
    return _gate(FREE_TRIES, "second factor", user_id)


def of_address(address: str) -> Gate:
    """Return the gate of where a try comes from: an IPv4 address or an IPv6 subscriber."""
    return _gate(FREE_TRIES_OF_ADDRESS, "address", origin_of(address))


_HOLD: Final = text(
    """
    INSERT INTO gates AS g (bucket, failures, failed_at, closed_until)
    SELECT bucket, 0, now(), now() FROM unnest(CAST(:buckets AS bytea[])) AS a(bucket)
    ORDER BY bucket
    ON CONFLICT (bucket) DO UPDATE SET
      failures = CASE WHEN g.failed_at < now() - interval '1 day' THEN 0 ELSE g.failures END
    RETURNING ceil(extract(epoch FROM closed_until - now())) AS wait_seconds
    """
)
_COUNT: Final = text(
    """
    UPDATE gates g SET failures = g.failures + 1, failed_at = now(),
      closed_until = CASE WHEN g.failures + 1 < a.free THEN now() ELSE now() + make_interval(
        secs => least(:longest, :first * power(2, least(g.failures + 1 - a.free, 20)))) END
    FROM unnest(CAST(:buckets AS bytea[]), CAST(:free AS int[])) AS a(bucket, free)
    WHERE g.bucket = a.bucket RETURNING closed_until > now() AS closes
    """
)
_FORGET: Final = text("DELETE FROM gates WHERE bucket = :bucket")
_GIVE_BACK: Final = text(
    "UPDATE gates SET failures = failures - 1, closed_until = now()"
    " WHERE bucket = :bucket AND failures > 0"
)


def count_try(session: Session, gates: Sequence[Gate]) -> bool:
    """Count a try before it is judged, so that many at once are not judged for free.

    Returns:
        Whether this try closes a gate, unless it succeeds.

    Raises:
        WaitError: a gate is closed; the try is not to be judged.
    """
    connection = session.connection()
    buckets = {"buckets": [gate.bucket for gate in gates]}
    wait_seconds = max(int(row.wait_seconds) for row in connection.execute(_HOLD, buckets))
    if wait_seconds > 0:
        raise WaitError(wait_seconds)
    values = {
        **buckets,
        "free": [gate.free for gate in gates],
        "first": FIRST_WAIT_SECONDS,
        "longest": LONGEST_WAIT_SECONDS,
    }
    return any(row.closes for row in connection.execute(_COUNT, values))


def forget(session: Session, gate: Gate) -> None:
    """Open a gate and forget its failures."""
    session.connection().execute(_FORGET, {"bucket": gate.bucket})


def succeed(session: Session, gate: Gate, *, address: Gate) -> None:
    """Open the gate of a try that succeeded; an address only gets this one try back.

    Otherwise somebody with one account of their own could guess at others' for ever.
    """
    forget(session, gate)
    session.connection().execute(_GIVE_BACK, {"bucket": address.bucket})
