"""What may be financed on a day, and what has been offered to platforms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import IN_REGION, Viewer
from services.ledger.errors import NotFoundError
from services.ledger.financing.files.row import ExportRow
from services.ledger.receivables.queries import BOOK, book_parameters

ELIGIBLE: Final = """
    b.confirmed_on IS NOT NULL AND b.receivable_fen > 0 AND b.start_on IS NOT NULL
    AND b.due_on >= :as_of"""
"""Confirmed, delivered, not overdue, and with a part free: unpaid, undisputed, not claimed.

A part in dispute does not stop the rest (802号 第十五条); the part offered is what is free.
"""
_COLUMNS: Final = """
    b.id, b.debtor_id, b.creditor_id, d.name AS debtor_name, k.name AS creditor_name,
    b.invoice_code, b.invoice_number, b.issued_on, b.currency, b.face_fen,
    b.receivable_fen AS free_fen, b.start_on, b.due_on, b.confirmed_on, b.provisional"""
_ELIGIBLE_PAGE: Final = text(
    f"""
    WITH {BOOK} SELECT {_COLUMNS} FROM book b
    JOIN parties d ON d.id = b.debtor_id JOIN parties k ON k.id = b.creditor_id
    WHERE {ELIGIBLE} AND b.id > :after ORDER BY b.id LIMIT :limit
    """
)
_ELIGIBLE_TOTALS: Final = text(
    f"""
    WITH {BOOK} SELECT b.currency, count(*) AS count, sum(b.receivable_fen) AS free_fen
    FROM book b WHERE {ELIGIBLE} GROUP BY b.currency ORDER BY b.currency
    """
)
_ITS_CLAIMS: Final = f"c.creditor_id = CAST(:viewer AS uuid) OR {IN_REGION.format(table='c')}"
_EXPORTS: Final = """
    SELECT x.id, x.reference, x.platform_id, p.code AS platform_code, p.name AS platform_name,
      x.as_of, x.currency, x.count, x.total_fen, x.recorded_at
    FROM exports x JOIN platforms p ON p.id = x.platform_id"""
_EXPORT: Final = text(
    f"""{_EXPORTS}
    WHERE x.reference = :reference AND (CAST(:sees_all AS boolean) OR p.party_id = :viewer
      OR x.count = (SELECT count(*) FROM claims c WHERE c.export_id = x.id AND ({_ITS_CLAIMS})))
    """
)
_PAGE: Final = text(
    f"""{_EXPORTS}
    WHERE (x.recorded_at, x.id) < (:before_at, :before_id)
      AND (CAST(:sees_all AS boolean) OR p.party_id = :viewer OR (x.id, x.count) IN (
        SELECT c.export_id, count(*) FROM claims c WHERE {_ITS_CLAIMS} GROUP BY c.export_id))
    ORDER BY x.recorded_at DESC, x.id DESC LIMIT :limit
    """
)
"""Those of which all claims are the viewer's, found by one pass over the claims it may see."""
ROWS: Final = """
    WITH ids AS MATERIALIZED (
      SELECT DISTINCT ON (party_id) party_id, scheme, value FROM party_identifiers
      ORDER BY party_id, scheme <> 'USCC', scheme
    )
    SELECT r.id::varchar AS receivable_id, k.name AS supplier_name,
      coalesce(ki.scheme, '') AS supplier_scheme, coalesce(ki.value, '') AS supplier_identifier,
      d.name AS buyer_name, coalesce(di.scheme, '') AS buyer_scheme,
      coalesce(di.value, '') AS buyer_identifier, c.reference AS contract_number,
      coalesce(o.orders, '{}') AS orders, coalesce(o.ordered_on, '{}') AS ordered_on,
      r.invoice_kind, r.invoice_code, r.invoice_number, r.issued_on, r.face_fen,
      coalesce(x.open_fen, (
        SELECT sum(CASE WHEN p.debit = ANY (t.owed) THEN p.amount_fen ELSE 0 END
          - CASE WHEN p.credit = ANY (t.owed) THEN p.amount_fen ELSE 0 END)
        FROM postings p, (VALUES ('{receivable,disputed,reserved,assigned}'::varchar[])) t(owed)
        WHERE p.receivable_id = r.id AND p.known_at <= x.known_at))::bigint AS open_fen,
      x.amount_fen AS offered_fen, r.currency, x.start_on, x.due_on,
      coalesce(x.confirmed_on, q."on") AS confirmed_on,
      q.id::varchar AS confirmation_id, encode(r.identity, 'hex') AS identity,
      coalesce(x.flags, c.flags || CASE WHEN c.rolls AND h.provisional
          THEN '{calendar_provisional}' ELSE '{}' END::varchar[]
        || CASE WHEN EXISTS (SELECT FROM postings p WHERE p.receivable_id = r.id
          AND p.cause = x.id AND p.credit = 'reserved' AND p.known_at = x.known_at)
          THEN '{USED_SINCE}' ELSE '{}' END::varchar[]) AS flags
    FROM claims x
    JOIN receivables r ON r.id = x.receivable_id
    JOIN contracts c ON c.id = r.contract_id
    JOIN parties d ON d.id = r.debtor_id JOIN parties k ON k.id = r.creditor_id
    LEFT JOIN calendar h ON h.day = x.due_on
    LEFT JOIN ids di ON di.party_id = r.debtor_id
    LEFT JOIN ids ki ON ki.party_id = r.creditor_id
    LEFT JOIN LATERAL (
      SELECT array_agg(o.reference ORDER BY o.placed_on, o.reference) AS orders,
        array_agg(o.placed_on ORDER BY o.placed_on, o.reference) AS ordered_on
      FROM orders o WHERE o.debtor_id = r.debtor_id AND o.creditor_id = r.creditor_id AND o.id IN (
        SELECT r.order_id UNION SELECT t.order_id FROM receivable_receipts n
        JOIN receipts t ON t.receipt_id = n.receipt_id WHERE n.receivable_id = r.id)) o ON true
    LEFT JOIN LATERAL (
      SELECT q.id, q."on" FROM confirmations q
      WHERE q.receivable_id = r.id AND q.kind = 'CONFIRMED'
      ORDER BY q."on" < x.confirmed_on, q."on", q.id LIMIT 1) q ON true
    WHERE x.export_id = :export_id
    ORDER BY r.invoice_number, r.id"""
