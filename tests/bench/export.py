"""Writing an export as CSV, against PostgreSQL's own CSV of the same columns."""

from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.financing.queries import ROWS, ExportSummary
from services.ledger.financing.service import write_file
from tests.bench.book import MORE_ON, load, sign
from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place, analyze, session_on

GATE = 0.2
_ROUNDS = 5


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return the rate of the writer against that of ``COPY TO``, to files on the same disk."""
    size = 20_000 if quick else 200_000
    with place.database() as url:
        with session_on(url) as session:
            sign(session)
            load(session, count=size)
            register_platform(session, OPERATOR, code="P", name="融资平台")
            session.commit()
        analyze(url)
        with session_on(url) as session:
            started = perf_counter()
            export = reserve(session, OPERATOR, platform="P", currency="CNY", as_of=MORE_ON)
            session.commit()
            say(f"  {export.count:,} rows reserved in {perf_counter() - started:.1f} s")
            assert export.count == size
        analyze(url)
        with session_on(url) as session, psycopg.connect(url) as connection:
            ours, theirs = [], []
            for _ in range(_ROUNDS):
                theirs.append(_copied(connection, export, place.home.joinpath("theirs.csv")))
                ours.append(_written(session, export, place.home.joinpath("ours.csv")))
    return [
        Figure(
            f"export: {size:,} eligible rows to CSV, {_ROUNDS} times each",
            f"{middle(ours):.2f} s",
            f"{middle(theirs):.2f} s: COPY TO of the same query",
            middle([theirs_s / ours_s for ours_s, theirs_s in zip(ours, theirs, strict=True)]),
            GATE,
        )
    ]


def _written(session: Session, export: ExportSummary, path: Path) -> float:
    started = perf_counter()
    with path.open("wb") as target:
        totals = write_file(session, export, file_format="csv", target=target)
    session.rollback()
    took = perf_counter() - started
    assert totals.count == export.count
    return took


def _copied(connection: psycopg.Connection[Any], export: ExportSummary, path: Path) -> float:
    query = ROWS.replace(":export_id", f"'{export.id}'")
    copy = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(sql.SQL(query))
    started = perf_counter()
    with path.open("wb") as target, connection.cursor().copy(copy) as rows:
        for block in rows:
            target.write(block)
    connection.rollback()
    return perf_counter() - started
