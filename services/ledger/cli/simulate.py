"""`ledger simulate`: the live book beside itself under other rules, days, rates and payments."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import notices
from services.ledger.almanac.notices import Entry
from services.ledger.arrears.case_facts import named
from services.ledger.cli.connection import book
from services.ledger.cli.options import (
    AsOf,
    Json,
    KnownAt,
    Limit,
    day_or_today,
    instant_or_now,
)
from services.ledger.cli.output import SHOWN_ROWS, Result, emit, grid, grouped, title
from services.ledger.insight.simulation import Change, Part, simulate
from services.ledger.insight.simulation_api import RowInvalidError, answer
from services.ledger.insight.simulation_rules import Rules
from services.ledger.money import parse_fen
from services.ledger.receivables.accrual import Plan

_ALL = 1_000_000_000

Readings = Annotated[
    list[str] | None,
    typer.Option(
        "--reading",
        metavar="NAME=CHOICE",
        help="An open point read otherwise; may be repeated. 改选理解。",
    ),
]
Day = Annotated[
    str | None,
    typer.Option("--day", metavar="DAY", help="Another day for the simulation. 模拟之日。"),
]
AlmanacFile = Annotated[
    Path | None,
    typer.Option(
        "--almanac",
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="Rates, rest days, caps that might be, as for `almanac import`. 假设的历书。",
    ),
]
Payments = Annotated[
    list[str] | None,
    typer.Option(
        "--pay",
        metavar="RECEIVABLE,DAY,AMOUNT",
        help="A payment that might be made; may be repeated. 假设的付款。",
    ),
]
PaidWithin = Annotated[
    int | None,
    typer.Option(
        "--paid-within",
        min=0,
        max=3650,
        metavar="DAYS",
        help="Everything is paid in full so many days after its term started. 全部按此天数付清。",
    ),
]
Changed = Annotated[
    bool, typer.Option("--changed", help="Only receivables that change. 仅列变动。")
]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("simulate")(simulate_book)


def simulate_book(  # noqa: PLR0913 (a command's options are its arguments)
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    day: Day = None,
    reading: Readings = None,
    almanac: AlmanacFile = None,
    pay: Payments = None,
    paid_within: PaidWithin = None,
    changed: Changed = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Due days, lateness and interest under other rules, beside the live. 模拟测算 What if."""
    on, instant = day_or_today(as_of), instant_or_now(known_at)
    other = None if day is None else _day(day)
    shown = limit if limit is not None else (_ALL if as_json else SHOWN_ROWS)
    part = Part(limit=shown, only_changed=changed)
    rules = Rules(dict(_choice(each) for each in reading or ()), _entries(almanac))
    with book() as session:
        payments = [_payment(session, each) for each in pay or ()]
        change = Change(other, rules, payments, paid_within)
        found = simulate(session, OPERATOR, change, part, as_of=on, known_at=instant)
    out = answer(found, part, as_of=on, simulated_as_of=other or on, known_at=instant)
    result = out.model_dump(mode="json")
    emit(result, as_json=as_json, table=lambda console: _show(console, result))


def _choice(text: str) -> tuple[str, str]:
    name, equals, choice = text.partition("=")
    if not (name and equals and choice):
        raise typer.BadParameter(f"{text!r} is not NAME=CHOICE. 须写成 名称=选项。")
    return name, choice


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a day such as 2026-09-30. 日期须写成 2026-09-30。"
        ) from None


def _payment(session: Session, text: str) -> Plan:
    parts = text.split(",")
    if len(parts) != len(Plan._fields):
        raise typer.BadParameter(f"{text!r} is not RECEIVABLE,DAY,AMOUNT. 须写成 应收,日期,金额。")
    name, on, amount = (part.strip() for part in parts)
    fen = parse_fen(amount)
    if fen <= 0:
        raise typer.BadParameter(f"{amount!r} must be above zero. 金额须大于零。")
    return Plan(named(session, OPERATOR, name), _day(on), fen)


def _entries(file: Path | None) -> list[Entry]:
    if file is None:
        return []
    entries, faults = notices.read(file.read_bytes())
    if faults:
        first = faults[0]
        raise RowInvalidError(
            f"line {first.line} {first.column}: {first.english}",
            f"第{first.line}行 {first.column}：{first.chinese}",
        )
    return entries


_SUMS = (
    ("逾期笔数 overdue", "overdue"),
    ("逾期无争议 overdue undisputed", "overdue_undisputed"),
    ("应计利息 interest", "interest"),
)


def _show(console: Console, result: Result) -> None:
    title(console, "模拟", "Simulation", result)
    if result["simulated_as_of"] != result["as_of"]:
        console.print(f"模拟之日 simulated as of {result['simulated_as_of']}", style="dim")
    table = grid("", "", "现状 live", "模拟 simulated", right=("现状 live", "模拟 simulated"))
    for total in result["totals"]:
        for label, name in _SUMS:
            live, simulated = total["live"][name], total["simulated"][name]
            table.add_row(total["currency"], label, grouped(live), grouped(simulated))
    console.print(table)
    for total in result["totals"]:
        console.print(
            f"{total['currency']} {total['receivables']} 笔 receivables,"
            f" {total['changed']} 笔变动 change,"
            f" 利息差 interest {grouped(total['interest_difference'])}"
        )
    rows = grid("发票 invoice", "到期 due", "逾期 days", "利息 interest", right=("利息 interest",))
    for row in result["rows"]:
        live, simulated = row["live"], row["simulated"]
        rows.add_row(
            row["invoice_number"],
            _both(live["due_on"] or "–", simulated["due_on"] or "–"),
            _both(live["days_overdue"], simulated["days_overdue"]),
            _both(grouped(live["interest"]), grouped(simulated["interest"])),
        )
    console.print(rows)
    console.print(result["note"], style="dim")


def _both(live: object, simulated: object) -> str:
    return str(live) if live == simulated else f"{live} → {simulated}"
