"""What was answered is there: the database and the API are killed in the middle of writing.

Control, by hand: with ``synchronous_commit = off`` in the server's settings the first test finds
acknowledged receivables missing.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlmodel import Session

from services.ledger.db import make_engine
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.installation.home import Home
from services.ledger.installation.migrate import migrate
from services.ledger.installation.postgres import Postgres
from services.ledger.installation.servers import ensure_servers
from services.ledger.parties.service import add_api_key
from tests.ledger.make import a_contract

WRITERS = 8
TOKEN = "a token that only this test uses"
FAILURES = (OSError, http.client.HTTPException, ValueError)


class House:
    """A durable installation of the test's own, with the API as a process."""

    def __init__(self, root: Path, url: str) -> None:
        self.postgres = Postgres(Home.at(root), durable=True)
        self.url = url
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.log = root.joinpath("api.log")
        self.api: subprocess.Popen[bytes] | None = None

    def start_api(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "services.ledger.app:app"]
        environment = {**os.environ, "DATABASE_URL": self.url, "LEDGER_IDENTITY_KEY": "test"}
        with self.log.open("ab") as log:
            self.api = subprocess.Popen(
                [*command, "--port", str(self.port), "--log-level", "warning"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill_api(self) -> None:
        assert self.api is not None
        os.killpg(self.api.pid, signal.SIGKILL)
        self.api.wait()

    def kill_postgres(self) -> None:
        """Kill every process of the server, as a power cut would, and start it again."""
        pid = self.postgres.pid()
        assert pid is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
        )
        for one in (pid, *map(int, children.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        time.sleep(0.2)
        self.postgres.start()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    given = {"REDIS_URL": "redis://none"}
    with ensure_servers(tmp_path, durable=True, given=given) as servers:
        migrate(servers.database_url)
        made = House(tmp_path, servers.database_url)
        made.start_api()
        yield made
        made.kill_api()


@contextmanager
def on(url: str) -> Iterator[Session]:
    engine = make_engine(url, pool_size=1)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def contract_in(url: str) -> str:
    with on(url) as session:
        contract = a_contract(session)
        add_api_key(
            session, name="test", role="supplier", party_id=contract.creditor_id, token=TOKEN
        )
        identifier = str(contract.id)
        session.commit()
        return identifier


class Writers:
    """Clients that write until told to stop, and remember what was answered 2xx."""

    def __init__(self, house: House, contract: str) -> None:
        self.house, self.contract = house, contract
        self.answered: list[UUID] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self.threads:
            thread.start()

    def _write(self) -> None:
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        while not self.ended.is_set():
            identifier = new_id()
            body = {
                "id": str(identifier),
                "contract_id": self.contract,
                "invoice_kind": "OTHER",
                "invoice_number": str(identifier),
                "issued_on": "2025-07-10",
                "amount": "1000.00",
                "delivered_on": "2025-07-09",
            }
            # Sent until it is answered: the id makes one receivable of however many tries.
            while not self.ended.is_set():
                try:
                    connection.request("POST", "/v1/receivables", json.dumps(body), headers)
                    answer = connection.getresponse()
                    answer.read()
                except FAILURES:
                    connection.close()
                    time.sleep(0.05)
                    continue
                if answer.status in {200, 201}:
                    self.answered.append(identifier)
                    break
                assert answer.status == 503, answer.status
                time.sleep(0.02)
        connection.close()

    def stop(self) -> list[UUID]:
        self.ended.set()
        for thread in self.threads:
            thread.join()
        return self.answered


def check(house: House, answered: list[UUID]) -> None:
    """Everything answered is there once and whole; what was not answered is whole or absent."""
    with psycopg.connect(house.url) as connection:
        found = {row[0] for row in connection.execute("SELECT id FROM receivables")}
    assert set(answered) - found == set()
    assert len(answered) == len(set(answered))
    with on(house.url) as session:
        assert verify(session) == []


def run(house: House, *, kills: int, least: int, kill: str) -> int:
    writers = Writers(house, contract_in(house.url))
    try:
        for _ in range(kills):
            time.sleep(0.7)
            if kill == "postgres":
                house.kill_postgres()
            else:
                house.kill_api()
                house.start_api()
        deadline = time.monotonic() + 120
        while len(writers.answered) < least and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        answered = writers.stop()
    assert len(answered) >= least
    check(house, answered)
    return len(answered)


def test_nothing_answered_is_lost_when_the_database_is_killed(house: House) -> None:
    run(house, kills=3, least=300, kill="postgres")


def test_nothing_answered_is_lost_or_doubled_when_the_api_is_killed(house: House) -> None:
    run(house, kills=3, least=300, kill="api")


@pytest.mark.soak
def test_twenty_crashes_of_the_database_lose_nothing(house: House) -> None:
    print("answered:", run(house, kills=20, least=20_000, kill="postgres"))  # noqa: T201


@pytest.mark.soak
def test_two_hundred_kills_of_the_api_lose_nothing(house: House) -> None:
    print("answered:", run(house, kills=200, least=10_000, kill="api"))  # noqa: T201
