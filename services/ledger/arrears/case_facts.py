"""Everything known of one receivable as of a legal day and an instant, read for its reasoning."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.access import IN_REGION, RECEIVABLE_VISIBLE, Viewer
from services.ledger.errors import LedgerError
from services.ledger.receivables.queries import BOOK_OF_ONE, book_parameters, not_found
from services.ledger.receivables.term import RECEIPTS

_ASKED: Final = "receivable_id = :id AND {day} <= :as_of AND known_at <= :known_at"
_CLAIM: Final = text(
    f"""
    SELECT r.id, r.invoice_kind, r.invoice_code, r.invoice_number, r.issued_on, r.opened_on,
      r.line, r.line_kind, r.face_fen, CASE WHEN r.line > 0 THEN (SELECT sum(o.face_fen)::bigint
        FROM receivables o WHERE o.identity = r.identity AND o.line > 0) END AS invoice_fen,
      r.currency, r.agreed_due_on, r.contract_id, c.reference,
      c.signed_on, c.subject,
      c.settlement, c.terms, c.debtor_kind, c.creditor_size, c.creditor_evidence, c.applies,
      c.reason, c.regime, c.due_term_days, c.due_term_months, c.due_cap_days, c.rolls, c.flags,
      c.almanac_version, d.name AS debtor_name, d.domestic AS debtor_domestic,
      k.name AS creditor_name, k.domestic AS creditor_domestic,
      r.opened_on <= :as_of AND r.known_at <= :known_at AS in_book
    FROM receivables r JOIN contracts c ON c.id = r.contract_id
    JOIN parties d ON d.id = r.debtor_id JOIN parties k ON k.id = r.creditor_id
    WHERE r.id = :id AND {RECEIVABLE_VISIBLE}
    """
)
_RECEIPTS: Final = text(
    RECEIPTS.format(
        facts="f.receivable_id = :id AND f.since_on <= :as_of AND f.known_at <= :known_at"
    )
    + " ORDER BY start_on NULLS FIRST, l.receipt_id"
)
_POSTINGS: Final = text(
    f"""
    SELECT id, debit, credit, amount_fen, "on", known_at FROM postings
    WHERE {_ASKED.format(day='"on"')} ORDER BY "on", known_at, id
    """
)
_ANSWERS: Final = text(
    f"""
    SELECT kind, amount_fen, reason, "on", known_at FROM confirmations
    WHERE {_ASKED.format(day='"on"')} ORDER BY "on", known_at, id
    """
)
_STATED: Final = text(
    f"""
    SELECT id, kind, "on", word, amount_fen, until_on, fact_id, text, party_id, known_at
    FROM arrears_facts WHERE {_ASKED.format(day='"on"')} ORDER BY "on", known_at, id
    """
)
_INTEREST: Final = text(
    """
    SELECT q.id, q.reading, q.from_on, q.until_on, q."on", q.amount_fen, w."on" AS withdrawn_on
    FROM interest_claims q LEFT JOIN interest_waivers w ON w.receivable_id = q.receivable_id
      AND w.claim_id = q.id AND w."on" <= :as_of AND w.known_at <= :known_at
    WHERE q.receivable_id = :id AND q."on" <= :as_of AND q.known_at <= :known_at
    ORDER BY q.from_on, q.known_at, q.id
    """
)
COMPLAINT_SEEN: Final = f"""({IN_REGION.format(table="c")} OR c.creditor_id = CAST(:viewer AS uuid)
  OR c.debtor_id = CAST(:viewer AS uuid) AND EXISTS (SELECT FROM complaint_steps s
    WHERE s.receivable_id = c.receivable_id AND s.complaint_id = c.id
      AND s.kind = 'RESPONDENT_ASKED'))"""
"""Who may know of complaint ``c``: the authority of the region, the complainant, and the other
party once the authority has asked it (802号 第二十条); to others, operators too, there is none."""
_COMPLAINT: Final = text(
    f"""
    SELECT c.id,
      coalesce(max(t."on") FILTER (WHERE t.kind = 'SUPPLEMENTED'), c."on") AS submitted_on,
      min(t."on") FILTER (WHERE t.kind = 'ACCEPTED') AS accepted_on,
      min(t."on") FILTER (WHERE t.kind = 'RECEIVED') AS materials_received_on
    FROM complaints c LEFT JOIN complaint_steps t ON t.receivable_id = c.receivable_id
      AND t.complaint_id = c.id AND t."on" <= :as_of AND t.known_at <= :known_at
    WHERE c.receivable_id = :id AND c."on" <= :as_of AND c.known_at <= :known_at
      AND {COMPLAINT_SEEN}
    GROUP BY c.id, c."on" ORDER BY c."on" DESC, c.id DESC LIMIT 1
    """
)
_BOOK: Final = text(
    f"""
    WITH {BOOK_OF_ONE}
    SELECT start_on, due_on, CAST(:as_of AS date) - due_on AS days, disputed_fen,
      receivable_fen + reserved_fen + assigned_fen AS undisputed_fen
    FROM book
    """
)


_NAMED: Final = text(
    f"""
    SELECT r.id FROM receivables r WHERE r.invoice_number = :number
      AND {RECEIVABLE_VISIBLE} ORDER BY r.id LIMIT 20
    """
)


class SeveralError(LedgerError):
    """An invoice number that several receivables have; the id tells them apart."""

    code = "INVOICE_AMBIGUOUS"


class NotYetOpenedError(LedgerError):
    """A receivable asked about on a day or at an instant before it was in the book."""

    code = "NOT_YET_OPENED"
    status = 409


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows say; amounts are in fen, rows are in the order they happened."""

    claim: RowMapping
    """The receivable with its contract and parties."""
    receipts: list[RowMapping]
    """By the start they give, those without one first: the first or the last one decides."""
    postings: list[RowMapping]
    answers: list[RowMapping]
    """Requests for confirmation and the debtor's answers."""
    stated: list[RowMapping]
    """Demands, acknowledgements, suits, instruments, reasons of delay, and their ends."""
    interest: list[RowMapping]
    """Claims of interest."""
    complaint: RowMapping | None
    """The latest complaint the viewer may know of."""
    book: RowMapping
    """What the reports of the same day and instant count for this receivable."""

    @property
    def deciding(self) -> RowMapping | None:
        """The receipt that the term starts from, or is still waiting for."""
        if not self.receipts:
            return None
        return self.receipts[0 if self.receipts[0]["start_on"] is None else -1]

    @property
    def not_ended(self) -> list[RowMapping]:
        """What is stated and has no end: of an instrument, that it was not given back."""
        ended = {row["fact_id"] for row in self.stated}
        return [row for row in self.stated if row["id"] not in ended]


