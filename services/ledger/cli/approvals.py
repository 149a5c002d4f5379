"""`ledger approvals`: what waits for somebody's approval, and what became of the rest."""

from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console

from services.ledger.approvals import queries
from services.ledger.approvals.kinds import KINDS
from services.ledger.cli.connection import book
from services.ledger.cli.options import Json
from services.ledger.cli.output import emit, grid, grouped
from services.ledger.money import format_fen

app = typer.Typer(help="What others have to approve. 审批。", no_args_is_help=True)
_STATES: Final = {
    "WAITING": "待复核",
    "APPROVED": "已复核",
    "REJECTED": "已驳回",
    "WITHDRAWN": "已撤回",
    "EXPIRED": "已失效",
}
State = Annotated[
    Literal["WAITING", "APPROVED", "REJECTED", "WITHDRAWN", "EXPIRED"] | None,
    typer.Option("--state", help="Only those in this state. 状态。"),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many. 条数。")]


@app.command("list")
def list_proposals(*, state: State = None, limit: Limit = 50, as_json: Json = False) -> None:
    """List proposals of all parties, the latest first: what, how much, by whom, until when."""
    with book() as session:
        found = queries.everyones(session, state=state, limit=limit)
        votes = queries.votes(session, [one.id for one in found])
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "party_id": one.party_id,
            "command": one.command,
            "about": one.subject_id,
            "amount": None if one.amount_fen is None else format_fen(one.amount_fen),
            "currency": one.currency,
            "state": one.state,
            "proposer": one.proposer,
            "approvers": one.approvers,
            "approved_by": [vote.name for vote in votes[one.id] if vote.approves],
            "rejected_by": [vote.name for vote in votes[one.id] if not vote.approves],
            "proposed_at": one.proposed_at,
            "expires_at": one.expires_at,
        }
        for one in found
    ]

    def people(console: Console) -> None:
        table = grid("操作 command", "金额 amount", "提出 by", "状态 state", right=("金额 amount",))
        for row in rows:
            amount = grouped(row["amount"]) if row["amount"] else "–"
            state = f"{_STATES[row['state']]} {len(row['approved_by'])}/{row['approvers']}"
            table.add_row(KINDS[row["command"]].zh, amount, row["proposer"], state)
        console.print(table if rows else "没有申请 no proposals")

    emit({"proposals": rows}, as_json=as_json, table=people)
