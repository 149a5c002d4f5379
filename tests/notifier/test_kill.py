"""Workers are killed with -9 in the middle of sending; nobody is left out, nobody told twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from celery import Celery
from sqlalchemy import text
from sqlmodel import Session

from services.notifier.config import Settings
from services.notifier.service import pull_and_plan
from tests.notifier.fakes import Catcher, FakeLedger, an_id, free_port, overdue, register

_RUN = ("-m", "services.notifier.cli", "run", "--every", "1")
_WORKER = (
    *("-m", "celery", "--app", "services.notifier.worker:app", "--quiet", "worker"),
    *("--queues", "notifier", "--concurrency", "2", "--without-gossip", "--without-mingle"),
)


@contextmanager
def a_worker(
    config: Settings, command: tuple[str, ...] = _RUN, redis_url: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does the notifier's work until it is killed, with all its children."""
    names = {
        "NOTIFIER_DATABASE_URL": config.database_url,
        "NOTIFIER_LEDGER_URL": config.notifier_ledger_url,
        "NOTIFIER_LEDGER_KEY": config.notifier_ledger_key,
        "NOTIFIER_SMTP_URL": config.notifier_smtp_url,
        "NOTIFIER_FROM": config.notifier_from,
        "NOTIFIER_LEASE_SECONDS": "1",
        "NOTIFIER_DIGEST_ABOVE": "1000",
        "REDIS_URL": redis_url or f"redis://127.0.0.1:{free_port()}/0",
    }
    process = subprocess.Popen(
        (sys.executable, *command),
        env=os.environ | names,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill(process)
        process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def until(is_so: Callable[[], bool], *, seconds: int = 60) -> None:
    for _ in range(seconds * 20):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def states(db: Session) -> dict[str, int]:
    rows = db.execute(text("SELECT state, count(*) AS mails FROM notifier.deliveries GROUP BY 1"))
    return {row.state: row.mails for row in rows}


def inboxes(db: Session) -> Counter[int]:
    rows = db.execute(text("SELECT event_position FROM notifier.messages WHERE channel = 'inbox'"))
    return Counter(position for (position,) in rows)


def flagged(catcher: Catcher) -> int:
    return sum("可能重复" in str(mail["Subject"]) for mail in catcher.mails)


def test_two_hundred_mails_survive_five_kills_between_taking_and_recording(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session
) -> None:
    for number in range(100):
        ledger.append(overdue(number))
    alive: list[subprocess.Popen[bytes]] = []
    kills_at = [1, 40, 80, 120, 160]

    def kill_unheard(_: int) -> None:
        # The mail is ours and the sender will never hear of it.
        if kills_at and len(set(catcher.ids)) >= kills_at[0]:
            kills_at.pop(0)
            kill(alive[-1])

    catcher.after_taking = kill_unheard
    while kills_at:
        with a_worker(config) as worker:
            alive.append(worker)
            worker.wait(60)
    with a_worker(config):
        until(lambda: states(db) == {"sent": 200})

    assert len(alive) == 5
    assert len(set(catcher.ids)) == 200
    assert len(catcher.ids) == 205
    assert flagged(catcher) == 5
    unflagged = [m["Message-ID"] for m in catcher.mails if "可能重复" not in str(m["Subject"])]
    assert len(unflagged) == len(set(unflagged)) == 200
    assert inboxes(db) == dict.fromkeys(range(3, 103), 2)


def test_kills_at_any_moment_of_pulling_planning_and_sending_lose_nothing(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session
) -> None:
    def feed() -> None:
        for number in range(200):
            ledger.append(overdue(number))
            time.sleep(0.03)

    feeder = threading.Thread(target=feed)
    feeder.start()
    kills = 0
    # Each lives a little longer, so that on a slow machine too one comes to send something.
    while feeder.is_alive() or not catcher.ids:
        with a_worker(config) as worker:
            kills += 1
            try:
                worker.wait(1 + kills / 2)
            except subprocess.TimeoutExpired:
                kill(worker)
    feeder.join()
    sent_before = len(catcher.ids)
    with a_worker(config):
        until(lambda: states(db) == {"sent": 400})

    assert kills >= 3
    assert sent_before > 0
    assert len(set(catcher.ids)) == 400
    duplicates = len(catcher.ids) - 400
    assert duplicates <= flagged(catcher) <= kills
    assert inboxes(db) == dict.fromkeys(range(3, 203), 2)


def test_a_celery_worker_is_killed_and_its_successor_goes_on_from_the_database(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session, valkey_url: str
) -> None:
    for number in range(50):
        register(ledger, an_id(f"party {number}"), f"party{number}")
        ledger.append(overdue(number), debtor=an_id(f"party {number}"))
    hints = Celery(broker=valkey_url)
    catcher.after_taking = lambda count: kill(first) if count == 30 else None
    with a_worker(config, _WORKER, valkey_url) as first:
        hints.send_task("notifier.catch_up", queue="notifier")
        first.wait(60)
    # The hint died with the worker, or comes back in two minutes: the next tick is another.
    with a_worker(config, _WORKER, valkey_url):
        until(lambda: hint_until_sent(hints, db))
    hints.close()

    assert len(set(catcher.ids)) == 100
    assert len(catcher.ids) - 100 <= flagged(catcher)


def hint_until_sent(hints: Celery, db: Session) -> bool:
    if states(db) == {"sent": 100}:
        return True
    hints.send_task("notifier.deliver", queue="notifier")
    time.sleep(0.5)
    return False


def test_without_a_broker_everything_is_told(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session
) -> None:
    ledger.append(overdue(1))
    with a_worker(config, ("-m", "services.notifier.cli", "catch-up")) as worker:
        assert worker.wait(60) == 0

    assert len(catcher.mails) == 2
    assert inboxes(db) == {3: 2}


def test_two_workers_share_the_sending(
    config: Settings, ledger: FakeLedger, catcher: Catcher, db: Session
) -> None:
    for number in range(100):
        ledger.append(overdue(number))
    pull_and_plan(config.model_copy(update={"notifier_digest_above": 1000}))
    with a_worker(config), a_worker(config):
        until(lambda: states(db) == {"sent": 200})

    assert len(catcher.ids) == len(set(catcher.ids)) == 200
    assert flagged(catcher) == 0
