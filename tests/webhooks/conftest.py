"""Two parties with a log, receivers on loopback, and a clock that tests turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.events import ConfirmationRequested, Data
from services.ledger import db
from services.ledger.access import Viewer
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.ids import new_id
from services.ledger.log.service import Entry, append, seal
from services.ledger.webhooks import delivering, planning, service
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.models import WebhookEndpoint
from services.ledger.webhooks.sending import Sender
from services.ledger.webhooks.signing import Scheme
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn, ledger, operator
from tests.ledger.make import acting_for
from tests.webhooks.receiver import Receiver, a_receiver

__all__ = ["BUYER", "STRANGER", "SUPPLIER", "ledger", "operator"]
URL = "https://erp.example.com/hooks?token=a-canary-in-an-address"
ME: Viewer = acting_for(SUPPLIER, "supplier")


def a_request() -> ConfirmationRequested:
    return ConfirmationRequested(
        receivable_id=new_id(), amount="1.00", answer_due_on=date(2026, 1, 31)
    )


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Webhooks may go to this machine, as a trial installation says it."""
    monkeypatch.setenv("LEDGER_WEBHOOK_NETWORKS", "127.0.0.0/8")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as made:
        yield made


@dataclass
class House:
    """The ledger's side: its log, its clock, and its worker, which works when it is told to."""

    at: datetime = field(default_factory=now)
    """Turned by tests; the log has the real one."""

    def clock(self) -> datetime:
        return self.at

    def later(self, **time: int) -> None:
        self.at += timedelta(**time)

    def register(
        self, url: str, viewer: Viewer = ME, *, scheme: Scheme = "v1", **wanted: Any
    ) -> tuple[UUID, str]:
        """Register an endpoint and return its id and secret."""
        with db.transaction() as session:
            endpoint, secret = service.register(
                session,
                viewer,
                service.Wanted(url, tuple(wanted.get("types", ("confirmation.*",)))),
                endpoint_id=new_id(),
                scheme=scheme,
                rules=Rules.of(settings()),
                after=wanted.get("after"),
            )
        assert secret is not None
        return endpoint.id, secret.shown

    def tell(
        self, count: int = 1, *, creditor: UUID = SUPPLIER, data: Data | None = None
    ) -> list[UUID]:
        """Append events of a buyer and a supplier to the log, seal it, and return their ids."""
        said = data or a_request()
        ids = [new_id() for _ in range(count)]
        entries = [
            Entry(new_id(), said, "test", debtor_id=BUYER, creditor_id=creditor, id=one)
            for one in ids
        ]
        with db.transaction() as session:
            append(session, entries)
        self.seal()
        return ids

    def seal(self) -> None:
        with db.transaction() as session:
            while seal(session):
                pass

    def work(self, sender: Sender | None = None) -> int:
        """Do what a tick and its threads do, until nothing is due; return the attempts."""
        self.seal()
        planning.catch_up(self.clock)
        with db.transaction() as session:
            endpoints = delivering.due(session, at=self.at)
        how = sender or Sender(Rules.of(settings()), seconds=2)
        return sum(delivering.serve(one, how, self.clock) for one in endpoints)

    def change(self, endpoint_id: UUID, **wanted: Any) -> None:
        with db.transaction() as session:
            how = service.Change(**wanted)
            rules = Rules.of(settings())
            service.change(session, ME, endpoint_id, how, rules=rules, at=self.at)

    def endpoint(self, endpoint_id: UUID) -> WebhookEndpoint:
        with db.transaction() as session:
            found = session.get(WebhookEndpoint, endpoint_id)
            assert found is not None
            return found

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        with db.transaction() as session:
            return [tuple(row) for row in session.connection().execute(text(sql), values)]

    def states(self, endpoint_id: UUID) -> dict[str, int]:
        sql = "SELECT state, count(*) FROM webhook_deliveries WHERE endpoint_id = :e GROUP BY 1"
        return {str(state): int(many) for state, many in self.rows(sql, e=endpoint_id)}


@pytest.fixture
def house(_loopback: None, ledger: SignIn) -> House:
    return House()


@pytest.fixture
def supplier(ledger: SignIn, operator: Client) -> Client:
    return ledger("supplier", SUPPLIER)


@pytest.fixture
def stranger(ledger: SignIn, operator: Client) -> Client:
    return ledger("supplier", STRANGER)


def made(client: Client, **body: Any) -> dict[str, Any]:
    answered = client.post("/v1/webhooks", json={"url": URL, **body})
    assert answered.status_code == 201, answered.text
    return dict(answered.json())


def refused(answered: Any, status: int, code: str) -> None:
    assert (answered.status_code, answered.json()["code"]) == (status, code), answered.text
    assert answered.json().get("detail_zh") or answered.json()["errors"]
