"""Import a holiday notice, rate, limit or reading, and bring the due days kept beside up to it."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.events import AlmanacImported
from services.ledger.access import Viewer
from services.ledger.almanac import service as almanac
from services.ledger.almanac.notices import Fault, check, read
from services.ledger.almanac.table import FIRST, LAST, store_calendar, store_regions
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import ALMANAC, Effect
from services.ledger.errors import LedgerError
from services.ledger.ids import id_of
from services.ledger.law.calendar import Calendar
from services.ledger.log.service import Entry, append
from services.ledger.receivables.term import DUE

_SHOWN_FAULTS: Final = 5
_KNOWN_UNTIL: Final = text("SELECT known_at FROM almanac_imports WHERE version = :version")
_ROLL_AGAIN: Final = text(
    f"""
    UPDATE balances b SET due_on = x.due_on FROM (
      SELECT r.id, {DUE.format(agreed="r.agreed_due_on", start="k.start_on")} AS due_on
      FROM balances k JOIN receivables r ON r.id = k.receivable_id
      JOIN contracts c ON c.id = r.contract_id
      WHERE c.rolls AND k.due_on BETWEEN :first AND :last
    ) x
    WHERE x.id = b.receivable_id AND b.due_on IS DISTINCT FROM x.due_on
    """
)


class AlmanacFileError(LedgerError):
    """A file of almanac rows with mistakes; nothing of it was taken."""

    code = "ALMANAC_FILE_INVALID"

    def __init__(self, faults: Sequence[Fault]) -> None:
        shown = faults[:_SHOWN_FAULTS]
        more = len(faults) - len(shown)
        english = " ".join(f"Line {one.line}: {one.english}" for one in shown)
        chinese = "".join(f"第{one.line}行：{one.chinese}" for one in shown)
        super().__init__(
            f"{english}{f' And {more} more.' if more else ''} Nothing was imported.",
            f"{chinese}{f'另有{more}处。' if more else ''}未导入任何数据。",
        )
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of almanac rows changed."""

    version: int
    known: bool
    """The same file was imported before, and nothing changed."""
    rows: dict[str, int] = field(default_factory=dict)
    calendar_days: int = 0
    due_days: int = 0
    """Receivables whose due day moved. Events that were told, and decisions, stay as they are."""


def import_almanac(
    session: Session, viewer: Viewer, content: bytes, *, name: str, today: date
) -> Imported:
    """Import a file of dated rows, all of it or nothing; the same file again changes nothing.

    Args:
        content: CSV in UTF-8, as `almanac.notices` describes it.
        name: the name of the file, kept with its rows.
        today: rates of later days are refused.

    Raises:
        NotAllowedError: the viewer is not the operator.
        AlmanacFileError: rows that cannot be read, contradict or leave a gap; all are listed.
    """
    viewer.require("almanac.import")
    almanac.lock(session)
    same = almanac.imported_as(session, content)
    if same is not None:
        return Imported(same, known=True)
    entries, faults = read(content)
    known = almanac.edition(session)
    faults += check(
        entries, published=known.published, calendar=known.almanac.calendar, today=today
    )
    if faults:
        raise AlmanacFileError(sorted(faults))
    counts = Counter(entry.kind for entry in entries)
    sha256 = hashlib.sha256(content).hexdigest()
    facts = {"file": name, "sha256": sha256}
    facts |= {"rows": "，".join(f"{kind} {count}" for kind, count in sorted(counts.items()))}
    require(session, viewer, ALMANAC, Effect(id_of("almanac file", sha256), facts))
    now = almanac.record(session, content, entries, name=name, actor=viewer.name)
    days, due_days = bring_calendar(
        session, now.almanac.calendar, source=entries[0].source, version=now.version
    )
    store_regions(session.connection(), now.regions)
    told = AlmanacImported(
        almanac_version=now.version,
        sha256=sha256,
        rows_sha256=almanac.rows_sha256(entries),
        rows=dict(counts),
        calendar_days=days,
        due_days=due_days,
    )
    subject_id = id_of("almanac", now.version)
    append(session, [Entry(subject_id, told, viewer.name, viewer.party_id)])
    return Imported(
        now.version, known=False, rows=dict(counts), calendar_days=days, due_days=due_days
    )


def bring_calendar(
    session: Session, calendar: Calendar, *, source: str, version: int | None = None
) -> tuple[int, int]:
    """Bring the table of days, and the due days kept beside the balances, to a calendar.

    Args:
        version: the import that says so, at whose instant it became known; None: the package's
            own calendar, known from now on.

    Returns:
        How many days of the table changed, and how many receivables' due days.
    """
    connection = session.connection()
    rows = connection.execute(text("SELECT day, next_workday FROM calendar"))
    before: dict[date, date] = {row.day: row.next_workday for row in rows}
    known_until = connection.execute(_KNOWN_UNTIL, {"version": version}).scalar_one_or_none()
    days = store_calendar(connection, calendar, source=source, known_until=known_until)
    moved = [
        on
        for row in calendar.rows(FIRST, LAST)
        if before and before.get(row.day) != row.next_workday
        for on in (row.day, before.get(row.day, row.day))
    ]
    if not moved:
        return days, 0
    window = {"first": min(moved), "last": max(moved)}
    return days, connection.execute(_ROLL_AGAIN, window).rowcount
