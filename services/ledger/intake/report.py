"""What became of a file, or would: counted, and told row by row."""

from dataclasses import asdict, dataclass, field
from typing import Any

from services.events import FileImported
from services.ledger.intake.problems import RowError
from services.ledger.money import format_fen


@dataclass(frozen=True)
class Repeated:
    """A row that executes a payment again: reported, not counted."""

    line: int
    payment: str
    on: str
    amount_fen: int


@dataclass
class IntakeReport:
    """What became of a file, or would."""

    file_name: str
    sha256: str
    size_bytes: int
    encoding: str
    profile: str
    committed: bool
    seen_before: bool = False
    """The same file was taken whole before; nothing was done again."""
    records: dict[str, int] = field(default_factory=dict)
    """Records read, by kind."""
    new: dict[str, int] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    repeat_count: int = 0
    repeats: list[Repeated] = field(default_factory=list)
    """The first 10,000 of them."""
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list)
    """The first 10,000; the rest is in the file the caller named."""

    def summary(self) -> dict[str, Any]:
        """Return the counts, as they are kept with the import."""
        return {
            "records": self.records,
            "new": self.new,
            "known": self.known,
            "repeat_count": self.repeat_count,
            "error_count": self.error_count,
        }

    def event(self) -> FileImported:
        """Return what the log is told; what the file's rows say is told by their own events."""
        return FileImported(
            sha256=self.sha256,
            profile=self.profile,
            new=self.new,
            known=self.known,
            repeats=self.repeat_count,
            faulty_rows=self.error_count,
        )

    def told(self, most: int) -> dict[str, Any]:
        """Return everything as it leaves the ledger, with so many repeats and errors at most."""
        whole = asdict(self)
        return {
            "file": whole.pop("file_name"),
            **whole,
            "repeats": [
                {
                    "line": one.line,
                    "payment": one.payment,
                    "on": one.on,
                    "amount": format_fen(one.amount_fen),
                }
                for one in self.repeats[:most]
            ],
            "errors": [
                {
                    "line": one.line,
                    "column": one.column,
                    "code": one.code,
                    "reason": one.english,
                    "reason_zh": one.chinese,
                    "value": one.value,
                }
                for one in self.errors[:most]
            ],
        }
