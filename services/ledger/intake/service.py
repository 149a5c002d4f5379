"""Take a file in: look at what would become of it, or commit it. The two are the same work.

A row is taken whole or not at all; the faultless rows of a file with faulty ones are taken, unless
the caller wants all or nothing. Taking a file again, its rows in another order, or half of it and
then the whole, leaves the same book.
"""

import json
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.errors import LedgerError
from services.ledger.ids import new_id
from services.ledger.intake.answers import take_confirmations, take_disputes
from services.ledger.intake.contracts import take_contracts
from services.ledger.intake.desk import Desk, lay_out, stage
from services.ledger.intake.locks import hold_receipts, lock_balances
from services.ledger.intake.models import Import
from services.ledger.intake.orders import take_orders, take_receipts
from services.ledger.intake.parties import take_parties
from services.ledger.intake.payments import take_payments
from services.ledger.intake.problems import Problems
from services.ledger.intake.profile import Profile, Section
from services.ledger.intake.queries import taken_before
from services.ledger.intake.read import MAX_BYTES, Table, open_table
from services.ledger.intake.receivables import take_receivables
from services.ledger.intake.report import IntakeReport, Repeated
from services.ledger.intake.rows import records
from services.ledger.log.service import Entry, append

Progress = Callable[[str, int], None]
"""Called with a step and the line reached, for whoever waits."""
_SHOWN: Final = 10_000


_ONE_AT_A_TIME: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('intake'))")
"""Two files may name the same new party or invoice, and each would be right by itself."""


class RacedError(LedgerError):
    """Someone else is taking a file in, or recorded a document of this one in the same moment."""

    code = "RACED"
    status = 409


class FaultyRowsError(LedgerError):
    """The caller wanted all rows or none, and some are faulty."""

    code = "FILE_HAS_ERRORS"


@dataclass(frozen=True)
class Intake:
    """A file about to be taken: where it lies, how it is read, by whom."""

    path: Path
    profile: Profile
    viewer: Viewer
    today: date
    """The legal day it is; what has not come is not recorded."""
    id: UUID | None = None
    """Of the import, if the caller has one."""
    request_id: str = ""
    name: str = ""
    """The file's own name where ``path`` is a temporary one; sections are chosen by it."""
    max_bytes: int = MAX_BYTES
    whole: bool = False
    """All rows or none."""
    rest_path: Path | None = None
    """Where row errors beyond the first 10,000 are written."""
    progress: Progress = lambda _step, _line: None


def preview(session: Session, intake: Intake) -> IntakeReport:
    """Return what committing the file would do; nothing is written."""
    with session.begin_nested() as savepoint:
        session.connection()
        report = _take(session, intake, new_id())
        savepoint.rollback()
    report.committed = False
    return report


def commit(session: Session, intake: Intake) -> IntakeReport:
    """Take the file; the caller's transaction commits it.

    Raises:
        FileRefusedError, ProfileError: nothing could be read.
        FaultyRowsError: ``whole`` was asked for and a row is faulty.
    """
    import_id = intake.id or new_id()
    with session.begin_nested() as savepoint:
        session.connection()
        report = _take(session, intake, import_id)
        if intake.whole and report.error_count:
            savepoint.rollback()
    if intake.whole and report.error_count:
        first = report.errors[0]
        raise FaultyRowsError(
            f"{report.error_count} rows are faulty, the first in line {first.line}:"
            f" {first.english}. Nothing was taken.",
            f"有{report.error_count}处行错误，首处在第{first.line}行：{first.chinese}。"
            "未导入任何内容。",
        )
    if report.seen_before:
        return report
    session.add(
        Import(
            id=import_id,
            sha256=bytes.fromhex(report.sha256),
            profile_sha256=_digest_of(intake.profile),
            file_name=report.file_name,
            size_bytes=report.size_bytes,
            encoding=report.encoding,
            profile=report.profile,
            actor=intake.viewer.name,
            faulty_rows=report.error_count,
            summary=report.summary(),
        )
    )
    session.flush()
    viewer = intake.viewer
    told = Entry(import_id, report.event(), viewer.name, viewer.party_id)
    append(session, [told], intake.request_id)
    return report


def _digest_of(profile: Profile) -> bytes:
    return sha256(json.dumps(profile.model_dump(mode="json"), sort_keys=True).encode()).digest()


