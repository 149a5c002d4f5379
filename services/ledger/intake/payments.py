"""Take what was paid, and find what was executed twice."""

from typing import Final

from services.ledger.intake.answers import DEBTORS_ONLY, LOCK, MOVES, NAMED, POST, UNKNOWN, append
from services.ledger.intake.desk import Desk
from services.ledger.intake.events import event_id, yuan
from services.ledger.journal.queries import CLAIMED_LEFT
from services.ledger.money import MAX_FEN
from services.ledger.payments.allocation import PRINCIPAL_FIRST
from services.ledger.payments.service import ORDER
from services.ledger.policy import Relation

_RUNS: Final = """
    CREATE TEMP TABLE in_run ON COMMIT DROP AS
    SELECT s.*, p."on" AS book_on, p.known_at AS book_known_at,
      row_number() OVER (PARTITION BY s.payment_id, s.receivable_id
        ORDER BY s."on", s.known_at, s.line) AS nth,
      row_number() OVER (PARTITION BY s.payment_id, s.receivable_id, s."on", s.known_at
        ORDER BY s.line) AS same,
      first_value(s.amount) OVER (PARTITION BY s.payment_id, s.receivable_id
        ORDER BY s."on", s.known_at, s.line) AS first_fen,
      a.fen AS book_fen
    FROM in_payment s
    LEFT JOIN payments p ON p.id = s.payment_id
    LEFT JOIN (
      SELECT cause, receivable_id, sum(amount_fen)::bigint AS fen FROM postings
      WHERE debit = 'cash' AND cause IN (SELECT payment_id FROM in_payment)
      GROUP BY cause, receivable_id) a
      ON a.cause = s.payment_id AND a.receivable_id = s.receivable_id"""
"""Every time a payment was executed. The earliest is the payment, the others are repeats."""

_FINDING: Final = """md5('run:' || payment_id || receivable_id || {on} || coalesce(extract(
    epoch FROM {known_at})::varchar, '') || {same})::uuid"""
_OLD_IS_REPEAT: Final = f"""
    WITH earlier AS (
      SELECT DISTINCT ON (s.payment_id) s.payment_id, s.receivable_id, s.line, s."on",
        coalesce(s.known_at, now()) AS known_at, s.book_on, s.book_known_at, s.amount
      FROM in_run s WHERE s.book_on IS NOT NULL AND s.nth = 1
        AND (s."on", coalesce(s.known_at, s.book_known_at)) < (s.book_on, s.book_known_at)
      ORDER BY s.payment_id, s."on", s.known_at
    ), paid AS (
      UPDATE payments p SET "on" = e."on", known_at = e.known_at
      FROM earlier e WHERE p.id = e.payment_id
    ), posted AS (
      UPDATE postings t SET "on" = e."on", known_at = e.known_at
      FROM earlier e WHERE t.cause = e.payment_id AND t.debit = 'cash'
    )
    INSERT INTO findings (subject_id, id, kind, reference, import_id, line, amount_fen, "on",
      known_at)
    SELECT e.receivable_id, {_FINDING.format(on="e.book_on", known_at="e.book_known_at", same="1")},
      'PAYMENT_REPEATED', (SELECT reference FROM payments WHERE id = e.payment_id),
      CAST(:import_id AS uuid), e.line, e.amount, e.book_on, e.book_known_at
    FROM earlier e ON CONFLICT DO NOTHING"""
_REPEATS: Final = f"""
    INSERT INTO findings (subject_id, id, kind, reference, import_id, line, amount_fen, "on",
      known_at)
    SELECT receivable_id, {_FINDING.format(on='"on"', known_at="known_at", same="same")},
      'PAYMENT_REPEATED', payment, CAST(:import_id AS uuid), line, amount, "on",
      coalesce(known_at, now())
    FROM in_run WHERE NOT counts ON CONFLICT DO NOTHING"""
_COUNTS: Final = """
    ALTER TABLE in_run ADD COLUMN counts boolean;
    UPDATE in_run SET counts = CASE WHEN book_on IS NULL THEN nth = 1
      ELSE same = 1 AND ("on" = book_on AND (known_at IS NULL OR known_at = book_known_at)
        OR nth = 1 AND ("on", coalesce(known_at, book_known_at)) < (book_on, book_known_at)) END"""


