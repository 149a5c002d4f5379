"""The installation a command works in: its servers, its settings, and one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session

from services.ledger.config import settings
from services.ledger.db import dispose, transaction
from services.ledger.errors import LedgerError
from services.ledger.installation.installation import Installation


class UnreachableError(LedgerError):
    """The database does not answer."""

    code = "DATABASE_UNREACHABLE"
    status = 503


class NotMigratedError(LedgerError):
    """The database lacks tables or columns this version needs."""

    code = "DATABASE_NOT_MIGRATED"
    status = 503


def unreachable(cause: str) -> UnreachableError:
    """Return the refusal of a command whose database does not answer."""
    return UnreachableError(
        f"The database does not answer: {cause}. Check DATABASE_URL, or leave it out to use the"
        " embedded server.",
        f"数据库无响应：{cause}。请检查 DATABASE_URL，或不设置以使用内置服务器。",
    )


def not_migrated() -> NotMigratedError:
    """Return the refusal of a command whose database is empty or old."""
    return NotMigratedError(
        "The database is not at this version's tables; run `ledger migrate` first.",
        "数据库尚未迁移到本版本；请先运行 `ledger migrate`。",
    )


def installation() -> Installation:
    """Return the installation in LEDGER_HOME."""
    return Installation.open(settings().ledger_home)


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Have the servers and settings of the installation; yield the settings.

    The connections are closed before the servers stop.
    """
    with installation().working() as environment:
        try:
            yield environment
        finally:
            dispose()


@contextmanager
def book() -> Iterator[Session]:
    """Have the servers and one transaction on the book; no statement is timed out."""
    with servers(), transaction(long=True) as session:
        yield session
