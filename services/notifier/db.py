"""The database edge: one engine a process, one transaction at a time, commits only here."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Annotated

from fastapi import Depends
from sqlalchemy import Engine, create_engine
from sqlmodel import Session

from services.notifier.config import settings

_OPTIONS = (
    "-c timezone=UTC -c lock_timeout=3s -c statement_timeout=30s"
    " -c idle_in_transaction_session_timeout=60s -c role=ledger_notifier"
)
"""Acting as a role that has the notifier's tables and nothing of the book."""


@cache
def engine(url: str) -> Engine:
    """Return this process's engine for a database, whichever PostgreSQL spelling came in."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"options": _OPTIONS},
        hide_parameters=True,  # Errors and logs would show them: names, addresses, messages.
    )


@contextmanager
def transaction(url: str) -> Iterator[Session]:
    """Open one transaction: all of it is committed, or none of it."""
    with Session(engine(url), expire_on_commit=False) as session:
        yield session
        session.commit()


def open_session() -> Iterator[Session]:
    """Give one request its transaction, committed before it is answered."""
    with transaction(settings().database_url) as session:
        yield session


DbSession = Annotated[Session, Depends(open_session, scope="function")]
