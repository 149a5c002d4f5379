"""Where records lie before they are taken: one staging table a kind, and those found faulty.

The tables are temporary and end with the transaction. Records reach them by COPY in batches, so
that memory does not grow with the file, and leave them by statements over the whole set.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from psycopg import Connection as Driver
from sqlalchemy import Connection, CursorResult, text

from services.ledger.access import Viewer
from services.ledger.config import settings
from services.ledger.ids import id_of
from services.ledger.intake.kinds import KINDS
from services.ledger.intake.problems import CellError, RowError, row_error
from services.ledger.intake.profile import Profile

_TYPES: Final = {
    "amount": "bigint",
    "day": "date",
    "instant": "timestamptz",
    "number": "integer",
    "flag": "boolean",
    "words": "jsonb",
    "deposits": "jsonb",
}
_IDENTIFIED: Final = ("party", "order", "receivable", "payment")
"""Fields that name a document by the file's own id; its id here is derived from it."""
_BATCH: Final = 10_000
_UUID_LENGTH: Final = 36


@dataclass
class Desk:
    """One file being taken: its staging tables and what has become of its records."""

    connection: Connection
    viewer: Viewer
    profile: Profile
    headings: dict[str, str]
    """The file's column for a field, so that an error names what its reader sees."""
    request_id: str = ""
    staged: Counter[str] = field(default_factory=Counter)
    """Records by kind, faulty ones included."""
    new: Counter[str] = field(default_factory=Counter)
    """Documents by kind that the book did not have."""
    known: Counter[str] = field(default_factory=Counter)
    """Documents by kind that it had, with the same content."""

    def run(self, statement: str, **more: object) -> CursorResult[Any]:
        """Execute a statement with what all of them may bind."""
        values = {
            "scheme": self.profile.parties_known_by,
            "source": self.profile.source,
            "by_debtor": self.profile.uploaded_by == "debtor",
            "actor": self.viewer.name,
            "request_id": self.request_id,
            **self.viewer.parameters(),
            **more,
        }
        prepared = text(statement)
        wanted = prepared.compile().params
        return self.connection.execute(prepared, {name: values[name] for name in wanted})

    def fault(self, rows: str, **more: object) -> None:
        """Set aside the lines that ``SELECT line, "column", code, value`` finds, entirely."""
        if self.run(f"INSERT INTO in_fault {rows}", **more).rowcount:
            self._set_aside()

    def exclude(self, lines: Iterable[int]) -> None:
        """Set aside lines found faulty before."""
        self.copy_in("in_fault (line, code)", ((line, "") for line in lines))
        self._set_aside()

    def _set_aside(self) -> None:
        for kind in self.staged:
            self.run(f"DELETE FROM in_{kind} s USING in_fault f WHERE f.line = s.line")

    def faults(self) -> Iterator[RowError]:
        """Return what was set aside and why, by line."""
        statement = (
            "SELECT DISTINCT line, \"column\", code, value FROM in_fault WHERE code <> ''"
            " ORDER BY line, code"
        )
        for rows in self.batches(statement):
            for line, column, code, value in rows:
                heading = self.headings.get(column or "", "")
                yield row_error(line, heading, value or "", CellError(code))

    def batches(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        """Return the rows of a statement by the thousand; between them the connection is free.

        By the driver: SQLAlchemy's streaming keeps what it has yielded until the end.
        """
        with self.driver.cursor(name="batches") as cursor:
            cursor.execute(statement.encode())
            while rows := cursor.fetchmany(_BATCH):
                yield rows

    @property
    def driver(self) -> Driver[Any]:
        """The driver's connection, for COPY."""
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, Driver)
        return driver

    def copy_in(self, table: str, rows: Iterable[Iterable[object]]) -> None:
        """COPY rows into a table."""
        with self.driver.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write(_copy_line(row))


def lay_out(desk: Desk) -> None:
    """Make the staging tables of this file.

    The statements sort and join whole files: in the memory of a lookup they would go to disk, and
    compiling them takes longer than running them.
    """
    desk.run("SET LOCAL work_mem = '64MB'")
    desk.run("SET LOCAL jit = off")
    desk.run(
        "DROP TABLE IF EXISTS in_fault, in_doc, in_goods, in_identity, in_run, in_move, in_pay,"
        f" in_changed, {', '.join(f'in_{kind}' for kind in KINDS)}"
    )
    for kind, spec in KINDS.items():
        columns = [
            "line integer",
            *(f'"{name}" {_TYPES.get(one.type, "varchar")}' for name, one in spec.fields.items()),
            *(f"{name}_id uuid" for name in spec.fields if name in _IDENTIFIED),
        ]
        desk.run(f"CREATE TEMP TABLE in_{kind} ({', '.join(columns)}) ON COMMIT DROP")
    desk.run(
        'CREATE TEMP TABLE in_fault (line integer, "column" varchar, code varchar, value varchar)'
        " ON COMMIT DROP"
    )


def stage(desk: Desk, found: Iterator[tuple[str, int, list[object]]]) -> Iterator[int]:
    """COPY records into their tables, yielding the line reached after each batch."""
    book = (desk.profile.source, desk.viewer.party_id or "")
    identified = {
        kind: [(place, name) for place, name in enumerate(spec.fields) if name in _IDENTIFIED]
        for kind, spec in KINDS.items()
    }
    scheme = desk.profile.parties_known_by
    waiting: dict[str, list[list[object]]] = {}
    line = 0
    for kind, line, values in found:
        ids = [
            document_id(name, (scheme,) if name == "party" else book, values[place])
            for place, name in identified[kind]
        ]
        batch = waiting.setdefault(kind, [])
        batch.append([line, *values, *ids])
        if len(batch) >= _BATCH:
            desk.copy_in(f"in_{kind}", batch)
            desk.staged[kind] += len(batch)
            batch.clear()
            yield line
    for kind, batch in waiting.items():
        desk.copy_in(f"in_{kind}", batch)
        desk.staged[kind] += len(batch)
        desk.run(f"ANALYZE in_{kind}")
    yield line


def document_id(name: str, book: tuple[object, ...], reference: object) -> str | None:
    """Return the id of a document by the file's id for it; a UUID is the ledger's own id."""
    if reference is None:
        return None
    assert isinstance(reference, str)
    if len(reference) == _UUID_LENGTH:
        try:
            return str(UUID(reference))
        except ValueError:
            pass
    if name == "party":  # Parties are known to everybody.
        return str(id_of(name, *book, reference))
    return str(numbered(name, *book, reference))


def numbered(*cause: object) -> UUID:
    """Return the id of what somebody names by words, which others must not work out and try."""
    key = settings().ledger_identity_key.encode()
    return id_of("numbered", hmac.digest(key, id_of(*cause).bytes, "sha256").hex())


def _copy_line(row: Iterable[object]) -> str:
    return "\t".join([_copy_field(value) for value in row]) + "\n"


def _copy_field(value: object) -> str:
    if value is None:
        return "\\N"
    if type(value) is str:
        return value.replace("\\", "\\\\") if "\\" in value else value
    if type(value) is bytes:
        return f"\\\\x{value.hex()}"
    return str(value)