def may_take(session: Session) -> bool:
    """Whether this transaction may take a file in; then nobody else may until it ends."""
    return bool(session.connection().execute(_ONE_AT_A_TIME).scalar_one())


def _take(session: Session, intake: Intake, import_id: UUID) -> IntakeReport:
    intake.viewer.require("imports.make")
    name = intake.name or intake.path.name
    section = intake.profile.section_for(name)
    table = open_table(intake.path, section, max_bytes=intake.max_bytes)
    report = IntakeReport(
        file_name=name,
        sha256=table.sha256.hex(),
        size_bytes=table.size_bytes,
        encoding=table.encoding,
        profile=intake.profile.profile,
        committed=True,
    )
    before = taken_before(
        session,
        sha256=table.sha256,
        profile_sha256=_digest_of(intake.profile),
        actor=intake.viewer.name,
    )
    if before is not None:
        report.seen_before = True
        report.records, report.repeat_count = before["records"], before["repeat_count"]
        report.known = {
            kind: before["new"].get(kind, 0) + before["known"].get(kind, 0)
            for kind in before["new"] | before["known"]
        }
        return report
    problems = Problems(intake.rest_path)
    desk = Desk(
        session.connection(), intake.viewer, intake.profile, section.headings, intake.request_id
    )
    if not may_take(session):
        raise RacedError(
            "Another file is being taken in; send this one again when it is done.",
            "正在导入另一个文件；请待其完成后重新导入。",
        )
    try:
        _fill(desk, table, section, intake, problems)
        _settle(session, desk, intake, import_id, problems)
    except IntegrityError as error:
        raise RacedError(
            "Someone recorded one of these documents in the same moment; send the file again.",
            "有人在同一时刻登记了其中的单据；请重新导入该文件。",
        ) from error
    finally:
        problems.close()
    report.records, report.new, report.known = dict(desk.staged), dict(desk.new), dict(desk.known)
    report.error_count, report.errors = problems.total, problems.kept
    report.repeat_count, report.repeats = _repeats(desk)
    return report


def _fill(desk: Desk, table: Table, section: Section, intake: Intake, problems: Problems) -> None:
    lay_out(desk)
    for line in stage(desk, records(table, section, intake.profile, problems, today=intake.today)):
        intake.progress("read", line)


def _settle(
    session: Session, desk: Desk, intake: Intake, import_id: UUID, problems: Problems
) -> None:
    """Take the staged records; rows found faulty are set aside and the rest is taken afresh.

    A row may hold several records, and the last may turn out faulty when the first is in the book;
    so the work is undone and done again without the row, until none is found.
    """
    faulty: array[int] = array("i")
    while True:
        with session.begin_nested() as savepoint:
            # The savepoint is set only when the session hands out its connection.
            session.connection()
            if faulty:
                desk.exclude(faulty)
            _take_staged(session, desk, intake, import_id)
            before = problems.total
            for fault in desk.faults():
                problems.add(fault)
                faulty.append(fault.line)
            mixed = sum(map(bool, desk.staged.values())) > 1
            again = mixed and problems.total > before
            if again:
                savepoint.rollback()
        if not again:
            return
        for counts in (desk.new, desk.known):
            counts.clear()


def _take_staged(session: Session, desk: Desk, intake: Intake, import_id: UUID) -> None:
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("parties", lambda: take_parties(desk)),
        ("contracts", lambda: take_contracts(desk, session)),
        ("orders", lambda: take_orders(desk)),
        ("locks", lambda: hold_receipts(desk)),
        ("receipts", lambda: take_receipts(desk)),
        ("locks", lambda: lock_balances(desk)),
        ("receivables", lambda: take_receivables(desk)),
        ("confirmations", lambda: take_confirmations(desk, session)),
        ("disputes", lambda: take_disputes(desk)),
        ("payments", lambda: take_payments(desk, import_id)),
    )
    for step, take in steps:
        intake.progress(step, 0)
        take()


def _repeats(desk: Desk) -> tuple[int, list[Repeated]]:
    if not desk.staged["payment"]:
        return 0, []
    count = desk.run("SELECT count(*) FROM in_run WHERE NOT counts").scalar_one()
    rows = desk.run(
        """SELECT line, payment, "on"::varchar AS "on", amount AS amount_fen FROM in_run
           WHERE NOT counts ORDER BY line LIMIT :shown""",
        shown=_SHOWN,
    )
    return count, [Repeated(**row) for row in rows.mappings()]
