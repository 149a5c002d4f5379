"""The database edge: one engine a process, one transaction a request or task, commits only here."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.conninfo import make_conninfo
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from services.ledger.config import settings

MACHINE: Final = "ledger_machine"
"""The database role of workers and commands: row-level security shows it the whole book."""
PARTY: Final = "ledger_party"
"""The database role of debtors and creditors: it sees what the setting ``ledger.party`` may."""
GATE: Final = "ledger_gate"
"""The database role of who is not yet identified: it sees people and keys, and no book."""

_OPTIONS: Final = (
    "-c timezone=UTC -c lock_timeout=3s -c statement_timeout={statement}"
    " -c idle_in_transaction_session_timeout=60s -c role={role}"
)


class _Numeric(Loader):
    """Reads a whole numeric as an int: such are sums of fen in SQL, with all their digits.

    A bigint would overflow where some ten thousand of the largest amounts are added up.
    """

    def load(self, data: Buffer) -> int | Decimal:
        written = bytes(data).decode()
        return int(written) if written.lstrip("-").isdecimal() else Decimal(written)


psycopg.adapters.register_loader("numeric", _Numeric)


def driver_url(url: str) -> str:
    """Return the URL with the driver this project uses, whichever PostgreSQL spelling came in."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _behind_bouncer() -> bool:
    return os.environ.get("PGBOUNCER") == "1"


def make_engine(
    url: str,
    *,
    role: str = MACHINE,
    pool_size: int = 20,
    statement_timeout: str = "15s",
) -> Engine:
    """Return an engine whose connections act as a role and give up waiting rather than hang.

    PgBouncer before 1.22 loses prepared statements; with ``PGBOUNCER=1`` none are made.
    """
    arguments = {
        "options": _OPTIONS.format(statement=statement_timeout, role=role),
        "prepare_threshold": None if _behind_bouncer() else 5,
    }
    return create_engine(
        driver_url(url),
        pool_size=pool_size,
        max_overflow=0,
        connect_args=arguments,
        hide_parameters=True,  # Errors and logs would show them, and they may be secrets.
    )


_engines: Final[dict[str, Engine]] = {}


def engine(role: str = MACHINE) -> Engine:
    """Return this process's engine for a database role."""
    if role not in _engines:
        _engines.setdefault(role, make_engine(settings().database_url, role=role))
    return _engines[role]


@contextmanager
def transaction(*, long: bool = False, role: str = MACHINE) -> Iterator[Session]:
    """Open one transaction: all of it is committed, or none of it.

    Args:
        long: for intake, exports and reports over the whole book; no statement is timed out.
        role: what row-level security takes its statements for, until `access` says who asks.
    """
    with Session(engine(role), expire_on_commit=False) as session:
        if long:
            session.connection().execute(text("SET LOCAL statement_timeout = 0"))
        yield session
        session.commit()


def statement_pool() -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Return a pool, to be opened, whose every statement is a transaction of its own.

    For the command that is sent most: one statement asked from the event loop, where threads, BEGIN
    and COMMIT would cost more than it does. What runs here is few and long-lived, by key: planned
    once for each connection, at first use. It is a party's, which the
    statement itself says.
    """
    return AsyncConnectionPool(
        make_conninfo(
            driver_url(settings().database_url).replace("+psycopg", "", 1),
            options=_OPTIONS.format(statement="15s", role=PARTY)
            + " -c plan_cache_mode=force_generic_plan",
        ),
        kwargs={
            "autocommit": True,
            "cursor_factory": AsyncRawCursor,
            "row_factory": namedtuple_row,
            "prepare_threshold": None if _behind_bouncer() else 0,
        },
        min_size=0,
        max_size=8,
        timeout=10,
        open=False,
    )


def said(error: Exception) -> str:
    """Return what the database refused, without the values: its own words may repeat them."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error) or cause.sqlstate is None:
        return str(cause)  # It was not reached.
    where = (cause.diag.table_name, cause.diag.column_name, cause.diag.constraint_name)
    return " ".join((type(cause).__name__, cause.sqlstate, *filter(None, where)))


def dispose() -> None:
    """Close this process's connections and forget its engines; tests change the database."""
    while _engines:
        _engines.popitem()[1].dispose()


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL as the server takes it, with the names of its numbered values in their order."""

    sql: str
    names: tuple[str, ...]

    def values(self, named: Mapping[str, object]) -> list[object]:
        """Return the values in the order of their numbers."""
        return [named[name] for name in self.names]


def direct(statement: str) -> Statement:
    """Return a statement as the driver takes it untouched, from one with ``:name`` for its values.

    For the few statements of every request: SQLAlchemy's part in them, or the driver's taking
    apart of a long one, costs as much as they do.
    """
    names: dict[str, None] = {}

    def numbered(match: re.Match[str]) -> str:
        names.setdefault(match[1])
        return f"${list(names).index(match[1]) + 1}"

    sql = re.sub(r"(?<!:):([a-z]\w*)", numbered, statement)
    return Statement(sql, tuple(names))


def run(session: Session, statement: Statement, named: Mapping[str, object]) -> psycopg.Cursor[Any]:
    """Run a `direct` statement in the session's transaction, by the driver alone."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    cursor = psycopg.RawCursor(driver, row_factory=namedtuple_row)
    return cursor.execute(statement.sql, statement.values(named))
