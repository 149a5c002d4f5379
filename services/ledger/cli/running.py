"""`ledger up`, `down`, `status`, `migrate` and `demo`: the installation itself."""

from collections.abc import Callable
from typing import Annotated, Final

import typer
from rich.console import Console
from sqlalchemy import text

from services.ledger.cli.connection import installation, servers
from services.ledger.cli.demo.load import load
from services.ledger.cli.demo.show import picture, show
from services.ledger.cli.demo.sign_ins import sign_ins
from services.ledger.cli.options import Json
from services.ledger.cli.output import Result, emit, grid, progress
from services.ledger.clock import today
from services.ledger.db import transaction
from services.ledger.errors import LedgerError
from services.ledger.installation.installation import Installation
from services.ledger.installation.migrate import migrate as migrate_database
from services.ledger.parties import service as parties

_REVISIONS: Final = text("SELECT version_num FROM alembic_version ORDER BY version_num")
Detach = Annotated[bool, typer.Option("--detach", help="Run in the background. 后台运行。")]
Port = Annotated[
    int | None, typer.Option(min=1, max=65_535, help="Of the API and console; kept for next time.")
]


class PortTakenError(LedgerError):
    """The port asked for is somebody else's."""

    code = "PORT_TAKEN"
    status = 503


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (up, down, status, migrate, demo):
        app.command()(command)


def up(*, detach: Detach = False, port: Port = None, as_json: Json = False) -> None:
    """Start everything; without --detach it stays until ctrl-C. 启动."""
    house = installation()
    _run(house, port, detach=detach, on_ready=lambda: _say_ready(house, as_json=as_json))


def _run(
    house: Installation, port: int | None, *, detach: bool, on_ready: Callable[[], None]
) -> None:
    _choose_port(house, port)
    with house.working():
        migrate_here()
        if detach or house.is_ready():
            house.up_detached()
            on_ready()
        else:
            house.up(on_ready=on_ready)


def migrate_here() -> None:
    """Bring the database to this version, and let the notifier read its log."""
    with servers() as environment:
        migrate_database(environment["DATABASE_URL"])
        with transaction() as session:
            parties.add_api_key(
                session,
                name="notifier",
                role="service",
                party_id=None,
                token=environment["NOTIFIER_LEDGER_KEY"],
            )


def _choose_port(house: Installation, port: int | None) -> None:
    """Keep the port asked for, unless what runs has another or somebody else has it."""
    if port is None or port == house.home.remembered_port("api"):
        return
    running = house.status()["running"]
    if not running:
        with house.home.lock("ports"):
            house.home.write_json("ports.json", {**house.home.read("ports.json"), "api": port})
    if running or house.home.port("api") != port:
        raise PortTakenError(
            f"Port {port} is not free, or the installation runs on another; choose another port,"
            " or `ledger down` first.",
            f"端口{port}被占用，或该安装正以其他端口运行；请换端口，或先运行 `ledger down`。",
        )


def _say_ready(house: Installation, *, as_json: bool) -> None:
    result = {"url": house.status()["url"], "home": str(house.home.root)}
    emit(result, as_json=as_json, table=lambda console: _show_ready(console, result))


def _show_ready(console: Console, result: Result) -> None:
    console.print(f"[green]✓[/] {result['url']}", soft_wrap=True)
    console.print(
        f"数据 data: {result['home']}；停止 stop: ctrl-C 或 `ledger down`",
        style="dim",
        soft_wrap=True,
    )


def down(*, as_json: Json = False) -> None:
    """Stop everything of this installation. 停止."""
    result = {"stopped": installation().down()}
    said = "已停止 stopped" if result["stopped"] else "未在运行 nothing was running"
    emit(result, as_json=as_json, table=lambda console: console.print(f"✓ {said}"))


def status(*, as_json: Json = False) -> None:
    """What runs, with process ids and ports. 状态."""
    result = installation().status()
    emit(result, as_json=as_json, table=lambda console: _show_status(console, result))


def _show_status(console: Console, result: Result) -> None:
    said = "运行中 ready" if result["ready"] else "未运行 not running"
    console.print(f"[bold]{said}[/]  {result['url']}", soft_wrap=True)
    table = grid("程序 program", "进程 process", "端口 port", right=("进程 process", "端口 port"))
    for name in ("postgres", "valkey"):
        port = "" if result[name] == "external" else result["ports"].get(name, "")
        table.add_row(name, str(result[name] or "–"), str(port))
    ports = {**result["ports"], "mail": result["ports"].get("smtp", "")}
    ports["notifier-api"] = ports.get("notifier", "")
    for name, program in result["programs"].items():
        pid = str(program["pid"]) if program["running"] else "–"
        table.add_row(name, pid, str(ports.get(name, "")))
    console.print(table)
    console.print(result["home"], style="dim", soft_wrap=True)


def migrate(*, as_json: Json = False) -> None:
    """Bring the database to this version's tables; again changes nothing. 迁移数据库."""
    with installation().working():
        migrate_here()
        with servers(), transaction() as session:
            rows = session.connection().execute(_REVISIONS)
            result = {"revisions": [row.version_num for row in rows]}
    revisions = ", ".join(result["revisions"])
    emit(result, as_json=as_json, table=lambda console: console.print(f"✓ {revisions}"))


def demo(*, detach: Detach = False, port: Port = None, as_json: Json = False) -> None:
    """Start everything with a generated book of a year's business; loaded once. 演示."""
    house = installation()
    _choose_port(house, port)
    with house.working():
        migrate_here()
        with servers(), progress(quiet=as_json) as shown:
            bar = shown.add_task("演示台账 demo book")
            load(
                today(),
                progress=lambda done, of: shown.update(bar, completed=done, total=of),
            )
            who = sign_ins(house.home)
        _run(
            house,
            None,
            detach=detach,
            on_ready=lambda: _show_demo(house, who, as_json=as_json),
        )


def _show_demo(house: Installation, who: list[dict[str, str]], *, as_json: bool) -> None:
    with servers() as environment:
        result = picture(house, environment, who, quiet=as_json)
    emit(result, as_json=as_json, table=lambda console: show(console, result))