"""The rows of an export in the order of its file, with the columns of `files.row.ExportRow`.

They say what was known when the export was made, whatever has happened since; of claims that did
not keep it, it is found from what was known then. ``USED_SINCE`` marks a row of an export dated
back whose reservation was used up by what had been paid since that day.
"""
_STREAMED: Final = 5_000
"""Rows of an export in memory at a time."""
_FACE_TOTAL: Final = text(
    "SELECT sum(r.face_fen) FROM claims x JOIN receivables r ON r.id = x.receivable_id"
    " WHERE x.export_id = :export_id"
)
_STATES: Final = text(
    """
    SELECT x.export_id, coalesce(a.state, 'RESERVED') AS state, count(*) AS count,
      sum(x.amount_fen) AS amount_fen, sum(a.financed_fen) AS financed_fen
    FROM claims x LEFT JOIN LATERAL (
      SELECT a.state, a.financed_fen FROM claim_answers a
      WHERE a.receivable_id = x.receivable_id AND a.claim_id = x.id
      ORDER BY a.state = 'PENDING' LIMIT 1) a ON true
    WHERE x.export_id = ANY (:export_ids) GROUP BY 1, 2 ORDER BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class Eligible:
    """A receivable that may be offered, with the part that is free, in fen."""

    id: UUID
    debtor_id: UUID
    creditor_id: UUID
    debtor_name: str
    creditor_name: str
    invoice_code: str
    invoice_number: str
    issued_on: date
    currency: str
    face_fen: int
    free_fen: int
    start_on: date
    due_on: date
    confirmed_on: date
    provisional: bool
    """The holiday notice for the year of the due day is not in yet."""


@dataclass(frozen=True, slots=True)
class EligibleTotal:
    """The eligible of one currency."""

    currency: str
    count: int
    free_fen: int


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """One hand-over to a platform."""

    id: UUID
    reference: str
    platform_id: UUID
    platform_code: str
    platform_name: str
    as_of: date
    currency: str
    count: int
    total_fen: int
    recorded_at: datetime


def eligible(
    session: Session,
    viewer: Viewer,
    *,
    as_of: date,
    known_at: datetime,
    after: UUID = UUID(int=0),  # noqa: B008 (an immutable value)
    limit: int = 100,
) -> list[Eligible]:
    """Return what may be offered for financing on a day, a page at a time."""
    parameters = {
        **book_parameters(viewer, as_of=as_of, known_at=known_at),
        "after": after,
        "limit": limit,
    }
    rows = session.connection().execute(_ELIGIBLE_PAGE, parameters).mappings()
    return [Eligible(**row) for row in rows]


def eligible_totals(
    session: Session, viewer: Viewer, *, as_of: date, known_at: datetime
) -> list[EligibleTotal]:
    """Return the whole of what may be offered on a day, by currency."""
    parameters = book_parameters(viewer, as_of=as_of, known_at=known_at)
    rows = session.connection().execute(_ELIGIBLE_TOTALS, parameters).mappings()
    return [EligibleTotal(**row) for row in rows]


def get_export(session: Session, viewer: Viewer, reference: str) -> ExportSummary:
    """Return an export by its reference, to operators and its platform, or to whom all of it is.

    It is one file with one sum, so a supplier of some of its claims, or an authority of the region
    of some of its debtors, finds none.

    Raises:
        NotAllowedError: the viewer's role reads none.
        NotFoundError: there is none, or none for this viewer.
    """
    viewer.require("exports.read")
    parameters = {"reference": reference, **viewer.parameters()}
    row = session.connection().execute(_EXPORT, parameters).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"No export {reference}.", f"没有导出批次{reference}。")
    return ExportSummary(**row)


def exports(
    session: Session, viewer: Viewer, *, before: tuple[datetime, UUID], limit: int
) -> list[ExportSummary]:
    """Return the exports that `get_export` finds, the latest first, a page at a time.

    Raises:
        NotAllowedError: the viewer's role reads none.
    """
    viewer.require("exports.read")
    place = {"before_at": before[0], "before_id": before[1], "limit": limit}
    rows = session.connection().execute(_PAGE, {**place, **viewer.parameters()}).mappings()
    return [ExportSummary(**row) for row in rows]


def face_total(session: Session, export_id: UUID) -> int:
    """Return the sum of the whole invoices of an export, in fen."""
    return int(session.connection().execute(_FACE_TOTAL, {"export_id": export_id}).scalar_one())


def states(session: Session, export_ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return how the rows of exports stand: reserved, pending, financed, refused; in fen."""
    found = session.connection().execute(_STATES, {"export_ids": list(export_ids)})
    by_export: dict[UUID, list[dict[str, Any]]] = {one: [] for one in export_ids}
    for row in found.mappings():
        by_export[row["export_id"]].append(dict(row))
    return by_export


def rows(session: Session, export_id: UUID) -> Iterator[ExportRow]:
    """Yield the rows of an export in the order of its file, a few thousand at a time in memory."""
    streamed = text(ROWS).execution_options(stream_results=True, max_row_buffer=_STREAMED)
    found = session.connection().execute(streamed, {"export_id": export_id})
    for part in found.partitions(_STREAMED):
        yield from map(ExportRow._make, part)
