"""Taking in a file of receivables, against COPY of the rows it leaves in the same tables."""

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from services.ledger.insight.verify import verify
from tests.bench.book import BUYERS, CONTRACTS, sign, uscc
from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place, analyze, session_on

GATE = 0.25
MEMORY_MIB = 400
_ROUNDS = 3
_TABLES = (
    "receivables",
    "invoice_identities",
    "clock_facts",
    "postings",
    "balances",
    "events",
    "unsealed",
)
"""What the file leaves rows in, in an order their foreign keys allow; ``imports`` has one row."""


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return the rate of both, in turns, and the memory of the one that reads the file."""
    size, large = (20_000, 60_000) if quick else (200_000, 1_000_000)
    path = _file(place.home.joinpath("应收账款.csv"), size)
    ours, theirs, memory = [], [], []
    with place.database() as url:
        with session_on(url) as session:
            sign(session)
            session.commit()
        for number in range(_ROUNDS):
            _empty(url)
            taken = _take(url, path, size)
            ours.append(taken["seconds"])
            memory.append(taken["mebibytes"])
            if number == 0:
                with session_on(url) as session:
                    # The log tells of no planted contract; all else must hold.
                    assert {finding.check for finding in verify(session)} <= {"events"}
            _dump(url, place.home)
            _empty(url)
            theirs.append(_copy(url, place.home))
            say(
                f"  round {number + 1}: intake {ours[-1]:.1f} s ({memory[-1]:.0f} MiB),"
                f" COPY {theirs[-1]:.1f} s"
            )
        _empty(url)
        analyze(url)
        taken = _take(url, _file(path, large), large)
        say(f"  {large:,} rows: intake {taken['seconds']:.1f} s")
    return [
        Figure(
            f"intake: {size:,} receivables from CSV, {_ROUNDS} times each",
            f"{middle(ours):.1f} s",
            f"{middle(theirs):.1f} s: COPY of the {len(_TABLES)} tables' final rows, one"
            " transaction",
            middle([copy / take for take, copy in zip(ours, theirs, strict=True)]),
            GATE,
        ),
        Figure(
            f"intake: memory for {large:,} rows, MiB",
            f"{taken['mebibytes']:.0f} MiB",
            f"{middle(memory):.0f} MiB for {size:,} rows",
            taken["mebibytes"],
            MEMORY_MIB,
            at_least=False,
        ),
    ]


def _file(path: Path, size: int) -> Path:
    """Write a file for the shipped profile `standard`, one receivable a line."""
    heading = (
        "应收编号,发票类型,发票代码,发票号码,买方统一社会信用代码,卖方统一社会信用代码,合同编号,"
        "开票日期,价税合计,约定付款日,交付日期,验收日期,结算确认日期,订单编号"
    )
    deals = [
        f"{uscc(number % BUYERS)},{uscc(BUYERS + number)},HT-{number:04d}"
        for number in range(CONTRACTS)
    ]
    with path.open("w", encoding="utf-8") as file:
        file.write(heading + "\n")
        for number in range(size):
            cents = 10_000_00 + number * 37
            file.write(
                f"AR-{number},数电票,,{number:020d},{deals[number % CONTRACTS]},"
                f"2026-01-{1 + number % 28:02d},{cents // 100}.{cents % 100:02d},,"
                f"2026-01-{1 + number % 28:02d},,,\n"
            )
    return path


def _take(url: str, path: Path, size: int) -> dict[str, float]:
    """Take the file in with a process of its own, whose memory is thereby its own too."""
    command = (sys.executable, "-m", "tests.bench.intake_child", str(path))
    environment = {**os.environ, "DATABASE_URL": url}
    told = subprocess.run(command, env=environment, check=True, capture_output=True).stdout
    taken: dict[str, Any] = json.loads(told)
    assert taken["new"] == size, taken
    return taken


def _empty(url: str) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, (*_TABLES, "imports")))
    with psycopg.connect(url) as connection:
        connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(names))


def _statement(table: str, direction: str) -> sql.Composed:
    return sql.SQL("COPY {} {}").format(sql.Identifier(table), sql.SQL(direction))


def _dump(url: str, folder: Path) -> None:
    """Write the rows to files in the order in which they lie."""
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            copy = connection.cursor().copy(_statement(table, "TO STDOUT"))
            with folder.joinpath(table).open("wb") as file, copy as rows:
                file.writelines(rows)


def _copy(url: str, folder: Path) -> float:
    with psycopg.connect(url) as connection:
        for table in _TABLES:  # the barest there is: the owner's, whom it then does not hold
            bare = sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY")
            connection.execute(bare.format(sql.Identifier(table)))
    started = perf_counter()
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            copy = connection.cursor().copy(_statement(table, "FROM STDIN"))
            with folder.joinpath(table).open("rb") as file, copy as rows:
                while block := file.read(256 * 1024):
                    rows.write(block)
    return perf_counter() - started
