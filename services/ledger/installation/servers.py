"""PostgreSQL and Valkey for whoever needs them: the first one in starts, the last one out stops."""

import os
from collections.abc import Iterator
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
def ensure_servers(root: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Have both servers while it lasts.

    ``DATABASE_URL`` and ``REDIS_URL`` in the environment take the place of the embedded ones.
    Servers that already run are shared; they are stopped when their last user leaves, so that a
    command beside `ledger up` never takes the database away from it, nor the other way round.
    """
    home = Home.at(root)
    with home.presence("users") as presence:
        try:
            with home.lock("servers"):
                servers = _start(home, durable=durable)
            yield servers
        finally:
            with home.lock("servers"):
                if presence.is_last():
                    _stop(home)


def stop_servers(root: Path) -> None:
    """Stop the embedded servers of a home, whoever uses them."""
    home = Home.at(root)
    with home.lock("servers"):
        _stop(home)


def revive_servers(home: Home) -> None:
    """Start again what should run and does not."""
    with home.lock("servers"):
        _start(home, durable=True)


def _start(home: Home, *, durable: bool) -> Servers:
    database_url = os.environ.get("DATABASE_URL", "")
    redis_url = os.environ.get("REDIS_URL", "")
    if not database_url:
        postgres = Postgres(home, durable=durable)
        postgres.start()
        database_url = postgres.url(database_password(home))
    if not redis_url:
        valkey = Valkey(home, durable=durable)
        valkey.start()
        redis_url = valkey.url()
    return Servers(database_url, redis_url)


def _stop(home: Home) -> None:
    Valkey(home).stop()
    Postgres(home).stop()
