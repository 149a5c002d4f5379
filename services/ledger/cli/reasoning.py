"""`ledger reasoning`: why a receivable of the book is due when it is, and what follows."""

from typing import Annotated

import typer
from rich.console import Console

from services.ledger.access import OPERATOR
from services.ledger.arrears.case_facts import named
from services.ledger.arrears.reasoning import reason
from services.ledger.cli.connection import book
from services.ledger.cli.laws import show_result
from services.ledger.cli.options import AsOf, Json, KnownAt, day_or_today, instant_or_now
from services.ledger.cli.output import Result, emit, grouped, title

Named = Annotated[
    str, typer.Argument(metavar="RECEIVABLE", help="Its id or its invoice number. 编号或发票号码。")
]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("reasoning")(reasoning)


def reasoning(
    receivable: Named,
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """Why a receivable is due, with facts, steps, articles and other readings. 到期与逾期的理由."""
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    with book() as session:
        receivable_id = named(session, OPERATOR, receivable)
        result = reason(session, OPERATOR, receivable_id, as_of=day, known_at=instant)
    emit(result, as_json=as_json, table=lambda console: _show(console, result))


def _show(console: Console, result: Result) -> None:
    title(console, "理由", "Reasoning", result)
    facts, known = result["facts"], result["book"]
    claim, contract = facts["receivable"], facts["contract"]
    console.print(
        f"发票 invoice {claim['invoice_code']}{claim['invoice_number']},"
        f" {grouped(claim['face'])} {claim['currency']}",
        markup=False,
    )
    console.print(
        f"{contract['debtor']['name']} → {contract['creditor']['name']},"
        f" {contract['reference']}, {contract['signed_on']}",
        markup=False,
    )
    console.print(
        f"台账 the book: 到期 due {known['due_on'] or '–'},"
        f" 逾期 overdue {known['days_overdue']}, 无争议 undisputed {grouped(known['undisputed'])}"
    )
    show_result(console, result["result"])
    for note in result["notes"]:
        console.print(f"{note['id']} {note['text_zh']}", markup=False)
        console.print(f"  {note['text_en']}", markup=False, style="dim")
