"""`ledger intake`, `ledger export` and `ledger answer`: files in and out."""

import os
import tempfile
from pathlib import Path
from typing import IO, Annotated, Any, Literal

import typer
from rich.console import Console
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.cli.connection import book, servers
from services.ledger.cli.options import AsOf, Json
from services.ledger.cli.output import Result, emit, grid, grouped, more, progress, refuse
from services.ledger.clock import today
from services.ledger.db import transaction
from services.ledger.edges import past_day
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.financing import exporting, platforms, queries
from services.ledger.financing.files.formats import FORMATS
from services.ledger.financing.files.row import FileTotals
from services.ledger.financing.service import read_answer_file, write_file
from services.ledger.intake import service as intake
from services.ledger.intake.loading import load_profile
from services.ledger.money import format_fen

_SHOWN_ERRORS = 20
InFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("intake")(take_in)
    app.command("export")(export)
    app.command("answer")(answer)


class TargetExistsError(LedgerError):
    """A file that would be written over."""

    code = "FILE_EXISTS"


def take_in(
    file: InFile,
    *,
    profile: Annotated[
        str, typer.Option(help="A profile's path, or the name of a shipped one, such as p2p_2022.")
    ],
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what would happen and write nothing. 预览。")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="All rows or none. 有错即全部不导入。")
    ] = False,
    errors: Annotated[
        Path | None, typer.Option(help="Where row errors beyond the first 10,000 are written.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Take a CSV or XLSX file in; the same file again changes nothing.

    Faultless rows are taken, faulty ones are listed with line, column and reason, and the exit
    code is then 1.
    """
    chosen = load_profile(profile)
    with book() as session, progress(quiet=as_json) as shown:
        bar = shown.add_task(file.name, total=None)
        order = intake.Intake(
            path=file,
            profile=chosen,
            viewer=OPERATOR,
            today=today(),
            whole=whole,
            rest_path=errors,
            progress=lambda step, line: shown.update(bar, description=step, completed=line),
        )
        report = intake.preview(session, order) if preview else intake.commit(session, order)
    result = report.told(len(report.errors))
    emit(result, as_json=as_json, table=lambda console: _show_taken(console, result))
    if report.error_count:
        refused = intake.FaultyRowsError(
            f"{report.error_count} errors; the rows they are in were not taken. Correct them and"
            " run the same command again: rows taken before are not taken twice.",
            f"{report.error_count}处错误，所在行未导入。改正后重新运行即可，已导入的行不会重复。",
        )
        raise refuse(refused, as_json=as_json)


def _show_taken(console: Console, result: Result) -> None:
    done = "已导入 taken" if result["committed"] else "预览 preview, nothing written"
    if result["seen_before"]:
        done = "此前已导入，未重复 taken before, nothing done again"
    console.print(f"[bold]{result['file']}[/]  {result['encoding']}  {done}")
    table = grid(
        "记录 records",
        "行 rows",
        "新增 new",
        "已有 known",
        right=("行 rows", "新增 new", "已有 known"),
    )
    for kind, count in sorted(result["records"].items()):
        new, known = (result[name].get(kind, 0) for name in ("new", "known"))
        table.add_row(kind, grouped(count), grouped(new), grouped(known))
    console.print(table)
    if result["repeat_count"]:
        console.print(
            f"重复付款，不计入 payments executed again, not counted: "
            f"{grouped(result['repeat_count'])}"
        )
    for error in result["errors"][:_SHOWN_ERRORS]:
        console.print(
            f"[red]第{error['line']}行 line {error['line']}[/] {error['column']}: "
            f"{error['reason_zh']} {error['reason']} ({error['value']!r})"
        )
    more(console, min(_SHOWN_ERRORS, result["error_count"]), result["error_count"])


def export(
    *,
    platform: Annotated[
        str, typer.Option(help="Its code; one not known before is registered.")
    ] = "",
    file_format: Annotated[
        Literal["csv", "csv-gb18030", "xlsx", "tsin001"], typer.Option("--format")
    ] = "csv",
    as_of: AsOf = None,
    currency: Annotated[
        str | None, typer.Option(help="One currency an export; the only eligible one if absent.")
    ] = None,
    again: Annotated[
        str, typer.Option(metavar="REFERENCE", help="Write an earlier export's file again.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="The file; named by the export's reference if absent.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Reserve all that is eligible on a day for a platform, and write it as a file.

    What is reserved or financed is never exported again. The file appears only when its totals
    are those of the ledger.
    """
    if bool(platform) == bool(again):
        raise typer.BadParameter("give either --platform or --again")
    if out is not None and out.exists():
        raise _exists(out)
    folder = out.parent if out is not None else Path()
    registered = False
    with servers(), tempfile.NamedTemporaryFile(dir=folder, delete=False) as draft:
        try:
            with transaction(long=True) as session:
                if again:
                    made = queries.get_export(session, OPERATOR, again)
                else:
                    registered = _register_if_new(session, platform)
                    made = exporting.reserve(
                        session,
                        OPERATOR,
                        platform=platform,
                        currency=currency,
                        as_of=past_day(as_of),
                    )
                totals = write_file(session, made, file_format=file_format, target=draft)
                _to_disk(draft)
            target = out or Path(made.reference + FORMATS[file_format].extension)
            _publish(Path(draft.name), target)
        finally:
            Path(draft.name).unlink(missing_ok=True)
    result = {**_exported(made, totals, file_format, target), "platform_registered": registered}
    emit(result, as_json=as_json, table=lambda console: _show_exported(console, result))


def _register_if_new(session: Session, platform: str) -> bool:
    """Whoever runs commands on the machine may register platforms."""
    try:
        exporting.get_platform(session, platform)
    except NotFoundError:
        platforms.register_platform(session, OPERATOR, code=platform, name=platform)
        return True
    return False


def _exists(path: Path) -> TargetExistsError:
    return TargetExistsError(
        f"{path} exists and is not written over; name another with --out.",
        f"{path} 已存在，不会覆盖；请用 --out 另指定文件。",
    )


def _to_disk(draft: IO[bytes]) -> None:
    draft.flush()
    os.fsync(draft.fileno())


def _publish(draft: Path, target: Path) -> None:
    """Give the finished file its name; `--again` writes it anew if that is prevented."""
    if target.exists():
        raise _exists(target)
    draft.chmod(0o644)
    draft.rename(target)


def _exported(
    made: queries.ExportSummary, totals: FileTotals, file_format: str, target: Path
) -> dict[str, Any]:
    return {
        "reference": made.reference,
        "platform": made.platform_code,
        "as_of": made.as_of,
        "currency": made.currency,
        "count": totals.count,
        "total": format_fen(totals.total_fen),
        "face_total": format_fen(totals.face_total_fen),
        "format": file_format,
        "file": str(target),
        "sha256": totals.sha256,
    }


def _show_exported(console: Console, result: Result) -> None:
    console.print(f"[bold]{result['reference']}[/] → {result['platform']}")
    if result["platform_registered"]:
        console.print("此前未登记的平台，已登记 a platform not known before, now registered")
    console.print(
        f"{result['currency']}  {grouped(result['count'])} 笔，"
        f"申请融资 offered {grouped(result['total'])}，票面 face {grouped(result['face_total'])}"
    )
    console.print(result["file"], soft_wrap=True)
    console.print(f"SHA-256 {result['sha256']}", style="dim", soft_wrap=True)


def answer(file: InFile, *, as_of: AsOf = None, as_json: Json = False) -> None:
    """Take in a platform's tsin.002 answer: financed, pending, refused; once."""
    with book() as session, file.open("rb") as stream:
        taken = read_answer_file(session, OPERATOR, stream, on=past_day(as_of))
    result = {
        "reference": taken.reference,
        "financed": taken.financed,
        "pending": taken.pending,
        "refused": taken.refused,
        "repeated": taken.repeated,
        "financed_amount": format_fen(taken.financed_fen),
    }
    emit(result, as_json=as_json, table=lambda console: _show_answer(console, result))


def _show_answer(console: Console, result: Result) -> None:
    console.print(f"[bold]{result['reference']}[/]")
    table = grid("", "笔数 count", right=("笔数 count",))
    for label, name in (
        (f"已融资 financed {grouped(result['financed_amount'])}", "financed"),
        ("处理中 pending", "pending"),
        ("拒绝 refused", "refused"),
        ("此前已收到 known before", "repeated"),
    ):
        table.add_row(label, grouped(result[name]))
    console.print(table)
