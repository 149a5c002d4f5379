"""`ledger key` and `ledger user`: who may ask the ledger, for whom."""

import secrets
import sys
from typing import Annotated, Final, Literal
from uuid import UUID

import typer
from sqlmodel import Session

from services.ledger.cli.connection import book
from services.ledger.cli.options import Json
from services.ledger.cli.output import emit
from services.ledger.errors import LedgerError
from services.ledger.parties import service as parties

keys = typer.Typer(help="Machines' keys. API 密钥。", no_args_is_help=True)
users = typer.Typer(help="People's sign-ins. 用户。", no_args_is_help=True)
_FOR_A_PARTY: Final = frozenset({"core_enterprise", "supplier", "platform"})
_SHORTEST: Final = 12

Role = Annotated[
    Literal["core_enterprise", "supplier", "platform", "regulator", "operator", "service"],
    typer.Option(help="What they may do. 角色。"),
]
Party = Annotated[
    str,
    typer.Option(metavar="SCHEME:VALUE", help="Whom they act for, such as USCC:91330106MA27XY1B8L"),
]


class RoleNeedsPartyError(LedgerError):
    """A role that acts for a party without one, or one that acts for nobody with one."""

    code = "ROLE_AND_PARTY"


class WeakPasswordError(LedgerError):
    """A password short enough to be tried out."""

    code = "PASSWORD_TOO_SHORT"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(keys, name="key")
    app.add_typer(users, name="user")


def _party(session: Session, role: str, party: str) -> UUID | None:
    if bool(party) != (role in _FOR_A_PARTY):
        raise RoleNeedsPartyError(
            f"The role {role} acts for {'a party; name it with --party' if not party else 'nobody'}"
            "; leave --party out otherwise.",
            f"角色 {role} {'须以 --party 指明所代表的主体' if not party else '不代表任何主体'}。",
        )
    if not party:
        return None
    scheme, _, value = party.partition(":")
    return parties.find(session, scheme, value).id


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Who uses it, as it appears in the log.")],
    *,
    role: Role,
    party: Party = "",
    as_json: Json = False,
) -> None:
    """Make a key for a machine and print it, this once; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    with book() as session:
        party_id = _party(session, role, party)
        parties.add_api_key(session, name=name, role=role, party_id=party_id, token=token)
    result = {"name": name, "role": role, "party_id": party_id, "key": token}
    emit(result, as_json=as_json, table=lambda console: console.print(token, soft_wrap=True))


@users.command("add")
def add_user(
    login: Annotated[str, typer.Argument(help="The name they sign in with.")],
    *,
    role: Role,
    party: Party = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read it from stdin; else one is made.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let a person sign in, or give them a new password; print the password if it was made."""
    made = "" if password_stdin else secrets.token_urlsafe(12)
    password = made or sys.stdin.readline().rstrip("\n")
    if len(password) < _SHORTEST:
        raise WeakPasswordError(
            f"The password has {len(password)} characters; it needs {_SHORTEST} or more.",
            f"密码只有{len(password)}个字符；至少需要{_SHORTEST}个。",
        )
    with book() as session:
        party_id = _party(session, role, party)
        parties.add_user(session, login=login, role=role, party_id=party_id, password=password)
    result = {"login": login, "role": role, "party_id": party_id, "password": made or None}
    emit(
        result,
        as_json=as_json,
        table=lambda console: console.print(f"✓ {login}  {made}", soft_wrap=True),
    )
