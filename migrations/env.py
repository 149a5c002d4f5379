"""How Alembic reaches the database, and which tables the migrations must add up to."""

import os
from importlib import import_module
from importlib.util import find_spec

from alembic import context
from sqlalchemy import Connection, MetaData, create_engine, pool
from sqlmodel import SQLModel

LOCK_TIMEOUT = "SET lock_timeout = '2s'"
STATEMENT_TIMEOUT = "SET statement_timeout = '60s'"
"""A migration that waits for a lock makes everyone behind it wait; better it gives up."""

NOTIFIER_SCHEMA = "notifier"


def metadata() -> list[MetaData]:
    """Return the tables of both services; the ledger's image holds no notifier."""
    import_module("services.ledger.tables")
    if find_spec("services.notifier") is None:
        return [SQLModel.metadata]
    notifier: MetaData = import_module("services.notifier.models").metadata
    return [SQLModel.metadata, notifier]


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Look at the public schema and the notifier's only."""
    return kind != "schema" or name in {None, NOTIFIER_SCHEMA}


def run_online(connection: Connection) -> None:
    """Run on a connection; each migration is a transaction of its own."""
    for timeout in (LOCK_TIMEOUT, STATEMENT_TIMEOUT):
        connection.exec_driver_sql(timeout)
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        include_schemas=True,
        include_name=is_ours,
        transaction_per_migration=True,
        version_table="alembic_version",
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        dialect_name="postgresql",
        literal_binds=True,
        transaction_per_migration=True,
        version_table="alembic_version",
    )
    for timeout in (LOCK_TIMEOUT, STATEMENT_TIMEOUT):
        context.execute(f"{timeout};")
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Run as asked, on the connection that was passed in or the one DATABASE_URL names."""
    if context.is_offline_mode():
        run_offline()
        return
    given = context.config.attributes.get("connection")
    if given is not None:
        run_online(given)
        return
    engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
    with engine.connect() as connection:
        run_online(connection)


run()
