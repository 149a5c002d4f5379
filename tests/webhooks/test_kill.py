"""Workers are killed with -9 in the middle of sending: nobody misses an event, and the same event
comes again under the same id only.

Control, by hand: with `settle` called before the message is sent, messages are missing.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from services.ledger.config import settings
from tests.webhooks.conftest import House
from tests.webhooks.receiver import Got, Receiver, answer

_WORKER = (
    *("-m", "celery", "--app", "services.ledger.worker:app", "--quiet", "worker", "--beat"),
    *("--queues", "ledger", "--concurrency", "1", "--without-gossip", "--without-mingle"),
)


@contextmanager
def a_worker(valkey_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The ledger's worker with its beat, until it is killed with all its children."""
    names = {"DATABASE_URL": settings().database_url, "REDIS_URL": valkey_url}
    schedule = ("--schedule", str(folder.joinpath("beat")))
    with folder.joinpath("worker.log").open("ab") as log:
        process = subprocess.Popen(
            (sys.executable, *_WORKER, *schedule),
            env=os.environ | names,
            start_new_session=True,
            stdout=log,
            stderr=log,
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


def a_minute_passes(house: House) -> None:
    """Claims of the dead end by themselves after a minute, which this test does not wait for."""
    house.rows(
        "UPDATE webhook_deliveries SET due_at = due_at - interval '1 minute'"
        " WHERE state = 'WAITING' RETURNING id"
    )


def test_three_kills_lose_nothing_and_repeat_only_what_was_under_way(
    house: House, receiver: Receiver, valkey_url: str, tmp_path: Path
) -> None:
    endpoint, _ = house.register(receiver.url)
    alive: list[subprocess.Popen[bytes]] = []
    kills_at = [20, 60, 100]

    def take_and_kill(to: BaseHTTPRequestHandler, got: Got) -> None:
        # The message has arrived, and its sender will never hear of it.
        if kills_at and len(set(receiver.ids)) >= kills_at[0]:
            kills_at.pop(0)
            kill(alive[-1])
        answer(204)(to, got)

    receiver.answering = take_and_kill
    house.tell(150)
    while kills_at:
        with a_worker(valkey_url, tmp_path) as worker:
            alive.append(worker)
            worker.wait(60)
        a_minute_passes(house)
    with a_worker(valkey_url, tmp_path):
        until(lambda: house.states(endpoint) == {"DELIVERED": 150})

    assert len(alive) == 3
    assert len(set(receiver.ids)) == 150
    # A message for each lane and kill may have been under way.
    assert 0 < len(receiver.ids) - 150 <= 3 * 4
    events = {got.id: got.body for got in receiver.got}
    assert all(events[got.id] == got.body for got in receiver.got)


def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_slow_receiver(
    house: House, receiver: Receiver, valkey_url: str, tmp_path: Path
) -> None:
    endpoint, _ = house.register(receiver.url)

    def slow(to: BaseHTTPRequestHandler, got: Got) -> None:
        time.sleep(14)
        answer(204)(to, got)

    receiver.answering = slow
    house.tell(1)
    with a_worker(valkey_url, tmp_path) as worker:
        until(lambda: len(receiver.got) == 1)
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
        assert time.monotonic() - began < 10
    assert house.states(endpoint) == {"WAITING": 1}
