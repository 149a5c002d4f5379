"""Passwords: which are taken, how they are kept, and how much guessing them may cost us."""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.ledger.errors import LedgerError

SHORTEST: Final = 12
LONGEST: Final = 200
_FEWEST_LETTERS: Final = 5
_OURS: Final = ("ledger", "receivable", "yingshou", "taizhang")
_ENDS: Final = "0123456789 !@#$%^&*()-_=+.,?"
_LIST: Final = Path(__file__).with_name("common_passwords.txt")
_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = threading.BoundedSemaphore(4)
"""Each hash takes 64 MiB for a moment: many at once would take the machine."""
_WAIT_SECONDS: Final = 5


class WeakPasswordError(LedgerError):
    """A password that can be guessed."""

    code = "PASSWORD_WEAK"


class SignInBusyError(LedgerError):
    """More people sign in at this moment than the machine can check."""

    code = "BUSY"
    status = 503


@cache
def _common() -> frozenset[str]:
    lines = _LIST.read_text("ascii").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def check_strength(password: str, *, login: str) -> None:
    """Refuse a password that is short, common, or made of the name it belongs to.

    OWASP ASVS 5.0, 6.2.1 to 6.2.11: length and lists of bad ones, no rules of composition. Common
    ones are also found with digits and signs around them, as in ``Password2026!``.

    Raises:
        WeakPasswordError: it is one of these; the texts say which.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(
            f"The password has {len(password)} characters; it needs {SHORTEST} to {LONGEST}.",
            f"密码有{len(password)}个字符；须为{SHORTEST}至{LONGEST}个。",
            field="password",
        )
    folded = password.casefold()
    core = folded.strip(_ENDS)
    of_itself = core in (login.casefold(), *_OURS)
    if folded in _common() or core in _common() or of_itself or len(set(core)) < _FEWEST_LETTERS:
        raise WeakPasswordError(
            "The password is among those tried first: a common word, the name itself, or hardly"
            " any letters; choose several unrelated words.",
            "该密码属于最先被尝试的密码：常用词、用户名本身或几乎没有字母；请改用数个不相关的词。",
            field="password",
        )


@contextmanager
def _place() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_WAIT_SECONDS):
        raise SignInBusyError(
            "Many people are signing in; try again shortly.", "登录人数较多；请稍后重试。"
        )
    try:
        yield
    finally:
        _AT_ONCE.release()


def hashed(password: str) -> str:
    """Return what is kept of a password: argon2id, with its own salt and costs."""
    with _place():
        return _HASHER.hash(password)


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(16))


def is_password(kept: str, given: str) -> bool:
    """Say whether a password is the kept one; for nobody's (``""``) it takes as long to say no."""
    nobodys = _nobodys()  # Made at the first question about anybody.
    with _place():
        try:
            _HASHER.verify(kept or nobodys, given)
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)


def is_outdated(kept: str) -> bool:
    """Say whether a password is kept at costs lower than today's."""
    return _HASHER.check_needs_rehash(kept)


def chosen(password: str, *, login: str, instead_of: str) -> str:
    """Return what is kept of a password somebody chose in place of another.

    Raises:
        WeakPasswordError: it can be guessed, or is the other one.
    """
    check_strength(password, login=login)
    if is_password(instead_of, password):
        raise WeakPasswordError(
            "This is the password you have; choose another.",
            "新密码与原密码相同；请另选。",
            field="password",
        )
    return hashed(password)


def made_password() -> str:
    """Return a new password that a person can copy once: 96 bits."""
    return secrets.token_urlsafe(12)
