"""The almanac of the database: what comes with the package, and what was imported since.

Rows are added and never changed. Every import has a version, and whatever asks names the version
it wants: the newest, the one known at an instant, or the one a contract was decided by.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.almanac.load import calendar_of, shipped, shipped_regions, shipped_rows
from services.ledger.almanac.notices import Entry, region_value
from services.ledger.law import regime
from services.ledger.law.regions import RegionRow, RegionTable
from services.ledger.law.settings import RECOMMENDED
from services.ledger.law.values import Almanac, LimitRow, LimitTable, LprSeries

_FIND: Final = text(
    """
    SELECT version, digest FROM almanac_imports
    WHERE (CAST(:known_at AS timestamptz) IS NULL OR known_at <= :known_at)
      AND (CAST(:version AS integer) IS NULL OR version <= :version)
    ORDER BY version DESC LIMIT 1
    """
)
_ROWS: Final = text(
    """
    SELECT line, kind, name, "on", value, source FROM almanac_rows WHERE version <= :version
    ORDER BY version, line
    """
)
_KEPT_EDITIONS: Final = 16


@dataclass(frozen=True, slots=True)
class Reading:
    """A chosen reading of an open point, for contracts signed from a day on."""

    valid_from: date
    setting: str
    choice: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The almanac with everything imported up to a version; ``almanac`` reads as recommended."""

    version: int
    almanac: Almanac
    published: frozenset[date]
    """The days of publication of the LPR."""
    readings: tuple[Reading, ...] = ()
    regions: RegionTable = field(default_factory=lambda: RegionTable(shipped_regions()))
    """What region codes mean by date (GB/T 2260)."""

    def signed(self, on: date | None) -> Almanac:
        """Return the almanac with the readings that count for contracts signed on a day."""
        if on is None:
            return self.almanac
        chosen = {
            reading.setting: reading.choice
            for reading in sorted(self.readings, key=lambda reading: reading.valid_from)
            if reading.valid_from <= on
        }
        return self.almanac._replace(settings=RECOMMENDED._replace(**chosen))


_editions: dict[bytes, Edition] = {}
"""Built once a process. The key is a digest of what was imported, so it holds in any database."""


def current(session: Session, *, signed_on: date | None = None) -> Almanac:
    """Return the almanac as known now.

    Args:
        signed_on: the day a contract was signed, whose readings are taken; recommended if absent.
    """
    return edition(session).signed(signed_on)


def for_case(session: Session, case: Mapping[str, object]) -> Almanac:
    """Return the almanac as known now for a case in the fixed format, which may be faulty yet."""
    try:
        signed_on = date.fromisoformat(str(case.get("signed_on")))
    except ValueError:
        signed_on = None
    return current(session, signed_on=signed_on)


def edition(
    session: Session, *, known_at: datetime | None = None, version: int | None = None
) -> Edition:
    """Return the almanac as known now, at an instant, or at a version."""
    values = {"known_at": known_at, "version": version}
    latest = session.connection().execute(_FIND, values).one_or_none()
    if latest is None:
        return _edition(0, ())
    found = _editions.get(latest.digest)
    if found is None:
        rows = session.connection().execute(_ROWS, {"version": latest.version})
        found = _edition(latest.version, [Entry(*row) for row in rows])
        if len(_editions) >= _KEPT_EDITIONS:
            _editions.clear()
        _editions[latest.digest] = found
    return found


def imagined(
    session: Session, entries: Sequence[Entry], *, known_at: datetime | None, version: int | None
) -> Edition:
    """Return the almanac as `edition` does, as if these rows had been imported as well."""
    version = edition(session, known_at=known_at, version=version).version
    rows = session.connection().execute(_ROWS, {"version": version})
    return _edition(version, [*(Entry(*row) for row in rows), *entries])


def as_decided(decided: Edition, now: Edition, *, signed_on: date) -> Almanac:
    """Return the almanac of now, with the readings and caps a contract was decided by.

    A cap corrected later must not change the decision; one for later days counts for them.
    """
    in_force = max(signed_on, regime.DECREE_802_FROM)
    limits = LimitTable(
        [row for row in decided.almanac.limits.rows if row.valid_from <= in_force]
        + [row for row in now.almanac.limits.rows if row.valid_from > in_force]
    )
    settings = decided.signed(signed_on).settings
    return now.almanac._replace(limits=limits, settings=settings)


