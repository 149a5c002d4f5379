"""`ledger webhook`: endpoints of parties, kept by whoever runs commands on the machine."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

import typer
from rich.console import Console
from sqlmodel import Session, col, select

from services.ledger.access import Viewer
from services.ledger.cli.connection import book
from services.ledger.cli.options import Json
from services.ledger.cli.output import emit, grid
from services.ledger.cli.people import party_id_of
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.errors import NotFoundError
from services.ledger.ids import new_id
from services.ledger.webhooks import queries, replaying, rotating, service
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.models import WebhookDelivery, WebhookEndpoint
from services.ledger.webhooks.signing import Scheme

app = typer.Typer(help="Webhooks of parties. 事件推送。", no_args_is_help=True)

Id = Annotated[UUID, typer.Argument(help="Of the webhook; `ledger webhook list` has it.")]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", help="Such as receivable.opened or receivable.*; all if absent."),
]
Signature = Annotated[
    Scheme, typer.Option("--signature", help="v1: HMAC-SHA256. v1a: Ed25519. 签名算法。")
]
State = Annotated[
    Literal["WAITING", "DELIVERED", "GIVEN_UP"] | None, typer.Option(help="Only these. 状态。")
]


def _kept(session: Session, endpoint_id: UUID) -> Viewer:
    """Return who keeps an endpoint: the operator at the machine, for its party."""
    found = session.get(WebhookEndpoint, endpoint_id)
    if found is None:
        raise NotFoundError("No such webhook.", "没有该Webhook。")
    return Viewer(name="operator", role=found.role, party_id=found.party_id)


def _done(endpoint_id: UUID, done: str, *, as_json: bool, **more: object) -> None:
    emit(
        {"id": endpoint_id, "done": done, **more},
        as_json=as_json,
        table=lambda console: console.print(f"✓ {endpoint_id}  {done}", soft_wrap=True),
    )


def _secret(endpoint_id: UUID, secret: str | None, *, as_json: bool) -> None:
    said = secret or "已登记，密钥不再显示 there already; its secret is not shown again"
    emit(
        {"id": endpoint_id, "secret": secret},
        as_json=as_json,
        table=lambda console: console.print(f"✓ {endpoint_id}\n{said}", soft_wrap=True),
    )


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Where events are sent: https, a public name.")],
    *,
    role: Annotated[
        Literal["core_enterprise", "supplier", "platform"],
        typer.Option(help="In which the party sees the events. 角色。"),
    ],
    party: Annotated[str, typer.Option(metavar="SCHEME:VALUE", help="Whose events. 主体。")],
    types: Types = None,
    signature: Signature = "v1",
    description: Annotated[str, typer.Option(help="What it is for. 说明。")] = "",
    identifier: Annotated[
        UUID | None, typer.Option("--id", help="Its name; the same again adds nothing.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Register an endpoint and print the secret its messages are signed with, this once."""
    with book() as session:
        endpoint, secret = service.register(
            session,
            Viewer(name="operator", role=role, party_id=party_id_of(session, role, party)),
            service.Wanted(url, tuple(types or ()), description),
            endpoint_id=identifier or new_id(),
            scheme=signature,
            rules=Rules.of(settings()),
        )
    _secret(endpoint.id, secret and secret.shown, as_json=as_json)


def _told(endpoint: WebhookEndpoint) -> dict[str, object]:
    return {
        "id": endpoint.id,
        "party_id": endpoint.party_id,
        "host": queries.host_of(endpoint),
        "types": list(endpoint.types),
        "state": endpoint.disabled_because or "ON",
        "failures": endpoint.failures,
        "position": endpoint.position,
        "description": endpoint.description,
    }


@app.command("list")
def show(*, as_json: Json = False) -> None:
    """List the endpoints of all parties; of addresses only the host."""
    with book() as session:
        order = (col(WebhookEndpoint.recorded_at), col(WebhookEndpoint.id))
        found = [_told(one) for one in session.exec(select(WebhookEndpoint).order_by(*order))]

    def table(console: Console) -> None:
        columns = ("Webhook", "主机 host", "状态 state", "失败 failures")
        made = grid(*columns, right=columns[3:])
        for one in found:
            made.add_row(*(str(one[name]) for name in ("id", "host", "state", "failures")))
        console.print(made)

    emit({"webhooks": found}, as_json=as_json, table=table)


