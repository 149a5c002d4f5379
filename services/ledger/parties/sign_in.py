"""Signing in: one factor, a second where it is needed, a password of one's own; then a session.

What waits for argon2 runs between transactions: `begin` counts the try, the caller compares the
password, `end_first_factor` says what follows. Nobody learns whether a name exists: what is told,
counted and computed for an unknown one is the same.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlmodel import Session, col, select

from services.events import Data, SignInFailed, SignInHeld, SignInSucceeded
from services.ledger.identification import NotSignedInError, digest, start_session
from services.ledger.parties import gates, outside, passwords, second_factor
from services.ledger.parties.models import HalfSignIn, KnownBrowser, User
from services.ledger.parties.sessions import tell

HALF_LASTS: Final = timedelta(minutes=10)
BROWSER_KNOWN_FOR: Final = timedelta(days=180)
_TOKEN_BYTES: Final = 32


class Step(StrEnum):
    """What is missing of a sign-in."""

    CODE = "code"
    ENROL = "enrol"
    PASSWORD = "password"  # noqa: S105 (the name of a step)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody signs in from."""

    address: str
    browser: str
    """As it names itself, cut short."""
    browser_token: str
    """What it kept of an earlier sign-in; '': nothing."""


@dataclass(frozen=True, slots=True)
class Try:
    """A counted try at the first factor."""

    user: User | None
    of_login: gates.Gate
    of_address: gates.Gate
    closes: bool

    @property
    def password_hash(self) -> str:
        """What the password is compared with; '' for nobody."""
        return self.user.password_hash if self.user else ""


@dataclass(frozen=True, slots=True)
class Entered:
    """A whole sign-in: the session's token and the browser's, which exist nowhere else."""

    user: User
    session_token: str
    browser_token: str


def wrong() -> NotSignedInError:
    """Return the one refusal of a wrong name, a wrong password and a closed account."""
    return NotSignedInError("The name or password is wrong.", "用户名或密码错误。")


def wrong_code() -> NotSignedInError:
    """Return the one refusal of a wrong, used or late code."""
    return NotSignedInError(
        "The code is wrong, late or used already; wait for the next one.",
        "验证码错误、过期或已使用；请等待下一个验证码。",
    )


def begin(session: Session, login: str, visitor: Visitor) -> Try:
    """Count a try at a name, before it is judged.

    Raises:
        gates.WaitError: there were too many.
    """
    token_hash = digest(visitor.browser_token)
    # One statement, whether or not there is such a name: a second would tell by its time.
    known = (
        select(User, KnownBrowser.user_id)
        .outerjoin(
            KnownBrowser,
            (col(KnownBrowser.user_id) == User.id) & (col(KnownBrowser.token_hash) == token_hash),
        )
        .where(User.login == login)
    )
    user, browser_of = session.exec(known).one_or_none() or (None, None)
    of_login = gates.of_login(login, browser_of, token_hash)
    address = gates.of_address(visitor.address)
    closes = gates.count_try(session, (of_login, address))
    if user is not None and user.disabled_at is not None:
        user = None
    return Try(user, of_login, address, closes)


def fail(session: Session, one: Try) -> None:
    """Tell that a try at the first factor failed, and whether the next one has to wait."""
    known = one.user is not None
    told: list[Data] = [SignInFailed(factor="password", known=known)]
    told += [SignInHeld(factor="password", known=known)] if one.closes else []
    tell(session, one.user.id if one.user else None, told)


def pass_first_factor(session: Session, one: Try, *, password: str, back: str, at: datetime) -> str:
    """Open the gates to somebody who showed the password; return the token of half a sign-in.

    It opens nothing but the rest of signing in, which `next_step` says.
    """
    assert one.user is not None
    gates.succeed(session, one.of_login, address=one.of_address)
    if passwords.is_outdated(one.password_hash):
        user = session.get_one(User, one.user.id)
        user.password_hash = passwords.hashed(password)
        session.add(user)
    return start_half(session, one.user, first_factor="password", back=back, at=at)


def start_half(session: Session, user: User, *, first_factor: str, back: str, at: datetime) -> str:
    """Store that somebody showed one factor, and return the token of it."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    session.add(
        HalfSignIn(
            token_hash=digest(token),
            user_id=user.id,
            first_factor=first_factor,
            second_factor=False,
            back=back,
            expires_at=at + HALF_LASTS,
        )
    )
    session.flush()
    return token


def half(session: Session, token: str, *, at: datetime) -> tuple[HalfSignIn, User]:
    """Return half a sign-in and its person.

    Raises:
        NotSignedInError: there is none, or it took too long.
        outside.WaitsError: somebody outside the party made or reset it, and it does not open yet.
    """
    found = session.get(HalfSignIn, digest(token)) if token else None
    user = session.get(User, found.user_id) if found else None
    if found is None or user is None or found.expires_at <= at or user.disabled_at is not None:
        raise NotSignedInError("Signing in took too long; start again.", "登录超时；请重新开始。")
    outside.check(session, user)
    return found, user


def next_step(started: HalfSignIn, user: User) -> Step | None:
    """Return what is missing of a sign-in; None: nothing."""
    if not started.second_factor:
        if user.totp_secret is not None:
            return Step.CODE
        if second_factor.is_required(user):
            return Step.ENROL
    if user.password_initial and started.first_factor == "password":
        return Step.PASSWORD
    return None


def count_code(session: Session, user: User) -> bool:
    """Count a try at a code; return whether it closes the gate unless it is right.

    Raises:
        gates.WaitError: there were too many.
    """
    return gates.count_try(session, [gates.of_second_factor(user.id)])


def take_code(session: Session, user: User, code: str, *, at: datetime) -> bool:
    """Say whether a code, or one for a lost authenticator, is right; it is good once."""
    right = second_factor.is_code(session, user, code, at=at)
    return right or second_factor.is_recovery_code(session, user, code)


def pass_second_factor(session: Session, user: User, started: HalfSignIn | None) -> None:
    """Open the gate of the code; note on half a sign-in that it was shown."""
    gates.forget(session, gates.of_second_factor(user.id))
    if started is not None:
        started.second_factor = True
        session.add(started)
        session.flush()


def fail_code(session: Session, user: User, *, closes: bool, factor: str = "code") -> None:
    """Tell that a code or a repeated password was wrong, and whether the next try has to wait."""
    told: list[Data] = [SignInFailed(factor=factor, known=True)]
    told += [SignInHeld(factor=factor, known=True)] if closes else []
    tell(session, user.id, told)


def fail_single_sign_on(session: Session) -> None:
    """Tell that the single sign-on vouched for nobody here."""
    tell(session, None, [SignInFailed(factor="single_sign_on", known=False)])


def enter(
    session: Session, started: HalfSignIn, user: User, visitor: Visitor, *, at: datetime
) -> Entered:
    """Make half a sign-in whole: a new session under a new token."""
    assert next_step(started, user) is None
    session.delete(started)
    outside.opened(session, user)
    token = start_session(session, user.id, at=at, browser=visitor.browser, address=visitor.address)
    browser_token = visitor.browser_token or secrets.token_urlsafe(_TOKEN_BYTES)
    session.merge(KnownBrowser(token_hash=digest(browser_token), user_id=user.id, seen_at=at))
    by = started.first_factor + ("+code" if started.second_factor else "")
    tell(session, user.id, [SignInSucceeded(by=by)])
    return Entered(user, token, browser_token)
