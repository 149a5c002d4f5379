"""Judge the migrations on a throwaway PostgreSQL: `python -m infra.check_migrations`.

They must go up, add up to the tables the code has, go down to nothing and up again; each must say
which locks it takes; and squawk must find no statement that makes a busy database wait.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, pool

from services.ledger.db import driver_url
from services.ledger.installation.migrate import ROOT, alembic_config, migrate
from services.ledger.installation.servers import ensure_servers

LEFT_AT_BASE = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'
  AND c.relname NOT LIKE 'alembic_version%'
UNION ALL
SELECT 'schema ' || nspname FROM pg_namespace
WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%'
UNION ALL
SELECT 'function ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND NOT EXISTS (
  SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def without_lock_note() -> Iterator[str]:
    """Name the migrations that do not say which locks they take."""
    for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        if "Lock:" not in (revision.module.__doc__ or ""):
            yield f"{revision.path}: the docstring must say `Lock:` and who waits for it"


def against_tables(connection: Connection) -> Iterator[str]:
    """Say where the migrated database and the tables of the code differ."""
    try:
        config = alembic_config(connection)
        config.stdout = io.StringIO()
        command.check(config)
    except CommandError as error:
        yield str(error)


def down_and_up(url: str, connection: Connection) -> Iterator[str]:
    """Go down to nothing and up again, and say what stays behind at the bottom."""
    connection.rollback()
    command.downgrade(alembic_config(connection), "base")
    with psycopg.connect(url) as plain:
        left = [name for (name,) in plain.execute(LEFT_AT_BASE)]
    if left:
        yield f"downgrade leaves behind: {', '.join(left)}"
        return
    migrate(url)
    yield from against_tables(connection)


def against_squawk() -> Iterator[str]:
    """Say what squawk finds in the SQL; its settings are in .squawk.toml."""
    for head in ScriptDirectory.from_config(alembic_config()).get_heads():
        config = alembic_config()
        config.output_buffer = io.StringIO()
        command.upgrade(config, head, sql=True)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, f"{head}.sql")
            file.write_text(config.output_buffer.getvalue(), encoding="utf-8")
            squawk = Path(sys.executable).with_name("squawk")
            # Our own tool on our own file.
            found = subprocess.run(  # noqa: S603
                [squawk, "--reporter", "gcc", "--config", ROOT.joinpath(".squawk.toml"), file],
                capture_output=True,
                text=True,
                check=False,
            )
        if found.returncode:
            yield found.stdout + found.stderr


def problems(home: Path) -> Iterator[str]:
    """Yield everything that is wrong with the migrations."""
    yield from without_lock_note()
    yield from against_squawk()
    with ensure_servers(home, durable=False, given={"REDIS_URL": "unused"}) as servers:
        url = servers.database_url
        migrate(url)
        engine = create_engine(driver_url(url), poolclass=pool.NullPool)
        with engine.connect() as connection:
            yield from against_tables(connection)
            yield from down_and_up(url, connection)


def main() -> None:
    """Print what is wrong and fail if anything is."""
    with tempfile.TemporaryDirectory(prefix="ledger-migrations-") as home:
        found = list(problems(Path(home)))
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        sys.exit(1)
    print("The migrations go up, down and up again, and add up to the tables.")


if __name__ == "__main__":
    main()