@app.command("change")
def change(
    webhook: Id,
    *,
    url: Annotated[str | None, typer.Option(help="A new address. 新地址。")] = None,
    types: Types = None,
    description: Annotated[str | None, typer.Option(help="What it is for. 说明。")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Switch it on or off. 启用或停用。")
    ] = None,
    as_json: Json = False,
) -> None:
    """Change an endpoint. Switched on again, it goes on where it stopped."""
    wanted = service.Change(url, None if types is None else tuple(types), description, enabled)
    with book() as session:
        viewer, rules = _kept(session, webhook), Rules.of(settings())
        found = service.change(session, viewer, webhook, wanted, rules=rules, at=now())
        state = found.disabled_because or "ON"
    _done(webhook, state, as_json=as_json)


@app.command("rotate")
def rotate(
    webhook: Id,
    *,
    signature: Signature = "v1",
    overlap_hours: Annotated[
        int, typer.Option(min=0, help="How long the old secret counts on. 旧密钥继续有效的小时数。")
    ] = 24,
    as_json: Json = False,
) -> None:
    """Make a new secret and print it, this once; meanwhile messages carry both signatures."""
    overlap = timedelta(hours=overlap_hours)
    with book() as session:
        viewer = _kept(session, webhook)
        secret = rotating.rotate(
            session, viewer, webhook, scheme=signature, overlap=overlap, at=now()
        )
    _secret(webhook, secret.shown, as_json=as_json)


@app.command("ping")
def ping(webhook: Id, *, as_json: Json = False) -> None:
    """Have a test event sent; `ledger webhook deliveries` shows how it went."""
    with book() as session:
        replaying.ping(session, _kept(session, webhook), webhook)
    _done(webhook, "已请求推送 asked for", as_json=as_json)


@app.command("replay")
def replay(
    webhook: Id,
    *,
    after: Annotated[int, typer.Option(min=0, help="Events after this position. 起点。")],
    through: Annotated[int, typer.Option(min=1, help="Up to and with this one. 终点。")],
    given_up: Annotated[bool, typer.Option("--given-up", help="Only what was given up.")] = False,
    as_json: Json = False,
) -> None:
    """Have a range of the log sent again, each event under the id it had."""
    wanted = replaying.Range(after, through, given_up)
    with book() as session:
        replaying.replay(session, _kept(session, webhook), webhook, wanted, replay_id=new_id())
    _done(webhook, "已请求重放 asked for", as_json=as_json)


@app.command("deliveries")
def deliveries(
    webhook: Id,
    *,
    state: State = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows shown. 行数。")] = 20,
    as_json: Json = False,
) -> None:
    """List what was sent to an endpoint or waits to be, the latest events first."""
    with book() as session:
        _kept(session, webhook)
        found = queries.deliveries(session, webhook, state=state, limit=limit)
    emit(
        {"id": webhook, "deliveries": [_row(one) for one in found]},
        as_json=as_json,
        table=lambda console: _table(console, found),
    )


def _row(one: WebhookDelivery) -> dict[str, object]:
    waits = one.state == "WAITING"
    return {
        "id": one.id,
        "position": one.position,
        "event_id": one.event_id,
        "type": one.type,
        "state": one.state,
        "attempts": one.attempts,
        "due_at": one.due_at if waits else None,
    }


def _table(console: Console, found: Sequence[WebhookDelivery]) -> None:
    columns = ("位置 position", "类型 type", "状态 state", "次数 attempts")
    made = grid(*columns, right=(columns[0], columns[3]))
    for one in found:
        made.add_row(str(one.position), one.type, one.state, str(one.attempts))
    console.print(made)


@app.command("remove")
def remove(webhook: Id, *, as_json: Json = False) -> None:
    """Remove an endpoint with the record of what it was sent."""
    with book() as session:
        service.remove(session, _kept(session, webhook), webhook)
    _done(webhook, "已删除 removed", as_json=as_json)
