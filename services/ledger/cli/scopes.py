"""`ledger scope`: what regulators are appointed to, by region, area and days."""

from datetime import date
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from services.ledger.access import OPERATOR
from services.ledger.cli.connection import book
from services.ledger.cli.options import Json, day_of, day_or_today
from services.ledger.cli.output import emit, grid
from services.ledger.clock import now
from services.ledger.parties import scopes

app = typer.Typer(help="What regulators may look at. 监管辖区。", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="A regulator's login, or what is shown of its key: lk_…")]
Region = Annotated[
    str,
    typer.Option(
        help="What the debtors' region (GB/T 2260) starts with: 33, 3301; '' for the whole"
        " country. 辖区代码前缀。"
    ),
]
Area = Annotated[
    str,
    typer.Option(
        help="Only this area of the interface, such as arrears; all of them, and the console, if"
        " absent. 职能范围。"
    ),
]
From = Annotated[
    date | None,
    typer.Option(
        "--from", parser=day_of, metavar="DAY", help="The first day; today if absent. 起始日。"
    ),
]
Until = Annotated[
    date | None,
    typer.Option(
        "--until", parser=day_of, metavar="DAY", help="The last day; none if absent. 截止日。"
    ),
]


def _until(appointment: scopes.Appointment) -> date | None:
    return None if appointment.until_on == scopes.NO_END else appointment.until_on


@app.command("add")
def add_scope(
    who: Who,
    *,
    region: Region,
    area: Area = "",
    from_on: From = None,
    until_on: Until = None,
    as_json: Json = False,
) -> None:
    """Let a regulator look at the debtors of a region; without any of these it sees nothing."""
    with book() as session:
        made = scopes.appoint(
            session,
            OPERATOR,
            who,
            region=region,
            area=area,
            from_on=day_or_today(from_on),
            until_on=until_on or scopes.NO_END,
        )
    emit(
        _row(made),
        as_json=as_json,
        table=lambda console: console.print(f"✓ {made.id}", soft_wrap=True),
    )


def _row(one: scopes.Appointment) -> dict[str, object]:
    return {
        "id": one.id,
        "who": one.who,
        "region": one.region,
        "area": one.area,
        "from_on": one.from_on,
        "until_on": _until(one),
        "ended_at": one.ended_at,
    }


@app.command("list")
def list_scopes(
    who: Annotated[str | None, typer.Argument(help="Only of this login or key.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List what regulators are, were and will be appointed to."""
    with book() as session:
        found = scopes.listed(session, OPERATOR, who)

    def shown(console: Console) -> None:
        if not found:
            console.print("没有任命 no appointments")
            return
        table = grid("编号 id", "监管 who", "辖区 region", "期限 days", right=("编号 id",))
        for one in found:
            where = f"{one.region or '全国 all'} {one.area}".rstrip()
            table.add_row(str(one.id), one.who, where, _days(one))
        console.print(table)

    emit({"scopes": [_row(one) for one in found]}, as_json=as_json, table=shown)


def _days(one: scopes.Appointment) -> str:
    if one.ended_at is not None:
        return "已终止 ended"
    return f"{one.from_on} – {_until(one) or ''}".rstrip()


@app.command("end")
def end_scope(
    scope_id: Annotated[UUID, typer.Argument(metavar="ID", help="As `add` printed it.")],
    *,
    as_json: Json = False,
) -> None:
    """End an appointment at once, before its last day."""
    with book() as session:
        scopes.end(session, OPERATOR, scope_id, at=now())
    emit(
        {"ended": scope_id},
        as_json=as_json,
        table=lambda console: console.print(f"✓ 已终止 ended {scope_id}", soft_wrap=True),
    )
