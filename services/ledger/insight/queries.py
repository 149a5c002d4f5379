"""The book on one page, as of a day and as known then."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import IN_REGION, RECEIVABLE_VISIBLE, VISIBLE, Viewer
from services.ledger.financing.queries import ELIGIBLE
from services.ledger.receivables.queries import BOOK, book_parameters

_OPEN: Final = "(b.receivable_fen + b.disputed_fen + b.reserved_fen + b.assigned_fen)"
_SUMMARY: Final = text(
    f"""
    WITH {BOOK}
    SELECT b.currency, count(*) AS receivables, sum(b.face_fen) AS face_fen,
      count(*) FILTER (WHERE {_OPEN} = 0) AS settled,
      coalesce(sum(b.face_fen) FILTER (WHERE {_OPEN} = 0), 0) AS settled_fen,
      count(*) FILTER (WHERE {_OPEN} > 0) AS open,
      sum({_OPEN}) AS open_fen, sum(b.disputed_fen) AS disputed_fen,
      count(*) FILTER (WHERE b.confirmed_on IS NOT NULL) AS confirmed,
      count(*) FILTER (WHERE {_OPEN} > 0 AND b.due_on < :as_of) AS overdue,
      coalesce(sum({_OPEN}) FILTER (WHERE b.due_on < :as_of), 0) AS overdue_fen,
      count(*) FILTER (WHERE {ELIGIBLE}) AS eligible,
      coalesce(sum(b.receivable_fen) FILTER (WHERE {ELIGIBLE}), 0) AS eligible_fen,
      sum(b.reserved_fen) AS reserved_fen, sum(b.assigned_fen) AS assigned_fen
    FROM book b GROUP BY b.currency ORDER BY b.currency
    """
)
_COUNTS: Final = text(
    f"""
    SELECT (SELECT count(*) FROM orders o WHERE o.placed_on <= :as_of AND o.known_at <= :known_at
        AND {VISIBLE.format(table="o")}) AS orders,
      (SELECT count(*) FROM payments p WHERE p."on" <= :as_of AND p.known_at <= :known_at
        AND (CAST(:sees_all AS boolean) OR p.debtor_id = CAST(:viewer AS uuid)
          OR {IN_REGION.format(table="p")})) AS payments,
      (SELECT count(*) FROM findings g JOIN receivables r ON r.id = g.subject_id
        WHERE g.kind = 'PAYMENT_REPEATED' AND g."on" <= :as_of AND g.known_at <= :known_at
        AND {RECEIVABLE_VISIBLE}) AS repeated_payment_rows
    """
)


@dataclass(frozen=True, slots=True)
class CurrencySummary:
    """Counts and fen of one currency."""

    currency: str
    receivables: int
    face_fen: int
    settled: int
    settled_fen: int
    open: int
    open_fen: int
    disputed_fen: int
    confirmed: int
    overdue: int
    overdue_fen: int
    eligible: int
    eligible_fen: int
    reserved_fen: int
    assigned_fen: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The book on a day."""

    orders: int
    payments: int
    repeated_payment_rows: int
    """Payments that a file reported again; told, and not counted."""
    currencies: list[CurrencySummary]


def summary(session: Session, viewer: Viewer, *, as_of: date, known_at: datetime) -> Summary:
    """Return what the book held at the end of a day, as known at an instant."""
    parameters = book_parameters(viewer, as_of=as_of, known_at=known_at)
    connection = session.connection()
    rows = connection.execute(_SUMMARY, parameters).mappings()
    counts = connection.execute(_COUNTS, parameters).one()
    return Summary(
        counts.orders,
        counts.payments,
        counts.repeated_payment_rows,
        [CurrencySummary(**row) for row in rows],
    )
