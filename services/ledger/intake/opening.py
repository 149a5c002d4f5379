"""The statements that open the receivables of a file, each over all of them at once.

``in_doc`` has one row a receivable, ``in_identity`` the digests of the new ones.
"""

from typing import Final

from services.ledger.intake.events import event_id, yuan
from services.ledger.receivables.term import DUE, PROJECTED, START_OF_RECEIPT, STARTS

EARLIER: Final = """
    WITH earlier AS (
      UPDATE receivables r SET issued_on = x.issued_on, opened_on = x.issued_on,
        order_id = x.order_id, known_at = x.known_at
      FROM in_doc x WHERE x.known AND x.dated AND r.id = x.receivable_id
        AND x.known_at < r.known_at RETURNING r.id, x.issued_on, x.known_at
    ), posted AS (
      UPDATE postings p SET "on" = e.issued_on, known_at = e.known_at
      FROM earlier e WHERE p.receivable_id = e.id AND p.cause = e.id
    ), answered AS (
      UPDATE confirmations q SET "on" = e.issued_on, known_at = e.known_at
      FROM earlier e WHERE q.receivable_id = e.id AND q.id = e.id
      RETURNING q.receivable_id, q."on"
    ), stated AS (
      UPDATE clock_facts f SET known_at = e.known_at
      FROM earlier e WHERE f.receivable_id = e.id AND f.receipt_id = e.id
    )
    UPDATE balances b SET confirmed_on = a."on" FROM answered a
    WHERE b.receivable_id = a.receivable_id"""
"""A row that was left out before and is earlier than those taken: the document is of its day."""

OPEN: Final = """
    WITH fresh AS (
      INSERT INTO receivables (id, contract_id, order_id, debtor_id, creditor_id, invoice_kind,
        invoice_code, invoice_number, issued_on, line, line_kind, face_fen, currency,
        agreed_due_on, opened_on, identity, known_at)
      SELECT x.receivable_id, x.contract_id, x.order_id, x.debtor_id, x.creditor_id,
        x.invoice_kind, x.invoice_code, x.invoice_number, x.issued_on, x.instalment, x.line_kind,
        x.face_fen, x.currency, x.due_on, x.issued_on, i.digest, x.known_at
      FROM in_doc x JOIN in_identity i USING (receivable_id) WHERE NOT x.known
      ORDER BY x.receivable_id
    ), claimed AS (
      INSERT INTO invoice_identities (digest, receivable_id)
      SELECT i.digest, i.receivable_id FROM in_identity i JOIN in_doc x USING (receivable_id)
      WHERE NOT x.known AND x.instalment <= 1 ORDER BY i.digest
    )
    INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
    SELECT receivable_id, md5('open:' || receivable_id)::uuid, 'receivable', 'supply', face_fen,
      issued_on, known_at, receivable_id
    FROM in_doc WHERE NOT known ORDER BY receivable_id"""
FACTS: Final = """
    INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
    SELECT x.receivable_id, md5(f.kind || x.receivable_id)::uuid, x.receivable_id, f.kind, f."on",
      f."on", x.known_at
    FROM in_doc x, LATERAL (VALUES ('DELIVERED', x.delivered_on), ('ACCEPTED', x.accepted_on),
      ('SETTLEMENT_CONFIRMED', x.settled_on)) f(kind, "on")
    WHERE f."on" IS NOT NULL AND NOT x.known ORDER BY x.receivable_id"""
LINK: Final = """
    INSERT INTO receivable_receipts (receivable_id, receipt_id, since_on, known_at)
    SELECT DISTINCT ON (s.receivable_id, g.receipt_id) s.receivable_id, g.receipt_id, s.since_on,
      coalesce(s.known_at, now())
    FROM in_receipt_link s JOIN in_goods g ON g.receipt = s.receipt
    ORDER BY s.receivable_id, g.receipt_id, s.known_at, s.since_on
    ON CONFLICT DO NOTHING"""
_STATED: Final = START_OF_RECEIPT.format(
    settled="r.settled_on",
    delivered="r.delivered_on",
    accepted="r.accepted_on",
    rejected="CAST(NULL AS date)",
)
BALANCES: Final = f"""
    INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen, assigned_fen,
      start_on, due_on, confirmed_on)
    SELECT r.receivable_id, r.face_fen, 0, 0, 0, s.start_on,
      {DUE.format(agreed="r.due_on", start="s.start_on")},
      CASE WHEN r.confirmed THEN r.issued_on END
    FROM in_doc r JOIN contracts c ON c.id = r.contract_id
    LEFT JOIN (
      {STARTS.format(facts="f.receivable_id IN (SELECT receivable_id FROM in_receipt_link)")}) l
      ON l.receivable_id = r.receivable_id,
    LATERAL (SELECT CASE WHEN l.receivable_id IS NULL THEN {_STATED} ELSE l.start_on END
      AS start_on) s
    WHERE NOT r.known ORDER BY r.receivable_id"""
"""The days stated with a receivable give its start at once; those of receipts are looked up."""
CONFIRM: Final = """
    INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
    SELECT receivable_id, receivable_id, 'CONFIRMED', face_fen, '', issued_on, known_at
    FROM in_doc WHERE NOT known AND confirmed ORDER BY receivable_id"""
TELL: Final = f"""
    WITH appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, data,
        request_id, occurred_at)
      SELECT x.receivable_id, {event_id("x.known_at", 2, "'opened:' || x.receivable_id")},
        'receivable.opened', :actor,
          CAST(:viewer AS uuid), x.debtor_id, x.creditor_id, jsonb_build_object(
          'invoice_number', x.invoice_number, 'currency', x.currency,
          'face', {yuan("x.face_fen")}, 'due_on', b.due_on), :request_id, x.known_at
      FROM in_doc x JOIN balances b USING (receivable_id) WHERE NOT x.known
      UNION ALL
      SELECT x.receivable_id, {event_id("x.known_at", 3, "'confirmed:' || x.receivable_id")},
        'receivable.confirmed', :actor,
          CAST(:viewer AS uuid), x.debtor_id, x.creditor_id, jsonb_build_object(
          'invoice_number', x.invoice_number, 'currency', x.currency,
          'confirmed', {yuan("x.face_fen")}, 'disputed', '0.00'), :request_id, x.known_at
      FROM in_doc x WHERE NOT x.known AND x.confirmed
      ORDER BY 1, 2
      RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended"""
PROJECT: Final = f"""
    WITH {PROJECTED.format(facts="f.receivable_id IN (SELECT receivable_id FROM in_changed)")},
    appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, data,
        request_id, occurred_at)
      SELECT m.id, {event_id("now()", 7, "concat('term:', m.id, m.due_on)")},
        'receivable.term_changed', :actor,
          CAST(:viewer AS uuid), m.debtor_id, m.creditor_id, jsonb_build_object(
          'invoice_number', m.invoice_number, 'currency', m.currency, 'due_on', m.due_on),
        :request_id, now()
      FROM moved m ORDER BY m.id RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended"""
"""Receivables that were here before and whose receipts the file told of."""
