"""`ledger report overdue|interest|eligible`: receivables one by one, with all their totals."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import typer
from rich.console import Console

from services.ledger.access import OPERATOR
from services.ledger.arrears import interest_queries
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
    app.command("interest")(report_interest)
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


def report_interest(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Interest and costs that creditors claimed, apart from principal: paid, waived and open."""
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    asked: dict[str, Any] = {"as_of": day, "known_at": instant}
    with book() as session:
        totals = interest_queries.totals(session, OPERATOR, **asked)
        wanted = _rows_wanted(limit, as_json=as_json)
        rows = interest_queries.report(session, OPERATOR, **asked, after=UUID(int=0), limit=wanted)
    result = {
        **asked,
        "totals": [_in_yuan(dict(total)) for total in totals],
        "rows": [_in_yuan(dict(row)) for row in rows],
        "note": arrears.REVIEW_NOTE,
    }
    emit(result, as_json=as_json, table=lambda console: _show_interest(console, result))


def _in_yuan(row: Mapping[str, Any]) -> dict[str, object]:
    return {
        name.removesuffix("_fen"): format_fen(value) if name.endswith("_fen") else value
        for name, value in row.items()
    }


def _show_interest(console: Console, result: Result) -> None:
    title(console, "已主张的利息", "Claimed interest", result)
    for total in result["totals"]:
        console.print(
            f"{total['currency']}  {grouped(total['receivables'])} 笔，"
            f"主张 claimed {grouped(total['claimed'])}，已付 paid {grouped(total['paid'])}，"
            f"放弃 waived {grouped(total['waived'])}"
        )
        console.print(
            f"     尚欠 open {grouped(total['open'])}；"
            f"本金 principal {grouped(total['principal_open'])}"
        )
        if total["costs_claimed"] != "0.00":
            console.print(
                f"     费用 costs: 主张 claimed {grouped(total['costs_claimed'])}，"
                f"已付 paid {grouped(total['costs_paid'])}，"
                f"撤回 withdrawn {grouped(total['costs_waived'])}，"
                f"尚欠 open {grouped(total['costs_open'])}"
            )
    columns = ("主张 claimed", "已付 paid", "尚欠 open", "本金 principal")
    table = grid("付款方 / 供应商", "发票 invoice", *columns, right=columns)
    for row in result["rows"]:
        costs = f"费用 costs {grouped(row['costs_open'])}" if row["costs_claimed"] != "0.00" else ""
        table.add_row(
            f"{row['debtor_name']}\n{row['creditor_name']}",
            f"{row['invoice_number']}\n{costs}".strip(),
            *(grouped(row[name]) for name in ("claimed", "paid", "open", "principal_open")),
        )
    if result["rows"]:
        console.print(table)
    more(console, len(result["rows"]), sum(total["receivables"] for total in result["totals"]))
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
