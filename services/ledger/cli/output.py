"""What a command prints: JSON of one stable shape, or the same for people, 80 columns wide."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from services.ledger.errors import LedgerError

Result = Mapping[str, Any]
SHOWN_ROWS: Final = 20
_REFUSED: Final = 1


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    assert isinstance(value, UUID), f"{type(value)} has no place in JSON"
    return str(value)


def emit(result: Result, *, as_json: bool, table: Callable[[Console], None]) -> None:
    """Print a result as JSON, or let `table` print it for people."""
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False, indent=2, default=_plain))
    else:
        table(Console(highlight=False))


def said(error: LedgerError) -> dict[str, object]:
    """Return what a refusal says, in the shape of HTTP's problems."""
    field = {} if error.field is None else {"field": error.field}
    return {"code": error.code, "detail": error.english, "detail_zh": error.chinese, **field}


def refuse(error: LedgerError, *, as_json: bool) -> typer.Exit:
    """Say on stderr why a request is refused, and return the exit to raise."""
    if as_json:
        typer.echo(json.dumps(said(error), ensure_ascii=False), err=True)
    else:
        console = Console(stderr=True, highlight=False)
        console.print(f"[bold red]{error.code}[/]  {escape(error.chinese)}")
        console.print(escape(error.english))
    return typer.Exit(_REFUSED)


def title(console: Console, chinese: str, english: str, result: Result) -> None:
    """Print the heading of a report with the day and instant it speaks of."""
    console.print(f"[bold]{chinese}[/] {english}")
    if "as_of" in result:
        console.print(f"as of {result['as_of']}, known at {result['known_at']}", style="dim")


def grid(*columns: str, right: Sequence[str] = ()) -> Table:
    """Return an empty table; columns named in `right` hold numbers and end flush right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1))
    for column in columns:
        numeric = column in right
        table.add_column(column, justify="right" if numeric else "left", no_wrap=numeric)
    return table


def grouped(amount: object) -> str:
    """Return an amount or count for people, with a comma between thousands.

    >>> grouped("-1234567.50")
    '-1,234,567.50'
    """
    whole, point, cents = str(amount).partition(".")
    return f"{int(whole):,}{point}{cents}" if whole != "-0" else f"{whole}{point}{cents}"


def more(console: Console, shown: int, total: int) -> None:
    """Say that rows were left out, and how to see them."""
    if shown < total:
        console.print(f"… {total - shown} more; --limit {total} shows them.", style="dim")


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress]:
    """Show progress on stderr while it lasts, in a terminal only."""
    console = Console(stderr=True, quiet=quiet)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
        transient=True,
    ) as shown:
        yield shown
