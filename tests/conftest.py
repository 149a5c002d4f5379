"""The real servers every test stands on: one PostgreSQL and one Valkey for the whole run.

The database is migrated once by the real migrations and cloned after that. Whoever needs a
server first starts it; the run's first process stops it at the end, also after a ctrl-C.
``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name servers to use instead.
"""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, create_engine, pool
from sqlmodel import Session

from services.ledger.db import driver_url
from services.ledger.installation.servers import Servers, ensure_servers
from tests.fixtures import databases, run_home

_HOME = "LEDGER_TEST_HOME"


def pytest_configure(config: pytest.Config) -> None:
    """Point everything at a home of this run only, never at the installation in `.run`."""
    if not hasattr(config, "workerinput"):
        run_home.sweep()
        os.environ[_HOME] = str(run_home.make())
    os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL", "")
    os.environ["REDIS_URL"] = os.environ.get("TEST_REDIS_URL", "")
    os.environ["LEDGER_HOME"] = tempfile.mkdtemp(dir=os.environ[_HOME])
    os.environ["LEDGER_IDENTITY_KEY"] = "a key that only tests use"
    os.environ["LEDGER_LOG_KEY"] = "a-key-that-only-tests-use-to-sign-their-log"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers and remove what the run left."""
    if not hasattr(config, "workerinput"):
        if os.environ["DATABASE_URL"]:
            databases.drop_template(os.environ["DATABASE_URL"], Path(os.environ[_HOME]))
        run_home.remove(Path(os.environ[_HOME]))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, shared by all workers of the run; a crash may lose their data."""
    with ensure_servers(Path(os.environ[_HOME]), durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def template(servers: Servers) -> str:
    """The name of a database that the real migrations made, to be cloned."""
    return databases.make_template(servers.database_url, Path(os.environ[_HOME]))


@pytest.fixture(scope="session")
def database_url(servers: Servers, template: str) -> Iterator[str]:
    """A migrated database of this worker. Leave nothing in it: use `session`, which rolls back."""
    with databases.cloned(servers.database_url, template) as url:
        yield url


@pytest.fixture(scope="session")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the standards' own examples, which are not of this repository."""
    archive = Path(__file__).parents[2].joinpath("shared", "data", "vectors.tar.gz")
    if not archive.exists():
        pytest.skip("the standards' examples are not here (../shared/data/vectors.tar.gz)")
    folder = tmp_path_factory.mktemp("examples")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return folder.joinpath("vectors")


@pytest.fixture
def fresh_database_url(servers: Servers, template: str) -> Iterator[str]:
    """A migrated, empty database of this test, for what commits, kills or counts."""
    with databases.cloned(servers.database_url, template) as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on this worker's database."""
    made = create_engine(driver_url(database_url), poolclass=pool.NullPool)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose commits are savepoints, rolled back when the test ends."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(
            bind=connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
        ) as session:
            yield session
        outer.rollback()


@pytest.fixture
def valkey_url(servers: Servers, worker_id: str) -> str:
    """An empty Valkey database of this worker."""
    number = int(worker_id.removeprefix("gw")) if worker_id != "master" else 0
    url = f"{servers.redis_url.rpartition('/')[0]}/{number % 16}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url
