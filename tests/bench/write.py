"""Committing one receivable over HTTP, against the same rows in the barest transaction."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.parties.service import Registration, add_api_key, register
from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place, session_on

CLIENTS = 16
WORKERS = 2
"""API processes; one to a core."""
GATE = 0.35
_ROUNDS = 5
_BARE_PROCESSES = 1
"""Sixteen threads of one process; on two cores the fastest of 1, 2, 4 and 16 processes."""


class Deal(NamedTuple):
    contract: UUID
    debtor: UUID
    creditor: UUID
    token: str


def measure(place: Place, *, quick: bool, workers: int = WORKERS) -> list[Figure]:
    """Return the ratio of the two rates, round by round, the median of the rounds."""
    count = 800 if quick else 3_200
    with place.database() as url, serving(url, workers) as address:
        deal = deal_in(url)
        first = 0
        rates: list[tuple[float, float]] = []
        for number in range(-1, _ROUNDS):
            http = count / crew("http", address, deal, count, first, processes=1)
            first += count
            bare = count / crew("bare", url, deal, count, first, processes=_BARE_PROCESSES)
            first += count
            if number >= 0:  # the first round only warms up
                rates.append((http, bare))
                say(f"  round {number + 1}: {http:.0f} and {bare:.0f} a second")
        with session_on(url) as session:
            written = session.connection().execute(text("SELECT count(*) FROM postings"))
            assert written.scalar_one() == first
            assert verify(session) == []
    ours, theirs = (middle(column) for column in zip(*rates, strict=True))
    return [
        Figure(
            f"write: one receivable through HTTP, {CLIENTS} clients, {workers} API processes,"
            f" {_ROUNDS} x {count}",
            f"{ours:.0f} a second",
            f"{theirs:.0f} a second: the same rows, one psycopg transaction of one statement each",
            middle([http / bare for http, bare in rates]),
            GATE,
        )
    ]


def deal_in(url: str) -> Deal:
    buyer, supplier, contract, token = new_id(), new_id(), new_id(), str(new_id())
    with session_on(url) as session:
        for party_id, name, kind in (
            (buyer, "大型企业甲", "LARGE"),
            (supplier, "小企业乙", "SMALL"),
        ):
            register(session, OPERATOR, Registration(id=party_id, name=name, kind=kind))
        agreed = Agreement(
            contract, "合同-1", buyer, supplier, date(2025, 6, 10), "GOODS", "ON_DELIVERY", {}
        )
        register_contract(session, OPERATOR, agreed, shipped())
        add_api_key(session, name="supplier", role="supplier", party_id=supplier, token=token)
        session.commit()
    return Deal(contract, buyer, supplier, token)


@contextmanager
def serving(url: str, workers: int, *, made_by: str = "") -> Iterator[str]:
    """Run the ledger as `ledger up` does, or what a function makes of it, on a port of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (
        *(
            sys.executable,
            "-m",
            "uvicorn",
            made_by or "services.ledger.app:app",
            "--host",
            "127.0.0.1",
        ),
        *("--port", str(port), "--no-access-log", "--log-level", "warning"),
        *(("--workers", str(workers)) if workers > 1 else ()),
        *(("--factory",) if made_by else ()),
    )
    server = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
    try:
        _wait_for(port, server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the API did not start"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(port)


def crew(kind: str, to: str, deal: Deal, count: int, first: int, *, processes: int) -> float:
    """Let the clients do ``count`` writes and return how many seconds it took."""
    share, clients = count // processes, CLIENTS // processes
    started_ones = []
    for number in range(processes):
        command = (
            *(sys.executable, "-m", "tests.bench.clients", kind, "--to", to),
            *("--clients", str(clients), "--count", str(share)),
            *("--first", str(first + number * share), "--contract", str(deal.contract)),
            *("--debtor", str(deal.debtor), "--creditor", str(deal.creditor)),
            *("--token", deal.token),
        )
        started_ones.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        )
    for one in started_ones:
        assert one.stdout is not None
        assert one.stdout.readline() == b"ready\n"
    started = perf_counter()
    for one in started_ones:
        assert one.stdin is not None
        one.stdin.write(b"\n")
        one.stdin.flush()
    for one in started_ones:
        assert one.wait() == 0
    return perf_counter() - started
