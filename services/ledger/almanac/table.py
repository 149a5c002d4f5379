"""The calendar and the regions as tables, so that SQL finds due days and debtors by a join.

What a later notice replaced of the calendar is kept beside it, so that an earlier report comes out
again; who may look at what is always asked as of now.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, text

from services.ledger.law.calendar import Calendar, CalendarRow
from services.ledger.law.regions import RegionTable

FIRST: Final = date(2004, 1, 1)
LAST: Final = date(2049, 12, 31)
"""Far enough that no term in use ends beyond it; later years are marked provisional."""

KNOWN_CALENDAR: Final = """(
      SELECT c.day, coalesce(h.rest, c.rest) AS rest,
        coalesce(h.next_workday, c.next_workday) AS next_workday,
        coalesce(h.provisional, c.provisional) AS provisional
      FROM calendar c LEFT JOIN (
        SELECT DISTINCT ON (p.day) p.day, p.rest, p.next_workday, p.provisional
        FROM calendar_past p
        WHERE p.known_until > :known_at ORDER BY p.day, p.known_until) h ON h.day = c.day)"""
"""The calendar as it was known at an instant, to stand where ``calendar`` stands.

Of the values that were replaced after the instant the first replaced is the one that counted.
"""

_UPSERT: Final = text(
    """
    WITH told AS (
      SELECT * FROM unnest(CAST(:days AS date[]), CAST(:rests AS boolean[]),
        CAST(:nexts AS date[]), CAST(:provisionals AS boolean[])) AS t(d, rest, nw, provisional)
    ), replaced AS (
      INSERT INTO calendar_past (day, known_until, rest, next_workday, provisional)
      SELECT c.day, coalesce(CAST(:known_until AS timestamptz), clock_timestamp()), c.rest,
        c.next_workday, c.provisional
      FROM calendar c JOIN told t ON t.d = c.day
      WHERE (c.rest, c.next_workday, c.provisional) <> (t.rest, t.nw, t.provisional)
    )
    INSERT INTO calendar (day, rest, next_workday, provisional, source)
    SELECT d, rest, nw, provisional, :source FROM told
    ON CONFLICT (day) DO UPDATE SET rest = excluded.rest, next_workday = excluded.next_workday,
      provisional = excluded.provisional, source = excluded.source
    WHERE (calendar.rest, calendar.next_workday, calendar.provisional)
      IS DISTINCT FROM (excluded.rest, excluded.next_workday, excluded.provisional)
    """
)


def store_calendar(
    connection: Connection,
    calendar: Calendar,
    *,
    source: str,
    known_until: datetime | None = None,
) -> int:
    """Bring the table to a calendar and return how many days changed.

    Args:
        known_until: the instant until which the days were known as they stood; None: now.
    """
    rows: Iterable[CalendarRow] = calendar.rows(FIRST, LAST)
    days, rests, nexts, provisionals = zip(*rows, strict=True)
    values = {
        "source": source,
        "known_until": known_until,
        "days": list(days),
        "rests": list(rests),
        "nexts": list(nexts),
        "provisionals": list(provisionals),
    }
    return connection.execute(_UPSERT, values).rowcount


_SUCCESSORS: Final = text(
    """
    WITH told AS (
      SELECT * FROM unnest(CAST(:was AS varchar[]), CAST(:became AS varchar[]),
        CAST(:from_on AS date[])) AS t(was, became, from_on)
    ), gone AS (
      DELETE FROM region_successors r
      WHERE NOT EXISTS (SELECT FROM told t WHERE (t.was, t.became) = (r.was, r.became))
    )
    INSERT INTO region_successors (was, became, from_on) SELECT was, became, from_on FROM told
    ON CONFLICT (was, became) DO UPDATE SET from_on = excluded.from_on
    WHERE region_successors.from_on <> excluded.from_on
    """
)


def store_regions(connection: Connection, regions: RegionTable) -> None:
    """Bring the table of what regions have become to the regions of the almanac."""
    was, became, from_on = zip(*regions.successors(), strict=True)
    values = {"was": list(was), "became": list(became), "from_on": list(from_on)}
    connection.execute(_SUCCESSORS, values)
