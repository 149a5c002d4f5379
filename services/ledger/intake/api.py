"""Files in, over HTTP: stored and answered at once; a worker looks at them and takes them in."""

import re
import tempfile
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Request, UploadFile, status

from services.ledger.access import Viewer
from services.ledger.clock import today
from services.ledger.edges import ApiModel, AskedBy, DbSession, Router, request_id
from services.ledger.idempotency import principal
from services.ledger.ids import new_id
from services.ledger.intake import jobs, service
from services.ledger.intake.desk import numbered
from services.ledger.intake.loading import SHIPPED, load_profile, parse_profile
from services.ledger.intake.models import ImportJob
from services.ledger.intake.profile import Profile, ProfileError

router = Router(prefix="/v1/imports", tags=["imports"])
FILE_BYTES = 32 * 1024 * 1024
"""A file that a request may carry; larger ones are taken on the machine, with `ledger intake`."""
_NAME = re.compile(r"[a-z0-9_]{1,40}", re.ASCII)


class RowErrorOut(ApiModel):
    """Why one row is not taken."""

    line: int
    column: str
    code: str
    reason: str
    reason_zh: str
    value: str


class RepeatOut(ApiModel):
    """A row that executes a payment again: reported, not counted."""

    line: int
    payment: str
    on: str
    amount: str


class ReportOut(ApiModel):
    """What became of a file, or would; errors and repeats are the first 1,000."""

    file: str
    sha256: str
    size_bytes: int
    encoding: str
    profile: str
    committed: bool
    seen_before: bool
    records: dict[str, int]
    new: dict[str, int]
    known: dict[str, int]
    repeat_count: int
    repeats: list[RepeatOut]
    error_count: int
    errors: list[RowErrorOut]


class ProblemOut(ApiModel):
    """Why a file was refused, or given up."""

    code: str
    detail: str
    detail_zh: str


class ImportOut(ApiModel):
    """How far the work on a file is.

    CHECKING and COMMITTING wait for a worker; CHECKED has findings and may be committed; a file
    that is REFUSED or FAILED says why.
    """

    id: UUID
    state: str
    file: str
    sha256: str
    report: ReportOut | None
    problem: ProblemOut | None


def _out(job: ImportJob) -> ImportOut:
    return ImportOut(
        id=job.id,
        state=job.state,
        file=job.file_name,
        sha256=job.sha256.hex(),
        report=None if job.report is None else ReportOut(**job.report),
        problem=None if job.problem is None else ProblemOut(**job.problem),
    )


@router.get("/profiles")
def list_profiles(viewer: AskedBy) -> list[str]:
    """Return the names of the shipped profiles."""
    viewer.require("law.read")
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


@router.post("", status_code=status.HTTP_202_ACCEPTED, max_body_size=FILE_BYTES)
def post_import(
    file: UploadFile,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    profile: Annotated[str, Form(max_length=256 * 1024)],
    id: Annotated[UUID | None, Form()] = None,  # noqa: A002 (the field's name)
    *,
    whole: Annotated[bool, Query()] = False,
) -> ImportOut:
    """Store a file and have it looked at; nothing of it is taken before it is committed.

    ``profile`` is the name of a shipped profile, or the YAML of one's own. With ``whole`` all rows
    are taken or none.
    """
    chosen = _profile(profile)
    content = file.file.read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(content)
        intake = service.Intake(
            path=path,
            profile=chosen,
            viewer=viewer,
            today=today(),
            request_id=request_id(request),
            name=Path(file.filename or "file").name[:200],
            whole=whole,
        )
        chosen_id = id or _id_under_key(request, viewer) or new_id()
        return _out(jobs.store(session, intake, import_id=chosen_id, content=content))


def _id_under_key(request: Request, viewer: Viewer) -> UUID | None:
    """Return the id that a sender's Idempotency-Key always gives a file; None: it sent none."""
    key = request.headers.get("idempotency-key")
    return None if key is None else numbered("import", principal(viewer), key)


@router.get("/{import_id}")
def get_import(import_id: UUID, viewer: AskedBy, session: DbSession) -> ImportOut:
    """Return how far the work on a file is, and what was found."""
    return _out(jobs.get(session, viewer, import_id))


@router.post("/{import_id}/commit", status_code=status.HTTP_202_ACCEPTED)
def post_commit(import_id: UUID, viewer: AskedBy, session: DbSession) -> ImportOut:
    """Have the faultless rows of a file taken in; asking again changes nothing."""
    return _out(jobs.ask_to_commit(session, viewer, import_id, today=today()))


def _profile(given: str) -> Profile:
    """Return the profile of that name or text; a name never becomes a path."""
    if "\n" in given:
        return parse_profile(given)
    if not _NAME.fullmatch(given):
        raise ProfileError(
            "A profile is given by the name of a shipped one or as its YAML text.",
            "请给出自带配置的名称，或配置的 YAML 全文。",
            field="profile",
        )
    return load_profile(given)
