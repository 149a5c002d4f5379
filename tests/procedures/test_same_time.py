"""R-20: what is another's takes as long to be refused as what does not exist.

That the database is asked the same, statement by statement, is in `test_strangers`, for every
operation and role. Here the clock is asked, for pairs that take turns, so that whatever else the
machine does falls on both: the middle of the differences tells of the code alone.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import OPERATOR, Viewer
from services.ledger.ids import new_id
from services.ledger.receivables import queries
from tests.access.making import a_key, appointed, client_of
from tests.ledger.conftest import STRANGER, SignIn, buyer, contract, invoice, opened, operator
from tests.ledger.conftest import supplier as a_supplier
from tests.procedures.trips import watched

__all__ = ["a_supplier", "buyer", "contract", "operator"]
PAIRS = 100
PERMILLE_APART = 150
"""Of the time one takes; the same code was seen at most 50 apart, on a busy machine."""
Strangers = dict[str, TestClient]


@pytest.fixture
def claim(a_supplier: TestClient, contract: str) -> str:
    return opened(a_supplier, invoice(contract))


@pytest.fixture
def strangers(ledger: SignIn, claim: str) -> Strangers:
    authority = a_key("regulator")
    appointed(authority.prefix, "44")
    return {
        "another buyer": ledger("core_enterprise", STRANGER),
        "another platform": ledger("platform", STRANGER),
        "the authority of another province": client_of(authority.token),
    }


def permille_apart(ask: Callable[[str], object], one: str, other: Callable[[], str]) -> int:
    """Return by how much more time it takes to ask for one thing than for another."""
    differences, taken = [], []
    for turn in range(PAIRS):
        spent: dict[bool, int] = {}
        for is_one in (turn % 2 == 0, turn % 2 == 1):
            subject = one if is_one else other()
            began = time.perf_counter_ns()
            ask(subject)
            spent[is_one] = time.perf_counter_ns() - began
        differences.append(spent[True] - spent[False])
        taken.append(spent[False])
    return round(1000 * statistics.median(differences) / statistics.median(taken))


def asks(client: TestClient) -> dict[str, Callable[[str], object]]:
    """Return how a stranger would ask: to read, and to act."""
    dispute = {"amount": "1.00", "reason": "x"}

    def expect_nothing(answer: Any) -> None:
        assert answer.status_code in {403, 404}, answer.text

    return {
        "read": lambda id_: expect_nothing(client.get(f"/v1/receivables/{id_}")),
        "act": lambda id_: expect_nothing(
            client.post(f"/v1/receivables/{id_}/disputes", json=dispute)
        ),
    }


def test_another_partys_receivable_takes_as_long_as_none(strangers: Strangers, claim: str) -> None:
    for who, client in strangers.items():
        for what, ask in asks(client).items():
            apart = permille_apart(ask, claim, lambda: str(new_id()))
            assert abs(apart) < PERMILLE_APART, f"{who}: to {what} takes {apart} ‰ longer"


def test_looking_first_and_judging_then_is_found_by_the_clock_and_by_the_statements(
    strangers: Strangers, claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what is there is fetched, and then refused."""
    honest = queries.get_visible

    def looks_first(session: Session, viewer: Viewer, receivable_id: UUID, **more: Any) -> Any:
        with db.transaction() as other:
            for _ in range(4):
                honest(other, OPERATOR, receivable_id)
        return honest(session, viewer, receivable_id, **more)

    monkeypatch.setattr(queries, "get_visible", looks_first)
    read = asks(strangers["another buyer"])["read"]

    assert permille_apart(read, claim, lambda: str(new_id())) > PERMILLE_APART
    with watched() as trips:
        read(claim)
        of_a_thing = len(trips.asked)
        trips.begin()
        read(str(new_id()))
        assert of_a_thing > len(trips.asked)
