"""How much one key may ask for, and what it is told of that."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from services.ledger import config, rates
from tests.ledger.conftest import BUYER, SUPPLIER, Client, SignIn


@pytest.fixture(autouse=True)
def nobody_has_asked() -> None:
    rates._buckets.clear()


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


def _guess(client: TestClient, number: int) -> int:
    headers = {"authorization": f"Bearer lk_{number:010d}_{'x' * 43}"}
    return client.get("/v1/receivables", headers=headers).status_code


def test_guessing_at_keys_ends_and_keys_that_were_seen_go_on(
    few: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "_GUESS_PRICE", 10**9)  # 60 a minute
    honest, late = few("supplier", SUPPLIER), few("core_enterprise", BUYER)
    assert honest.get("/v1/receivables").status_code == 200
    forged = {
        "signature-input": 'a=("@method" "@authority" "@path" "@query");created=1;keyid="lk_x"'
        ';nonce="0123456789abcdef"',
        "signature": "a=:AAAA:",
    }

    first = [_guess(honest, number) for number in range(59)]
    assert honest.get("/v1/receivables", headers=forged).status_code == 401

    assert first == [401] * 59
    assert _guess(honest, 60) == 429
    assert honest.get("/v1/receivables", headers=forged).status_code == 429
    refused = late.get("/v1/receivables")
    assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert int(refused.headers["retry-after"]) >= 1
    assert honest.get("/v1/receivables").status_code == 200


def test_guesses_take_no_keys_place(few: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that has asked for all it may does not ask anew because others guess."""
    monkeypatch.setattr(rates, "_MOST_BUCKETS", 3)
    greedy = few("supplier", SUPPLIER)
    assert [greedy.get("/v1/receivables").status_code for _ in range(7)][-1] == 429

    for number in range(10):
        _guess(greedy, number)

    assert greedy.get("/v1/receivables").status_code == 429


def test_the_oldest_bucket_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "_MOST_BUCKETS", 2)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2"):
        rates.count_guess(address)

    assert [*rates._buckets] == [b"address 192.0.2.1", b"address 2001:db8::"]
