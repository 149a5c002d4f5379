"""Files that a worker is busy with, and workers that die."""

import signal
import subprocess
import sys
import time
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.intake import service
from services.ledger.intake.tasks import work
from tests.intake.over_http import asked, committed, parties, sent, waiting


def _child(import_id: str) -> subprocess.Popen[bytes]:
    code = f"from services.ledger.intake.tasks import work; work(import_id={import_id!r})"
    return subprocess.Popen([sys.executable, "-c", code])


def _until_it_waits(server: psycopg.Connection[Any]) -> None:
    blocked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock'"
    )
    for _ in range(1000):
        if server.execute(blocked).fetchone() == (1,):
            return
        time.sleep(0.02)
    raise AssertionError("the worker does not wait")


def test_a_worker_that_is_killed_leaves_nothing_half_done_and_the_file_waiting(
    client: TestClient, fresh_database_url: str
) -> None:
    import_id = sent(client)["id"]
    work(import_id=import_id)
    committed(client, import_id)
    with (
        psycopg.connect(fresh_database_url) as holder,
        psycopg.connect(fresh_database_url, autocommit=True) as server,
    ):
        # The row that ends the work; all others are written before it, and none may stay.
        holder.execute("LOCK TABLE imports IN SHARE MODE")
        child = _child(import_id)
        _until_it_waits(server)
        assert waiting() == []
        assert work(import_id=import_id) is None
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        for _ in range(500):
            if waiting():
                break
            time.sleep(0.02)

    assert parties() == 0
    assert waiting() == [import_id]
    assert asked(client, import_id)["state"] == "COMMITTING"
    assert work(import_id=import_id) == "COMMITTED"
    assert parties() == 1


def test_a_file_that_kills_every_worker_is_given_up_and_may_be_asked_for_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_id = sent(client)["id"]

    def die(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(service, "preview", die)
        for _ in range(5):
            with pytest.raises(MemoryError):
                work(import_id=import_id)
    assert work(import_id=import_id) is None

    given_up = asked(client, import_id)
    assert (given_up["state"], given_up["problem"]["code"]) == ("FAILED", "IMPORT_GIVEN_UP")
    assert waiting() == []
    committed(client, import_id)
    assert work(import_id=import_id) == "COMMITTED"


def test_while_one_file_is_taken_another_waits_and_loses_no_attempt(client: TestClient) -> None:
    import_id = sent(client)["id"]
    with db.transaction() as session:
        assert service.may_take(session)
        assert work(import_id=import_id) is None
        assert waiting() == [import_id]

    with db.transaction() as session:
        attempts = session.connection().execute(text("SELECT attempts FROM import_jobs"))
        assert attempts.scalar_one() == 0
    assert work(import_id=import_id) == "CHECKED"
