"""Take the debtor's answers: confirmations and disputes."""

from typing import Final

from sqlmodel import Session

from services.ledger.access import VISIBLE
from services.ledger.approvals.gate import rule_for
from services.ledger.approvals.kinds import CONFIRM
from services.ledger.intake.desk import Desk
from services.ledger.intake.events import event_id, yuan
from services.ledger.journal.service import DELTA, MOVE

UNKNOWN: Final = f"""
    SELECT s.line, 'receivable', 'RECEIVABLE_UNKNOWN', s.receivable FROM in_{{kind}} s
    WHERE NOT EXISTS (SELECT FROM receivables r WHERE r.id = s.receivable_id
      AND {VISIBLE.format(table="r")})"""
DEBTORS_ONLY: Final = """
    SELECT s.line, '', 'NOT_YOURS', s.receivable FROM in_{kind} s
    JOIN receivables r ON r.id = s.receivable_id
    WHERE NOT (CAST(:sees_all AS boolean) OR r.debtor_id = CAST(:viewer AS uuid))"""
LOCK: Final = """
    SELECT count(*) FROM (SELECT FROM balances WHERE receivable_id IN (
      SELECT receivable_id FROM in_{kind}) ORDER BY receivable_id FOR UPDATE) locked"""
MOVES: Final = """
    CREATE TEMP TABLE in_move (receivable_id uuid, id uuid, debit varchar, credit varchar,
      amount_fen bigint, "on" date, known_at timestamptz, cause uuid) ON COMMIT DROP"""
POST: Final = f"""
    WITH posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT * FROM in_move ORDER BY receivable_id, id
      RETURNING receivable_id, debit, credit, amount_fen
    ), {DELTA}
    {MOVE}"""


def append(select: str) -> str:
    """Return a statement that appends the events of a SELECT, each once."""
    return f"""
    WITH appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id, data,
        request_id, occurred_at)
      {select}
      ON CONFLICT DO NOTHING RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended"""


NAMED: Final = "'invoice_number', r.invoice_number, 'currency', r.currency"
_ANSWERS: Final = """
    CREATE TEMP TABLE in_run ON COMMIT DROP AS
    SELECT DISTINCT ON (s.receivable_id) s.line, s.receivable_id,
      coalesce(s.amount, b.receivable_fen) AS fen, s."on", coalesce(s.note, '') AS note,
      coalesce(s.known_at, now()) AS known_at, b.receivable_fen - coalesce(s.amount,
        b.receivable_fen) AS rest_fen, md5('confirm:' || s.receivable_id)::uuid AS id
    FROM in_confirmation s JOIN balances b USING (receivable_id)
    WHERE b.confirmed_on IS NULL ORDER BY s.receivable_id, s.known_at, s."on", s.line"""


_UNAPPROVED: Final = """
    SELECT s.line, 'receivable', 'APPROVAL_NEEDED', s.receivable FROM in_confirmation s
    JOIN balances b USING (receivable_id) WHERE b.confirmed_on IS NULL"""


