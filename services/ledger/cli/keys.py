"""`ledger key`: machines' keys, restricted, rolled and revoked."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import typer
from rich.console import Console

from services.ledger.cli.connection import book
from services.ledger.cli.options import Json, instant_of
from services.ledger.cli.output import emit, grid
from services.ledger.cli.people import Party, party_id_of
from services.ledger.clock import now
from services.ledger.parties import keys

app = typer.Typer(help="Machines' keys. API 密钥。", no_args_is_help=True)
_ACTOR: Final = "operator"

Role = Annotated[
    Literal["core_enterprise", "supplier", "platform", "regulator", "operator", "service"],
    typer.Option(help="What it may do. 角色。"),
]
Shown = Annotated[str, typer.Argument(metavar="PREFIX", help="What is shown of it: lk_…")]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        help="An area it may read or write, such as receivables:write; again for more. All of its"
        " role if absent. 权限范围。",
    ),
]
Networks = Annotated[
    list[str] | None,
    typer.Option(
        "--network",
        help="A network it may come from, such as 203.0.113.0/24; again for more. 来源网段。",
    ),
]
Expires = Annotated[
    datetime | None,
    typer.Option(
        "--expires",
        parser=instant_of,
        metavar="INSTANT",
        help="When it ends: an instant with offset, or a day, which means its end. 到期时刻。",
    ),
]
Signed = Annotated[
    bool, typer.Option("--signed", help="Only signed requests (RFC 9421) count. 仅限签名请求。")
]
OverlapHours = Annotated[
    int,
    typer.Option(
        "--overlap-hours", min=0, max=720, help="How long the old key goes on. 旧密钥续用小时数。"
    ),
]


def _show(made: keys.Made, *, as_json: bool, **more: object) -> None:
    result = {**more, "prefix": made.prefix, "key": made.token}
    if made.signing_secret is not None:
        result["signing_secret"] = made.signing_secret

    def people(console: Console) -> None:
        console.print(made.token, soft_wrap=True)
        if made.signing_secret is not None:
            console.print(f"签名密钥 signing secret  {made.signing_secret}", soft_wrap=True)

    emit(result, as_json=as_json, table=people)


@app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Who uses it, as it appears in the log.")],
    *,
    role: Role,
    party: Party = "",
    scope: Scopes = None,
    network: Networks = None,
    expires: Expires = None,
    signed: Signed = False,
    as_json: Json = False,
) -> None:
    """Make a key for a machine and print it, this once; only its hash is kept."""
    restrictions = keys.checked(
        scopes=scope or None, networks=network or (), expires_at=expires, signs=signed, at=now()
    )
    with book() as session:
        party_id = party_id_of(session, role, party)
        made = keys.add(
            session,
            name=name,
            role=role,
            party_id=party_id,
            restrictions=restrictions,
            actor=_ACTOR,
        )
    _show(made, as_json=as_json, name=name, role=role, party_id=party_id)


@app.command("list")
def list_keys(*, as_json: Json = False) -> None:
    """List all keys, the newest first: what may be shown of them, and when they were used."""
    with book() as session:
        found = keys.listed(session, None, everyones=True)
    rows: list[dict[str, Any]] = [
        {
            "prefix": key.prefix,
            "name": key.name,
            "role": key.role,
            "scopes": None if key.scopes is None else list(key.scopes),
            "networks": None if key.networks is None else list(key.networks),
            "signed_only": key.signed_only,
            "made_at": key.recorded_at,
            "used_at": key.used_at,
            "expires_at": key.expires_at,
            "revoked_at": key.revoked_at,
        }
        for key in found
    ]

    def people(console: Console) -> None:
        table = grid("密钥 key", "名称 name", "角色 role", "最近使用 used", "状态 state")
        for row in rows:
            used = f"{row['used_at']:%Y-%m-%d}" if row["used_at"] else "–"
            state = "已吊销 revoked" if row["revoked_at"] else "有效 in use"
            if not row["revoked_at"] and row["expires_at"]:
                state = f"至 until {row['expires_at']:%Y-%m-%d}"
            table.add_row(row["prefix"] or "–", row["name"], row["role"], used, state)
        console.print(table)

    emit({"keys": rows}, as_json=as_json, table=people)


@app.command("roll")
def roll_key(prefix: Shown, *, overlap_hours: OverlapHours = 24, as_json: Json = False) -> None:
    """Make a key like another and print it; the old one goes on for a while."""
    with book() as session:
        key = keys.get(session, prefix)
        overlap = timedelta(hours=overlap_hours)
        made = keys.roll(session, key, overlap=overlap, at=now(), actor=_ACTOR)
    _show(made, as_json=as_json, replaces=prefix)


@app.command("revoke")
def revoke_key(prefix: Shown, *, as_json: Json = False) -> None:
    """End a key at once and for good."""
    with book() as session:
        keys.revoke(session, keys.get(session, prefix), at=now(), actor=_ACTOR)
    emit(
        {"revoked": prefix},
        as_json=as_json,
        table=lambda console: console.print(f"✓ 已吊销 revoked {prefix}"),
    )
