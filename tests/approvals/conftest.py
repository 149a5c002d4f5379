from typing import Any, Protocol
from uuid import UUID

import pytest

from services.ledger import db
from services.ledger.orders.models import Contract
from services.ledger.receivables.queries import Claim
from tests.approvals.people import Person, arrive
from tests.ledger.conftest import SignIn, ledger
from tests.ledger.make import a_contract, a_receivable

__all__ = ["ledger"]


class Arrive(Protocol):
    """Gives somebody of a party, by duty, signed in with an authenticator."""

    def __call__(self, party_id: UUID | None, duty: str = "", **more: Any) -> Person: ...


@pytest.fixture
def person(ledger: SignIn) -> Arrive:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    def come(party_id: UUID | None, duty: str = "", **more: Any) -> Person:
        return arrive(app, party_id, duty, **more)

    return come


@pytest.fixture
def contract(ledger: SignIn) -> Contract:
    with db.transaction() as session:
        return a_contract(session)


@pytest.fixture
def claim(contract: Contract) -> Claim:
    """A receivable of 1,000.00 that waits for confirmation."""
    with db.transaction() as session:
        return a_receivable(session, contract)


@pytest.fixture
def maker(person: Arrive, claim: Claim) -> Person:
    return person(claim.debtor_id, "maker")


@pytest.fixture
def checker(person: Arrive, claim: Claim) -> Person:
    return person(claim.debtor_id, "checker")


@pytest.fixture
def seller(person: Arrive, claim: Claim) -> Person:
    return person(claim.creditor_id, "maker", role="supplier")


@pytest.fixture
def second_seller(person: Arrive, claim: Claim) -> Person:
    return person(claim.creditor_id, "checker", role="supplier")
