"""E-mails arrive: once, or again with a warning, through refusals, silence and outages."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.events import ReceivableRefused
from services.notifier.channels.smtp import Outcome
from services.notifier.config import Settings
from services.notifier.db import transaction
from services.notifier.delivery import (
    RETRY_MINUTES,
    claim,
    deliver_due,
    free_expired,
    record,
    retry_exhausted,
)
from services.notifier.service import catch_up, pull_and_plan
from tests.notifier.fakes import Catcher, FakeLedger, a_mute_server, free_port, overdue


def row(db: Session) -> tuple[object, ...]:
    found = db.execute(
        text(
            "SELECT state, attempts, maybe_sent,"
            " round(extract(epoch FROM next_attempt_at - now()) / 60) AS wait"
            " FROM notifier.deliveries"
        )
    ).one()
    return tuple(found)


def make_due(db: Session) -> None:
    db.execute(text("UPDATE notifier.deliveries SET next_attempt_at = now()"))


@pytest.fixture
def planned(config: Settings, ledger: FakeLedger) -> Settings:
    """One e-mail, planned."""
    ledger.append(ReceivableRefused(platform="P", invoice_number="INV-1"))
    pull_and_plan(config)
    return config


def test_a_refused_mail_is_tried_again_on_schedule_and_then_given_up(
    planned: Settings, catcher: Catcher, db: Session
) -> None:
    catcher.answer = lambda _: "451 try later"
    waits = []
    for attempt in range(1, 7):
        assert deliver_due(planned) == 0
        state, attempts, maybe_sent, wait = row(db)
        assert (state, attempts, maybe_sent) == ("failed", attempt, False)
        waits.append(int(str(wait)))
        assert deliver_due(planned) == 0, "not before its time"
        assert row(db)[1] == attempt
        make_due(db)
    deliver_due(planned)

    assert waits == list(RETRY_MINUTES) == [1, 5, 30, 120, 300, 600]
    assert row(db)[:3] == ("exhausted", 7, False)
    error = db.execute(text("SELECT error FROM notifier.deliveries")).scalar_one()
    assert error == "451 try later"

    catcher.answer = lambda _: None
    deliver_due(planned)
    assert catcher.mails == []
    with transaction(planned.database_url) as session:
        assert retry_exhausted(session) == 1
    assert deliver_due(planned) == 1
    assert "可能重复" not in str(catcher.mails[0]["Subject"])


def test_a_mail_server_that_is_away_uses_up_no_attempt(planned: Settings, db: Session) -> None:
    away = planned.model_copy(update={"notifier_smtp_url": f"smtp://127.0.0.1:{free_port()}"})
    with a_mute_server() as url:
        silent = planned.model_copy(update={"notifier_smtp_url": url})
        for config in (away, silent):
            assert deliver_due(config) == 0
            assert row(db)[:2] == ("planned", 0)

    assert deliver_due(planned) == 1
    assert row(db)[:3] == ("sent", 1, False)


def test_a_server_that_takes_the_mail_and_falls_silent_gets_it_again_with_a_warning(
    planned: Settings, catcher: Catcher, db: Session
) -> None:
    first = True

    def drop_line(_: EmailMessage) -> str | None:
        nonlocal first
        if not first:
            return None
        first = False
        catcher.mails.append(_)
        # aiosmtpd closes the line when its handler fails in this way.
        raise ConnectionResetError

    catcher.answer = drop_line
    deliver_due(planned)
    assert row(db)[:3] == ("failed", 1, True)
    make_due(db)
    assert deliver_due(planned) == 1

    assert len(catcher.mails) == 2
    assert len(set(catcher.ids)) == 1
    assert [("可能重复" in str(mail["Subject"])) for mail in catcher.mails] == [False, True]


def test_a_sender_that_is_no_address_is_refused_before_anything_is_claimed(
    planned: Settings, db: Session
) -> None:
    with pytest.raises(ValueError, match="NOTIFIER_FROM"):
        deliver_due(planned.model_copy(update={"notifier_from": "台账"}))
    assert row(db)[:2] == ("planned", 0)


def test_one_refused_recipient_does_not_hold_up_the_others(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    ledger.append(overdue(1))
    catcher.answer = lambda mail: "550 unknown" if "debtor" in str(mail["To"]) else None

    catch_up(config)

    assert [mail["To"].addresses[0].username for mail in catcher.mails] == ["creditor"]


def test_a_claim_is_taken_once_and_freed_after_the_lease(planned: Settings, db: Session) -> None:
    with transaction(planned.database_url) as one, transaction(planned.database_url) as other:
        assert claim(one) is not None
        assert claim(other) is None
    with transaction(planned.database_url) as session:
        free_expired(session, lease_seconds=120)
    assert row(db)[:3] == ("claimed", 1, False)

    db.execute(text("UPDATE notifier.deliveries SET claimed_at = now() - interval '121 s'"))
    with transaction(planned.database_url) as session:
        free_expired(session, lease_seconds=120)
    assert row(db)[:3] == ("failed", 1, True)


def test_a_worker_taken_for_dead_overwrites_only_with_the_truth(
    planned: Settings, db: Session
) -> None:
    url = planned.database_url
    with transaction(url) as session:
        slow = claim(session)
    db.execute(text("UPDATE notifier.deliveries SET claimed_at = now() - interval '121 s'"))
    with transaction(url) as session:
        free_expired(session, lease_seconds=120)
    with transaction(url) as session:
        second = claim(session)
    assert slow is not None
    assert second is not None

    with transaction(url) as session:
        record(session, slow, Outcome(error="late failure"))
    assert row(db)[:2] == ("claimed", 2)
    with transaction(url) as session:
        record(session, second, Outcome(sent=True))
    with transaction(url) as session:
        record(session, slow, Outcome(error="later failure"))
    assert row(db)[:2] == ("sent", 2)


def test_a_digest_that_is_claimed_takes_no_more_messages(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session
) -> None:
    def refuse(count: int) -> None:
        for _ in range(count):
            ledger.append(ReceivableRefused(platform="P"))
        pull_and_plan(config)

    refuse(6)
    refuse(1)
    with transaction(config.database_url) as session:
        parcel = claim(session)
    assert parcel is not None
    assert "共7条" in parcel.words.subject
    refuse(1)
    with transaction(config.database_url) as session:
        record(session, parcel, Outcome(error="451 later"))
    refuse(1)
    make_due(db)
    deliver_due(config)

    digest, *others = sorted(catcher.mails, key=lambda mail: "共" not in str(mail["Subject"]))
    assert "共7条" in str(digest["Subject"])
    assert len(others) == 2


def test_an_address_that_went_away_fails_without_a_word_to_the_server(
    planned: Settings, catcher: Catcher, db: Session
) -> None:
    db.execute(text("UPDATE notifier.recipients SET email = NULL"))
    deliver_due(planned)

    assert catcher.mails == []
    assert row(db)[:3] == ("failed", 1, False)


def test_the_lease_is_longer_than_a_mail_can_take() -> None:
    config = Settings()
    # Greeting, EHLO, MAIL, RCPT, DATA, end of data, RSET: each may take the whole timeout.
    longest = timedelta(seconds=7 * config.notifier_smtp_timeout_seconds)
    assert longest < timedelta(seconds=config.notifier_lease_seconds)
