"""Files in, over HTTP: the same profiles, preview and commit as on the command line."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, UploadFile
from sqlalchemy import text

from services.ledger.almanac import shipped
from services.ledger.edges import ApiModel, AskedBy, DbSession, request_id
from services.ledger.intake import service
from services.ledger.intake.loading import SHIPPED, load_profile, parse_profile
from services.ledger.intake.profile import Profile, ProfileError
from services.ledger.money import format_fen

router = APIRouter(prefix="/v1/intake", tags=["intake"])
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


class IntakeOut(ApiModel):
    """What became of a file, or would; errors and repeats are the first 1,000."""

    file: str
    sha256: str
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


_SHOWN = 1_000


def _out(report: service.IntakeReport) -> IntakeOut:
    return IntakeOut(
        file=report.file_name,
        sha256=report.sha256,
        encoding=report.encoding,
        profile=report.profile,
        committed=report.committed,
        seen_before=report.seen_before,
        records=report.records,
        new=report.new,
        known=report.known,
        repeat_count=report.repeat_count,
        repeats=[
            RepeatOut(
                line=one.line, payment=one.payment, on=one.on, amount=format_fen(one.amount_fen)
            )
            for one in report.repeats[:_SHOWN]
        ],
        error_count=report.error_count,
        errors=[
            RowErrorOut(
                line=one.line,
                column=one.column,
                code=one.code,
                reason=one.english,
                reason_zh=one.chinese,
                value=one.value,
            )
            for one in report.errors[:_SHOWN]
        ],
    )


@router.get("/profiles")
def list_profiles(viewer: AskedBy) -> list[str]:
    """Return the names of the shipped profiles."""
    assert viewer
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


@router.post("", max_body_size=FILE_BYTES)
def post_file(
    file: UploadFile,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    profile: Annotated[str, Form(max_length=256 * 1024)],
    *,
    preview: Annotated[bool, Query()] = False,
    whole: Annotated[bool, Query()] = False,
) -> IntakeOut:
    """Take a file in, or with ``preview`` say what would become of it.

    ``profile`` is the name of a shipped profile, or the YAML of one's own.
    """
    chosen = _profile(profile)
    # Statements over a whole file take longer than a lookup may.
    session.connection().execute(text("SET LOCAL statement_timeout = '10min'"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        intake = service.Intake(
            path=path,
            profile=chosen,
            viewer=viewer,
            almanac=shipped(),
            request_id=request_id(request),
            name=Path(file.filename or "file").name[:200],
            whole=whole,
        )
        return _out((service.preview if preview else service.commit)(session, intake))


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
