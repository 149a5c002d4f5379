"""Files sent over HTTP: stored at once, looked at and taken in by a worker.

PostgreSQL says what is to be done. A worker locks the row, does the work and writes the outcome in
one transaction; one that dies leaves the row waiting, and the next tick finds it.
"""

import tempfile
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import Session, col, select

from services.ledger.access import Viewer
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.intake import service
from services.ledger.intake.models import ImportJob
from services.ledger.intake.profile import Profile
from services.ledger.intake.read import open_table
from services.ledger.policy import Relation, Whose

WAITING: Final = ("CHECKING", "COMMITTING")
_MOST_ATTEMPTS: Final = 5
"""A file that has killed or outlasted its worker so often is given up."""
_SHOWN: Final = 1_000


class NotCheckedError(LedgerError):
    """A file is taken in after its findings can be read, not before."""

    code = "IMPORT_NOT_CHECKED"
    status = 409


def store(
    session: Session, intake: service.Intake, *, import_id: UUID, content: bytes
) -> ImportJob:
    """Keep a file to be looked at; the same again under its id changes nothing.

    What is no table, or a workbook that would not be unpacked, is refused before it is kept.

    Raises:
        NotAllowedError: the viewer takes no files in.
        FileRefusedError, ProfileError: nothing could be read.
        ReusedIdError: the id names another file, or one of somebody else.
    """
    viewer, profile = intake.viewer, intake.profile.model_dump(mode="json")
    viewer.require("imports.make", Whose(party_id=viewer.party_id))
    digest = sha256(content).digest()
    known = session.get(ImportJob, import_id)
    if known is not None:
        same = (known.sha256, known.profile, known.file_name, known.whole)
        mine = (known.actor, known.party_id) == (viewer.name, viewer.party_id)
        if not mine or same != (digest, profile, intake.name, intake.whole):
            raise ReusedIdError(
                f"The id {import_id} already names another import; use an id of its own.",
                f"编号{import_id}已用于另一次导入；请使用新编号。",
                field="id",
            )
        return known
    open_table(intake.path, intake.profile.section_for(intake.name))
    job = ImportJob(
        id=import_id,
        actor=viewer.name,
        role=viewer.role,
        party_id=viewer.party_id,
        user_id=viewer.user_id,
        request_id=intake.request_id,
        file_name=intake.name,
        sha256=digest,
        content=content,
        profile=profile,
        whole=intake.whole,
        asked_on=intake.today,
        state="CHECKING",
    )
    session.add(job)
    session.flush()
    return job


def get(session: Session, viewer: Viewer, import_id: UUID) -> ImportJob:
    """Return an import to whoever may take files in for its party.

    Raises:
        NotFoundError: there is none, or none for this viewer.
    """
    viewer.require("imports.read")
    mine: ColumnElement[bool] = true()
    if viewer.relation("imports.read") is not Relation.ANY:
        mine = col(ImportJob.party_id) == viewer.party_id
    job = session.exec(select(ImportJob).where(ImportJob.id == import_id, mine)).one_or_none()
    if job is None:
        raise NotFoundError("No such import.", "没有该次导入。")
    return job


def ask_to_commit(session: Session, viewer: Viewer, import_id: UUID, *, today: date) -> ImportJob:
    """Let the next free worker take the file in; asking again changes nothing.

    Raises:
        NotFoundError: there is none, or none for this viewer.
        NotCheckedError: its findings are not there yet.
    """
    viewer.require("imports.make")
    job = get(session, viewer, import_id)
    if job.state == "CHECKING":
        raise NotCheckedError(
            "The file is still being looked at; ask for it until its state is CHECKED.",
            "文件仍在校验；请查询至状态为CHECKED后再提交。",
        )
    if job.state in {"COMMITTING", "COMMITTED"}:
        return job
    job.state, job.attempts, job.problem, job.asked_on = "COMMITTING", 0, None, today
    job.user_id = job.user_id or viewer.user_id
    session.add(job)
    session.flush()
    return job


def waiting(session: Session, *, limit: int = 20) -> list[UUID]:
    """Return the imports that nobody works on, those asked for first in front."""
    found = (
        select(ImportJob.id)
        .where(col(ImportJob.state).in_(WAITING))
        .order_by(col(ImportJob.recorded_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(session.exec(found).all())


def begin(session: Session, import_id: UUID) -> bool:
    """Count an attempt at an import; False if there is nothing to do, or not now."""
    job = _locked(session, import_id)
    if job is None or not service.may_take(session):
        return False
    if job.attempts >= _MOST_ATTEMPTS:
        job.state = "FAILED"
        job.problem = _told(
            "IMPORT_GIVEN_UP",
            f"The file was tried {job.attempts} times without an end; split it and send the parts.",
            f"文件已尝试{job.attempts}次均未完成；请拆分后分别导入。",
        )
    else:
        job.attempts += 1
    session.add(job)
    return job.state in WAITING


def work(session: Session, import_id: UUID) -> str | None:
    """Look at a file or take it in, as was asked; return its state then, None if it is not ours."""
    job = _locked(session, import_id)
    if job is None:
        return None
    assert job.content is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(job.content)
        try:
            if job.state == "CHECKING":
                report = service.preview(session, _intake(job, path))
            else:
                report = service.commit(session, _intake(job, path))
        except service.RacedError:
            return None
        except LedgerError as error:
            job.state, job.problem = "REFUSED", _told(error.code, error.english, error.chinese)
        else:
            job.state = "CHECKED" if job.state == "CHECKING" else "COMMITTED"
            job.report, job.attempts = report.told(_SHOWN), 0
    if job.state == "COMMITTED":
        job.content = None
    session.add(job)
    return job.state


def _locked(session: Session, import_id: UUID) -> ImportJob | None:
    mine = (
        select(ImportJob)
        .where(ImportJob.id == import_id, col(ImportJob.state).in_(WAITING))
        .with_for_update(skip_locked=True)
    )
    return session.exec(mine).one_or_none()


def _intake(job: ImportJob, path: Path) -> service.Intake:
    return service.Intake(
        path=path,
        profile=Profile.model_validate(job.profile),
        viewer=Viewer(job.actor, job.role, job.party_id, user_id=job.user_id),
        today=job.asked_on,
        id=job.id,
        request_id=job.request_id,
        name=job.file_name,
        whole=job.whole,
    )


def _told(code: str, english: str, chinese: str) -> dict[str, Any]:
    return {"code": code, "detail": english, "detail_zh": chinese}
