"""What the log says is planned once, for the right people, whatever is repeated or killed."""

import threading
from datetime import date
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.events import (
    DATA,
    ConfirmationRequested,
    PartyContactChanged,
    ReceivableConfirmed,
    ReceivableDueSoon,
    ReceivableExported,
    ReceivableFinanced,
    ReceivableOpened,
    ReceivableRefused,
    ReceivableSettled,
)
from services.notifier import planning
from services.notifier.config import Settings
from services.notifier.db import transaction
from services.notifier.messages import words
from services.notifier.pull import LogGapError, events_after
from services.notifier.rules import RULES
from services.notifier.service import catch_up, pull_and_plan
from tests.notifier.fakes import (
    CREDITOR,
    DEBTOR,
    Catcher,
    FakeLedger,
    an_id,
    count,
    overdue,
    register,
)

_NAMES = {DEBTOR: "debtor", CREDITOR: "creditor"}
_DAY = date(2026, 11, 30)


def told(db: Session) -> set[tuple[str, str, str]]:
    rows = db.execute(text("SELECT type, recipient_id, channel FROM notifier.messages"))
    return {(type_, _NAMES[recipient_id], channel) for type_, recipient_id, channel in rows}


def test_each_event_tells_those_it_concerns(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    ledger.append(ReceivableOpened(face="10.00"), actor_party_id=str(CREDITOR))
    ledger.append(
        ConfirmationRequested(receivable_id=an_id("r"), amount="10.00", answer_due_on=_DAY)
    )
    ledger.append(
        ReceivableConfirmed(confirmed="9.00", disputed="1.00"), actor_party_id=str(DEBTOR)
    )
    ledger.append(ReceivableDueSoon(due_on=_DAY, open="9.00"))
    ledger.append(overdue(1))
    ledger.append(ReceivableExported(platform="P", export_reference="E", amount="9.00"))
    ledger.append(ReceivableFinanced(platform="P", amount="9.00"))
    ledger.append(ReceivableRefused(platform="P", reason="no"))
    ledger.append(ReceivableSettled())

    pull_and_plan(config)

    assert told(db) == {
        ("receivable.opened", "debtor", "inbox"),
        ("confirmation.requested", "debtor", "inbox"),
        ("confirmation.requested", "debtor", "email"),
        ("receivable.confirmed", "creditor", "inbox"),
        ("receivable.due_soon", "debtor", "inbox"),
        ("receivable.due_soon", "debtor", "email"),
        ("receivable.due_soon", "creditor", "inbox"),
        ("receivable.overdue", "debtor", "inbox"),
        ("receivable.overdue", "debtor", "email"),
        ("receivable.overdue", "creditor", "inbox"),
        ("receivable.overdue", "creditor", "email"),
        ("receivable.exported", "debtor", "inbox"),
        ("receivable.exported", "creditor", "inbox"),
        ("receivable.financed", "debtor", "inbox"),
        ("receivable.financed", "debtor", "email"),
        ("receivable.financed", "creditor", "inbox"),
        ("receivable.financed", "creditor", "email"),
        ("receivable.refused", "creditor", "inbox"),
        ("receivable.refused", "creditor", "email"),
        ("receivable.settled", "creditor", "inbox"),
        ("receivable.settled", "debtor", "inbox"),
    }


def test_every_rule_is_of_an_event_there_is_and_has_words() -> None:
    assert set(RULES) <= set(DATA)
    for type_ in RULES:
        fields = dict.fromkeys(DATA[type_].model_fields, "—")
        said = words(type_, fields, debtor="甲", creditor="乙")
        assert "{" not in said.subject + said.body
        assert " | " in said.subject


def test_an_overdue_message_says_both_languages_and_claims_no_finding(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    ledger.append(overdue(7, days_overdue=12))

    pull_and_plan(config)

    subject, body = db.execute(text("SELECT subject, body FROM notifier.messages LIMIT 1")).one()
    assert subject == (
        "已逾期12天：发票INV-7，无争议未付1234.50 CNY"
        " | Overdue by 12 days: invoice INV-7, 1234.50 CNY undisputed"
    )
    for part in (
        "待拖欠审核",
        "仅供核查，不构成法律认定",
        "第九条",
        "decree-802/9",
        "debtor应付creditor",
    ):
        assert part in body
    assert body.index("待拖欠审核") < body.index("flag for review")


def test_the_same_events_again_plan_nothing_new(
    config: Settings, ledger: FakeLedger, db: Session, catcher: Catcher
) -> None:
    for number in range(3):
        ledger.append(overdue(number))
    catch_up(config)
    before = (count(db, "messages"), count(db, "deliveries"), len(catcher.mails))
    assert before == (12, 6, 6)

    db.execute(text("UPDATE notifier.cursor SET position = 0"))
    assert catch_up(config) == 0

    assert (count(db, "messages"), count(db, "deliveries"), len(catcher.mails)) == before


def test_a_kill_before_the_commit_loses_nothing(
    config: Settings, ledger: FakeLedger, db: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.append(overdue(1))

    class KilledError(Exception):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(planning, "assign_deliveries", killed)
        with pytest.raises(KilledError):
            pull_and_plan(config)
    assert count(db, "messages") == 0
    assert count(db, "recipients") == 0

    assert pull_and_plan(config) == 4


def test_two_that_plan_at_once_tell_everybody_once(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    for number in range(400):
        ledger.append(overdue(number))
    workers = [threading.Thread(target=pull_and_plan, args=(config,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    pull_and_plan(config)

    assert count(db, "messages") == 1600
    assert count(db, "cursor WHERE position = 402") == 1


def test_a_gap_in_the_log_stops_before_it(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    ledger.append(overdue(1))
    ledger.append(overdue(2), position=5)

    with pytest.raises(LogGapError, match="Expected event 4"):
        pull_and_plan(config)
    assert count(db, "cursor WHERE position = 0") == 1


def test_an_unknown_type_and_an_unknown_field_are_passed_over(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    ledger.append(overdue(1), type="moon.landed", data={"crater": "Tycho"})
    newer = overdue(2).model_dump(mode="json") | {"mood": "late"}
    ledger.append(overdue(2), data=newer, version=2, colour="red")

    assert pull_and_plan(config) == 4
    assert count(db, "unread_events") == 0


def test_an_event_that_breaks_the_contract_is_kept_and_silences_nobody(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    ledger.append(overdue(1), data={"due_on": "someday"})
    ledger.append(overdue(2))

    assert pull_and_plan(config) == 4
    row = db.execute(text("SELECT position, type, error FROM notifier.unread_events")).one()
    assert (row.position, row.type) == (3, "receivable.overdue")
    assert "someday" not in row.error


def test_no_address_and_a_muted_type_leave_the_inbox(
    config: Settings, ledger: FakeLedger, db: Session, catcher: Catcher
) -> None:
    register(ledger, DEBTOR, "debtor", "not an address, b@example.com")
    pull_and_plan(config)
    db.execute(
        text("UPDATE notifier.recipients SET muted = '{receivable.overdue}' WHERE party_id = :id"),
        {"id": CREDITOR},
    )
    ledger.append(overdue(1))

    catch_up(config)

    rows = db.execute(text("SELECT channel, suppressed FROM notifier.messages ORDER BY 1, 2"))
    assert [tuple(row) for row in rows] == [
        ("email", "muted"),
        ("email", "no address"),
        ("inbox", None),
        ("inbox", None),
    ]
    assert catcher.mails == []


def test_a_changed_contact_counts_from_its_event_on_and_never_goes_back(
    config: Settings, ledger: FakeLedger, db: Session, catcher: Catcher
) -> None:
    changed = PartyContactChanged(party_id=CREDITOR, name="新名称", email="new@example.com")
    ledger.append(changed, debtor=None, creditor=None)
    ledger.append(ReceivableRefused(platform="P"))
    catch_up(config)
    db.execute(text("UPDATE notifier.cursor SET position = 0"))
    ledger.events[3]["position"] = 4
    config = config.model_copy(update={"notifier_window": 2})
    catch_up(config)

    assert catcher.mails[0]["To"].addresses[0].addr_spec == "new@example.com"
    name = db.execute(
        text("SELECT name FROM notifier.recipients WHERE party_id = :id"), {"id": CREDITOR}
    )
    assert name.scalar_one() == "新名称"


def test_a_party_that_owes_itself_is_told_once(config: Settings, ledger: FakeLedger) -> None:
    ledger.append(overdue(1), creditor=DEBTOR)

    assert pull_and_plan(config) == 2


def test_someone_never_introduced_has_an_inbox(
    config: Settings, ledger: FakeLedger, db: Session
) -> None:
    stranger = UUID(int=7)
    ledger.append(overdue(1), debtor=stranger, creditor=None)

    assert pull_and_plan(config) == 2
    assert count(db, "messages WHERE suppressed = 'no address'") == 1


def test_pages_are_read_until_the_end(config: Settings, ledger: FakeLedger) -> None:
    for number in range(1100):
        ledger.append(overdue(number))

    events = events_after(config, 0)

    assert len(events) == 1102
    assert all(b.position == a.position + 1 for a, b in pairwise(events))
    assert [query["after"] for query in ledger.asked] == [["0"], ["500"], ["1000"]]


def test_a_wrong_key_plans_nothing_and_does_not_stop_the_sending(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    ledger.append(overdue(1))
    pull_and_plan(config)

    catch_up(config.model_copy(update={"notifier_ledger_key": "wrong"}))

    assert len(catcher.mails) == 2


def test_the_cursor_lock_is_not_waited_for(config: Settings, ledger: FakeLedger) -> None:
    ledger.append(overdue(1))
    with transaction(config.database_url) as session:
        session.execute(text("SELECT 1 FROM notifier.cursor FOR UPDATE"))
        assert pull_and_plan(config) == 0
    assert pull_and_plan(config) == 4
