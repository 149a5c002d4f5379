"""`ledger user`: people's sign-ins. Whoever runs commands on the machine may change all of them."""

import sys
from typing import Annotated, Final, Literal
from uuid import UUID

import typer
from rich.console import Console
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.cli.connection import book
from services.ledger.cli.options import Json
from services.ledger.cli.output import emit, grid
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.errors import LedgerError
from services.ledger.parties import passwords, second_factor
from services.ledger.parties import service as parties
from services.ledger.parties import users as people
from services.ledger.policy import FOR_A_PARTY

users = typer.Typer(help="People's sign-ins. 用户。", no_args_is_help=True)
_ACTOR: Final = "operator"

Role = Annotated[
    Literal[
        "core_enterprise",
        "supplier",
        "platform",
        "regulator",
        "operator",
        "security_admin",
        "audit_admin",
    ],
    typer.Option(help="What they may do. 角色。"),
]
Duty = Annotated[
    Literal["", "maker", "checker", "administrator"],
    typer.Option(help="What they do within their party. 主体内职责：经办、复核、管理员。"),
]
Party = Annotated[
    str,
    typer.Option(metavar="SCHEME:VALUE", help="Whom they act for, such as USCC:91330106MA27XY1B8L"),
]
Login = Annotated[str, typer.Argument(help="The name they sign in with.")]


class NoSingleSignOnError(LedgerError):
    """A link to a single sign-on that this installation does not have."""

    code = "SINGLE_SIGN_ON_OFF"


def party_id_of(session: Session, role: str, party: str) -> UUID | None:
    """Return the party that somebody of a role acts for, as it is named on a command line.

    Raises:
        RoleAndPartyError: a party is missing, or there can be none.
    """
    if bool(party) != (role in FOR_A_PARTY):
        raise people.RoleAndPartyError(
            f"The role {role} acts for {'a party; name it with --party' if not party else 'nobody'}"
            "; leave --party out otherwise.",
            f"角色 {role} {'须以 --party 指明所代表的主体' if not party else '不代表任何主体'}。",
        )
    if not party:
        return None
    scheme, _, value = party.partition(":")
    return parties.find(session, scheme, value).id


def _done(login: str, done: str, *, as_json: bool) -> None:
    emit(
        {"login": login, "done": done},
        as_json=as_json,
        table=lambda console: console.print(f"✓ {login}  {done}", soft_wrap=True),
    )


@users.command("add")
def add_user(
    login: Login,
    *,
    role: Role,
    party: Party = "",
    duty: Duty = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read it from stdin; else one is made.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a person sign in, or give them a new password; print the password if it was made.

    A password that was made is good for choosing another one at the first sign-in.
    """
    made = "" if password_stdin else passwords.made_password()
    password = made or sys.stdin.readline().rstrip("\n")
    with book() as session:
        party_id = party_id_of(session, role, party)
        parties.add_user(
            session,
            login=login,
            role=role,
            party_id=party_id,
            password=password,
            duty=duty,
            initial=bool(made),
        )
    result = {"login": login, "role": role, "party_id": party_id, "password": made or None}
    emit(
        result,
        as_json=as_json,
        table=lambda console: console.print(f"✓ {login}  {made}", soft_wrap=True),
    )


_ALL: Final = text(
    """
    SELECT u.login, u.role, u.duty, p.name AS party, u.totp_secret IS NOT NULL AS second_factor,
      u.disabled_at, (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND
        s.expires_at > now()) AS sign_ins
    FROM users u LEFT JOIN parties p ON p.id = u.party_id ORDER BY u.role, u.login
    """
)


@users.command("list")
def list_users(*, as_json: Json = False) -> None:
    """List everybody who may sign in."""
    with book() as session:
        rows = [dict(row) for row in session.connection().execute(_ALL).mappings()]

    def shown(console: Console) -> None:
        table = grid("用户 user", "角色 role", "职责 duty", "二次验证 code", "状态 state")
        for row in rows:
            state = "已停用 disabled" if row["disabled_at"] else "有效 in use"
            code = "✓" if row["second_factor"] else "–"
            table.add_row(row["login"], row["role"], row["duty"] or "–", code, state)
        console.print(table)

    emit({"users": rows}, as_json=as_json, table=shown)


@users.command("disable")
def disable_user(login: Login, *, as_json: Json = False) -> None:
    """Close an account; all its sign-ins end at once."""
    with book() as session:
        user = people.by_login(session, login)
        people.set_disabled(session, user, at=now(), actor=_ACTOR)
    _done(login, "已停用 disabled", as_json=as_json)


@users.command("enable")
def enable_user(login: Login, *, as_json: Json = False) -> None:
    """Open a closed account again."""
    with book() as session:
        people.set_disabled(session, people.by_login(session, login), at=None, actor=_ACTOR)
    _done(login, "已启用 enabled", as_json=as_json)


@users.command("forget-code")
def forget_code(login: Login, *, as_json: Json = False) -> None:
    """Take a lost second factor away; who needs one sets a new one at the next sign-in."""
    with book() as session:
        second_factor.remove(session, people.by_login(session, login), actor=_ACTOR)
    _done(login, "二次验证已解除 second factor removed", as_json=as_json)


@users.command("link")
def link_user(
    login: Login,
    *,
    subject: Annotated[str, typer.Option(help="Who they are there: the token's `sub`.")],
    as_json: Json = False,
) -> None:
    """Let a person of the single sign-on in as an existing user."""
    issuer = settings().ledger_oidc_issuer
    if not issuer:
        raise NoSingleSignOnError(
            "There is no single sign-on; set LEDGER_OIDC_ISSUER and LEDGER_OIDC_CLIENT_ID.",
            "未配置单点登录；请设置 LEDGER_OIDC_ISSUER 与 LEDGER_OIDC_CLIENT_ID。",
        )
    with book() as session:
        people.link(session, people.by_login(session, login), issuer, subject, actor=_ACTOR)
    _done(login, "已关联 linked", as_json=as_json)
