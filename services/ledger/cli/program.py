"""The commands together, and how a refusal ends them: exit 0 done, 1 refused, 2 wrong usage."""

import sys
from collections.abc import Sequence

import typer
from psycopg.errors import UndefinedColumn, UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from services.ledger.cli import (
    almanac,
    approvals,
    books,
    files,
    keys,
    laws,
    lists,
    people,
    proof,
    reasoning,
    reports,
    running,
    scopes,
    simulate,
    webhooks,
)
from services.ledger.cli.connection import not_migrated, unreachable
from services.ledger.cli.output import refuse
from services.ledger.errors import LedgerError

app = typer.Typer(
    name="ledger",
    help="供应链金融应收账款台账 A receivables ledger for supply-chain finance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
running.add_to(app)
files.add_to(app)
books.add_to(app)
app.add_typer(keys.app, name="key")
app.add_typer(people.users, name="user")
app.add_typer(scopes.app, name="scope")
app.add_typer(webhooks.app, name="webhook")
lists.add_to(reports.app)
app.add_typer(reports.app, name="report")
app.add_typer(laws.app, name="law")
app.add_typer(almanac.app, name="almanac")
app.add_typer(approvals.app, name="approvals")
reasoning.add_to(app)
simulate.add_to(app)
proof.add_to(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and end the process."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(words)
    except LedgerError as error:
        refusal = error
    except ProgrammingError as error:
        if not isinstance(error.orig, UndefinedTable | UndefinedColumn):
            raise
        refusal = not_migrated()
    except OperationalError as error:
        cause = str(error.orig).strip()
        # The roles that the processes act as are made by the migrations.
        missing = 'role "ledger_' in cause and "does not exist" in cause
        refusal = not_migrated() if missing else unreachable(cause.splitlines()[0])
    sys.exit(refuse(refusal, as_json="--json" in words).exit_code)
