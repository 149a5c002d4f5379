"""PostgreSQL and Valkey for whoever needs them: the first one in starts, the last one out stops."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.ledger.installation.home import Home
from services.ledger.installation.postgres import Postgres, database_password
from services.ledger.installation.valkey import Valkey


@dataclass(frozen=True)
class Servers:
    """Where the two servers are."""

    database_url: str
    redis_url: str


@contextmanager
def ensure_servers(
    root: Path, *, durable: bool = True, given: Mapping[str, str] = os.environ
) -> Iterator[Servers]:
    """Have both servers while it lasts.

    Servers that already run are shared; they are stopped when their last user leaves, so that a
    command beside `ledger up` never takes the database away from it, nor the other way round.

    Args:
        root: the home of the embedded servers.
        durable: False for tests only.
        given: ``DATABASE_URL`` and ``REDIS_URL`` in it take the place of the embedded servers.
    """
    home = Home.at(root)
    with home.presence("users") as presence:
        try:
            yield start_servers(home, durable=durable, given=given)
        finally:
            with home.lock("servers"):
                if presence.is_last():
                    _stop(home)


def start_servers(home: Home, *, durable: bool = True, given: Mapping[str, str]) -> Servers:
    """Start what should run and does not. For who is present; see `ensure_servers`."""
    database_url = given.get("DATABASE_URL", "")
    redis_url = given.get("REDIS_URL", "")
    with home.lock("servers"):
        if not database_url:
            postgres = Postgres(home, durable=durable)
            postgres.start()
            database_url = postgres.url(database_password(home))
        if not redis_url:
            valkey = Valkey(home, durable=durable)
            valkey.start()
            redis_url = valkey.url()
    return Servers(database_url, redis_url)


def stop_unused_servers(home: Home) -> bool:
    """Stop servers whose users were killed, and say whether nobody uses them."""
    with home.presence("users") as presence, home.lock("servers"):
        unused = presence.is_last()
        if unused:
            _stop(home)
    return unused


def stop_servers(root: Path) -> None:
    """Stop the embedded servers of a home, whoever uses them."""
    home = Home.at(root)
    with home.lock("servers"):
        _stop(home)


def _stop(home: Home) -> None:
    Valkey(home).stop()
    Postgres(home).stop()
