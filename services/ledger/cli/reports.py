"""`ledger report`: ageing, overdue, eligible and summary, for any day and as known at any instant.

The JSON of a report is flat: ``as_of``, ``known_at``, ``totals`` by currency and ``rows``; amounts
are decimal strings.
"""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears import queries as arrears
from services.ledger.cli.connection import book
from services.ledger.cli.options import AsOf, Bands, Json, KnownAt, day_or_today, instant_or_now
from services.ledger.cli.output import Result, emit, grid, grouped, title
from services.ledger.insight import queries as insight
from services.ledger.money import format_fen

app = typer.Typer(help="Reports as of a day. 各类报表。", no_args_is_help=True)
Since = Annotated[
    Literal["due", "start"],
    typer.Option("--since", help="Count days after the due day, or since the term started."),
]


@app.command("ageing")
def report_ageing(
    *,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    since: Since = "due",
    bands: Bands = None,
    as_json: Json = False,
) -> None:
    """What is open by age; the bands add up to all that is open. 账龄分析."""
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    with book() as session:
        found = arrears.ageing(
            session,
            OPERATOR,
            as_of=day,
            known_at=instant,
            since=since,
            bands=bands.days if bands else arrears.BANDS,
        )
    currencies = sorted({band.currency for band in found})
    totals = [
        {
            "currency": currency,
            "count": sum(band.count for band in found if band.currency == currency),
            "open": format_fen(sum(band.open_fen for band in found if band.currency == currency)),
        }
        for currency in currencies
    ]
    rows = [
        {
            "currency": band.currency,
            "band": band.name,
            "count": band.count,
            "open": format_fen(band.open_fen),
            "disputed": format_fen(band.disputed_fen),
        }
        for band in found
    ]
    result = {"as_of": day, "known_at": instant, "since": since, "bands": rows, "totals": totals}
    emit(result, as_json=as_json, table=lambda console: _show_ageing(console, result))


def _show_ageing(console: Console, result: Result) -> None:
    counted = {"due": "days overdue 逾期天数", "start": "days since the start 起算后天数"}
    title(console, "账龄分析", f"Ageing, by {counted[result['since']]}", result)
    table = grid(
        "币种",
        "天数 days",
        "笔数 count",
        "未付 open",
        "其中争议 disputed",
        right=("笔数 count", "未付 open", "其中争议 disputed"),
    )
    for row in result["bands"]:
        amounts = (grouped(row[name]) for name in ("count", "open", "disputed"))
        table.add_row(row["currency"], row["band"], *amounts)
    for total in result["totals"]:
        table.add_row(
            total["currency"], "合计 total", grouped(total["count"]), grouped(total["open"]), ""
        )
    console.print(table)


@app.command("summary")
def report_summary(*, as_of: AsOf = None, known_at: KnownAt = None, as_json: Json = False) -> None:
    """The book on one page. 台账概览."""
    with book() as session:
        result = summary(session, day_or_today(as_of), instant_or_now(known_at))
    emit(result, as_json=as_json, table=lambda console: show_summary(console, result))


def summary(session: Session, day: date, instant: datetime) -> Result:
    """Return the book on one page, in the shape the HTTP interface gives it."""
    asked: dict[str, Any] = {"as_of": day, "known_at": instant}
    found = insight.summary(session, OPERATOR, **asked)
    return {
        **asked,
        "orders": found.orders,
        "payments": found.payments,
        "repeated_payment_rows": found.repeated_payment_rows,
        "currencies": [
            {
                "currency": one.currency,
                "receivables": one.receivables,
                "face": format_fen(one.face_fen),
                "confirmed": one.confirmed,
                "settled": one.settled,
                "settled_face": format_fen(one.settled_fen),
                "open": one.open,
                "open_amount": format_fen(one.open_fen),
                "disputed_amount": format_fen(one.disputed_fen),
                "overdue": one.overdue,
                "overdue_amount": format_fen(one.overdue_fen),
                "eligible": one.eligible,
                "eligible_amount": format_fen(one.eligible_fen),
                "reserved_amount": format_fen(one.reserved_fen),
                "assigned_amount": format_fen(one.assigned_fen),
            }
            for one in found.currencies
        ],
    }


_LINES: Final = (
    ("应收账款 receivables", "receivables", "face"),
    ("已付清 settled", "settled", "settled_face"),
    ("未付 open", "open", "open_amount"),
    ("其中争议 disputed", None, "disputed_amount"),
    ("逾期 overdue", "overdue", "overdue_amount"),
    ("可融资 eligible", "eligible", "eligible_amount"),
    ("平台预留 reserved", None, "reserved_amount"),
    ("已转让 assigned", None, "assigned_amount"),
)


def show_summary(console: Console, result: Result) -> None:
    """Print the book on one page."""
    title(console, "台账概览", "The book", result)
    console.print(
        f"订单 orders {grouped(result['orders'])}，付款 payments {grouped(result['payments'])}，"
        f"重复付款行 repeated payment rows {grouped(result['repeated_payment_rows'])}"
    )
    for total in result["currencies"]:
        table = grid(
            total["currency"], "笔数 count", "金额 amount", right=("笔数 count", "金额 amount")
        )
        for label, count, amount in _LINES:
            table.add_row(label, grouped(total[count]) if count else "", grouped(total[amount]))
        console.print(table)
