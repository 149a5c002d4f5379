"""Invariants between what was written and what the log tells of it, and to whom it is sent."""

from typing import Final

from services.ledger.insight.checks import Check
from services.ledger.policy import Relation, roles

_MONEY: Final = r"^-?[0-9]+\.[0-9]{2}$"


def _fen(field: str) -> str:
    """Return SQL for an amount that an event tells, in fen; NULL if it tells none."""
    return (
        f"CASE WHEN e.data ->> '{field}' ~ '{_MONEY}'"
        f" THEN replace(e.data ->> '{field}', '.', '')::numeric END"
    )


_WRITTEN: Final = (
    "SELECT id, 'receivable.opened', 1, face_fen FROM receivables",
    """SELECT receivable_id, CASE kind WHEN 'REQUESTED' THEN 'confirmation.requested'
         ELSE 'receivable.confirmed' END, 1, CASE kind WHEN 'REQUESTED' THEN 0 ELSE amount_fen END
       FROM confirmations""",
    """SELECT p.receivable_id, CASE WHEN q.id IS NULL THEN 'receivable.disputed'
         ELSE 'receivable.confirmed' END, CASE WHEN q.id IS NULL THEN 1 ELSE 0 END, p.amount_fen
       FROM postings p
       LEFT JOIN confirmations q ON q.receivable_id = p.receivable_id AND q.id = p.cause
       WHERE p.debit = 'disputed'""",
    """SELECT receivable_id, 'dispute.resolved', 1, amount_fen FROM postings
       WHERE credit = 'disputed' AND debit IN ('receivable', 'supply')""",
    """SELECT receivable_id, 'receivable.credited', 1, amount_fen FROM postings
       WHERE (debit, credit) = ('supply', 'receivable')""",
    """SELECT receivable_id, 'payment.allocated', 1, sum(amount_fen) FROM postings
       WHERE debit = 'cash' GROUP BY receivable_id, cause""",
    "SELECT receivable_id, 'receivable.exported', 1, amount_fen FROM claims",
    """SELECT receivable_id, CASE state WHEN 'FINANCED' THEN 'receivable.financed'
         ELSE 'receivable.refused' END, 1,
         CASE state WHEN 'FINANCED' THEN coalesce(financed_fen, 0) ELSE 0 END
       FROM claim_answers WHERE state <> 'PENDING'""",
    "SELECT receivable_id, 'receivable.interest_claimed', 1, amount_fen FROM interest_claims",
    "SELECT receivable_id, 'receivable.interest_waived', 1, amount_fen FROM interest_waivers",
    """SELECT f.receivable_id, CASE coalesce(b.kind, f.kind) WHEN 'DELAY_REASON' THEN
           'delay.explained' WHEN 'COSTS' THEN CASE f.kind WHEN 'ENDED' THEN
           'receivable.costs_withdrawn' ELSE 'receivable.costs_claimed' END
           WHEN 'INSTRUMENT' THEN CASE f.kind WHEN 'ENDED' THEN
           'instrument.returned' ELSE 'instrument.handed' END ELSE 'limitation.interrupted' END,
         1, CASE WHEN b.kind = 'COSTS' THEN p.amount_fen
           WHEN f.kind IN ('ENDED', 'DELAY_REASON') THEN 0 ELSE coalesce(f.amount_fen, 0) END
       FROM arrears_facts f
       LEFT JOIN postings p ON p.receivable_id = f.receivable_id AND p.cause = f.id
         AND p.debit = 'costs_advanced'
       LEFT JOIN arrears_facts b ON b.receivable_id = f.receivable_id AND b.id = f.fact_id""",
    "SELECT id, 'complaint.filed', 1, amount_fen FROM complaints",
    "SELECT complaint_id, 'complaint.moved', 1, 0 FROM complaint_steps",
    "SELECT id, 'party.registered', 1, 0 FROM parties",
    "SELECT party_id, 'account.changed', 1, 0 FROM repayment_accounts",
    "SELECT id, 'contract.registered', 1, 0 FROM contracts",
    "SELECT id, 'order.placed', 1, coalesce(amount_fen, 0) FROM orders",
    """SELECT order_id, CASE kind WHEN 'DELIVERED' THEN 'order.delivered'
         WHEN 'ACCEPTED' THEN 'order.accepted' ELSE 'receipt.recorded' END, 1, 0 FROM receipts""",
    "SELECT id, 'approval.requested', 1, 0 FROM approval_proposals",
    """SELECT p.id, 'approval.given', count(*) - (p.state = 'APPROVED')::int, 0
       FROM approval_votes v JOIN approval_proposals p ON p.id = v.proposal_id AND v.approves
       GROUP BY p.id HAVING count(*) > (p.state = 'APPROVED')::int""",
    """SELECT id, 'approval.' || lower(state), 1, 0 FROM approval_proposals
       WHERE state <> 'WAITING'""",
    "SELECT id, 'file.imported', 1, 0 FROM imports",
)
"""Whatever is written, by subject: the type of event that tells of it, how many, and its fen."""
_TOLD: Final = {
    "receivable.opened": _fen("face"),
    "confirmation.requested": "0",
    "receivable.confirmed": f"{_fen('confirmed')} + {_fen('disputed')}",
    "receivable.disputed": _fen("amount"),
    "dispute.resolved": f"{_fen('upheld')} + {_fen('withdrawn')}",
    "receivable.credited": _fen("amount"),
    "payment.allocated": _fen("amount"),
    "receivable.exported": _fen("amount"),
    "receivable.financed": _fen("amount"),
    "receivable.refused": "0",
    "receivable.interest_claimed": _fen("amount"),
    "receivable.interest_waived": _fen("amount"),
    "receivable.costs_claimed": _fen("amount"),
    "receivable.costs_withdrawn": _fen("amount"),
    "limitation.interrupted": f"coalesce({_fen('amount')}, 0)",
    "instrument.handed": _fen("amount"),
    "instrument.returned": "0",
    "delay.explained": "0",
    "complaint.filed": _fen("amount"),
    "complaint.moved": "0",
    "party.registered": "0",
    "account.changed": "0",
    "contract.registered": "0",
    "order.placed": _fen("amount"),
    "order.delivered": "0",
    "order.accepted": "0",
    "receipt.recorded": "0",
    "approval.requested": "0",
    "approval.given": "0",
    "approval.approved": "0",
    "approval.rejected": "0",
    "approval.withdrawn": "0",
    "approval.expired": "0",
    "file.imported": "0",
}
"""What each of these types tells in fen."""
_TYPES: Final = ", ".join(f"'{type_}'" for type_ in _TOLD)
_TELLS: Final = " ".join(f"WHEN '{type_}' THEN {fen}" for type_, fen in _TOLD.items())

