"""The database edge: one engine a process, one transaction a request or task, commits only here."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Engine, create_engine, text
from sqlmodel import Session

from services.ledger.config import settings

_TIMEOUTS = (
    "-c timezone=UTC -c lock_timeout=3s -c statement_timeout={statement}"
    " -c idle_in_transaction_session_timeout=60s"
)


def driver_url(url: str) -> str:
    """Return the URL with the driver this project uses, whichever PostgreSQL spelling came in."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def make_engine(url: str, *, pool_size: int = 20, statement_timeout: str = "15s") -> Engine:
    """Return an engine whose connections give up waiting rather than hang.

    PgBouncer before 1.22 loses prepared statements; with ``PGBOUNCER=1`` none are made.
    """
    arguments: dict[str, object] = {"options": _TIMEOUTS.format(statement=statement_timeout)}
    if os.environ.get("PGBOUNCER") == "1":
        arguments["prepare_threshold"] = None
    return create_engine(
        driver_url(url), pool_size=pool_size, max_overflow=0, connect_args=arguments
    )


@cache
def engine() -> Engine:
    """Return this process's engine."""
    return make_engine(settings().database_url)


@contextmanager
def transaction(*, long: bool = False) -> Iterator[Session]:
    """Open one transaction: all of it is committed, or none of it.

    Args:
        long: for intake, exports and reports over the whole book; no statement is timed out.
    """
    with Session(engine(), expire_on_commit=False) as session:
        if long:
            session.connection().execute(text("SET LOCAL statement_timeout = 0"))
        yield session
        session.commit()


def open_session() -> Iterator[Session]:
    """Give one request its transaction, committed before it is answered (``scope="function"``)."""
    with transaction() as session:
        yield session


def direct(statement: str) -> str:
    """Return a statement as `run` takes it, from one with ``:name`` for its values.

    Without its indents: the driver takes statements of more than 4096 bytes apart anew each time.
    """
    return re.sub(r"(?<!:):([a-z]\w*)", r"%(\1)s", " ".join(statement.replace("%", "%%").split()))


def run(session: Session, statement: str, values: Mapping[str, object]) -> psycopg.Cursor[Any]:
    """Run a `direct` statement in the session's transaction, by the driver alone.

    For the few statements of every request: SQLAlchemy's part in them costs as much as theirs.
    """
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.cursor(row_factory=namedtuple_row).execute(statement, values)
