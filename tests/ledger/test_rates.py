"""How much one key may ask for, and what it is told of that."""

from collections.abc import Iterator

import pytest

from services.ledger import config
from tests.ledger.conftest import BUYER, SUPPLIER, Client, SignIn


@pytest.fixture
def few(ledger: SignIn, operator: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    """An installation where each key may ask six times a minute."""
    monkeypatch.setenv("LEDGER_REQUESTS_PER_MINUTE", "6")
    config.settings.cache_clear()
    yield ledger
    monkeypatch.delenv("LEDGER_REQUESTS_PER_MINUTE")
    config.settings.cache_clear()


def test_a_key_that_asks_too_much_is_told_when_to_go_on(few: SignIn) -> None:
    client = few("supplier", SUPPLIER)

    answers = [client.get("/v1/receivables") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 6 + [429]
    left = [answer.headers["ratelimit"].split(";")[1] for answer in answers]
    assert left == ["r=5", "r=4", "r=3", "r=2", "r=1", "r=0", "r=0"]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=6;w=60'
    assert answers[-1].json()["code"] == "RATE_LIMITED"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 10


def test_one_key_does_not_use_up_what_another_may_ask(few: SignIn) -> None:
    greedy, modest = few("supplier", SUPPLIER), few("core_enterprise", BUYER)
    for _ in range(9):
        greedy.get("/v1/receivables")

    assert modest.get("/v1/receivables").status_code == 200


def test_the_bucket_fills_again_with_time(few: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [10**12]
    monkeypatch.setattr("services.ledger.rates.time.monotonic_ns", lambda: clock[0])
    client = few("supplier", SUPPLIER)
    for _ in range(7):
        client.get("/v1/receivables")

    clock[0] += 10 * 10**9
    answers = [client.get("/v1/receivables").status_code for _ in range(2)]

    assert answers == [200, 429]