def named(session: Session, viewer: Viewer, name: str) -> UUID:
    """Return the id of the receivable that a person names by its id or its invoice number.

    Raises:
        NotFoundError: there is none, or none for this viewer.
        SeveralError: several invoices, of several sellers or codes, have the number.
    """
    try:
        return UUID(name)
    except ValueError:
        pass
    values = {"number": name, **viewer.parameters()}
    ids = session.connection().execute(_NAMED, values).scalars().all()
    if not ids:
        raise not_found()
    if len(ids) > 1:
        shown = ", ".join(str(each) for each in ids)
        raise SeveralError(
            f"Several receivables have the invoice number {name}; name one by its id: {shown}.",
            f"多笔应收账款的发票号码为{name}；请用编号指明：{shown}。",
        )
    found: UUID = ids[0]
    return found


def known(
    session: Session, viewer: Viewer, receivable_id: UUID, *, as_of: date, known_at: datetime
) -> Known:
    """Return what was known at an instant of all that had happened to a receivable by a day.

    Raises:
        NotFoundError: there is none, or none for this viewer.
        NotYetOpenedError: it was not in the book then.
    """
    connection = session.connection()
    values = {
        "id": receivable_id,
        **book_parameters(viewer, as_of=as_of, known_at=known_at),
    }
    claim = connection.execute(_CLAIM, values).mappings().one_or_none()
    if claim is None:
        raise not_found()
    if not claim["in_book"]:
        raise NotYetOpenedError(
            f"Invoice {claim['invoice_number']} was not in the book on {as_of} as known at"
            f" {known_at.isoformat()}; it is of {claim['opened_on']}. Ask for a later day or"
            " instant.",
            f"截至{as_of}、按{known_at.isoformat()}已知事实，发票{claim['invoice_number']}"
            f"尚未入账（入账日{claim['opened_on']}）；请查询更晚的日期或时点。",
            field="as_of",
        )
    return Known(
        claim,
        list(connection.execute(_RECEIPTS, values).mappings()),
        list(connection.execute(_POSTINGS, values).mappings()),
        list(connection.execute(_ANSWERS, values).mappings()),
        list(connection.execute(_STATED, values).mappings()),
        list(connection.execute(_INTEREST, values).mappings()),
        connection.execute(_COMPLAINT, values).mappings().one_or_none(),
        connection.execute(_BOOK, values).mappings().one(),
    )
