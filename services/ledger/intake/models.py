"""Which files were taken, and what was found in them that is no mistake and yet not counted."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class Import(SQLModel, table=True):
    """One file committed by someone, and what became of its rows."""

    __tablename__ = "imports"
    __table_args__ = (Index("imports_of_file", "sha256"),)

    id: UUID = Field(primary_key=True)
    sha256: bytes = Field(sa_type=LargeBinary)
    """Of the file's bytes; the same file under the same profile is taken once."""
    profile_sha256: bytes = Field(sa_type=LargeBinary)
    file_name: str
    size_bytes: int = Field(sa_type=BigInteger)
    encoding: str
    profile: str
    actor: str
    faulty_rows: int
    summary: dict[str, Any] = Field(sa_type=JSONB)
    """The report as given: rows, documents new and known by kind, repeats."""
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class ImportJob(SQLModel, table=True):
    """A file sent over HTTP, by whom, and how far a worker is with it.

    It waits in the states CHECKING and COMMITTING. Whoever works on it holds the row's lock and
    writes the outcome in the transaction of the work; a worker that dies leaves it waiting.
    """

    __tablename__ = "import_jobs"
    __table_args__ = (
        CheckConstraint(
            "state IN ('CHECKING', 'CHECKED', 'COMMITTING', 'COMMITTED', 'REFUSED', 'FAILED')"
        ),
        Index(
            "import_jobs_waiting",
            "recorded_at",
            postgresql_where=text("state IN ('CHECKING', 'COMMITTING')"),
        ),
    )

    id: UUID = Field(primary_key=True)
    actor: str
    role: str
    party_id: UUID | None = None
    user_id: UUID | None = None
    """The person who sent it or asked for it to be taken in; none: keys alone did."""
    request_id: str
    file_name: str
    sha256: bytes = Field(sa_type=LargeBinary)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)
    """The file, until it is taken in."""
    profile: dict[str, Any] = Field(sa_type=JSONB)
    whole: bool
    asked_on: date
    """The legal day it was sent; what a row says of a later day is in the future."""
    state: str
    attempts: int = 0
    report: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    problem: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    """Why it was refused or given up: code, detail, detail_zh."""
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )


class Finding(SQLModel, table=True):
    """A row that is reported and not counted: a payment executed again.

    It has its legal day and instant, so that a report of a past day can say how many there were.
    """

    __tablename__ = "findings"
    __table_args__ = (CheckConstraint("kind IN ('PAYMENT_REPEATED')"),)

    subject_id: UUID = Field(primary_key=True)
    """The receivable."""
    id: UUID = Field(primary_key=True)
    kind: str
    reference: str
    import_id: UUID
    line: int
    amount_fen: int = Field(sa_type=BigInteger)
    on: date
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    recorded_at: AwareDatetime = Field(
        default=None,
        sa_type=DateTime(timezone=True),
        sa_column_kwargs={"server_default": func.now()},
    )
