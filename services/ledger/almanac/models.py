"""Dated rows that an administrator imports after the package was made; never changed."""

from datetime import date

from pydantic import AwareDatetime
from sqlalchemy import CheckConstraint, DateTime, LargeBinary
from sqlmodel import Field, SQLModel


class AlmanacImport(SQLModel, table=True):
    """One file of rows; its version names everything imported up to it."""

    __tablename__ = "almanac_imports"
    __table_args__ = (CheckConstraint("version > 0"),)

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    """1, 2, 3 ...; version 0 is what comes with the package."""
    name: str
    sha256: bytes = Field(sa_type=LargeBinary, unique=True)
    """Of the file, so that the same file again changes nothing."""
    digest: bytes = Field(sa_type=LargeBinary)
    """Of this file and all before it: two books with the same digest have the same almanac."""
    actor: str
    known_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))


class AlmanacRow(SQLModel, table=True):
    """A dated value with its source: a rate, a cap, a rest day, a workday, a chosen reading."""

    __tablename__ = "almanac_rows"
    __table_args__ = (CheckConstraint("source <> ''"),)

    version: int = Field(primary_key=True, foreign_key="almanac_imports.version")
    line: int = Field(primary_key=True)
    kind: str
    name: str
    """Which limit or reading; empty for the other kinds."""
    on: date
    """The day published, the day it is valid from, or the rest day or workday itself."""
    value: str
    source: str


class RegionSuccessor(SQLModel, table=True):
    """What an abolished region's codes start with, and a code it has become (GB/T 2260).

    Beside the almanac, so that a regulator's region is found in SQL; each import brings it up.
    """

    __tablename__ = "region_successors"

    was: str = Field(primary_key=True)
    became: str = Field(primary_key=True)
    from_on: date
