"""People with passwords and authenticators, for tests that sign in by the pages."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

import pyotp
from httpx2 import Response
from sqlalchemy import text

from services.ledger import db
from services.ledger.clock import now
from services.ledger.parties import second_factor
from services.ledger.parties.models import User
from services.ledger.parties.service import add_user
from tests.web.browser import Browser

PASSWORD = "a password only tests use"
_STEP_SECONDS = 30


def a_user(
    login: str,
    role: str,
    *,
    party_id: UUID | None = None,
    duty: str = "",
    initial: bool = False,
) -> UUID:
    with db.transaction() as session:
        return add_user(
            session,
            login=login,
            role=role,
            party_id=party_id,
            password=PASSWORD,
            duty=duty,
            initial=initial,
        )


class Authenticator:
    """What a person's telephone shows; each code it gives is of a later step than the last."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.clock = pyotp.TOTP(secret)

    def code(self, at: datetime | None = None) -> str:
        return self.clock.at(at or now())


def with_code(user_id: UUID) -> Authenticator:
    """Give a person a second factor whose codes of now were not used yet."""
    with db.transaction() as session:
        user = session.get_one(User, user_id)
        secret = second_factor.offer(session, user).secret
        assert second_factor.confirm(session, user, pyotp.TOTP(secret).now(), at=now())
        user.totp_step = 0
        session.add(user)
    return Authenticator(secret)


def secret_on(page: Response) -> str:
    """Return the secret that a page shows for an authenticator, or a password."""
    found = re.search(r'<code class="secret">([^<]+)</code>', page.text)
    assert found, page.text
    return found[1]


def rows(statement: str, **values: Any) -> list[Any]:
    with db.transaction() as session:
        return list(session.connection().execute(text(statement), values))


def log_of(*types: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the events of some types in their order, by type and what they say."""
    found = rows(
        "SELECT type, data FROM events WHERE type = ANY(:types) ORDER BY recorded_at, id",
        types=list(types),
    )
    return [(row.type, row.data) for row in found]


def wait_over() -> None:
    """Let the waits of all gates be over."""
    with db.transaction() as session:
        session.connection().execute(text("UPDATE gates SET closed_until = now()"))


def walk_in(browser: Browser, login: str, phone: Authenticator) -> Response:
    """Sign in with the password and a code."""
    browser.sign_in(login, PASSWORD)
    return browser.press("/sign-in/code", "/sign-in/code", code=phone.code())
