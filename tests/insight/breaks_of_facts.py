"""Changes of one row each that the invariants of days, states, parties and the log find."""

from tests.insight.breaks_of_money import Break

_AGAIN = """
    INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
      occurred_at)
    SELECT subject_id, gen_random_uuid(), type, actor, debtor_id, creditor_id, data, request_id,
      occurred_at FROM events WHERE subject_id = :id AND type = '{}'"""

FACT_BREAKS = (
    Break(
        "dates",
        "answered",
        "UPDATE balances SET due_on = '2030-01-01' WHERE receivable_id = :id",
        "balance: starts 2025-07-09, due 2030-01-01; by the facts 2025-07-09, 2025-09-08",
    ),
    Break(
        "dates",
        "answered",
        """UPDATE clock_facts SET "on" = '2025-07-10' WHERE receivable_id = :id""",
        "by the facts 2025-07-10",
    ),
    Break(
        "days",
        "late",
        """UPDATE payments SET "on" = '2026-01-07' WHERE id IN"""
        " (SELECT cause FROM postings WHERE receivable_id = :id AND debit = 'cash')",
        "of 2026-01-07, posting",
    ),
    Break(
        "days",
        "late",
        """WITH t AS (UPDATE postings SET "on" = '2026-01-07' WHERE receivable_id = :id"""
        " AND debit = 'cash' RETURNING cause)"
        """ UPDATE payments SET "on" = '2026-01-07' WHERE id IN (SELECT cause FROM t)""",
        "of 2026-01-07, posting",
    ),
    Break(
        "days",
        "answered",
        "UPDATE receivables SET opened_on = opened_on - 1 WHERE id = :id",
        "receivable: of 2025-07-0",
    ),
    Break(
        "leaves",
        "contract",
        """UPDATE contracts SET terms = terms || '{"term_days": 90}' WHERE id = :id""",
        "written with it is not",
    ),
    Break(
        "leaves",
        "answered",
        "UPDATE receivables SET invoice_code = '0110' WHERE id = :id",
        "written with it is not",
    ),
    Break(
        "leaves",
        "financed",
        "UPDATE claims SET due_on = due_on + 1 WHERE receivable_id = :id",
        "written with it is not",
    ),
    Break(
        "confirmations",
        "answered",
        "UPDATE balances SET confirmed_on = NULL WHERE receivable_id = :id",
        "confirmed on ; the confirmations say 2025-07-15",
    ),
    Break(
        "states events",
        "answered",
        "INSERT INTO confirmations SELECT receivable_id, gen_random_uuid(), kind, 1, reason,"
        """ "on", known_at, recorded_at FROM confirmations WHERE receivable_id = :id"""
        " AND kind = 'CONFIRMED'",
        "confirmed 2 times",
    ),
    Break(
        "states events",
        "financed",
        "INSERT INTO claim_answers SELECT receivable_id, claim_id, gen_random_uuid(), 'REFUSED',"
        """ NULL, reason, "on", now() FROM claim_answers WHERE receivable_id = :id""",
        "FINANCED to claim",
    ),
    Break(
        "states clearing",
        "financed",
        "UPDATE claim_answers SET claim_id = gen_random_uuid() WHERE receivable_id = :id",
        "FINANCED to claim",
    ),
    Break(
        "states",
        "late",
        "UPDATE complaint_steps SET kind = 'CLOSED' WHERE receivable_id = :id AND place = 2",
        "step 2: CLOSED from ACCEPTED",
    ),
    Break(
        "states events",
        "late",
        "DELETE FROM complaint_steps WHERE receivable_id = :id AND place = 1",
        "step 2: TRANSFERRED from FILED",
    ),
    Break(
        "states",
        "late",
        "UPDATE complaint_steps SET actor = '' WHERE receivable_id = :id AND place = 3",
        "step 3: RECEIVED from TRANSFERRED",
    ),
    Break(
        "states",
        "late",
        "UPDATE complaint_steps SET text = ' ' WHERE receivable_id = :id AND place = 2",
        "step 2: TRANSFERRED",
    ),
    Break(
        "states",
        "late",
        "UPDATE complaint_steps SET kind = 'REFUSED' WHERE receivable_id = :id AND place = 1",
        "step 1: REFUSED from FILED",
    ),
    Break(
        "states",
        "approved",
        "DELETE FROM approval_votes WHERE proposal_id = :id",
        "proposal APPROVED with 0 of 1 approvals",
    ),
    Break(
        "states events",
        "approved",
        "UPDATE approval_proposals SET state = 'REJECTED' WHERE id = :id",
        "proposal REJECTED with 1 of 1 approvals, 0 rejections",
    ),
    Break(
        "states",
        "approved",
        "UPDATE approval_votes v SET user_id = p.proposed_by FROM approval_proposals p"
        " WHERE p.id = v.proposal_id AND p.id = :id",
        "proposal APPROVED with 1 of 1",
    ),
    Break(
        "identities",
        "reserved",
        "DELETE FROM invoice_identities WHERE receivable_id = :id",
        "stands behind",
    ),
    Break(
        "identities",
        "reserved",
        "UPDATE invoice_identities SET receivable_id = gen_random_uuid() WHERE receivable_id = :id",
        "stands behind",
    ),
    Break(
        "parties",
        "contract",
        "UPDATE orders SET creditor_id = gen_random_uuid() WHERE contract_id = :id",
        "",
    ),
    Break(
        "parties",
        "financed",
        "UPDATE receivables SET order_id = gen_random_uuid() WHERE id = :id",
        "missing, or of other parties",
    ),
    Break(
        "parties leaves",
        "answered",
        "UPDATE sealed SET creditor_id = gen_random_uuid() WHERE position ="
        " (SELECT max(position) FROM sealed WHERE subject_id = :id)",
        "of other parties than event",
    ),
    Break(
        "parties leaves",
        "answered",
        "UPDATE events SET debtor_id = NULL WHERE subject_id = :id"
        " AND type = 'receivable.credited'",
        "receivable.credited of other parties",
    ),
    Break(
        "parties",
        "reserved",
        "UPDATE claims SET platform_id = gen_random_uuid() WHERE receivable_id = :id",
        "of another platform or other parties",
    ),
    Break(
        "parties",
        "reserved",
        "UPDATE claims SET debtor_id = gen_random_uuid() WHERE receivable_id = :id",
        "of another platform or other parties",
    ),
    Break(
        "parties",
        "late",
        "UPDATE complaints SET debtor_id = creditor_id WHERE receivable_id = :id",
        "of other parties",
    ),
    Break(
        "instants days",
        "reserved",
        "UPDATE receivables SET known_at = now() + interval '1 day' WHERE id = :id",
        "receivable: known",
    ),
    Break(
        "instants days",
        "late",
        "UPDATE postings SET recorded_at = now() + interval '1 day' WHERE receivable_id = :id"
        " AND debit = 'cash'",
        "posting",
    ),
    Break(
        "overdue order leaves",
        "late",
        "WITH later AS (UPDATE assessments SET assessed_at = assessed_at + interval '2 hours')"
        " DELETE FROM events WHERE subject_id = :id AND type = 'receivable.overdue'",
        "due 2025-10-09: not announced by the assessment of 2025-12-31",
    ),
    Break("events order", "answered", _AGAIN.format("receivable.opened"), "told 2 times"),
    Break("events order", "answered", _AGAIN.format("dispute.resolved"), "told 4 times, 70000 fen"),
    Break("events order", "approved", _AGAIN.format("approval.approved"), "told 2 times"),
    Break("events order", "contract", _AGAIN.format("contract.registered"), "told 2 times"),
    Break(
        "events",
        "financed",
        "DELETE FROM receipts WHERE order_id = (SELECT order_id FROM receivables WHERE id = :id)",
        "",
    ),
    Break(
        "events leaves",
        "answered",
        """UPDATE events SET data = data || '{"amount": "20.01"}' WHERE subject_id = :id"""
        " AND type = 'receivable.credited'",
        "receivable.credited: written 1 times, 2000 fen; told 1 times, 2001 fen",
    ),
    Break(
        "events leaves",
        "answered",
        """UPDATE events SET data = data || '{"amount": "NaN"}' WHERE subject_id = :id"""
        " AND type = 'receivable.credited'",
        "receivable.credited: written 1 times, 2000 fen; told 1 times, 0 fen",
    ),
    Break(
        "actors leaves",
        "answered",
        "UPDATE events SET actor = '' WHERE subject_id = :id AND type = 'receivable.credited'",
        "receivable.credited by nobody",
    ),
    Break(
        "order",
        "answered",
        "INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM events"
        " WHERE subject_id = :id AND type = 'receivable.opened'",
        "and waiting",
    ),
    Break(
        "arrivals order",
        "late",
        "INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,"
        " occurred_at) SELECT subject_id, gen_random_uuid(), 'message.delivered', 'notifier',"
        " debtor_id, creditor_id, jsonb_build_object('event_id', id, 'party_id', subject_id), '',"
        " occurred_at FROM events WHERE subject_id = :id AND type = 'receivable.opened'",
        "which is no event of party",
    ),
)
