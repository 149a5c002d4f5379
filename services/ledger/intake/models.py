"""Which files were taken, and what was found in them that is no mistake and yet not counted."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, LargeBinary, func
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
