"""What is late on a day: ageing by bands, and the overdue one by one, each in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import REVIEW_FLAG, REVIEW_NOTE
from services.ledger.access import Viewer
from services.ledger.receivables.queries import BOOK, book_parameters

__all__ = ["BANDS", "REVIEW_FLAG", "REVIEW_NOTE", "ageing", "overdue", "overdue_totals"]

BANDS: Final = (30, 60, 90, 180, 365, 1095)
"""Upper ends, in days, of the bands of the 拖欠台账 (law note, section 7); a choice, not law."""

_OPEN: Final = "(receivable_fen + disputed_fen + reserved_fen + assigned_fen)"
_AGEING: Final = text(
    f"""
    WITH {BOOK}, aged AS (
      SELECT currency, {_OPEN} AS open_fen, disputed_fen,
        CAST(:as_of AS date) - CASE WHEN :since = 'start' THEN start_on ELSE due_on END AS days
      FROM book WHERE {_OPEN} > 0
    )
    SELECT currency,
      CASE WHEN days IS NULL THEN -2 WHEN days <= 0 AND :since = 'due' THEN -1
        ELSE (SELECT count(*) FROM unnest(CAST(:bands AS integer[])) AS t(upper)
              WHERE aged.days > t.upper) END AS band,
      count(*) AS count, sum(open_fen) AS open_fen,
      sum(disputed_fen) AS disputed_fen
    FROM aged GROUP BY 1, 2 ORDER BY 1, 2
    """
)
_OVERDUE: Final = f"""
    SELECT b.id, b.debtor_id, b.creditor_id, d.name AS debtor_name, k.name AS creditor_name,
      b.invoice_code, b.invoice_number, b.currency, b.face_fen, b.start_on, b.due_on,
      CAST(:as_of AS date) - b.due_on AS days_overdue, {_OPEN} - b.disputed_fen AS undisputed_fen,
      b.disputed_fen, b.applies, b.regime, CASE WHEN b.provisional
        THEN array_append(b.flags, 'calendar_provisional') ELSE b.flags END AS flags
    FROM book b JOIN parties d ON d.id = b.debtor_id JOIN parties k ON k.id = b.creditor_id
    WHERE b.due_on < :as_of AND {_OPEN} > 0"""
_OVERDUE_PAGE: Final = text(
    f"WITH {BOOK} {_OVERDUE} AND (b.due_on, b.id) > (:after_due_on, :after_id)"
    " ORDER BY b.due_on, b.id LIMIT :limit"
)
_OVERDUE_TOTALS: Final = text(
    f"""
    WITH {BOOK} SELECT currency, count(*) AS count,
      sum({_OPEN} - disputed_fen) AS undisputed_fen,
      sum(disputed_fen) AS disputed_fen,
      count(*) FILTER (WHERE applies = 'true' AND {_OPEN} > disputed_fen) AS under_review
    FROM book WHERE due_on < :as_of AND {_OPEN} > 0 GROUP BY currency ORDER BY currency
    """
)


@dataclass(frozen=True, slots=True)
class Band:
    """One band of an ageing report: days after ``from_days`` up to and with ``to_days``."""

    currency: str
    name: str
    count: int
    open_fen: int
    disputed_fen: int


@dataclass(frozen=True, slots=True)
class Overdue:
    """A receivable past its due day with a balance open, amounts in fen."""

    id: UUID
    debtor_id: UUID
    creditor_id: UUID
    debtor_name: str
    creditor_name: str
    invoice_code: str
    invoice_number: str
    currency: str
    face_fen: int
    start_on: date | None
    due_on: date
    days_overdue: int
    undisputed_fen: int
    disputed_fen: int
    applies: str
    regime: str
    flags: list[str]

    @property
    def review_flag(self) -> str:
        """What the ledger may say: a review is due, where the Regulation applies."""
        return REVIEW_FLAG if self.applies == "true" and self.undisputed_fen > 0 else ""


@dataclass(frozen=True, slots=True)
class OverdueTotal:
    """The overdue of one currency; ``under_review`` counts those the Regulation covers."""

    currency: str
    count: int
    undisputed_fen: int
    disputed_fen: int
    under_review: int


def band_names(bands: Sequence[int], *, since: str) -> dict[int, str]:
    """Return the name of each band by its number; -2 has no date to count from, -1 is not due."""
    names = {-2: "not_started", -1: "not_due"}
    lower = 1 if since == "due" else 0
    for number, upper in enumerate(bands):
        names[number] = f"{lower}-{upper}"
        lower = upper + 1
    names[len(bands)] = f">{bands[-1]}"
    return names


def ageing(
    session: Session,
    viewer: Viewer,
    *,
    as_of: date,
    known_at: datetime,
    since: str = "due",
    bands: Sequence[int] = BANDS,
) -> list[Band]:
    """Return what is open by age; the bands add up to all that is open.

    Args:
        since: "due" counts days after the due day, "start" days since the payment term started.
        bands: ascending upper ends in days.
    """
    assert since in {"due", "start"}
    assert list(bands) == sorted(set(bands))
    parameters = {
        **book_parameters(viewer, as_of=as_of, known_at=known_at),
        "since": since,
        "bands": list(bands),
    }
    names = band_names(bands, since=since)
    rows = session.connection().execute(_AGEING, parameters).mappings()
    return [
        Band(
            row["currency"], names[row["band"]], row["count"], row["open_fen"], row["disputed_fen"]
        )
        for row in rows
    ]


def overdue(
    session: Session,
    viewer: Viewer,
    *,
    as_of: date,
    known_at: datetime,
    after: tuple[date, UUID] = (date.min, UUID(int=0)),
    limit: int = 100,
) -> list[Overdue]:
    """Return what is past due at the start of a day, the oldest first, a page at a time."""
    parameters = {
        **book_parameters(viewer, as_of=as_of, known_at=known_at),
        "after_due_on": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    rows = session.connection().execute(_OVERDUE_PAGE, parameters).mappings()
    return [Overdue(**row) for row in rows]


def overdue_totals(
    session: Session, viewer: Viewer, *, as_of: date, known_at: datetime
) -> list[OverdueTotal]:
    """Return the whole of what is past due on a day, by currency."""
    parameters = book_parameters(viewer, as_of=as_of, known_at=known_at)
    rows = session.connection().execute(_OVERDUE_TOTALS, parameters).mappings()
    return [OverdueTotal(**row) for row in rows]
