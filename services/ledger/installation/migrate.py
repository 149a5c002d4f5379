"""Bring a database to the newest tables, by the same migrations everywhere."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, pool, text
from sqlmodel import Session

from services.ledger.almanac.service import edition
from services.ledger.almanac.table import store_regions
from services.ledger.db import driver_url
from services.ledger.receivables.notice import bring_calendar

ROOT = Path(__file__).parents[3]
"""Where alembic.ini and the migrations are: the project, or the image's working folder."""

_LOCK = 5_204_318_846
"""A number nobody else takes an advisory lock on."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration, bound to a connection if one is given."""
    config = Config(ROOT.joinpath("alembic.ini"))
    config.attributes["connection"] = connection
    return config


def migrate(url: str) -> None:
    """Upgrade a database. Several at once are harmless: the others wait, then find it done."""
    engine = create_engine(driver_url(url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        connection.commit()
        # The lock is the session's, so that it outlives the transaction of each migration; it
        # goes with the connection.
        command.upgrade(alembic_config(connection), "heads")
        connection.commit()
        _bring_almanac(connection)


def _bring_almanac(connection: Connection) -> None:
    """Bring the tables of days and regions to this version's package and all imported since."""
    with Session(connection) as session, session.begin():
        known = edition(session)
        bring_calendar(session, known.almanac.calendar, source="chinesecalendar 1.11.0")
        store_regions(session.connection(), known.regions)
