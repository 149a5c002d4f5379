"""What the demo says when all runs: where to look, who signs in, and the book on one page.

Every number is asked of the running system: the book of the database, the messages of the
notifier over HTTP.
"""

from collections.abc import Mapping
from typing import Any, Final

import httpx2
from rich.console import Console
from sqlalchemy import text

from services.ledger.access import OPERATOR
from services.ledger.arrears import queries as arrears
from services.ledger.cli.output import Result, grid, grouped, progress
from services.ledger.cli.reports import show_summary, summary
from services.ledger.clock import now, today
from services.ledger.db import transaction
from services.ledger.installation.home import LOOPBACK
from services.ledger.installation.installation import Installation
from services.ledger.installation.spawn import pause, wait_until
from services.ledger.money import format_fen

_LONGEST_SECONDS: Final = 60
_LOOK_MILLISECONDS: Final = 250
_STILL_LOOKS: Final = 12
_UNSENT: Final = frozenset({"planned", "claimed", "failed"})
_EXPORTED: Final = text(
    """
    SELECT p.code, p.name, x.currency, count(DISTINCT x.id) AS exports, count(c.id) AS receivables,
      sum(c.amount_fen) AS total_fen,
      count(*) FILTER (WHERE a.state = 'FINANCED') AS financed,
      count(*) FILTER (WHERE a.state = 'REFUSED') AS refused,
      count(*) FILTER (WHERE a.state = 'PENDING' OR a.state IS NULL) AS pending
    FROM platforms p JOIN exports x ON x.platform_id = p.id JOIN claims c ON c.export_id = x.id
    LEFT JOIN LATERAL (
      SELECT a.state FROM claim_answers a
      WHERE a.receivable_id = c.receivable_id AND a.claim_id = c.id
      ORDER BY a.state = 'PENDING' LIMIT 1) a ON true
    GROUP BY p.code, p.name, x.currency ORDER BY p.code, x.currency
    """
)
_LAST_EVENT: Final = text(
    "SELECT (SELECT count(*) FROM unsealed) AS waiting, (SELECT max(position) FROM sealed) AS last"
)


def picture(
    house: Installation,
    environment: Mapping[str, str],
    sign_ins: list[dict[str, str]],
    *,
    quiet: bool,
) -> dict[str, Any]:
    """Return what the demo says, when the notifier has told everybody or a minute is over."""
    client = httpx2.Client(
        base_url=f"http://{LOOPBACK}:{house.home.remembered_port('notifier')}",
        headers={"authorization": f"Bearer {environment['NOTIFIER_API_KEY']}"},
        trust_env=False,
    )
    with client, progress(quiet=quiet) as shown:
        shown.add_task("通知 messages", total=None)
        wait_until(_Quiet(client), seconds=_LONGEST_SECONDS)
        messages = _counts(client)
    day, instant = today(), now()
    with transaction(long=True) as session:
        bands = arrears.ageing(session, OPERATOR, as_of=day, known_at=instant)
        exported = session.connection().execute(_EXPORTED).mappings()
        return {
            "url": environment["LEDGER_PUBLIC_URL"],
            "home": str(house.home.root),
            "sign_ins": sign_ins,
            **summary(session, day, instant),
            "overdue_by_age": [
                {
                    "currency": band.currency,
                    "band": band.name,
                    "count": band.count,
                    "open": format_fen(band.open_fen),
                    "disputed": format_fen(band.disputed_fen),
                }
                for band in bands
                if band.name not in {"not_due", "not_started"}
            ],
            "exported": [_export(dict(row)) for row in exported],
            "messages": messages["messages"],
            "mails": messages["mails"],
        }


def _export(row: dict[str, Any]) -> dict[str, Any]:
    named = {name: row[name] for name in ("code", "name", "currency", "exports", "receivables")}
    states = {name: row[name] for name in ("financed", "refused", "pending")}
    return {**named, "total": format_fen(row["total_fen"]), **states}


def _counts(client: httpx2.Client) -> dict[str, Any]:
    answer = client.get("/v1/messages")
    answer.raise_for_status()
    counts: dict[str, Any] = answer.json()
    return counts


class _Quiet:
    """Says when the notifier has read the whole log and sent what is due; a digest may wait."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client
        self._mails: dict[str, int] = {}
        self._same = 0

    def __call__(self) -> bool:
        pause(milliseconds=_LOOK_MILLISECONDS)
        with transaction() as session:
            log = session.connection().execute(_LAST_EVENT).one()
        counts = _counts(self._client)
        self._same = self._same + 1 if counts["mails"] == self._mails else 0
        self._mails = counts["mails"]
        sent = not _UNSENT & set(self._mails)
        read = log.waiting == 0 and counts["position"] == (log.last or 0)
        return read and (sent or self._same >= _STILL_LOOKS)


def show(console: Console, result: Result) -> None:
    """Print it for people."""
    show_summary(console, result)
    table = grid(
        "逾期天数 days overdue", "笔数 count", "未付 open", right=("笔数 count", "未付 open")
    )
    for band in result["overdue_by_age"]:
        table.add_row(band["band"], grouped(band["count"]), grouped(band["open"]))
    console.print(table)
    counts = ("笔数", "金额", "已融资", "拒绝", "待答复")
    table = grid("融资平台 exported to", *counts, right=counts)
    for row in result["exported"]:
        numbers = ("receivables", "total", "financed", "refused", "pending")
        table.add_row(row["name"], *(grouped(row[name]) for name in numbers))
    console.print(table)
    inbox = sum(result["messages"]["inbox"].values())
    told = sum(result["messages"]["email"].values())
    sent = result["mails"].get("sent", 0)
    console.print(
        f"站内信 inbox messages {grouped(inbox)}；邮件 e-mails sent {grouped(sent)}"
        f"（合并了 {grouped(told)} 条通知）"
    )
    console.print()
    table = grid("登录 sign in as", "密码 password", "角色 role", "主体 for")
    for one in result["sign_ins"]:
        table.add_row(one["login"], one["password"], one["role"], one["party"])
    console.print(table)
    console.print(
        "operator 首次登录须绑定动态口令验证器（任意 TOTP 应用）"
        " · operator sets up an authenticator (any TOTP app) at the first sign-in",
        style="dim",
        soft_wrap=True,
    )
    console.print(f"\n[bold green]控制台 console  {result['url']}[/]", soft_wrap=True)
    console.print(
        f"邮件 mails: {result['home']}/mail；停止 stop: ctrl-C 或 `ledger down`",
        style="dim",
        soft_wrap=True,
    )