def take_payments(desk: Desk, import_id: object) -> None:
    """Record payments against receivables; executing one again is a finding and pays nothing."""
    if not desk.staged["payment"]:
        return
    desk.fault(UNKNOWN.format(kind="payment"))
    if desk.viewer.relation("payments.record") is Relation.DEBTOR:
        desk.fault(DEBTORS_ONLY.format(kind="payment"))
    desk.run(LOCK.format(kind="payment"))
    desk.run("DROP TABLE IF EXISTS in_run, in_move")
    desk.run(_RUNS)
    desk.fault(
        """SELECT line, 'amount', 'ID_REUSED', payment FROM in_run
           WHERE amount <> coalesce(book_fen, first_fen)
             OR (book_on IS NOT NULL AND book_fen IS NULL)"""
    )
    desk.fault(
        """SELECT s.line, 'payment', 'DOCUMENT_DIFFERS', s.payment FROM in_payment s JOIN (
             SELECT p.payment_id FROM in_payment p JOIN receivables r ON r.id = p.receivable_id
             GROUP BY p.payment_id HAVING count(DISTINCT (r.debtor_id, r.currency)) > 1) x
           USING (payment_id)"""
    )
    desk.fault(
        """SELECT line, 'amount', 'AMOUNT_TOO_LARGE', payment FROM in_run
           WHERE payment_id IN (SELECT payment_id FROM in_run WHERE nth = 1
             GROUP BY payment_id HAVING sum(amount) > :most)""",
        most=MAX_FEN,
    )
    desk.run("DELETE FROM in_run s USING in_fault f WHERE f.line = s.line")
    for statement in _COUNTS.split(";"):
        desk.run(statement)
    desk.run(MOVES)
    _allocate(desk)
    desk.run(_OLD_IS_REPEAT, import_id=import_id)
    desk.run(_REPEATS, import_id=import_id)
    desk.run(POST)


def _left(account: str) -> str:
    return CLAIMED_LEFT.format(account=account, receivable="b.receivable_id", day='s."on"')


_DUE_FOR: Final = f"""
    CREATE TEMP TABLE in_pay ON COMMIT DROP AS
    WITH due AS (
      SELECT s.line, s.payment_id, s.receivable_id, s.payment, s.amount AS paid_fen, s."on",
        coalesce(s.known_at, now()) AS known_at, s.method, r.debtor_id, r.creditor_id, r.currency,
        r.invoice_number, b.receivable_fen, b.assigned_fen, b.reserved_fen, b.disputed_fen,
        b.receivable_fen + b.assigned_fen + b.reserved_fen + b.disputed_fen AS open_fen,
        b.interest_fen, b.costs_fen, {PRINCIPAL_FIRST} AS principal_first,
        CASE WHEN b.costs_fen = 0 THEN 0 ELSE {_left("costs")} END AS costs_left_fen,
        CASE WHEN b.interest_fen = 0 THEN 0 ELSE {_left("interest")} END AS left_fen,
        sum(s.amount) OVER paying AS sum_fen
      FROM in_run s JOIN receivables r ON r.id = s.receivable_id
      JOIN contracts c ON c.id = r.contract_id
      JOIN balances b ON b.receivable_id = s.receivable_id
      WHERE s.counts AND s.book_on IS NULL
      WINDOW paying AS (PARTITION BY s.receivable_id ORDER BY s."on", s.known_at, s.line)
    ), free AS (
      SELECT *, CASE WHEN principal_first THEN greatest(sum_fen - open_fen, 0) ELSE sum_fen END
        AS free_fen
      FROM due
    ), costed AS (
      SELECT *, free_fen + least(min(costs_left_fen - free_fen) OVER paying, 0) AS costs_until_fen
      FROM free WINDOW paying AS (PARTITION BY receivable_id ORDER BY "on", known_at, line)
    ), divided AS (
      SELECT *, free_fen - costs_until_fen
        + least(min(left_fen - free_fen + costs_until_fen) OVER paying, 0) AS interest_until_fen
      FROM costed WINDOW paying AS (PARTITION BY receivable_id ORDER BY "on", known_at, line)
    ), summed AS (
      SELECT *, sum_fen - costs_until_fen - interest_until_fen AS until_fen,
        costs_until_fen - lag(costs_until_fen, 1, 0::numeric) OVER paying AS to_costs_fen,
        interest_until_fen - lag(interest_until_fen, 1, 0::numeric) OVER paying AS to_interest_fen
      FROM divided WINDOW paying AS (PARTITION BY receivable_id ORDER BY "on", known_at, line)
    )
    SELECT *, paid_fen - to_costs_fen - to_interest_fen AS fen FROM summed"""