def take_confirmations(desk: Desk, session: Session) -> None:
    """Record the debtor's confirmations; what is not confirmed becomes disputed.

    A file proposes nothing, so where others have to approve the debtor's word its rows are refused.
    """
    if not desk.staged["confirmation"]:
        return
    desk.fault(UNKNOWN.format(kind="confirmation"))
    desk.fault(DEBTORS_ONLY.format(kind="confirmation"))
    desk.run(LOCK.format(kind="confirmation"))
    if rule_for(session, desk.viewer, CONFIRM) is not None:
        desk.fault(_UNAPPROVED)
    desk.fault(
        """SELECT s.line, 'amount', 'AMOUNT_EXCEEDS', s.amount::varchar FROM in_confirmation s
           JOIN balances b USING (receivable_id)
           WHERE b.confirmed_on IS NULL AND s.amount > b.receivable_fen"""
    )
    desk.run("DROP TABLE IF EXISTS in_run, in_move")
    desk.run(_ANSWERS)
    distinct = desk.run("SELECT count(DISTINCT receivable_id) FROM in_confirmation").scalar_one()
    desk.new["confirmation"] = desk.run(
        """INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
           SELECT receivable_id, id, 'CONFIRMED', fen, note, "on", known_at FROM in_run"""
    ).rowcount
    desk.known["confirmation"] = distinct - desk.new["confirmation"]
    desk.run(
        """UPDATE balances b SET confirmed_on = s."on" FROM in_run s
           WHERE b.receivable_id = s.receivable_id"""
    )
    desk.run(MOVES)
    desk.run(
        """INSERT INTO in_move SELECT receivable_id, md5('rest:' || receivable_id)::uuid,
             'disputed', 'receivable', rest_fen, "on", known_at, id
           FROM in_run WHERE rest_fen > 0"""
    )
    desk.run(POST)
    desk.run(
        append(
            f"""SELECT r.id, {event_id("s.known_at", 3, "'confirmed:' || r.id")},
              'receivable.confirmed', :actor,
                CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
              jsonb_build_object({NAMED}, 'confirmed', {yuan("s.fen")},
                'disputed', {yuan("s.rest_fen")}), :request_id, s.known_at
            FROM in_run s JOIN receivables r ON r.id = s.receivable_id"""
        )
    )


_HOLDS: Final = """
    CREATE TEMP TABLE in_run ON COMMIT DROP AS
    SELECT DISTINCT ON (s.receivable_id, s."on") s.line, s.receivable_id,
      coalesce(s.amount, b.receivable_fen) AS fen, b.receivable_fen AS free_fen, s."on", s.reason,
      coalesce(s.known_at, now()) AS known_at,
      md5('dispute:' || s.receivable_id || s."on")::uuid AS id
    FROM in_dispute s JOIN balances b USING (receivable_id)
    WHERE NOT EXISTS (SELECT FROM postings p WHERE p.receivable_id = s.receivable_id
      AND p.cause = md5('dispute:' || s.receivable_id || s."on")::uuid)
    ORDER BY s.receivable_id, s."on", s.known_at, s.line"""


def take_disputes(desk: Desk) -> None:
    """Hold back what the debtor disputes; one dispute a receivable and day."""
    if not desk.staged["dispute"]:
        return
    desk.fault(UNKNOWN.format(kind="dispute"))
    desk.fault(DEBTORS_ONLY.format(kind="dispute"))
    desk.run(LOCK.format(kind="dispute"))
    desk.run("DROP TABLE IF EXISTS in_run, in_move")
    desk.run(_HOLDS)
    desk.fault(
        """SELECT s.line, 'amount', 'AMOUNT_EXCEEDS', (s.fen)::varchar FROM (
             SELECT *, sum(fen) OVER (PARTITION BY receivable_id ORDER BY "on", line) AS held_fen
             FROM in_run) s WHERE s.held_fen > s.free_fen OR s.fen = 0"""
    )
    desk.run("DELETE FROM in_run s USING in_fault f WHERE f.line = s.line")
    distinct = desk.run('SELECT count(DISTINCT (receivable_id, "on")) FROM in_dispute').scalar_one()
    desk.run(MOVES)
    desk.new["dispute"] = desk.run(
        """INSERT INTO in_move SELECT receivable_id, md5('hold:' || id)::uuid, 'disputed',
             'receivable', fen, "on", known_at, id FROM in_run"""
    ).rowcount
    desk.known["dispute"] = distinct - desk.new["dispute"]
    desk.run(POST)
    desk.run(
        append(
            f"""SELECT r.id, {event_id("s.known_at", 4, "'disputed:' || s.id")},
              'receivable.disputed', :actor,
                CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
              jsonb_build_object({NAMED}, 'amount', {yuan("s.fen")}, 'reason', s.reason),
              :request_id, s.known_at
            FROM in_run s JOIN receivables r ON r.id = s.receivable_id"""
        )
    )
