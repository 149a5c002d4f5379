"""A throwaway installation on a disk: durable, so that every commit waits as in production."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.db import make_engine
from services.ledger.installation.servers import ensure_servers
from tests.fixtures import databases


@dataclass(frozen=True)
class Place:
    """A server with a migrated database to clone, and a folder for files."""

    home: Path
    url: str
    template: str

    @contextmanager
    def database(self) -> Iterator[str]:
        """Have a migrated, empty database."""
        with databases.cloned(self.url, self.template) as url:
            yield url


@contextmanager
def opened() -> Iterator[Place]:
    """Have a PostgreSQL of the bench's own, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="ledger-bench-"))
    os.environ["LEDGER_IDENTITY_KEY"] = "a key that only the bench uses"
    try:
        with ensure_servers(home, durable=True, given={"REDIS_URL": "redis://none"}) as servers:
            url = servers.database_url
            yield Place(home, url, databases.make_template(url, home))
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def session_on(url: str) -> Iterator[Session]:
    """Have a session that no timeout ends; what it commits is committed."""
    engine = make_engine(url, pool_size=2, statement_timeout="0")
    try:
        with Session(engine, expire_on_commit=False) as session:
            yield session
    finally:
        engine.dispose()


def analyze(url: str) -> None:
    """Bring the planner's statistics up to date, and the visibility map, as autovacuum would."""
    engine = make_engine(url, role="none", pool_size=1, statement_timeout="0")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
    engine.dispose()
