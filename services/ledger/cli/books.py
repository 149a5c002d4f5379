"""`ledger assess`, `ledger verify` and `ledger platform`: what is done with the book itself."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.ledger.access import OPERATOR
from services.ledger.arrears import queries as arrears
from services.ledger.arrears import service as assessment
from services.ledger.cli.connection import book
from services.ledger.cli.options import (
    AsOf,
    Json,
    KnownAt,
    day_or_today,
    instant_or_now,
)
from services.ledger.cli.output import Result, emit, grid, grouped, progress, title
from services.ledger.clock import now, today
from services.ledger.errors import LedgerError
from services.ledger.financing.platforms import register_platform
from services.ledger.insight import verify as proofs
from services.ledger.insight.notices import Notices, notices
from services.ledger.money import format_fen

platforms = typer.Typer(help="Financing platforms. 融资平台。", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("assess")(assess)
    app.command("verify")(verify)
    app.add_typer(platforms, name="platform")


class FutureAssessmentError(LedgerError):
    """An assessment of a day that has not come."""

    code = "DAY_IN_FUTURE"


class BrokenBookError(LedgerError):
    """What is kept beside the facts differs from what the facts add up to."""

    code = "BOOK_NOT_PROVEN"
    status = 500


def assess(*, as_of: AsOf = None, known_at: KnownAt = None, as_json: Json = False) -> None:
    """Say what is overdue on a day, and announce what was not announced before.

    With --known-at it only answers: what was known then is history and announces nothing.
    """
    day, instant = day_or_today(as_of), instant_or_now(known_at)
    if known_at is None and day > today():
        raise FutureAssessmentError(
            f"{day} has not come; `ledger report overdue --as-of {day}` says what would be late.",
            f"{day}尚未到来；可用 `ledger report overdue --as-of {day}` 查看届时逾期。",
        )
    with book() as session:
        announced = assessment.assess(session, as_of=day, at=now()) if known_at is None else None
        totals = arrears.overdue_totals(session, OPERATOR, as_of=day, known_at=instant)
    result = {
        "as_of": day,
        "known_at": instant,
        "announced": announced is not None,
        "newly_overdue": announced.newly_overdue if announced else 0,
        "newly_due_soon": announced.newly_due_soon if announced else 0,
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
        "note": arrears.REVIEW_NOTE,
    }
    emit(result, as_json=as_json, table=lambda console: _show_assessed(console, result))


def _show_assessed(console: Console, result: Result) -> None:
    title(console, "逾期核查", "Assessment", result)
    amounts = ("笔数 count", "无争议 undisputed", "争议 disputed", "待拖欠审核")
    table = grid("币种", *amounts, right=amounts)
    for total in result["totals"]:
        names = ("count", "undisputed", "disputed", "under_review")
        table.add_row(total["currency"], *(grouped(total[name]) for name in names))
    console.print(table)
    if result["announced"]:
        console.print(
            f"新通知 announced: 逾期 overdue {grouped(result['newly_overdue'])}，"
            f"即将到期 due soon {grouped(result['newly_due_soon'])}"
        )
    else:
        console.print("仅查询，未发通知。 Nothing was announced.", style="dim")
    console.print(result["note"], style="dim")


def verify(
    *,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="A checkpoint you kept, e.g. from a digest. 检查点。"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that balances, dates, claims and the log equal what the facts add up to."""
    witnessed = [path.read_text("utf-8").strip() + "\n" for path in checkpoint or ()]
    names = [check.name for check in proofs.CHECKS]
    with book() as session, progress(quiet=as_json) as shown:
        bar = shown.add_task("verify", total=len(names))
        proofs.at_one_instant(session)
        findings = proofs.verify(
            session,
            witnessed=witnessed,
            progress=lambda name, done, total: shown.update(
                bar, description=name, completed=done, total=total
            ),
        )
        shown.update(bar, description="notices")
        told = notices()
    findings += told.broken() if told else []
    result = {
        "proven": not findings,
        "checks": names,
        "notices": told and told.model_dump(include={"through", "messages", "mails"}),
        "findings": [
            {
                "check": finding.check,
                "detail": finding.english,
                "detail_zh": finding.chinese,
                "broken": finding.broken,
                "examples": finding.examples,
            }
            for finding in findings
        ],
    }
    emit(result, as_json=as_json, table=lambda console: _show_proof(console, result, told))
    if findings:
        broken = ", ".join(finding.check for finding in findings)
        raise BrokenBookError(
            f"The book contradicts itself: {broken}. Stop writing and restore or correct it.",
            f"台账自相矛盾：{broken}。请停止写入，恢复或更正。",
        )


def _show_proof(console: Console, result: Result, told: Notices | None) -> None:
    for check in proofs.CHECKS:
        finding = next((one for one in result["findings"] if one["check"] == check.name), None)
        mark = f"[bold red]✗ {finding['broken']}[/]" if finding else "[green]✓[/]"
        console.print(f"{mark} {check.chinese} {check.english}")
        for example in finding["examples"] if finding else ():
            console.print(f"    {example}")
    if told is None:
        console.print("– 通知器未应答，通知是否送达未核验 no notifier answered: notices not proven")
        return
    mails = ", ".join(f"{state} {count}" for state, count in sorted(told.mails.items()))
    mark = "[bold red]✗[/]" if told.findings else "[green]✓[/]"
    console.print(f"{mark} 通知 notices: {told.messages}; 邮件 e-mails: {mails or 0}")
    for one in told.findings:
        console.print(f"[bold red]✗ {one.broken}[/] {one.chinese} {one.english}")
        for example in one.examples:
            console.print(f"    {example}")


@platforms.command("add")
def add_platform(
    code: Annotated[str, typer.Argument(help="A short word exports are addressed with.")],
    name: Annotated[str, typer.Argument(help="The platform's full name. 平台名称。")],
    *,
    as_json: Json = False,
) -> None:
    """Register a financing platform; the same code again changes its name."""
    with book() as session:
        register_platform(session, OPERATOR, code=code, name=name)
    result = {"code": code, "name": name}
    emit(result, as_json=as_json, table=lambda console: console.print(f"✓ {code}  {name}"))
