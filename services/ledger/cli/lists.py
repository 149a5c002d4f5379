"""`ledger report overdue|eligible`: receivables one by one, with the totals of all of them."""

from typing import Any, Final

import typer
from rich.console import Console

from services.ledger.access import OPERATOR
from services.ledger.arrears import queries as arrears
from services.ledger.cli.connection import book
from services.ledger.cli.options import AsOf, Json, KnownAt, Limit, day_or_today, instant_or_now
from services.ledger.cli.output import SHOWN_ROWS, Result, emit, grid, grouped, more, title
from services.ledger.financing import queries as financing
from services.ledger.money import format_fen

_ALL: Final = 2**31 - 1


def add_to(app: typer.Typer) -> None:
    """Add these reports."""
    app.command("overdue")(report_overdue)
    app.command("eligible")(report_eligible)


def _rows_wanted(limit: int | None, *, as_json: bool) -> int:
    if limit is not None:
        return limit
    return _ALL if as_json else SHOWN_ROWS


def report_overdue(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What is past its due day, the oldest first, flagged 待拖欠审核 where decree 802 applies."""
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    asked: dict[str, Any] = {"as_of": day, "known_at": instant}
    with book() as session:
        totals = arrears.overdue_totals(session, OPERATOR, **asked)
        wanted = _rows_wanted(limit, as_json=as_json)
        found = arrears.overdue(session, OPERATOR, limit=wanted, **asked)
    result = {
        **asked,
        "totals": [
            {
                "currency": total.currency,
                "count": total.count,
                "undisputed": format_fen(total.undisputed_fen),
                "disputed": format_fen(total.disputed_fen),
                "overdue": format_fen(total.undisputed_fen + total.disputed_fen),
                "under_review": total.under_review,
            }
            for total in totals
        ],
        "rows": [_overdue_row(row) for row in found],
        "note": arrears.REVIEW_NOTE,
    }
    emit(result, as_json=as_json, table=lambda console: _show_overdue(console, result))


def _overdue_row(row: arrears.Overdue) -> dict[str, object]:
    return {
        "id": row.id,
        "debtor": row.debtor_name,
        "creditor": row.creditor_name,
        "invoice_code": row.invoice_code,
        "invoice_number": row.invoice_number,
        "currency": row.currency,
        "face": format_fen(row.face_fen),
        "start_on": row.start_on,
        "due_on": row.due_on,
        "days_overdue": row.days_overdue,
        "undisputed": format_fen(row.undisputed_fen),
        "disputed": format_fen(row.disputed_fen),
        "applies": row.applies,
        "regime": row.regime,
        "flag": row.review_flag,
        "flags": row.flags,
    }


def _show_overdue(console: Console, result: Result) -> None:
    title(console, "逾期应收账款", "Overdue receivables", result)
    for total in result["totals"]:
        console.print(
            f"{total['currency']}  {grouped(total['count'])} 笔，"
            f"无争议 undisputed {grouped(total['undisputed'])}，"
            f"争议 disputed {grouped(total['disputed'])}；"
            f"待拖欠审核 under review {grouped(total['under_review'])} 笔"
        )
    table = grid(
        "到期 due", "付款方 / 供应商", "发票 invoice", "天数", "金额", right=("天数", "金额")
    )
    for row in result["rows"]:
        disputed = f"\n争议 {grouped(row['disputed'])}" if row["disputed"] != "0.00" else ""
        table.add_row(
            str(row["due_on"]),
            f"{row['debtor']}\n{row['creditor']}",
            f"{row['invoice_number']}\n{row['flag']}",
            grouped(row["days_overdue"]),
            f"{grouped(row['undisputed'])}{disputed}",
        )
    if result["rows"]:
        console.print(table)
    more(console, len(result["rows"]), sum(total["count"] for total in result["totals"]))
    console.print(result["note"], style="dim")


def report_eligible(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """What may be offered for financing: confirmed, delivered, not due, undisputed, unclaimed."""
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    asked: dict[str, Any] = {"as_of": day, "known_at": instant}
    with book() as session:
        totals = financing.eligible_totals(session, OPERATOR, **asked)
        wanted = _rows_wanted(limit, as_json=as_json)
        found = financing.eligible(session, OPERATOR, limit=wanted, **asked)
    result = {
        **asked,
        "totals": [
            {
                "currency": total.currency,
                "count": total.count,
                "amount": format_fen(total.free_fen),
            }
            for total in totals
        ],
        "rows": [
            {
                "id": row.id,
                "debtor": row.debtor_name,
                "creditor": row.creditor_name,
                "invoice_code": row.invoice_code,
                "invoice_number": row.invoice_number,
                "issued_on": row.issued_on,
                "currency": row.currency,
                "face": format_fen(row.face_fen),
                "amount": format_fen(row.free_fen),
                "start_on": row.start_on,
                "due_on": row.due_on,
                "confirmed_on": row.confirmed_on,
            }
            for row in found
        ],
    }
    emit(result, as_json=as_json, table=lambda console: _show_eligible(console, result))


def _show_eligible(console: Console, result: Result) -> None:
    title(console, "可融资应收账款", "Eligible for financing", result)
    for total in result["totals"]:
        console.print(
            f"{total['currency']}  {grouped(total['count'])} 笔，可融资 {grouped(total['amount'])}"
        )
    table = grid(
        "到期 due", "付款方 / 供应商", "发票 invoice", "可融资 amount", right=("可融资 amount",)
    )
    for row in result["rows"]:
        table.add_row(
            str(row["due_on"]),
            f"{row['debtor']}\n{row['creditor']}",
            row["invoice_number"],
            grouped(row["amount"]),
        )
    if result["rows"]:
        console.print(table)
    more(console, len(result["rows"]), sum(total["count"] for total in result["totals"]))
