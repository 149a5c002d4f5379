"""The invariants of the book, each a statement that returns the subjects that break it."""

from dataclasses import dataclass
from typing import Final

from services.ledger.journal.models import ACCOUNTS
from services.ledger.receivables.term import DUE, STARTS


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: a statement that returns the subjects that break it."""

    name: str
    english: str
    chinese: str
    sql: str


def _fold(account: str) -> str:
    return (
        f"coalesce(sum(CASE '{account}' WHEN p.debit THEN p.amount_fen"
        f" WHEN p.credit THEN -p.amount_fen ELSE 0 END), 0) AS {account}"
    )


_FOLDS: Final = ", ".join(_fold(account) for account in ACCOUNTS)
_DIFFER: Final = " OR ".join(f"b.{account}_fen <> f.{account}" for account in ACCOUNTS)

_KNOWN: Final = ", ".join(
    f"'{name}'" for name in (*ACCOUNTS, "supply", "cash", "written_off", "interest_earned")
)

CHECKS: Final = (
    Check(
        "balances",
        "each balance equals the fold of its postings",
        "余额等于分录之和",
        f"""
        SELECT r.id FROM receivables r
        LEFT JOIN balances b ON b.receivable_id = r.id
        LEFT JOIN (SELECT p.receivable_id, {_FOLDS} FROM postings p GROUP BY 1) f
          ON f.receivable_id = r.id
        WHERE b.receivable_id IS NULL OR f.receivable_id IS NULL OR {_DIFFER}
        """,
    ),
    Check(
        "opening",
        "each receivable was opened once, for its face",
        "每笔应收账款按票面登记一次",
        """
        SELECT r.id FROM receivables r LEFT JOIN (
          SELECT receivable_id, sum(amount_fen) AS fen, count(*) AS n FROM postings
          WHERE debit = 'receivable' AND credit = 'supply' GROUP BY 1) p ON p.receivable_id = r.id
        WHERE p.n IS DISTINCT FROM 1 OR p.fen <> r.face_fen
        """,
    ),
    Check(
        "dates",
        "each due day equals what the facts and the contract give",
        "到期日等于按事实与合同计算的结果",
        f"""
        SELECT r.id FROM receivables r JOIN contracts c ON c.id = r.contract_id
        JOIN balances b ON b.receivable_id = r.id
        LEFT JOIN ({STARTS.format(facts="true")}) s ON s.receivable_id = r.id
        WHERE b.start_on IS DISTINCT FROM s.start_on OR b.due_on IS DISTINCT FROM
          {DUE.format(agreed="r.agreed_due_on", start="s.start_on")}
        """,
    ),
    Check(
        "confirmations",
        "a receivable is confirmed if and only if its debtor confirmed it",
        "确权状态与确权记录一致",
        """
        SELECT b.receivable_id FROM balances b LEFT JOIN (
          SELECT receivable_id, min("on") AS confirmed_on FROM confirmations
          WHERE kind = 'CONFIRMED' GROUP BY 1) q ON q.receivable_id = b.receivable_id
        WHERE b.confirmed_on IS DISTINCT FROM q.confirmed_on
        """,
    ),
    Check(
        "identities",
        "each invoice stands behind one receivable, or behind its instalments",
        "一张发票只对应一笔应收账款或其各期",
        """
        SELECT coalesce(r.id, i.receivable_id) FROM receivables r
        FULL JOIN invoice_identities i ON i.digest = r.identity
        WHERE r.id IS NULL OR i.receivable_id IS NULL OR (r.line <= 1 AND i.receivable_id <> r.id)
        """,
    ),
    Check(
        "payments",
        "each payment is set against receivables in full",
        "每笔付款均已全额分配",
        """
        SELECT coalesce(p.id, a.cause) FROM payments p FULL JOIN (
          SELECT cause, sum(amount_fen) AS fen FROM postings WHERE debit = 'cash' GROUP BY 1) a
          ON a.cause = p.id
        WHERE p.id IS NULL OR a.cause IS NULL OR p.amount_fen <> a.fen
        """,
    ),
    Check(
        "interest",
        "interest is posted as it was claimed, by its spans, and no day bears it twice",
        "利息按主张的期间与金额入账，且任一日不重复计息",
        """
        WITH standing AS (
          SELECT q.* FROM interest_claims q WHERE NOT EXISTS (SELECT FROM interest_waivers w
            WHERE w.receivable_id = q.receivable_id AND w.claim_id = q.id)
        ), stated AS (
          SELECT receivable_id, id, 'interest' AS debit, amount_fen FROM interest_claims
          UNION ALL
          SELECT receivable_id, id, 'interest_earned', amount_fen FROM interest_waivers
        ), posted AS (
          SELECT receivable_id, cause AS id, debit, amount_fen FROM postings
          WHERE debit IN ('interest', 'interest_earned')
        )
        SELECT coalesce(s.receivable_id, p.receivable_id) FROM stated s FULL JOIN posted p
          ON (p.receivable_id, p.id, p.debit, p.amount_fen)
            = (s.receivable_id, s.id, s.debit, s.amount_fen)
        WHERE s.id IS NULL OR p.id IS NULL
        UNION ALL
        SELECT q.receivable_id FROM interest_claims q WHERE q.amount_fen <> (
          SELECT sum((s ->> 'interest')::numeric * 100) FROM jsonb_array_elements(q.spans) s)
        UNION ALL
        SELECT a.receivable_id FROM standing a JOIN standing b ON b.receivable_id = a.receivable_id
          AND b.id > a.id AND b.from_on <= a.until_on AND a.from_on <= b.until_on
        """,
    ),
    Check(
        "claims",
        "what is reserved and assigned is covered by claims that were not refused",
        "预留与已转让金额均有未被拒绝的融资占用对应",
        """
        SELECT b.receivable_id FROM balances b LEFT JOIN (
          SELECT x.receivable_id, sum(x.amount_fen) AS fen FROM claims x WHERE NOT EXISTS (
            SELECT FROM claim_answers a WHERE a.receivable_id = x.receivable_id
              AND a.claim_id = x.id AND a.state = 'REFUSED') GROUP BY 1) c
          ON c.receivable_id = b.receivable_id
        WHERE b.reserved_fen + b.assigned_fen > coalesce(c.fen, 0)
        """,
    ),
    Check(
        "exports",
        "each export's total is the sum of its claims",
        "导出批次合计等于明细之和",
        """
        SELECT x.id FROM exports x LEFT JOIN (
          SELECT export_id, count(*) AS n, sum(amount_fen) AS fen FROM claims GROUP BY 1) c
          ON c.export_id = x.id
        WHERE c.n IS DISTINCT FROM x.count OR c.fen IS DISTINCT FROM x.total_fen
        """,
    ),
    Check(
        "events",
        "each receivable has its one opening event",
        "每笔应收账款有且仅有一个登记事件",
        """
        SELECT r.id FROM receivables r WHERE 1 <> (
          SELECT count(*) FROM events e WHERE e.subject_id = r.id AND e.type = 'receivable.opened')
        """,
    ),
    Check(
        "postings",
        "each posting moves an amount between two accounts there are, of a receivable there is",
        "每笔分录均在已有应收账款的两个已知科目之间",
        f"""
        SELECT p.receivable_id FROM postings p LEFT JOIN receivables r ON r.id = p.receivable_id
        WHERE r.id IS NULL OR p.amount_fen <= 0 OR p.debit = p.credit
          OR p.debit NOT IN ({_KNOWN}) OR p.credit NOT IN ({_KNOWN})
        """,
    ),
    Check(
        "budget",
        "what stands offered or financed was confirmed and is no more than the face",
        "融资占用的应收账款均已确权，且不超过票面",
        """
        SELECT r.id FROM receivables r JOIN balances b ON b.receivable_id = r.id
        LEFT JOIN confirmations q ON q.receivable_id = r.id AND q.kind = 'CONFIRMED'
        WHERE b.reserved_fen + b.assigned_fen > r.face_fen
          OR b.reserved_fen + b.assigned_fen > 0 AND q.id IS NULL
        """,
    ),
    Check(
        "parties",
        "what belongs to a receivable names its parties: contract, events, their positions, claims",
        "合同、事件及其位次、融资占用所列当事人与应收账款一致",
        """
        SELECT r.id FROM receivables r JOIN contracts c ON c.id = r.contract_id
        WHERE (r.debtor_id, r.creditor_id) <> (c.debtor_id, c.creditor_id)
        UNION ALL
        SELECT e.subject_id FROM events e JOIN receivables r ON r.id = e.subject_id
        WHERE (e.debtor_id, e.creditor_id) IS DISTINCT FROM (r.debtor_id, r.creditor_id)
        UNION ALL
        SELECT s.subject_id FROM sealed s
        JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
        WHERE (s.debtor_id, s.creditor_id) IS DISTINCT FROM (e.debtor_id, e.creditor_id)
        UNION ALL
        SELECT x.receivable_id FROM claims x JOIN exports o ON o.id = x.export_id
        WHERE x.platform_id <> o.platform_id
        """,
    ),
    Check(
        "instants",
        "nothing is known or recorded later than now",
        "没有晚于当前时刻的已知或登记时间",
        """
        SELECT id FROM receivables WHERE greatest(known_at, recorded_at) > now() + interval '5 min'
        UNION ALL
        SELECT receivable_id FROM postings
        WHERE greatest(known_at, recorded_at) > now() + interval '5 min'
        UNION ALL
        SELECT receivable_id FROM confirmations
        WHERE greatest(known_at, recorded_at) > now() + interval '5 min'
        UNION ALL
        SELECT id FROM events WHERE greatest(occurred_at, recorded_at) > now() + interval '5 min'
        """,
    ),
    Check(
        "order",
        "each event has one place in the log or waits for it, and places have no gap",
        "事件在日志中位置唯一且连续",
        """
        SELECT e.id FROM events e
        LEFT JOIN sealed s ON s.event_id = e.id AND s.subject_id = e.subject_id
        LEFT JOIN unsealed u ON u.subject_id = e.subject_id AND u.event_id = e.id
        WHERE (s.event_id IS NULL) = (u.event_id IS NULL)
        UNION ALL
        SELECT q.event_id FROM (SELECT event_id, subject_id FROM sealed
          UNION ALL SELECT event_id, subject_id FROM unsealed) q
        LEFT JOIN events e ON e.id = q.event_id AND e.subject_id = q.subject_id
        WHERE e.id IS NULL
        UNION ALL
        SELECT event_id FROM (SELECT event_id, position, row_number() OVER (ORDER BY position) AS n
          FROM sealed) x WHERE position <> n
        """,
    ),
)
