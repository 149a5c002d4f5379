"""Procedures of other rooms at their stated sizes: R-05."""

import pytest

from services.ledger.config import settings
from tests.ledger.conftest import Client, opened
from tests.ledger.test_idempotency import (
    CREDITED,
    credits_of,
    expect_once_each,
    openings,
    unnamed,
)

AT_ONCE, KEYS = 50, 100


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = settings().model_copy(update={"ledger_requests_per_minute": 10**6})
    monkeypatch.setattr("services.ledger.rates.settings", lambda: fast)


@pytest.mark.soak
def test_fifty_at_one_time_under_each_of_a_hundred_keys_have_one_effect(
    supplier: Client, contract: str
) -> None:
    expect_once_each(supplier, openings(contract, KEYS), at_once=AT_ONCE, done="receivables")
    claim = opened(supplier, unnamed(contract))
    expect_once_each(supplier, credits_of(claim, KEYS), at_once=AT_ONCE, done=CREDITED)
