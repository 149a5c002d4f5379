from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, pool
from sqlmodel import Session

from services.ledger.db import driver_url
from services.ledger.installation.servers import Servers
from tests.access.filled import Filled, fill
from tests.fixtures import databases
from tests.ledger.conftest import buyer, ledger, operator, supplier
from tests.web.conftest import claim, contract, person

__all__ = ["buyer", "claim", "contract", "ledger", "operator", "person", "supplier"]


@pytest.fixture(scope="module")
def kept(servers: Servers, template: str) -> Iterator[tuple[str, Filled]]:
    """The address of a database whose book was committed before, and whose rows it has."""
    with databases.cloned(servers.database_url, template) as url:
        made = create_engine(driver_url(url), poolclass=pool.NullPool)
        with Session(made) as session:
            filled = fill(session)
            session.commit()
        yield url, filled


@pytest.fixture
def filled(kept: tuple[str, Filled]) -> Filled:
    """Whose the rows of the committed book are."""
    return kept[1]


@pytest.fixture
def fresh(kept: tuple[str, Filled]) -> Iterator[Connection]:
    """A new connection to the committed book, whose changes are rolled back."""
    made = create_engine(driver_url(kept[0]), poolclass=pool.NullPool)
    with made.connect() as connection:
        yield connection
        connection.rollback()
