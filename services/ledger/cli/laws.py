"""`ledger law`: judge the cases of a file, without a database or servers."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from services.ledger.almanac import shipped
from services.ledger.cli.options import Json
from services.ledger.cli.output import Result, emit, grid, grouped, said
from services.ledger.errors import LedgerError
from services.ledger.law import case as cases

app = typer.Typer(help="The law on one case. 个案测算。", no_args_is_help=True)
CaseFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, metavar="CASE.json")
]


class CaseUnreadableError(LedgerError):
    """A file that is not JSON, or neither a case nor a list of cases."""

    code = "CASE_UNREADABLE"


def _read(file: Path) -> Any:  # noqa: ANN401 (JSON)
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise CaseUnreadableError(
            f"{file} is not JSON in UTF-8: {error}.", f"{file} 不是 UTF-8 编码的 JSON：{error}。"
        ) from None
    if not isinstance(found, dict) and not (isinstance(found, list) and found):
        raise CaseUnreadableError(
            f"{file} is neither one JSON object nor a list of at least one.",
            f"{file} 不是 JSON 对象，也不是至少含一个对象的列表。",
        )
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; of a key that is there twice JSON would silently keep the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise CaseUnreadableError(
            f"The key {twice[:40]!r} is there twice in one object; leave one of them.",
            f"同一对象中键 {twice[:40]!r} 出现两次；请只保留一个。",
        )
    return found


def _judge(file: Path, judge: Callable[..., Result], *, as_json: bool) -> None:
    """Print one result for each case: for one case an object, for a list of cases a list."""
    found = _read(file)
    if isinstance(found, dict):
        result = judge(found, shipped())
        emit(result, as_json=as_json, table=lambda console: show_result(console, result))
        return
    show = _print_list if as_json else _show_list
    if show(_judged(judge, case) for case in found):
        raise typer.Exit(1)


def _print_list(results: Iterable[Result]) -> bool:
    """Print a list as it is judged, so that a long one needs no memory; say if any was refused."""
    refused, before = False, "["
    for result in results:
        refused |= "code" in result
        text = json.dumps(result, ensure_ascii=False, indent=2).replace("\n", "\n  ")
        typer.echo(f"{before}\n  {text}", nl=False)
        before = ","
    typer.echo("\n]")
    return refused


def _show_list(results: Iterable[Result]) -> bool:
    refused, console = False, Console(highlight=False)
    for number, result in enumerate(results, start=1):
        console.print(f"[bold]案例 case {number}[/]")
        if "code" in result:
            refused = True
            console.print(f"{result['code']}  {result['detail_zh']}", markup=False)
        else:
            show_result(console, result)
    return refused


def _judged(judge: Callable[..., Result], case: object) -> Result:
    """Return the result of one case of a list, or why it has none: the others are judged still."""
    try:
        return judge(case, shipped())
    except LedgerError as error:
        return said(error)


@app.command("due")
def due(case: CaseFile, *, as_json: Json = False) -> None:
    """When the payment is due, how late it is, and the interest under each reading."""
    _judge(case, cases.decide, as_json=as_json)


@app.command("explain")
def explain(case: CaseFile, *, as_json: Json = False) -> None:
    """The same with every step: rule, article, and what came of it, in both languages."""
    _judge(case, cases.explain, as_json=as_json)


_LINES = (
    ("适用《条例》 Regulation applies", "applies"),
    ("版本 version", "regime"),
    ("起算日 term starts", "start_on"),
    ("到期日 due", "due_on"),
    ("基准到期日 benchmark", "benchmark_due_on"),
    ("参考到期日 advisory", "advisory_due_on"),
    ("逾期天数 days overdue", "days_overdue"),
    ("逾期无争议金额 overdue", "overdue_undisputed"),
)


def _said(name: str, value: object) -> str:
    if value is None:
        return "–"
    if name == "applies":
        return {"True": "是 yes", "False": "否 no"}.get(str(value), "待定 unknown")
    return grouped(value) if name == "overdue_undisputed" else str(value)


def show_result(console: Console, result: Result) -> None:
    """Print the result of a case for people."""
    table = grid("", "")
    for label, name in _LINES:
        table.add_row(label, _said(name, result[name]))
    for reading, interest in result["interest"].items():
        if reading != "spans" and interest is not None:
            table.add_row(f"逾期利息 interest, {reading}", grouped(interest))
    for timer, day in result["timers"].items():
        if day is not None:
            table.add_row(f"时限 {timer}", day)
    for line in result.get("lines", ()):
        told = f"{line['due_on'] or '–'}, {line['days_overdue']} 天 days"
        overdue = _said("overdue_undisputed", line["overdue_undisputed"])
        table.add_row(f"第{line['line']}期 line {line['kind']}", f"{told}, {overdue}")
    table.add_row("提示 flags", ", ".join(result["flags"]) or "–")
    console.print(table)
    for step in result["trace"]:
        console.print(f"[bold]{step['rule']}[/] {step['article']}", markup=True)
        console.print(f"  {step['text_zh']}", markup=False)
        console.print(f"  {step['text_en']}", markup=False, style="dim")
    for reading in result["readings"]:
        others = "; ".join(f"{one['choice']} → {one['result']}" for one in reading["alternatives"])
        console.print(f"{reading['id']} {reading['question_zh']} {reading['chosen']}", markup=False)
        console.print(f"  {others}", markup=False, style="dim")
    console.print("仅供核查，不构成法律认定。 For review only, not a legal finding.", style="dim")
