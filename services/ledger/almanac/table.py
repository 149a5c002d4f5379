"""The calendar as a table, so that SQL finds due days for a whole book by a join."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from services.ledger.law.calendar import Calendar, CalendarRow

FIRST: Final = date(2004, 1, 1)
LAST: Final = date(2049, 12, 31)
"""Far enough that no term in use ends beyond it; later years are marked provisional."""

_UPSERT: Final = text(
    """
    INSERT INTO calendar (day, rest, next_workday, provisional, source)
    SELECT d, rest, nw, provisional, :source
    FROM unnest(CAST(:days AS date[]), CAST(:rests AS boolean[]), CAST(:nexts AS date[]),
      CAST(:provisionals AS boolean[])) AS t(d, rest, nw, provisional)
    ON CONFLICT (day) DO UPDATE SET rest = excluded.rest, next_workday = excluded.next_workday,
      provisional = excluded.provisional, source = excluded.source
    WHERE (calendar.rest, calendar.next_workday, calendar.provisional)
      IS DISTINCT FROM (excluded.rest, excluded.next_workday, excluded.provisional)
    """
)


def store_calendar(connection: Connection, calendar: Calendar, *, source: str) -> int:
    """Bring the table to a calendar and return how many days changed."""
    rows: Iterable[CalendarRow] = calendar.rows(FIRST, LAST)
    days, rests, nexts, provisionals = zip(*rows, strict=True)
    values = {
        "source": source,
        "days": list(days),
        "rests": list(rests),
        "nexts": list(nexts),
        "provisionals": list(provisionals),
    }
    return connection.execute(_UPSERT, values).rowcount
