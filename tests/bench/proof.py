"""What proof costs: sealing into the tree, a place in a large tree, checking a bundle."""

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from uuid import UUID

import psycopg
from sqlalchemy import text

from services.events import PaymentAllocated
from services.ledger.access import OPERATOR
from services.ledger.config import Settings
from services.ledger.log.service import Entry, append, seal
from services.ledger.proof import bundle as bundles
from services.ledger.proof import ledger_verify, queries, service
from services.ledger.proof.ledger_verify import SUITES, leaf_hash, root_of_inclusion
from services.ledger.proof.signing import Signer, signers
from services.ledger.proof.tree import WIDTH, At, Span, grown, last_tiles
from tests.bench.book import MORE_ON, load, sign
from tests.bench.figures import Figure, middle, say, seconds
from tests.bench.place import Place, analyze, session_on

EVENTS_A_SECOND = 5_000
PROOF_MILLISECONDS = 20
BUNDLE_SECONDS = 1
_SUITE = SUITES["sha256-ed25519"]
_AT = datetime(2026, 3, 1, tzinfo=UTC)
_ROUNDS = 300


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return how sealing, proofs and bundles stand to what the issue asks."""
    return [
        _sealing(place, 20_000 if quick else 200_000),
        _inclusion(place, 300_000 if quick else 10_000_000),
        _bundle(place, 2_000 if quick else 20_000),
    ]


def _signers() -> list[Signer]:
    key = "a-key-that-only-the-bench-signs-its-log-wit"
    return signers(Settings(ledger_log_key=key, ledger_log_name="bench.example/log"))


def _sealing(place: Place, count: int) -> Figure:
    with place.database() as url:
        with session_on(url) as session:
            for first in range(0, count, 5_000):
                append(session, [_entry(number) for number in range(first, first + 5_000)])
                session.commit()
        analyze(url)
        ours = count / seconds(lambda: _seal_all(url))
        copied = count / _copy(url)
        with session_on(url) as session:
            assert queries.tree_size(session) == count
    limit = min(EVENTS_A_SECOND, copied)
    return Figure(
        f"proof: {count:,} events sealed, made leaves and signed",
        f"{ours:,.0f} a second",
        f"{EVENTS_A_SECOND:,} a second asked; COPY of the same rows {copied:,.0f} a second",
        ours / limit,
        1,
    )


def _entry(number: int) -> Entry:
    said = PaymentAllocated(
        payment_reference=f"P{number}", amount="10.00", still_open="90.00", invoice_number="1" * 20
    )
    subject = UUID(int=number % 50_000)
    return Entry(subject, said, f"user{number % 100}", subject, subject, subject)


def _seal_all(url: str) -> None:
    with session_on(url) as session:
        while True:
            sealed = seal(session, limit=5_000)
            session.commit()
            added = service.grow(session, _SUITE, limit=5_000)
            service.checkpoint(session, _signers(), at=_AT)
            session.commit()
            if not sealed and not added:
                return


def _copy(url: str) -> float:
    """Copy the events of the log into a table like theirs, with its keys; return the seconds."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE copied (LIKE events INCLUDING ALL)")
        with connection.cursor().copy("COPY events TO STDOUT") as copy:
            rows = b"".join(bytes(block) for block in copy)
        started = perf_counter()
        with connection.cursor().copy("COPY copied FROM STDIN") as copy:
            copy.write(rows)
        connection.commit()
        return perf_counter() - started


def _inclusion(place: Place, size: int) -> Figure:
    chance = random.Random(1)
    with place.database() as url, session_on(url) as session:
        root = _plant(url, size)
        analyze(url)
        times = []
        for _ in range(_ROUNDS):
            position = chance.randint(1, size)
            started = perf_counter()
            path = queries.inclusion_path(session, _SUITE, position, size=size)
            times.append((perf_counter() - started) * 1000)
            session.rollback()
            leaf = leaf_hash(_SUITE, position.to_bytes(8))
            assert root_of_inclusion(_SUITE, position - 1, size, leaf, path) == root
    return Figure(
        f"proof: an inclusion proof from {size:,} leaves, {_ROUNDS} random ones",
        f"{middle(times):.1f} ms, the slowest {max(times):.1f} ms",
        f"{PROOF_MILLISECONDS} ms asked",
        middle(times) / PROOF_MILLISECONDS,
        1,
        at_least=False,
    )


def _plant(url: str, size: int) -> bytes:
    """Fill the tiles of a tree whose leaves are the numbers of their positions; return its root."""
    step = WIDTH * WIDTH
    started = perf_counter()
    with session_on(url) as session, psycopg.connect(url) as connection:
        held: dict[At, bytes] = {}
        for first in range(0, size, step):
            numbers = range(first + 1, min(first + step, size) + 1)
            leaves = [leaf_hash(_SUITE, number.to_bytes(8)) for number in numbers]
            held = {at: held[at] for at in last_tiles(first)}
            held |= grown(_SUITE, first, held, leaves)
            later = set(last_tiles(first + len(leaves)))
            with connection.cursor().copy("COPY tiles FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int2", "int8", "bytea"])
                for at, hashes in held.items():
                    if at not in later or first + step >= size:
                        copy.write_row((at.level, at.number, hashes))
        connection.commit()
        say(f"  {size:,} leaves planted in {perf_counter() - started:.0f} s")
        assert queries.tree_size(session) == size
        (root,) = queries.roots(session, _SUITE, [Span(0, size)])
    return root


def _bundle(place: Place, size: int) -> Figure:
    file = place.home.joinpath("bundle.json")
    with place.database() as url, session_on(url) as session:
        sign(session)
        load(session, count=size)
        session.commit()
        analyze(url)
        one = session.connection().execute(text("SELECT min(id::varchar) FROM receivables"))
        receivable_id = UUID(one.scalar_one())
        said = PaymentAllocated(payment_reference="P", amount="0.01", still_open="1.00")
        append(session, [Entry(receivable_id, said, "bench") for _ in range(100)])
        while seal(session) + service.grow(session, _SUITE):
            pass
        service.checkpoint(session, _signers(), at=_AT)
        asked = bundles.Asked(receivable_id, MORE_ON, _AT.replace(year=2030))
        started = perf_counter()
        made = bundles.bundle(session, OPERATOR, asked, _signers())
        say(f"  a bundle of {len(made['events'])} events made in {perf_counter() - started:.2f} s")
        file.write_text(json.dumps(made), encoding="utf-8")
    times = [seconds(lambda: _verify(file)) for _ in range(9)]
    return Figure(
        f"proof: ledger-verify of {len(made['events'])} events, started anew 9 times",
        f"{middle(times):.2f} s, the slowest {max(times):.2f} s",
        f"{BUNDLE_SECONDS} s asked",
        max(times) / BUNDLE_SECONDS,
        1,
        at_least=False,
    )


def _verify(file: Path) -> None:
    program = [sys.executable, "-I", str(ledger_verify.__file__), str(file)]
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run(program, check=True, capture_output=True, env=environment, timeout=60)
