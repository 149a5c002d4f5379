"""What arrived is told to the ledger: at least once, and honestly how far it came."""

import subprocess
from collections import Counter

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.notifier import queries
from services.notifier.config import Settings
from services.notifier.db import transaction
from services.notifier.service import catch_up, tell_ledger
from tests.notifier.fakes import CREDITOR, DEBTOR, Catcher, FakeLedger, free_port, overdue
from tests.notifier.test_kill import a_worker, kill, until


def stages(ledger: FakeLedger) -> Counter[str]:
    return Counter(arrival["stage"] for arrival in ledger.arrivals)


def waiting(config: Settings) -> dict[str, int]:
    with transaction(config.database_url) as session:
        return queries.arrival_counts(session)


@pytest.fixture
def told(config: Settings, ledger: FakeLedger) -> Settings:
    """Two parties were told of one overdue receivable, by e-mail and in their inboxes."""
    ledger.append(overdue(1))
    catch_up(config)
    return config


def test_an_accepted_mail_is_reported_once_with_the_instant_it_was_taken(
    told: Settings, ledger: FakeLedger, db: Session
) -> None:
    assert tell_ledger(told) == 2
    assert tell_ledger(told) == 0

    assert stages(ledger) == {"MAIL_ACCEPTED": 2}
    assert {arrival["party_id"] for arrival in ledger.arrivals} == {str(DEBTOR), str(CREDITOR)}
    assert {arrival["event_id"] for arrival in ledger.arrivals} == {str(ledger.events[2]["id"])}
    row = db.execute(text("SELECT min(delivered_at), max(delivered_at) FROM notifier.deliveries"))
    reported = sorted(arrival["at"].replace("Z", "+00:00") for arrival in ledger.arrivals)
    assert reported == [instant.isoformat() for instant in row.one()]
    assert waiting(told) == {}


def test_a_mail_that_was_refused_has_not_arrived(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    catcher.answer = lambda mail: "550 unknown" if "debtor" in str(mail["To"]) else None
    ledger.append(overdue(1))
    catch_up(config)
    tell_ledger(config)

    assert [arrival["party_id"] for arrival in ledger.arrivals] == [str(CREDITOR)]


def test_an_inbox_message_arrives_when_it_is_shown_and_again_when_it_is_read(
    told: Settings, ledger: FakeLedger, db: Session
) -> None:
    for _ in range(2):
        with transaction(told.database_url) as session:
            queries.mark_seen(session, DEBTOR, up_to=3)
    message = db.execute(
        text("SELECT id FROM notifier.messages WHERE channel = 'inbox' AND recipient_id = :party"),
        {"party": DEBTOR},
    ).scalar_one()
    for _ in range(2):
        with transaction(told.database_url) as session:
            assert queries.mark_read(session, CREDITOR, message) is None
            assert queries.mark_read(session, DEBTOR, message) is not None
        tell_ledger(told)

    assert stages(ledger) == {"MAIL_ACCEPTED": 2, "SHOWN": 1, "READ": 1}
    inbox = [arrival for arrival in ledger.arrivals if arrival["stage"] != "MAIL_ACCEPTED"]
    assert {arrival["message_id"] for arrival in inbox} == {str(message)}


def test_a_digest_arrives_for_the_messages_it_names_and_no_others(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    for number in range(105):
        ledger.append(overdue(number), creditor=None)
    catch_up(config)
    tell_ledger(config)

    [mail] = catcher.mails
    assert "另有5条" in mail.get_content()
    events = {str(event["id"]) for event in ledger.events[2:102]}
    assert {arrival["event_id"] for arrival in ledger.arrivals} == events


def test_a_ledger_that_is_away_or_lets_nobody_in_loses_nothing(
    told: Settings, ledger: FakeLedger
) -> None:
    away = {"notifier_ledger_url": f"http://127.0.0.1:{free_port()}"}
    for change in (away, {"notifier_ledger_key": "wrong"}):
        assert tell_ledger(told.model_copy(update=change)) == 0
        assert waiting(told) == {"waiting": 2}

    assert tell_ledger(told) == 2
    assert waiting(told) == {}


def test_what_the_ledger_never_takes_is_kept_and_holds_up_nothing(
    told: Settings, ledger: FakeLedger, db: Session
) -> None:
    first = db.execute(text("SELECT message_id FROM notifier.arrivals ORDER BY at LIMIT 1"))
    ledger.refused = {str(first.scalar_one()): "EVENT_UNKNOWN"}
    assert tell_ledger(told) == 2
    assert tell_ledger(told) == 0

    assert waiting(told) == {"refused": 1}
    kept = db.execute(text("SELECT refused FROM notifier.arrivals")).scalar_one()
    assert kept == "EVENT_UNKNOWN"


def test_a_reporter_killed_before_it_hears_the_answer_reports_the_same_again(
    told: Settings, ledger: FakeLedger
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    ledger.after_hearing = lambda: kill(started[-1])
    for _ in range(2):
        with a_worker(told) as worker:
            started.append(worker)
            worker.wait(60)
    assert waiting(told) == {"waiting": 2}
    ledger.after_hearing = lambda: None
    with a_worker(told):
        until(lambda: waiting(told) == {})

    assert len(ledger.arrivals) == 6
    assert ledger.arrivals[:2] == ledger.arrivals[2:4] == ledger.arrivals[4:]