def _edition(version: int, rows: Sequence[Entry]) -> Edition:
    known = shipped()
    calendar = known.calendar
    days = [(row.on, row.kind == "rest") for row in rows if row.kind in {"rest", "work"}]
    if days:
        calendar = calendar_of(days)
    rates = {
        date.fromisoformat(row["publish_date"]): Decimal(row["lpr_1y_pct"])
        for row in shipped_rows("lpr_1y.csv")
    }
    rates |= {row.on: Decimal(row.value) for row in rows if row.kind == "lpr"}
    limits = _limits(known.limits, rows)
    almanac = Almanac(calendar, LprSeries(rates.items(), calendar), limits, known.sizes)
    readings = (Reading(row.on, row.name, row.value) for row in rows if row.kind == "reading")
    regions = RegionTable(
        (*shipped_regions(), *(_region(row) for row in rows if row.kind == "region"))
    )
    return Edition(version, almanac, frozenset(rates), tuple(readings), regions)


def _region(row: Entry) -> RegionRow:
    name, into = region_value(row.value)
    return RegionRow(row.name, row.on, name, into)


def _limits(known: LimitTable, rows: Iterable[Entry]) -> LimitTable:
    later = [
        LimitRow(row.name, row.on, int(row.value), row.source)
        for row in rows
        if row.kind == "limit"
    ]
    replaced = {(row.name, row.valid_from): row for row in (*known.rows, *later)}
    return LimitTable(replaced.values()) if later else known


_OF_IMPORT: Final = text(
    """
    SELECT line, kind, name, "on", value, source FROM almanac_rows WHERE version = :version
    ORDER BY line
    """
)


def rows_of(session: Session, version: int) -> list[Entry]:
    """Return the rows of one import, as they are kept."""
    rows = session.connection().execute(_OF_IMPORT, {"version": version})
    return [Entry(*row) for row in rows]


def rows_sha256(entries: Iterable[Entry]) -> str:
    """Return the SHA-256 of rows, hexadecimal, as an import's event tells it."""
    lines = sorted(
        (one.line, one.kind, one.name, str(one.on), one.value, one.source) for one in entries
    )
    said = json.dumps(lines, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('almanac.import'))")
_SAME: Final = text("SELECT version FROM almanac_imports WHERE sha256 = :sha256")
_IMPORT: Final = text(
    """
    WITH before AS (
      SELECT version, digest FROM almanac_imports ORDER BY version DESC LIMIT 1
    )
    INSERT INTO almanac_imports (version, name, sha256, digest, actor, known_at)
    SELECT coalesce(max(version), 0) + 1, :name, :sha256,
      sha256(coalesce((SELECT digest FROM before), ''::bytea) || :sha256), :actor,
      clock_timestamp()
    FROM before RETURNING version
    """
)
_INSERT: Final = text(
    """
    INSERT INTO almanac_rows (version, line, kind, name, "on", value, source)
    VALUES (:version, :line, :kind, :name, :on, :value, :source)
    """
)
_LIST: Final = text(
    """
    SELECT i.version, i.name, i.actor, i.known_at, count(*) AS rows
    FROM almanac_imports i JOIN almanac_rows r USING (version) GROUP BY i.version ORDER BY i.version
    """
)


def lock(session: Session) -> None:
    """Let imports of the almanac wait for each other until this transaction ends."""
    session.connection().execute(_ONE_AT_A_TIME)


def imported_as(session: Session, content: bytes) -> int | None:
    """Return the version of a file that was imported before."""
    values = {"sha256": hashlib.sha256(content).digest()}
    return session.connection().execute(_SAME, values).scalar_one_or_none()


def record(
    session: Session, content: bytes, entries: Sequence[Entry], *, name: str, actor: str
) -> Edition:
    """Add the checked rows of a file; the caller holds the `lock`."""
    connection = session.connection()
    values = {"name": name, "sha256": hashlib.sha256(content).digest(), "actor": actor}
    version = connection.execute(_IMPORT, values).scalar_one()
    connection.execute(_INSERT, [{"version": version, **row._asdict()} for row in entries])
    return edition(session)


def imports(session: Session) -> list[dict[str, Any]]:
    """Return what was imported, the oldest first."""
    return [dict(row) for row in session.connection().execute(_LIST).mappings()]
