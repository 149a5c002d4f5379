"""Files that were taken in."""

from collections.abc import Mapping
from typing import ClassVar

from services.events.envelope import Data


class FileImported(Data):
    """A file was taken into the book; what it held has events of its own."""

    type: ClassVar[str] = "file.imported"
    sha256: str
    profile: str
    new: Mapping[str, int]
    """Documents by kind that the book did not have."""
    known: Mapping[str, int]
    repeats: int
    """Payments that were executed before; each is kept as a finding."""
    faulty_rows: int


class AlmanacImported(Data):
    """Dated facts of law were added: rates, rest days, caps, readings."""

    type: ClassVar[str] = "almanac.imported"
    almanac_version: int
    sha256: str
    rows_sha256: str = ""
    """Of the rows as they are kept."""
    rows: Mapping[str, int]
    """By kind."""
    calendar_days: int
    due_days: int
    """Receivables whose due day moved with the calendar."""