"""What each payment pays, in the order they were made: of the costs and the interest that were
claimed by its day and are left by those before it (民法典 561, or the parties' order), and of the
principal. ``free_fen`` is what the payments so far may put to both."""


_PAID_ID: Final = event_id("r.known_at", 5, "'paid:' || r.payment_id || r.receivable_id")
_SETTLED_ID: Final = event_id("r.known_at", 6, "'settled:' || r.payment_id || r.receivable_id")


def _allocate(desk: Desk) -> None:
    """Set new payments against what is owed, free parts first, in the order they were made."""
    desk.run("DROP TABLE IF EXISTS in_pay")
    desk.run(_DUE_FOR)
    desk.fault(
        """SELECT s.line, 'amount', 'PAYMENT_EXCEEDS_OPEN', s.payment FROM in_run s
           WHERE s.book_on IS NULL AND s.payment_id IN (
             SELECT payment_id FROM in_pay WHERE until_fen > open_fen)"""
    )
    for table in ("in_run", "in_pay"):
        desk.run(f"DELETE FROM {table} s USING in_fault f WHERE f.line = s.line")
    desk.new["payment"] = desk.run(
        """INSERT INTO payments (id, debtor_id, reference, amount_fen, currency, "on", method,
             known_at)
           SELECT payment_id, (array_agg(debtor_id))[1], min(payment), sum(paid_fen), min(currency),
             min("on"), coalesce(min(method), ''), min(known_at)
           FROM in_pay GROUP BY payment_id"""
    ).rowcount
    desk.known["payment"] = desk.run(
        "SELECT count(DISTINCT payment_id) FROM in_run WHERE book_on IS NOT NULL"
    ).scalar_one()
    for account in ("costs", "interest"):
        desk.run(
            f"""INSERT INTO in_move SELECT receivable_id,
                 md5('paid:{account}' || payment_id || receivable_id)::uuid, 'cash', '{account}',
                 to_{account}_fen, "on", known_at, payment_id FROM in_pay
               WHERE to_{account}_fen > 0"""
        )
    lower = "0"
    for account in ORDER:
        upper = f"{lower} + {account}_fen"
        part = f"least(until_fen, {upper}) - greatest(until_fen - fen, {lower})"
        desk.run(
            f"""INSERT INTO in_move SELECT receivable_id,
                  md5('paid:{account}' || payment_id || receivable_id)::uuid, 'cash', '{account}',
                  {part}, "on", known_at, payment_id FROM in_pay WHERE {part} > 0"""
        )
        lower = upper
    desk.run(
        append(
            f"""SELECT r.receivable_id, {_PAID_ID},
              'payment.allocated', :actor,
                CAST(:viewer AS uuid), r.debtor_id, r.creditor_id, jsonb_build_object({NAMED},
                'payment_reference', r.payment, 'amount', {yuan("r.paid_fen")}, 'paid_on', r."on",
                'still_open', {yuan("(r.open_fen - r.until_fen)")},
                'interest', {yuan("r.to_interest_fen")}, 'interest_open',
                {yuan("(r.interest_fen - r.interest_until_fen)")},
                'costs', {yuan("r.to_costs_fen")}, 'costs_open',
                {yuan("(r.costs_fen - r.costs_until_fen)")}), :request_id, r.known_at
            FROM in_pay r
            UNION ALL
            SELECT r.receivable_id, {_SETTLED_ID},
              'receivable.settled', :actor,
                CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
              jsonb_build_object({NAMED}, 'settled_on', r."on"), :request_id, r.known_at
            FROM in_pay r WHERE r.open_fen = r.until_fen
              AND r.interest_fen = r.interest_until_fen AND r.costs_fen = r.costs_until_fen"""
        )
    )
