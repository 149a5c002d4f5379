from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
import redis
from sqlalchemy import text

from services.ledger import clock
from services.ledger.access import OPERATOR
from services.ledger.arrears import tasks as arrears
from services.ledger.db import transaction
from services.ledger.log import queries
from services.ledger.log import tasks as log
from services.ledger.worker import app
from tests.ledger.make import a_contract, a_party, a_receivable

pytestmark = pytest.mark.usefixtures("environment")


def scalar(statement: str) -> object:
    with transaction() as session:
        return session.connection().execute(text(statement)).scalar_one()


@pytest.fixture
def broker(valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """The broker this process's Celery application sends to."""
    with connected_to(valkey_url, monkeypatch), redis.Redis.from_url(valkey_url) as client:
        yield client


@contextmanager
def connected_to(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(app.conf, "broker_url", url)
    # Another test of this process may have made the notifier's application the current one.
    app.set_current()
    # What Celery does in a new process: it forgets connections to where the broker was.
    app._after_fork()  # type: ignore[attr-defined] # the stubs lack it
    yield
    app._after_fork()  # type: ignore[attr-defined]


def test_sealing_takes_batch_after_batch_until_nothing_waits(
    broker: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "_BATCH", 2)
    with transaction() as session:
        for _ in range(5):
            a_party(session)

    assert log.seal() == 5

    assert scalar("SELECT count(*) FROM unsealed") == 0
    with transaction() as session:
        page = queries.page_after(session, OPERATOR, after=0, limit=10)
    assert [event.position for event in page.events] == [1, 2, 3, 4, 5]
    assert broker.llen("notifier") == 1


def test_nothing_to_seal_tells_the_notifier_nothing(broker: redis.Redis) -> None:
    assert log.seal() == 0

    assert broker.llen("notifier") == 0


def test_sealing_goes_on_without_a_broker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction() as session:
        a_party(session)

    with connected_to("redis://127.0.0.1:1/0", monkeypatch):
        assert log.seal() == 1

    assert scalar("SELECT count(*) FROM sealed") == 1
    assert "the notifier was not told" in caplog.text


def test_the_day_is_assessed_once_however_often_it_is_asked_for(
    broker: redis.Redis,
) -> None:
    with transaction() as session:
        a_receivable(session, a_contract(session))

    day = arrears.tick()
    assert day == clock.today().isoformat()
    assert broker.llen("ledger") == 1
    assert arrears.assess(day=day) == 1

    assert arrears.tick() is None
    assert arrears.assess(day=day) == 0
    assert scalar("SELECT count(*) FROM events WHERE type = 'receivable.overdue'") == 1


def test_days_missed_are_caught_up_by_the_next_assessment(broker: redis.Redis) -> None:
    del broker
    with transaction() as session:
        # Delivered on 2025-07-09 to a large enterprise: due on 2025-09-08 (a Monday; 60 days
        # end on the Sunday before).
        a_receivable(session, a_contract(session))
    assert arrears.assess(day="2025-09-07") == 0

    assert arrears.tick() == clock.today().isoformat()
    assert arrears.assess(day=clock.today().isoformat()) == 1

    days = "SELECT array_agg(as_of ORDER BY as_of) FROM assessments"
    assert scalar(days) == [date(2025, 9, 7), clock.today()]


def test_the_beat_asks_for_what_waits_and_every_task_is_known(tmp_path: Path) -> None:
    del tmp_path
    app.loader.import_default_modules()
    asked = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert asked >= {"log.seal", "arrears.tick", "imports.tick"}
    assert asked | {"arrears.assess", "imports.work"} <= set(app.tasks)
