"""What the nightly assessment has done."""

from datetime import date

from pydantic import AwareDatetime
from sqlalchemy import DateTime
from sqlmodel import Field, SQLModel


class Assessment(SQLModel, table=True):
    """A day for which overdue receivables were announced; the next one starts from here."""

    __tablename__ = "assessments"

    as_of: date = Field(primary_key=True)
    assessed_at: AwareDatetime = Field(sa_type=DateTime(timezone=True))
    newly_overdue: int
    newly_due_soon: int
