"""A receivable about to be opened, and the one statement that writes all its rows."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.events import ReceivableConfirmed, ReceivableOpened
from services.ledger.access import STILL, VISIBLE, Viewer
from services.ledger.db import Statement, direct
from services.ledger.idempotency import STORE_IF_SENT
from services.ledger.ids import id_of, new_id
from services.ledger.money import format_fen
from services.ledger.receivables.term import DUE, START_OF_RECEIPT


@dataclass(frozen=True, slots=True)
class Opening:
    """A receivable about to be opened; ``facts`` are days its payment term may start from."""

    id: UUID
    contract_id: UUID
    invoice_kind: str
    invoice_code: str
    invoice_number: str
    issued_on: date
    face_fen: int
    currency: str
    identity: bytes
    opened_on: date
    order_id: UUID | None = None
    agreed_due_on: date | None = None
    delivered_on: date | None = None
    accepted_on: date | None = None
    settlement_confirmed_on: date | None = None
    receipt_ids: tuple[UUID, ...] = ()


_START: Final = START_OF_RECEIPT.format(
    settled="CAST(:settled_on AS date)",
    delivered="CAST(:delivered_on AS date)",
    accepted="CAST(:accepted_on AS date)",
    rejected="CAST(NULL AS date)",
)

_DUE: Final = DUE.format(agreed="r.agreed_due_on", start="s.start_on")


def _statement(allowed: str = "true", more: str = "") -> Statement:
    return direct(f"""
    WITH c AS (
      SELECT c.*, c.debtor_id = CAST(:viewer AS uuid) AS by_debtor FROM contracts c
      WHERE {allowed} AND c.id = :contract_id AND {VISIBLE.format(table="c")}
        AND (CAST(:order_id AS uuid) IS NULL OR EXISTS (
          SELECT FROM orders o WHERE o.id = :order_id AND o.debtor_id = c.debtor_id
            AND o.creditor_id = c.creditor_id))
    ), claimed AS (
      INSERT INTO invoice_identities (digest, receivable_id) SELECT :identity, :id FROM c
      ON CONFLICT DO NOTHING RETURNING receivable_id
    ), r AS (
      INSERT INTO receivables (id, contract_id, order_id, debtor_id, creditor_id, invoice_kind,
        invoice_code, invoice_number, issued_on, face_fen, currency, agreed_due_on, opened_on,
        identity, known_at)
      SELECT :id, c.id, :order_id, c.debtor_id, c.creditor_id, :invoice_kind, :invoice_code,
        :invoice_number, :issued_on, :face_fen, :currency, :agreed_due_on, :opened_on, :identity,
        now()
      FROM c, claimed RETURNING id, debtor_id, creditor_id, agreed_due_on
    ), stated AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      SELECT r.id, f.id, r.id, f.kind, f."on", f."on", now()
      FROM r, (VALUES (CAST(:fact_1 AS uuid), 'DELIVERED', CAST(:delivered_on AS date)),
        (:fact_2, 'ACCEPTED', :accepted_on), (:fact_3, 'SETTLEMENT_CONFIRMED', :settled_on)
      ) f(id, kind, "on") WHERE f."on" IS NOT NULL
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT r.id, :posting_id, 'receivable', 'supply', :face_fen, :opened_on, now(), r.id FROM r
    ), balanced AS (
      INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen,
        assigned_fen, start_on, due_on, confirmed_on)
      SELECT r.id, :face_fen, 0, 0, 0, s.start_on, {_DUE},
        CASE WHEN c.by_debtor THEN CAST(:opened_on AS date) END
      FROM r, c, LATERAL (SELECT {_START} AS start_on) s
      RETURNING receivable_id, start_on, due_on, confirmed_on
    ), answered AS (
      INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
      SELECT r.id, r.id, 'CONFIRMED', :face_fen, '', :opened_on, now() FROM r, c WHERE c.by_debtor
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        data, request_id, occurred_at)
      SELECT r.id, e.id, e.type, :actor, CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
        e.data, :request_id, now()
      FROM r, c, balanced b, LATERAL (VALUES
        (CAST(:opened_id AS uuid), 'receivable.opened',
          CAST(:opened AS jsonb) || jsonb_build_object('due_on', b.due_on)),
        (:confirmed_id, 'receivable.confirmed', CAST(:confirmed AS jsonb))) e(id, type, data)
      WHERE CASE e.type WHEN 'receivable.opened' THEN NOT CAST(:names AS boolean)
        ELSE c.by_debtor END RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    ){more}
    SELECT start_on, due_on, confirmed_on FROM balanced
    """)


OPEN: Final = _statement()
"""Opens a receivable for a viewer that was identified in the same transaction."""
OPEN_IF_STILL: Final = _statement(STILL, f", answer AS ({STORE_IF_SENT.format(done='r')})")
"""Opens it if the viewer that is remembered still holds its token, with its answer under a key."""


def _told(opening: Opening) -> dict[str, object]:
    face = format_fen(opening.face_fen)
    named = {"invoice_number": opening.invoice_number, "currency": opening.currency}
    confirmed = ReceivableConfirmed(confirmed=face, disputed=format_fen(0), **named)
    return {
        "opened_id": new_id(),
        "names": bool(opening.receipt_ids),
        "opened": ReceivableOpened(face=face, **named).model_dump_json(),
        "confirmed_id": new_id(),
        "confirmed": confirmed.model_dump_json(),
    }


def values(opening: Opening, viewer: Viewer, request_id: str) -> dict[str, object]:
    """Return the values of `OPEN`, with new ids for what the statement writes."""
    return {
        "id": opening.id,
        "contract_id": opening.contract_id,
        "order_id": opening.order_id,
        "invoice_kind": opening.invoice_kind,
        "invoice_code": opening.invoice_code,
        "invoice_number": opening.invoice_number,
        "issued_on": opening.issued_on,
        "face_fen": opening.face_fen,
        "currency": opening.currency,
        "agreed_due_on": opening.agreed_due_on,
        "opened_on": opening.opened_on,
        "identity": opening.identity,
        "delivered_on": opening.delivered_on,
        "accepted_on": opening.accepted_on,
        "settled_on": opening.settlement_confirmed_on,
        "posting_id": id_of("posting", opening.id, opening.id, "receivable", "supply"),
        "fact_1": new_id(),
        "fact_2": new_id(),
        "fact_3": new_id(),
        **_told(opening),
        "actor": viewer.name,
        "request_id": request_id,
        **viewer.parameters(),
    }