_ANSWERS: Final = ", ".join(f"'{role}'" for role in roles("exports.answer", Relation.PLATFORM))
"""The roles that read what is of a platform."""
LOGGED: Final = (
    Check(
        "events",
        "the log tells once of each thing written, with its amount, and of nothing else",
        "每项登记在日志中有且仅有一个事件，金额相符，且无多余事件",
        f"""
        WITH written(id, type, n, fen) AS (
          SELECT id, type, sum(n), sum(fen)
          FROM ({" UNION ALL ".join(_WRITTEN)}) w(id, type, n, fen) GROUP BY id, type
        ), told(id, type, n, fen) AS (
          SELECT e.subject_id, e.type, count(*), sum(CASE e.type {_TELLS} END) FROM events e
          WHERE e.type IN ({_TYPES}) GROUP BY e.subject_id, e.type
        )
        SELECT coalesce(w.id, t.id), format('%s: written %s times, %s fen; told %s times, %s fen',
          coalesce(w.type, t.type), coalesce(w.n, 0), coalesce(w.fen, 0), coalesce(t.n, 0),
          coalesce(t.fen, 0))
        FROM written w FULL JOIN told t ON t.id = w.id AND t.type = w.type
        WHERE w.n IS DISTINCT FROM t.n OR w.fen IS DISTINCT FROM t.fen
        """,
    ),
    Check(
        "actors",
        "each event says who did it, unless that was erased",
        "每个事件均有经办人，依法删除者除外",
        """
        SELECT e.subject_id, format('event %s: %s by nobody', e.id, e.type) FROM events e
        WHERE e.actor = '' AND e.type <> 'approval.expired' AND NOT EXISTS (
          SELECT FROM erasures x WHERE x.event_id = e.id AND x.field = 'actor')
        """,
    ),
    Check(
        "order",
        "each event has one place in the log or waits for it, and places have no gap",
        "事件在日志中位置唯一且连续",
        """
        SELECT e.id, format('event %s: %s', e.type, CASE WHEN s.event_id IS NULL
          THEN 'neither sealed nor waiting' ELSE 'sealed at ' || s.position || ' and waiting' END)
        FROM events e
        LEFT JOIN sealed s ON s.event_id = e.id AND s.subject_id = e.subject_id
        LEFT JOIN unsealed u ON u.subject_id = e.subject_id AND u.event_id = e.id
        WHERE (s.event_id IS NULL) = (u.event_id IS NULL)
        UNION ALL
        SELECT q.event_id, format('position %s: no such event', q.position)
        FROM (SELECT event_id, subject_id, position FROM sealed
          UNION ALL SELECT event_id, subject_id, NULL FROM unsealed) q
        LEFT JOIN events e ON e.id = q.event_id AND e.subject_id = q.subject_id
        WHERE e.id IS NULL
        UNION ALL
        SELECT s.event_id, format('position %s: not as of its platform', s.position)
        FROM sealed s JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
        WHERE s.platform_id IS DISTINCT FROM e.platform_id
        UNION ALL
        SELECT event_id, format('position %s: the %sth', position, n)
        FROM (SELECT event_id, position, row_number() OVER (ORDER BY position) AS n
          FROM sealed) x WHERE position <> n
        """,
    ),
    Check(
        "deliveries",
        "each webhook gets those events of its party that it wants, and no other",
        "每个Webhook收到其订阅的本主体事件，与日志一致，且无其他事件",
        f"""
        SELECT d.endpoint_id, format('delivery at position %s: %s', d.position, CASE
          WHEN e.id IS NULL THEN 'no such event there' ELSE 'not an event of its party' END)
        FROM webhook_deliveries d JOIN webhook_endpoints w ON w.id = d.endpoint_id
        LEFT JOIN sealed s ON s.position = d.position
        LEFT JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
          AND (e.id, e.type) = (d.event_id, d.type)
        WHERE NOT coalesce(w.party_id IN (e.debtor_id, e.creditor_id), false)
          AND NOT (w.role IN ({_ANSWERS}) AND EXISTS (SELECT FROM events g
            WHERE g.subject_id = e.platform_id AND g.type = 'platform.registered'
              AND g.data ->> 'party_id' = w.party_id::varchar))
        UNION ALL
        SELECT w.id, format('position %s: %s was never planned', s.position, e.type)
        FROM webhook_endpoints w
        JOIN events a ON a.subject_id = w.id AND a.type = 'webhook.added'
        JOIN sealed f ON f.subject_id = a.subject_id AND f.event_id = a.id
        JOIN sealed s ON (s.debtor_id = w.party_id OR s.creditor_id = w.party_id
            OR w.role IN ({_ANSWERS}) AND s.platform_id IN (
              SELECT g.subject_id FROM events g JOIN sealed t ON t.event_id = g.id
              JOIN platforms f ON f.id = g.subject_id AND f.party_id = w.party_id
              WHERE g.type = 'platform.registered' AND t.position <= s.position
                AND g.data ->> 'party_id' = w.party_id::varchar))
          AND s.position > f.position AND s.position <= w.position
        JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
        LEFT JOIN webhook_deliveries d ON d.endpoint_id = w.id AND d.position = s.position
        WHERE d.endpoint_id IS NULL AND w.version = 1 AND e.type <> 'webhook.pinged'
          AND s.sealed_at > now() - interval '89 days'
          AND (w.types = '{{}}' OR e.type = ANY(w.types)
            OR split_part(e.type, '.', 1) || '.*' = ANY(w.types))
        """,
    ),
    Check(
        "arrivals",
        "what is told to have arrived is an event of its party",
        "送达记录均对应其当事人的事件",
        """
        SELECT e.subject_id, format('event %s: arrival of %s, which is no event of party %s', e.id,
          e.data ->> 'event_id', e.data ->> 'party_id')
        FROM events e LEFT JOIN events o
          ON o.subject_id = e.subject_id AND o.id::varchar = e.data ->> 'event_id'
          AND e.data ->> 'party_id' IN (o.debtor_id::varchar, o.creditor_id::varchar)
        WHERE e.type = 'message.delivered' AND o.id IS NULL
        """,
    ),
    Check(
        "imports",
        "each file sent over HTTP and taken in has its import",
        "经HTTP上传并入账的文件均有导入记录",
        """
        SELECT j.id, format('import job: %s is committed, without an import', j.file_name)
        FROM import_jobs j LEFT JOIN imports i ON i.sha256 = j.sha256
        WHERE j.state = 'COMMITTED' AND i.id IS NULL
        """,
    ),
)
