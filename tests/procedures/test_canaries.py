"""R-29: secrets that were planted by the real commands are nowhere to be read afterwards."""

import logging
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import make_url, text

from services.ledger import db
from services.ledger.config import Settings, settings
from services.ledger.webhooks import service
from services.ledger.webhooks.addresses import WebhookUrlError
from services.ledger.webhooks.sending import Sender
from services.notifier.config import Settings as NotifierSettings
from tests.ledger.conftest import SUPPLIER, SignIn
from tests.procedures import planting
from tests.procedures.canaries import (
    Canaries,
    canary,
    everything_kept,
    everything_logged,
    pages_of,
)
from tests.procedures.house import sign_all
from tests.webhooks.receiver import Receiver, a_receiver

KEPT_OPENLY = (
    "UPDATE parties SET name = :plain WHERE id = :party",
    """INSERT INTO idempotency_keys (principal, route, key, fingerprint, status, body, recorded_at)
    VALUES ('x', 'x', :id, :body, 200, :body, now())""",
    """INSERT INTO notifier.unread_events (position, event_id, type, error)
    VALUES (1, :id, 'x', :error)""",
)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, fresh_database_url: str) -> Canaries:
    """The secrets of an installation; those of its people and machines are added by and by."""
    canaries = Canaries()
    password = make_url(fresh_database_url).password
    canaries.plant("database password", password or canary())
    monkeypatch.setenv("LEDGER_IDENTITY_KEY", canaries.plant("identity key"))
    log_key = canaries.plant("log key", secrets.token_urlsafe(32))
    monkeypatch.setenv("LEDGER_LOG_KEY", log_key)
    monkeypatch.setenv("NOTIFIER_API_KEY", canaries.plant("notifier's key"))
    monkeypatch.setenv("LEDGER_WEBHOOK_NETWORKS", "127.0.0.0/8")
    return canaries


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as made:
        yield made


def test_planted_secrets_are_nowhere_to_be_read(
    planted: Canaries,
    ledger: SignIn,
    buyer: TestClient,
    supplier: TestClient,
    contract: str,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    planting.addressed(supplier)
    planting.machines(planted, supplier)
    planting.webhooks(planted, supplier, receiver)
    login, password = planting.a_person(planted)
    browser = planting.signed_in(planted, login, password)
    planting.single_sign_on(planted, login, monkeypatch, caplog)
    exports = planting.exported(ledger, buyer, supplier, contract)
    planting.delivered(receiver)
    planting.notified(planted, ledger, monkeypatch)
    sign_all()
    problems = planting.refused(planted, supplier)
    pages = pages_of(browser.client, "/console")
    assert len(pages) > 10
    assert len(set(planted.planted.values())) >= 30

    paths = ["/v1/events", f"/v1/parties/{SUPPLIER}/repayment-accounts", "/v1/checkpoints"]
    places = {
        "tables": everything_kept(),
        "problems": problems,
        "logs": everything_logged(caplog.records),
        "exports": exports,
        "pages": "\n".join(pages.values()),
        "metrics": supplier.get("/metrics").text,
        "settings": repr(settings()) + repr(Settings()) + repr(NotifierSettings()),
        "answers": "\n".join(supplier.get(path).text for path in [*paths, "/v1/receivables"]),
    }
    read = {name: planted.found(where) for name, where in places.items()}
    assert {name: there for name, there in read.items() if there} == {}
    # Its own party may read where a webhook goes, and nothing else of it.
    own = planted.found(supplier.get("/v1/webhooks").text)
    assert own == [f"webhook address {n}" for n in range(3)]


def test_an_address_logged_when_something_is_sent_would_be_found(
    planted: Canaries,
    supplier: TestClient,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A control: a sender of webhooks that is a usual client, which logs where it sends."""

    def usual(_: Sender, url: httpx2.URL, headers: Any, body: bytes) -> tuple[int, None, str]:
        with httpx2.Client(trust_env=False) as client:
            return client.post(url, headers=headers, content=body).status_code, None, ""

    monkeypatch.setattr(Sender, "_exchange", usual)
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, logger="httpx2")
    planting.webhooks(planted, supplier, receiver)
    planting.delivered(receiver)

    assert planted.found(everything_logged(caplog.records)) == [
        f"webhook address {n}" for n in range(3)
    ]


def test_a_secret_that_a_refusal_repeats_would_be_found(
    planted: Canaries, supplier: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: a refusal that says what it refuses."""

    def repeats(text_: str, _: object) -> None:
        raise WebhookUrlError(f"{text_} is no address.", f"{text_}不是地址。", field="url")

    monkeypatch.setattr(service, "checked_url", repeats)
    assert planted.found(planting.refused(planted, supplier)) == [
        f"sent astray {n}" for n in range(3)
    ]


def test_a_secret_in_a_file_of_any_format_would_be_found(
    planted: Canaries, ledger: SignIn, buyer: TestClient, supplier: TestClient, contract: str
) -> None:
    """A control: the creditor of the file is called by a secret."""
    rename = text("UPDATE parties SET name = :name WHERE id = :id")
    name = planted.plant("name")
    with db.transaction() as session:
        session.connection().execute(rename, {"name": name, "id": SUPPLIER})

    read = planting.exported(ledger, buyer, supplier, contract)

    assert all(planted.found(one) == ["name"] for one in read.split(planting.NEXT_FILE)[1:])


def test_a_secret_in_a_table_or_in_bytes_would_be_found(
    planted: Canaries, ledger: SignIn, supplier: TestClient
) -> None:
    """A control: secrets that are kept in the open, by the ledger and by the notifier."""
    values = {
        "id": UUID(int=1),
        "plain": planted.plant("plain"),
        "body": planted.plant("in bytes").encode(),
        "error": planted.plant("the notifier's"),
        "party": SUPPLIER,
    }
    with db.transaction() as session:
        session.connection().execute(text("SET LOCAL ROLE NONE"))
        for statement in KEPT_OPENLY:
            session.connection().execute(text(statement), values)
    assert planted.found(everything_kept()) == ["plain", "in bytes", "the notifier's"]
