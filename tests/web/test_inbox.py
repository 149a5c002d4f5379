"""The inbox with the real notifier: it reads this ledger's log and answers the console, by HTTP."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI

from services.ledger import db
from services.ledger.config import settings as config_of_ledger
from services.ledger.ids import new_id
from services.ledger.log.service import seal
from services.ledger.parties.service import add_api_key
from services.ledger.receivables.queries import Claim
from services.ledger.web import inbox
from services.notifier import api as notifier
from services.notifier import db as notifier_db
from services.notifier.config import Settings
from services.notifier.service import pull_and_plan
from tests.web.conftest import Person

KEY = "key of the console"


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def told(
    claim: Claim, fresh_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A notifier that planned what this ledger's log says so far; call it again for more."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    with db.transaction() as session:
        add_api_key(session, name="notifier", role="service", party_id=None, token="reader")
        seal(session)
    with served(app) as ledger_url:
        config = Settings(
            database_url=fresh_database_url,
            notifier_ledger_url=ledger_url,
            notifier_ledger_key="reader",
            notifier_api_key=KEY,
        )
        for module in (notifier, notifier_db):
            monkeypatch.setattr(module, "settings", lambda: config)
        assert pull_and_plan(config) > 0
        with served(notifier.app) as notifier_url:
            monkeypatch.setenv("NOTIFIER_API_URL", notifier_url)
            monkeypatch.setenv("NOTIFIER_API_KEY", KEY)
            config_of_ledger.cache_clear()
            yield config
    notifier_db.engine(fresh_database_url).dispose()
    notifier_db.engine.cache_clear()


@pytest.mark.usefixtures("told")
def test_a_party_reads_its_messages_and_comes_to_the_receivable(
    person: Person, claim: Claim
) -> None:
    buyer = person("core_enterprise", claim.debtor_id)

    first = buyer.see("/console/inbox").text
    assert "未读 1" in first
    assert claim.invoice_number in first
    found = inbox.fetch(claim.debtor_id)
    assert found is not None
    assert [message.seen_at is not None for message in found.messages] == [True]

    opened = buyer.press("/console/inbox", str(found.messages[0].id))

    assert opened.url.path == f"/console/receivables/{claim.id}"
    assert "未读" not in buyer.see("/console/inbox").text


@pytest.mark.usefixtures("told")
def test_the_message_of_another_party_is_not_read(person: Person, claim: Claim) -> None:
    found = inbox.fetch(claim.debtor_id)
    assert found is not None
    supplier = person("supplier", claim.creditor_id)
    token = supplier.forms("/console")["/sign-out"]["token"]

    tried = supplier.client.post(f"/console/inbox/{found.messages[0].id}", data={"token": token})

    assert tried.url.path == "/console/inbox"
    again = inbox.fetch(claim.debtor_id)
    assert again is not None
    assert again.unread == found.unread == 1


@pytest.mark.usefixtures("told")
def test_nothing_is_read_without_the_token_of_the_session(person: Person, claim: Claim) -> None:
    found = inbox.fetch(claim.debtor_id)
    assert found is not None

    answer = person("core_enterprise", claim.debtor_id).client.post(
        f"/console/inbox/{found.messages[0].id}"
    )

    assert answer.status_code == 403
    again = inbox.fetch(claim.debtor_id)
    assert again is not None
    assert again.unread == 1


@pytest.mark.usefixtures("told")
def test_what_a_page_left_out_is_not_called_seen(
    claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "PAGE", 1)

    for _ in range(2):
        found = inbox.fetch(claim.debtor_id)
        assert found is not None
        assert found.messages[0].seen_at is None


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:1", "nonsense", "http://[::1"])
def test_a_notifier_that_is_away_is_a_plain_message(
    person: Person, claim: Claim, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("NOTIFIER_API_URL", address)
    monkeypatch.setenv("NOTIFIER_API_KEY", KEY)
    config_of_ledger.cache_clear()
    buyer = person("core_enterprise", claim.debtor_id)

    answer = buyer.see("/console/inbox")

    assert answer.status_code == 200
    assert "通知服务暂不可用" in answer.text
    token = buyer.forms("/console")["/sign-out"]["token"]
    pressed = buyer.client.post(f"/console/inbox/{new_id()}", data={"token": token})
    assert pressed.url.path == "/console/inbox"


def test_who_acts_for_nobody_has_no_inbox(person: Person) -> None:
    assert "没有收件箱" in person("regulator").see("/console/inbox").text
