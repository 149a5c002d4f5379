"""`ledger almanac`: the dated values the law is applied with, and the next notice or rate."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import service
from services.ledger.cli.connection import book
from services.ledger.cli.options import Json
from services.ledger.cli.output import Result, emit, grid, grouped, refuse
from services.ledger.clock import today
from services.ledger.receivables.notice import AlmanacFileError, import_almanac

app = typer.Typer(help="Rates, rest days, caps and timers. 历书。", no_args_is_help=True)
_LARGEST_BYTES: Final = 1024 * 1024
_SHOWN_RATES: Final = 3
RowsFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="ROWS.csv")
]


@app.command("import")
def import_rows(
    file: RowsFile,
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what would change, and change nothing. 预览。")
    ] = False,
    as_json: Json = False,
) -> None:
    """Take in a holiday notice, a rate, a cap or a chosen reading, all rows or none.

    A CSV file with the columns kind,date,value,source; the kinds are lpr, rest, work, limit:NAME
    and reading:NAME. 导入放假通知、利率等。
    """
    with file.open("rb") as source:
        content = source.read(_LARGEST_BYTES)
    try:
        with book() as session:
            point = session.begin_nested()
            done = import_almanac(session, OPERATOR, content, name=file.name, today=today())
            if preview:
                point.rollback()
    except AlmanacFileError as error:
        if not as_json:
            _show_faults(error)
        raise refuse(error, as_json=as_json) from None
    result: Result = {
        "preview": preview,
        "version": done.version,
        "known": done.known,
        "rows": done.rows,
        "calendar_days": done.calendar_days,
        "due_days": done.due_days,
    }
    emit(result, as_json=as_json, table=lambda console: _show_import(console, result))


def _show_faults(error: AlmanacFileError) -> None:
    console = Console(stderr=True, highlight=False)
    for fault in error.faults:
        place = f"第{fault.line}行" + (f" {fault.column}" if fault.column else "")
        console.print(f"[bold]{place}[/]  {escape(fault.chinese)}")
        console.print(f"  {escape(fault.english)}", style="dim")


def _show_import(console: Console, result: Result) -> None:
    if result["known"]:
        console.print(f"此前已导入为第{result['version']}版 imported before")
        return
    said = "将导入 would import" if result["preview"] else "已导入 imported"
    console.print(f"[bold]{said}[/] 第{result['version']}版 version {result['version']}")
    table = grid("变动 change", "数 count", right=("数 count",))
    for kind, count in sorted(result["rows"].items()):
        table.add_row(f"{kind} 行 rows", grouped(count))
    table.add_row("日历变动 days of the calendar", grouped(result["calendar_days"]))
    table.add_row("到期日变动 due days moved", grouped(result["due_days"]))
    console.print(table)


@app.command("show")
def show(*, as_json: Json = False) -> None:
    """What the law is applied with now: rates, published years, caps, readings. 查看历书."""
    with book() as session:
        result = _contents(session)
    emit(result, as_json=as_json, table=lambda console: _show(console, result))


def _contents(session: Session) -> dict[str, Any]:
    edition = service.edition(session)
    almanac = edition.almanac
    return {
        "version": edition.version,
        "lpr": [
            {"published_on": on, "percent": str(almanac.lpr.on(on))}
            for on in sorted(edition.published)
        ],
        "lpr_next_on": almanac.lpr.next_publication_on,
        "calendar_years": sorted(almanac.calendar.years),
        "limits": [row._asdict() for row in almanac.limits.rows],
        "readings": [
            {"setting": one.setting, "choice": one.choice, "valid_from": one.valid_from}
            for one in edition.readings
        ],
        "imports": service.imports(session),
    }


def _show(console: Console, result: Result) -> None:
    years = result["calendar_years"]
    console.print(f"[bold]历书[/] almanac, 第{result['version']}版 version {result['version']}")
    console.print(f"放假通知 rest days {years[0]}–{years[-1]}")
    for rate in result["lpr"][-_SHOWN_RATES:]:
        console.print(f"一年期LPR {rate['published_on']}  {rate['percent']}%")
    console.print(f"下次报价 next LPR {result['lpr_next_on']}")
    limits = grid("上限与时限 limit", "自 from", "值 value", "依据 source", right=("值 value",))
    for row in result["limits"]:
        limits.add_row(row["name"], str(row["valid_from"]), str(row["value"]), row["source"])
    console.print(limits)
    for one in result["readings"]:
        console.print(f"理解 reading {one['setting']} = {one['choice']}, {one['valid_from']} 起")
    for one in result["imports"]:
        console.print(f"第{one['version']}版 {one['name']}, {one['rows']} rows, {one['known_at']}")
