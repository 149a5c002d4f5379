"""Take orders and what was received for them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from services.ledger.access import VISIBLE
from services.ledger.ids import id_of
from services.ledger.intake.desk import Desk
from services.ledger.intake.events import event_id, yuan
from services.ledger.orders.service import receipt_id

_RESOLVED: Final = f"""
    SELECT s.*, c.id AS contract_id, c.debtor_id, c.creditor_id FROM in_order s
    JOIN party_identifiers d ON d.scheme = :scheme AND d.value = s.debtor
    JOIN party_identifiers k ON k.scheme = :scheme AND k.value = s.creditor
    JOIN contracts c ON c.reference = s.contract AND c.debtor_id = d.party_id
      AND c.creditor_id = k.party_id AND {VISIBLE.format(table="c")}"""

_PLACE: Final = f"""
    WITH fresh AS (
      INSERT INTO orders (id, contract_id, debtor_id, creditor_id, reference, placed_on,
        amount_fen, currency, known_at)
      SELECT DISTINCT ON (s.order_id) s.order_id, s.contract_id, s.debtor_id, s.creditor_id,
        s."order", s.placed_on, s.amount, s.currency, coalesce(s.known_at, now())
      FROM ({_RESOLVED}) s ORDER BY s.order_id, s.known_at, s.placed_on
      ON CONFLICT DO NOTHING RETURNING *
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, data,
        request_id, occurred_at)
      SELECT id, {event_id("known_at", 0, "'placed:' || id")}, 'order.placed', :actor,
        CAST(:viewer AS uuid), debtor_id,
        creditor_id, jsonb_build_object('number', reference, 'amount',
          {yuan("coalesce(amount_fen, 0)")}, 'currency', currency, 'placed_on', placed_on),
        :request_id, known_at
      FROM fresh RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT count(*) FROM fresh"""


def take_orders(desk: Desk) -> None:
    """Place the orders of the file."""
    if not desk.staged["order"]:
        return
    desk.fault(
        f"""SELECT s.line, 'contract', 'CONTRACT_UNKNOWN', s.contract FROM in_order s
            WHERE s.line NOT IN (SELECT line FROM ({_RESOLVED}) x)"""
    )
    desk.fault(
        """SELECT s.line, '', 'DOCUMENT_DIFFERS', s."order" FROM in_order s JOIN (
             SELECT order_id FROM in_order GROUP BY order_id HAVING count(DISTINCT
               (contract, debtor, creditor, coalesce(amount, 0), currency)) > 1) x
           USING (order_id)"""
    )
    desk.fault(
        f"""SELECT s.line, '', 'ID_REUSED', s."order" FROM ({_RESOLVED}) s
            JOIN orders o ON o.id = s.order_id
            WHERE (o.contract_id, coalesce(o.amount_fen, 0), o.currency)
              <> (s.contract_id, coalesce(s.amount, 0), s.currency)"""
    )
    distinct = desk.run("SELECT count(DISTINCT order_id) FROM in_order").scalar_one()
    desk.new["order"] = desk.run(_PLACE).scalar_one()
    desk.known["order"] = distinct - desk.new["order"]


_RECEIVED: Final = """
    INSERT INTO receipts (order_id, id, receipt_id, reference, kind, "on", known_at)
    SELECT order_id, id, receipt_id, reference, kind, "on", coalesce(known_at, now())
    FROM in_goods ON CONFLICT DO NOTHING
    RETURNING order_id, id, reference, kind, "on", known_at"""
_ANNOUNCE: Final = f"""
    WITH fresh AS ({_RECEIVED}), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, data,
        request_id, occurred_at)
      SELECT o.id, {event_id("f.known_at", 1, "'received:' || o.id || f.id")},
        CASE f.kind WHEN 'DELIVERED' THEN 'order.delivered' WHEN 'ACCEPTED' THEN 'order.accepted'
          ELSE 'receipt.recorded' END, :actor,
          CAST(:viewer AS uuid),
        o.debtor_id, o.creditor_id, jsonb_build_object('number', o.reference) ||
          CASE f.kind WHEN 'DELIVERED' THEN jsonb_build_object('delivered_on', f."on")
            WHEN 'ACCEPTED' THEN jsonb_build_object('accepted_on', f."on")
            ELSE jsonb_build_object('receipt', f.reference, 'kind', f.kind, 'on', f."on") END,
        :request_id, f.known_at
      FROM fresh f JOIN orders o ON o.id = f.order_id
      RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT count(*) FROM fresh"""


def take_receipts(desk: Desk) -> None:
    """Record what was delivered, accepted, rejected or cancelled, for the orders of each row."""
    if not desk.staged["receipt"]:
        return
    desk.fault(
        f"""SELECT s.line, 'order', 'ORDER_UNKNOWN', s."order" FROM in_receipt s WHERE NOT EXISTS (
              SELECT FROM orders o WHERE o.id = s.order_id AND {VISIBLE.format(table="o")})"""
    )
    desk.fault(
        """SELECT s.line, 'kind', 'NOT_YOURS', s.kind FROM in_receipt s
           JOIN orders o ON o.id = s.order_id WHERE s.kind <> 'DELIVERED'
           AND NOT (CAST(:sees_all AS boolean) OR o.debtor_id = CAST(:viewer AS uuid))"""
    )
    desk.run(
        """CREATE TEMP TABLE in_goods (order_id uuid, id uuid, receipt_id uuid, reference varchar,
             kind varchar, "on" date, known_at timestamptz) ON COMMIT DROP"""
    )
    for rows in desk.batches(_ROWS):
        desk.copy_in("in_goods", _goods(rows))
    distinct = desk.run("SELECT count(DISTINCT (order_id, id)) FROM in_goods").scalar_one()
    desk.new["receipt"] = desk.run(_ANNOUNCE).scalar_one()
    desk.known["receipt"] = distinct - desk.new["receipt"]


_ROWS: Final = """
    SELECT s.order_id, o.debtor_id, s.receipt, s.kind, s."on", s.known_at
    FROM in_receipt s JOIN orders o ON o.id = s.order_id"""


def _goods(rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[object, ...]]:
    """Give each row the ids that the same fact gets over HTTP, plus its instant if it has one."""
    for order_id, debtor_id, reference, kind, on, known_at in rows:
        document_id = receipt_id(debtor_id, reference)
        moment = () if known_at is None else (known_at.isoformat(),)
        received_id = id_of("received", document_id, kind, on, *moment)
        yield order_id, received_id, document_id, reference, kind, on, known_at
