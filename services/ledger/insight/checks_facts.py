"""Invariants of the facts: days, states and whose each row is."""

from typing import Final

from services.ledger.arrears.complaint_states import STATE_SQL, STAYS, STEPS
from services.ledger.insight.checks import Check
from services.ledger.receivables.term import DUE, STARTS

_FOLLOWS: Final = ", ".join(
    f"('{kind}', '{state}')" for kind, rule in STEPS.items() for state in sorted(rule.from_states)
)
_REASONED: Final = ", ".join(
    f"('{kind}', '{reason}')" for kind, rule in STEPS.items() for reason in sorted(rule.reasons)
)
_NEED_REASON: Final = ", ".join(f"'{kind}'" for kind, rule in STEPS.items() if rule.reasons)
_NEED_TEXT: Final = ", ".join(f"'{kind}'" for kind, rule in STEPS.items() if rule.needs_text)
_STAYS: Final = ", ".join(f"'{kind}'" for kind in STAYS)

FACTS: Final = (
    Check(
        "dates",
        "each due day equals what the facts and the contract give",
        "到期日等于按事实与合同计算的结果",
        f"""
        SELECT r.id, format('balance: starts %s, due %s; by the facts %s, %s', b.start_on, b.due_on,
          s.start_on, d.due_on)
        FROM receivables r JOIN contracts c ON c.id = r.contract_id
        JOIN balances b ON b.receivable_id = r.id
        LEFT JOIN ({STARTS.format(facts="true")}) s ON s.receivable_id = r.id,
        LATERAL (SELECT {DUE.format(agreed="r.agreed_due_on", start="s.start_on")} AS due_on) d
        WHERE b.start_on IS DISTINCT FROM s.start_on OR b.due_on IS DISTINCT FROM d.due_on
        """,
    ),
    Check(
        "days",
        "invoices and payments stand on the days of their postings, payments on the day told",
        "发票与付款的日期与其分录一致，付款日期与日志所述一致",
        """
        SELECT r.id, format('receivable: of %s, opening posting %s: of %s', r.opened_on, t.id,
          t."on")
        FROM receivables r JOIN postings t ON t.receivable_id = r.id
          AND (t.debit, t.credit) = ('receivable', 'supply')
        WHERE (t."on", t.known_at) <> (r.opened_on, r.known_at)
        UNION ALL
        SELECT t.receivable_id, format('payment %s: of %s, posting %s: of %s', p.id, p."on", t.id,
          t."on")
        FROM payments p JOIN postings t ON t.cause = p.id AND t.debit = 'cash'
        WHERE t."on" <> p."on" OR NOT EXISTS (
          SELECT FROM events e WHERE e.subject_id = t.receivable_id AND e.type = 'payment.allocated'
            AND e.recorded_at = t.recorded_at AND e.data ->> 'payment_reference' = p.reference
            AND (coalesce(e.data ->> 'paid_on', p."on"::varchar) = p."on"::varchar OR EXISTS (
              SELECT FROM findings f WHERE f.subject_id = t.receivable_id
                AND f.kind = 'PAYMENT_REPEATED' AND f."on"::varchar = e.data ->> 'paid_on'
                AND f."on" >= p."on")))
        """,
    ),
    Check(
        "overdue",
        "what was overdue at the last assessment was announced then or before",
        "最近一次核查时已逾期的应收账款均已通知",
        """
        WITH last AS (SELECT as_of, assessed_at - interval '1 hour' AS since
          FROM assessments ORDER BY as_of DESC LIMIT 1)
        SELECT b.receivable_id, format('due %s: not announced by the assessment of %s', b.due_on,
          l.as_of)
        FROM last l JOIN balances b ON b.due_on < l.as_of
          AND b.receivable_fen + b.reserved_fen + b.assigned_fen > 0
        LEFT JOIN events e ON e.subject_id = b.receivable_id
          AND e.id = md5('overdue:' || b.receivable_id || b.due_on)::uuid
        WHERE e.id IS NULL AND NOT EXISTS (SELECT FROM events t
          WHERE t.subject_id = b.receivable_id AND t.recorded_at >= l.since)
        """,
    ),
    Check(
        "confirmations",
        "a receivable is confirmed if and only if its debtor confirmed it",
        "确权状态与确权记录一致",
        """
        SELECT b.receivable_id, format('balance: confirmed on %s; the confirmations say %s',
          b.confirmed_on, q.confirmed_on)
        FROM balances b LEFT JOIN (
          SELECT receivable_id, min("on") AS confirmed_on FROM confirmations
          WHERE kind = 'CONFIRMED' GROUP BY 1) q ON q.receivable_id = b.receivable_id
        WHERE b.confirmed_on IS DISTINCT FROM q.confirmed_on
        """,
    ),
    Check(
        "states",
        "each state follows from the one before, with who and why",
        "每一状态均由前一状态依规则转入，并记有经办人与理由",
        f"""
        SELECT receivable_id, format('confirmations: confirmed %s times', count(*))
        FROM confirmations WHERE kind = 'CONFIRMED' GROUP BY 1 HAVING count(*) > 1
        UNION ALL
        SELECT a.receivable_id, format('answer %s: %s to claim %s', a.id, a.state, a.claim_id)
        FROM claim_answers a
        LEFT JOIN claims x ON x.receivable_id = a.receivable_id AND x.id = a.claim_id
        WHERE x.id IS NULL OR EXISTS (SELECT FROM claim_answers f
          WHERE f.receivable_id = a.receivable_id AND f.claim_id = a.claim_id
            AND f.state <> 'PENDING' AND f.id <> a.id AND f.known_at <= a.known_at)
        UNION ALL
        SELECT t.receivable_id, format('complaint %s, step %s: %s from %s', t.complaint_id, t.place,
          t.kind, t.state)
        FROM (
          SELECT q.*, row_number() OVER steps AS n, {STATE_SQL.format(last="q.last")} AS state
          FROM (SELECT z.*, (SELECT y.kind FROM complaint_steps y
              WHERE y.receivable_id = z.receivable_id AND y.complaint_id = z.complaint_id
                AND y.place < z.place AND y.kind NOT IN ({_STAYS})
              ORDER BY y.place DESC LIMIT 1) AS last FROM complaint_steps z) q
          WINDOW steps AS (PARTITION BY q.receivable_id, q.complaint_id ORDER BY q.place)) t
        WHERE t.place <> t.n OR (t.kind, t.state) NOT IN ({_FOLLOWS}) OR t.actor = ''
          OR t.kind IN ({_NEED_REASON}) AND (t.kind, t.reason) NOT IN ({_REASONED})
          OR t.kind IN ({_NEED_TEXT}) AND btrim(t.text) = ''
        UNION ALL
        SELECT p.id, format('proposal %s with %s of %s approvals, %s rejections', p.state,
          v.approvals, p.approvers, v.rejections)
        FROM approval_proposals p, LATERAL (
          SELECT count(*) FILTER (WHERE approves) AS approvals,
            count(*) FILTER (WHERE NOT approves) AS rejections,
            coalesce(bool_or(user_id = p.proposed_by OR user_id = ANY(p.people)), false) AS own
          FROM approval_votes WHERE proposal_id = p.id) v
        WHERE (p.state = 'APPROVED') <> (v.approvals >= p.approvers)
          OR (p.state = 'REJECTED') <> (v.rejections > 0) OR v.own
        """,
    ),
    Check(
        "identities",
        "each invoice stands behind one receivable, or behind its instalments",
        "一张发票只对应一笔应收账款或其各期",
        """
        SELECT coalesce(r.id, i.receivable_id), format('identity %s of invoice %s stands behind %s',
          encode(coalesce(r.identity, i.digest), 'hex'), r.invoice_number, i.receivable_id)
        FROM receivables r FULL JOIN invoice_identities i ON i.digest = r.identity
        WHERE r.id IS NULL OR i.receivable_id IS NULL OR (r.line <= 1 AND i.receivable_id <> r.id)
        """,
    ),
    Check(
        "parties",
        "what belongs to a receivable or a contract names its parties",
        "合同、订单、事件及其位次、融资占用、投诉所列当事人与所属一致",
        """
        SELECT r.id, format('contract %s: of other parties', c.id)
        FROM receivables r JOIN contracts c ON c.id = r.contract_id
        WHERE (r.debtor_id, r.creditor_id) <> (c.debtor_id, c.creditor_id)
        UNION ALL
        SELECT o.id, format('order of other parties than contract %s', c.id)
        FROM orders o JOIN contracts c ON c.id = o.contract_id
        WHERE (o.debtor_id, o.creditor_id) <> (c.debtor_id, c.creditor_id)
        UNION ALL
        SELECT r.id, format('order %s: missing, or of other parties', r.order_id)
        FROM receivables r LEFT JOIN orders o ON o.id = r.order_id
        WHERE r.order_id IS NOT NULL
          AND (o.debtor_id, o.creditor_id) IS DISTINCT FROM (r.debtor_id, r.creditor_id)
        UNION ALL
        SELECT e.subject_id, format('event %s: %s of other parties', e.id, e.type)
        FROM events e JOIN receivables r ON r.id = e.subject_id
        WHERE (e.debtor_id, e.creditor_id) IS DISTINCT FROM (r.debtor_id, r.creditor_id)
        UNION ALL
        SELECT s.subject_id, format('position %s: of other parties than event %s', s.position, e.id)
        FROM sealed s JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
        WHERE (s.debtor_id, s.creditor_id) IS DISTINCT FROM (e.debtor_id, e.creditor_id)
        UNION ALL
        SELECT x.receivable_id, format('claim %s: of another platform or other parties', x.id)
        FROM claims x JOIN exports o ON o.id = x.export_id
        JOIN receivables r ON r.id = x.receivable_id
        WHERE x.platform_id <> o.platform_id OR x.debtor_id <> r.debtor_id
          OR x.creditor_id <> r.creditor_id
        UNION ALL
        SELECT q.receivable_id, format('complaint %s: of other parties', q.id)
        FROM complaints q JOIN receivables r ON r.id = q.receivable_id
        WHERE (q.debtor_id, q.creditor_id) <> (r.debtor_id, r.creditor_id)
        """,
    ),
    Check(
        "instants",
        "nothing is known or recorded later than now",
        "没有晚于当前时刻的已知或登记时间",
        """
        WITH at AS (SELECT now() + interval '5 min' AS latest)
        SELECT id, 'receivable: known ' || known_at FROM receivables, at
        WHERE greatest(known_at, recorded_at) > latest
        UNION ALL
        SELECT receivable_id, format('posting %s: known %s', id, known_at) FROM postings, at
        WHERE greatest(known_at, recorded_at) > latest
        UNION ALL
        SELECT receivable_id, format('confirmation %s: known %s', id, known_at)
        FROM confirmations, at WHERE greatest(known_at, recorded_at) > latest
        UNION ALL
        SELECT id, 'payment: known ' || known_at FROM payments, at
        WHERE greatest(known_at, recorded_at) > latest
        UNION ALL
        SELECT subject_id, format('event %s: occurred %s', id, occurred_at) FROM events, at
        WHERE greatest(occurred_at, recorded_at) > latest
        """,
    ),
)
