"""Nobody's mailbox is flooded, and what is merged is still told."""

from datetime import date

from sqlalchemy import event, text
from sqlmodel import Session

from services.events import ReceivableDueSoon, ReceivableRefused
from services.notifier.config import Settings
from services.notifier.db import engine
from services.notifier.service import catch_up
from tests.notifier.fakes import Catcher, FakeLedger, count, overdue

_DAY = date(2026, 11, 30)


def test_ten_thousand_events_take_few_statements_and_few_mails(
    config: Settings, ledger: FakeLedger, db: Session, catcher: Catcher
) -> None:
    for number in range(10_000):
        ledger.append(overdue(number))
    statements: list[str] = []
    event.listen(
        engine(config.database_url),
        "before_cursor_execute",
        lambda _c, _u, statement, *_: statements.append(statement),
    )

    catch_up(config)

    assert count(db, "messages") == 40_000
    assert [mail["To"].addresses[0].username for mail in catcher.mails].count("debtor") == 1
    assert len(catcher.mails) == 2
    body = catcher.mails[0].get_content()
    assert "10000条" in str(catcher.mails[0]["Subject"])
    assert body.count("\n- ") == 100
    assert "另有9900条" in body
    assert len(statements) < 200


def test_what_comes_within_the_interval_waits_for_the_next_digest(
    config: Settings, ledger: FakeLedger, db: Session, catcher: Catcher
) -> None:
    def one_more(number: int) -> None:
        ledger.append(ReceivableRefused(platform="P", invoice_number=f"INV-{number}"))
        catch_up(config)

    for number in range(30):
        one_more(number)
    assert len(catcher.mails) == 6, "five alone and the first digest"

    db.execute(
        text(
            "UPDATE notifier.deliveries SET next_attempt_at = next_attempt_at - interval '10 min',"
            " planned_at = planned_at - interval '10 min'"
        )
    )
    one_more(30)

    assert len(catcher.mails) == 7
    listed = catcher.mails[5].get_content() + catcher.mails[6].get_content()
    assert all(f"INV-{number}" in listed for number in range(6, 31))
    assert count(db, "messages WHERE channel = 'email' AND delivery_id IS NULL") == 0


def test_five_mails_are_not_merged_and_six_are(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    for number in range(5):
        ledger.append(ReceivableRefused(platform="P", invoice_number=f"INV-{number}"))
    for number in range(6):
        due_soon = ReceivableDueSoon(due_on=_DAY, open="9.00", invoice_number=f"INV-{number}")
        ledger.append(due_soon)

    catch_up(config)

    recipients = [mail["To"].addresses[0].username for mail in catcher.mails]
    assert sorted(recipients) == ["creditor"] * 5 + ["debtor"]


def test_each_digest_carries_the_newest_checkpoint_and_other_mails_do_not(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    note = "ledger.example/log\n4711\nCsUYapGGPo4=\n\n— ledger.example/log Az3grlgtzPICa5OS8np\n"
    ledger.checkpoints += [{"note": "old"}, {"note": note}]
    ledger.append(ReceivableRefused(platform="P", invoice_number="INV-1"))
    for number in range(6):
        due_soon = ReceivableDueSoon(due_on=_DAY, open="9.00", invoice_number=f"INV-{number}")
        ledger.append(due_soon)

    catch_up(config)

    bodies = {mail["To"].addresses[0].username: mail.get_content() for mail in catcher.mails}
    assert note in bodies["debtor"].replace("\r\n", "\n")
    assert "Keep it" in bodies["debtor"]
    assert "4711" not in bodies["creditor"]


def test_a_digest_does_not_wait_for_a_ledger_without_a_checkpoint(
    config: Settings, ledger: FakeLedger, catcher: Catcher
) -> None:
    for number in range(6):
        due_soon = ReceivableDueSoon(due_on=_DAY, open="9.00", invoice_number=f"INV-{number}")
        ledger.append(due_soon)

    catch_up(config)

    (mail,) = catcher.mails
    assert "Keep it" not in mail.get_content()
