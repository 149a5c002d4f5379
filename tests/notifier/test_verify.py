"""I7: every event's notices are there, each came to an end, and what is missing is named."""

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.events import MessageDelivered, PartyContactChanged, ReceivableSettled
from services.notifier.config import Settings
from services.notifier.db import transaction
from services.notifier.service import catch_up, tell_ledger
from services.notifier.verify import CHECKS, verify
from tests.notifier.fakes import CREDITOR, DEBTOR, Catcher, FakeLedger, an_id, overdue


@pytest.fixture
def told(config: Settings, ledger: FakeLedger) -> Settings:
    """A log of many windows; what arrived by mail stands in it, too."""
    small = config.model_copy(update={"notifier_window": 4})
    for number in range(9):
        ledger.append(overdue(number))
        ledger.append(ReceivableSettled(invoice_number="1"), actor_party_id=str(DEBTOR))
        changed = PartyContactChanged(party_id=CREDITOR, name="creditor", email="c@x.cn")
        ledger.append(changed, occurred_at="2026-01-01T00:00:00Z")
    catch_up(small)
    tell_ledger(small)
    return small


def test_what_was_told_is_proven(told: Settings) -> None:
    proof = verify(told)
    assert proof.findings == ()
    assert (proof.through, proof.messages) == (29, 9 * 4 + 9)
    assert proof.mails["sent"] >= 2


BROKEN = {
    "a notice is gone": (
        "DELETE FROM notifier.messages WHERE event_position = 4 AND channel = 'inbox'",
        "notices",
        "told None, to tell (4, 'receivable.settled')",
    ),
    "a notice nobody had to get": (
        (
            "INSERT INTO notifier.messages (id, event_id, event_position, type, subject_id,"
            " recipient_id, channel, subject, body, occurred_at) SELECT gen_random_uuid(),"
            " event_id, event_position, type, subject_id, '{debtor}', channel, subject, body,"
            " occurred_at"
            " FROM notifier.messages WHERE event_position = 4"
        ),
        "notices",
        "told (4, 'receivable.settled'), to tell None",
    ),
    "a notice of no event": (
        (
            "UPDATE notifier.messages SET event_position = 99, event_id = gen_random_uuid()"
            " WHERE event_position = 4"
        ),
        "notices",
        "at 99: the log tells nobody so",
    ),
    "an e-mail that nobody sends": (
        (
            "UPDATE notifier.deliveries SET state = 'failed', delivered_at = NULL,"
            " next_attempt_at = now() - interval '2 days'"
        ),
        "endings",
        "failed, 1 attempts",
    ),
    "an event that was passed over": (
        "INSERT INTO notifier.unread_events VALUES (3, '{event}', 'receivable.overdue', 'x')",
        "notices",
        "receivable.overdue: not understood",
    ),
    "a cursor beyond the log": (
        "UPDATE notifier.cursor SET position = 77",
        "cursor",
        "it is at position 77, the log ends at 29",
    ),
    "a cursor that stands still": (
        "UPDATE notifier.cursor SET position = 19, moved_at = now() - interval '11 minutes'",
        "cursor",
        "nothing after position 19 is planned",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_was_changed_is_found_and_named(told: Settings, name: str) -> None:
    statement, check, place = BROKEN[name]
    named = statement.format(debtor=DEBTOR, event=an_id("event 3"))
    with transaction(told.database_url) as session:
        old = "UPDATE notifier.messages SET planned_at = now() - interval '2 days'"
        session.execute(text(old))
        session.execute(text(named))
    examples = {one.check: one.examples for one in verify(told).findings}
    assert any(place in example for example in examples[check]), examples
    assert tuple(CHECKS) == ("notices", "endings", "reported", "cursor")


def test_an_arrival_of_nothing_or_of_what_was_not_sent_is_named(
    told: Settings, ledger: FakeLedger
) -> None:
    with transaction(told.database_url) as session:
        message = session.execute(
            text("SELECT id, event_id, recipient_id FROM notifier.messages WHERE channel = 'inbox'")
        ).first()
    assert message is not None
    for message_id, stage in ((an_id("nothing"), "SHOWN"), (message.id, "READ")):
        ledger.append(
            MessageDelivered(
                message_id=message_id,
                event_id=message.event_id,
                party_id=message.recipient_id,
                channel="inbox",
                delivered_at=datetime(2026, 1, 1, tzinfo=UTC),
                stage=stage,
            )
        )
    catch_up(told)
    (finding,) = verify(told).findings
    assert (finding.check, finding.broken) == ("reported", 2)
    assert f"READ of message {message.id}" in finding.examples[1]


def test_what_is_given_up_has_ended_and_what_waits_within_its_schedule_is_no_fault(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    catcher.answer = lambda _mail: "550 unknown"
    ledger.append(overdue(1))
    catch_up(config)
    proof = verify(config)
    assert (proof.findings, proof.mails) == ((), {"failed": 2})
    with transaction(config.database_url) as session:
        session.execute(text("UPDATE notifier.deliveries SET state = 'exhausted'"))
    assert verify(config).mails == {"exhausted": 2}


def test_it_is_told_over_http_to_who_has_the_key(
    told: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.notifier import api, db  # noqa: PLC0415

    monkeypatch.setattr(api, "settings", lambda: told)
    monkeypatch.setattr(db, "settings", lambda: told)
    with TestClient(api.app) as http:
        assert http.get("/v1/verification").status_code == 401
        key = {"authorization": f"Bearer {told.notifier_api_key}"}
        said = http.get("/v1/verification", headers=key).json()
        assert (said["through"], said["findings"]) == (29, [])
        away = told.model_copy(update={"notifier_ledger_url": "http://127.0.0.1:9"})
        monkeypatch.setattr(api, "settings", lambda: away)
        answer = http.get("/v1/verification", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (502, "LOG_UNREADABLE")
