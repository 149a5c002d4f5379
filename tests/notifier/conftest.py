"""A notifier on a database of its own, between a fake ledger and a mail catcher."""

from collections.abc import Iterator

import pytest
from sqlmodel import Session

from services.notifier.config import Settings
from services.notifier.db import engine
from tests.notifier.fakes import (
    CREDITOR,
    DEBTOR,
    KEY,
    Catcher,
    FakeLedger,
    a_catcher,
    a_ledger,
    register,
)


@pytest.fixture
def ledger() -> Iterator[FakeLedger]:
    """A ledger that knows a debtor and a creditor."""
    with a_ledger() as ledger:
        register(ledger, DEBTOR, "debtor")
        register(ledger, CREDITOR, "creditor")
        yield ledger


@pytest.fixture
def catcher() -> Iterator[Catcher]:
    """A mail server that keeps what it takes."""
    with a_catcher() as catcher:
        yield catcher


@pytest.fixture
def config(fresh_database_url: str, ledger: FakeLedger, catcher: Catcher) -> Iterator[Settings]:
    """The settings of a notifier between the two."""
    yield Settings(
        database_url=fresh_database_url,
        notifier_ledger_url=ledger.url,
        notifier_ledger_key=KEY,
        notifier_smtp_url=catcher.url,
        notifier_from="应收账款台账 <notice@ledger.example>",
        notifier_smtp_timeout_seconds=2,
        notifier_api_key="key of the console",
    )
    engine(fresh_database_url).dispose()
    engine.cache_clear()


@pytest.fixture
def db(config: Settings) -> Iterator[Session]:
    """A look into the notifier's tables; end its transaction to see what is new."""
    with Session(engine(config.database_url)) as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session
