"""`ledger proof`: what somebody far away can check, the log's key, and lawful erasure."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears.case_facts import named
from services.ledger.cli.connection import book
from services.ledger.cli.options import AsOf, Json, KnownAt, day_or_today, instant_or_now
from services.ledger.cli.output import Result, emit
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.log.service import seal
from services.ledger.proof import bundle as bundles
from services.ledger.proof import erasing, queries, service
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import signers

app = typer.Typer(help="Proofs for others. 供他人核验的证明。", no_args_is_help=True)


def add_to(program: typer.Typer) -> None:
    """Add these commands."""
    program.add_typer(app, name="proof")


def _up_to_now(session: Session) -> queries.Signed | None:
    """Do now what the worker does every few seconds, and return the newest checkpoint."""
    while seal(session):
        pass
    while service.grow(session, SUITES[settings().ledger_log_suite]):
        pass
    made = service.checkpoint(session, signers(settings()), at=now())
    return made or next(iter(queries.checkpoints(session)), None)


@app.command("bundle")
def bundle(
    *,
    receivable: Annotated[
        str, typer.Option(metavar="RECEIVABLE", help="Its id or invoice number. 编号或发票号码。")
    ],
    out: Annotated[Path, typer.Option(help="Where to write it. 写入的文件。")] = Path("proof.json"),
    since: Annotated[
        list[int] | None,
        typer.Option(help="Size of an earlier checkpoint to connect to. 先前检查点的规模。"),
    ] = None,
    disclose: Annotated[
        bool, typer.Option(help="Say what commitments commit to. 披露所承诺的内容。")
    ] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """Write one file that `ledger-verify` checks offline. 生成可离线核验的证据包."""
    with book() as session:
        receivable_id = named(session, OPERATOR, receivable)
        _up_to_now(session)
        asked = bundles.Asked(
            receivable_id, day_or_today(as_of), instant_or_now(known_at), since or (), disclose
        )
        made = bundles.bundle(session, OPERATOR, asked, signers(settings()))
    out.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    result = {
        "file": str(out),
        "receivable_id": receivable_id,
        "events": len(made["events"]),
        "key_fingerprint": made["key_fingerprint"],
        "checkpoint": made["checkpoint"],
    }
    emit(result, as_json=as_json, table=lambda console: _show_bundle(console, result))


def _show_bundle(console: Console, result: Result) -> None:
    console.print(f"✓ {result['file']}  事件 events {result['events']}", markup=False)
    console.print(f"公钥指纹 key fingerprint {result['key_fingerprint']}", soft_wrap=True)
    console.print(f"ledger-verify {result['file']}", markup=False, style="dim")


@app.command("checkpoint")
def checkpoint(*, as_json: Json = False) -> None:
    """Sign the log as it is now and print the checkpoint. 立即签署日志检查点."""
    with book() as session:
        signed = _up_to_now(session)
    result = {
        "size": signed.size if signed else 0,
        "checkpoint": signed.note if signed else "",
    }
    emit(
        result,
        as_json=as_json,
        table=lambda console: console.print(
            result["checkpoint"] or "日志为空。 The log is empty.",
            end="",
            soft_wrap=True,
            markup=False,
        ),
    )


@app.command("key")
def key(*, as_json: Json = False) -> None:
    """Print the log's public key, for those who check. 日志公钥."""
    with book() as session:
        known = service.introduce(session, signers(settings())).key
    result = {"key": str(known), "fingerprint": known.fingerprint, "suite": known.suite.name}

    def show(console: Console) -> None:
        console.print(str(known), soft_wrap=True, markup=False)
        console.print(known.fingerprint, soft_wrap=True)

    emit(result, as_json=as_json, table=show)


@app.command("erase")
def erase(
    *,
    basis: Annotated[str, typer.Option(help="The ground, which stays in the log. 删除依据。")],
    actor: Annotated[str | None, typer.Option(help="Who acted, by name. 操作人。")] = None,
    subject: Annotated[UUID | None, typer.Option(help="A party or receivable. 主体编号。")] = None,
    as_json: Json = False,
) -> None:
    """Erase personal values from the log for good; it stays provable. 依法删除个人信息."""
    if (actor is None) == (subject is None):
        raise typer.BadParameter("Give --actor or --subject. 请给出 --actor 或 --subject 之一。")
    with book() as session:
        _up_to_now(session)
        whose = erasing.Whose(actor=actor, subject_id=subject)
        suite = queries.suite_of(session)
        erased = erasing.erase(session, OPERATOR, suite, whose, basis=basis)
    result = {**erased._asdict(), "basis": basis}
    emit(
        result,
        as_json=as_json,
        table=lambda console: console.print(
            f"✓ 已删除 erased {erased.values} 项 values, {erased.events} 个事件 events,"
            f" {erased.rows} 行 rows"
        ),
    )
