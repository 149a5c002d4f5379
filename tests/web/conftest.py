from typing import Protocol
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.credentials import COOKIE
from services.ledger.identification import start_session
from services.ledger.ids import new_id
from services.ledger.orders.models import Contract
from services.ledger.parties.models import User
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.conftest import SignIn, ledger, of_the_country
from tests.ledger.make import a_contract, a_receivable
from tests.web.browser import Browser

__all__ = ["ledger"]


class Person(Protocol):
    """Gives somebody of a role and party, signed in at a browser of their own."""

    def __call__(self, role: str, party_id: UUID | None = None) -> Browser: ...


@pytest.fixture
def person(ledger: SignIn) -> Person:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    def arrive(role: str, party_id: UUID | None = None) -> Browser:
        browser = Browser(TestClient(app, raise_server_exceptions=False))
        with db.transaction() as session:
            user = User(
                id=new_id(),
                login=f"{role} {new_id()}",
                role=role,
                party_id=party_id,
                password_hash="nobody has this password",
            )
            session.add(user)
            session.flush()
            token = start_session(session, user.id, at=now())
            if role == "regulator":
                of_the_country(session, user.id.bytes)
        browser.client.cookies.set(COOKIE, token)
        return browser

    return arrive


@pytest.fixture
def contract(ledger: SignIn) -> Contract:
    with db.transaction() as session:
        return a_contract(session)


@pytest.fixture
def claim(contract: Contract) -> Claim:
    """A receivable of 1,000.00 that waits for confirmation, due on 2025-09-08."""
    with db.transaction() as session:
        return a_receivable(session, contract)


def now_of(claim: Claim) -> Claim:
    """Return a receivable as it is by now."""
    with db.transaction() as session:
        return get_visible(session, OPERATOR, claim.id)
