"""The invariants of the book, each a statement that returns what breaks it: of what, and where."""

from dataclasses import dataclass
from typing import Final

from services.ledger.journal.models import ACCOUNTS


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: a statement that returns the subjects that break it.

    Its columns are the id of the subject, and the rows in which it is seen.
    """

    name: str
    english: str
    chinese: str
    sql: str


def _fold(account: str) -> str:
    return (
        f"coalesce(sum(CASE '{account}' WHEN p.debit THEN p.amount_fen"
        f" WHEN p.credit THEN -p.amount_fen ELSE 0 END), 0) AS {account}"
    )


def _said(account: str) -> str:
    return (
        f"CASE WHEN b.{account}_fen <> f.{account} THEN"
        f" format('{account} %s fen, its postings %s', b.{account}_fen, f.{account}) END"
    )


_FOLDS: Final = ", ".join(_fold(account) for account in ACCOUNTS)
_DIFFER: Final = " OR ".join(f"b.{account}_fen <> f.{account}" for account in ACCOUNTS)
_SAID: Final = ", ".join(_said(account) for account in ACCOUNTS)
_LEAST: Final = f"least({', '.join(f'b.{account}_fen' for account in ACCOUNTS)})"

_KNOWN: Final = ", ".join(
    f"'{name}'"
    for name in (*ACCOUNTS, "supply", "cash", "written_off", "interest_earned", "costs_advanced")
)

MONEY: Final = (
    Check(
        "balances",
        "each balance equals the fold of its postings",
        "余额等于分录之和",
        f"""
        SELECT r.id, CASE WHEN b.receivable_id IS NULL THEN 'it has no balance'
          WHEN f.receivable_id IS NULL THEN 'it has no postings'
          ELSE 'balance: ' || concat_ws('; ', {_SAID},
            CASE WHEN {_LEAST} < 0 THEN 'less than nothing' END) END
        FROM receivables r
        LEFT JOIN balances b ON b.receivable_id = r.id
        LEFT JOIN (SELECT p.receivable_id, {_FOLDS} FROM postings p GROUP BY 1) f
          ON f.receivable_id = r.id
        WHERE b.receivable_id IS NULL OR f.receivable_id IS NULL OR {_DIFFER}
          OR {_LEAST} < 0
        """,
    ),
    Check(
        "opening",
        "each receivable was opened once, for its face",
        "每笔应收账款按票面登记一次",
        """
        SELECT r.id, format('face %s fen, %s opening postings of %s fen', r.face_fen,
          coalesce(p.n, 0), coalesce(p.fen, 0))
        FROM receivables r LEFT JOIN (
          SELECT receivable_id, sum(amount_fen) AS fen, count(*) AS n FROM postings
          WHERE debit = 'receivable' AND credit = 'supply' GROUP BY 1) p ON p.receivable_id = r.id
        WHERE p.n IS DISTINCT FROM 1 OR p.fen <> r.face_fen
        """,
    ),
    Check(
        "postings",
        "each posting moves an amount between two accounts there are, of a receivable there is",
        "每笔分录均在已有应收账款的两个已知科目之间",
        f"""
        SELECT p.receivable_id, format('posting %s: %s fen from %s to %s', p.id, p.amount_fen,
          p.credit, p.debit)
        FROM postings p LEFT JOIN receivables r ON r.id = p.receivable_id
        WHERE r.id IS NULL OR p.amount_fen <= 0 OR p.debit = p.credit
          OR p.debit NOT IN ({_KNOWN}) OR p.credit NOT IN ({_KNOWN})
        """,
    ),
    Check(
        "payments",
        "each payment is set against receivables of its payer, in full",
        "每笔付款均已全额分配至该付款方的应收账款",
        """
        SELECT coalesce(p.id, a.cause), format('payment of %s fen, allocated %s fen',
          coalesce(p.amount_fen, 0), coalesce(a.fen, 0))
        FROM payments p FULL JOIN (
          SELECT cause, sum(amount_fen) AS fen FROM postings WHERE debit = 'cash' GROUP BY 1) a
          ON a.cause = p.id
        WHERE p.id IS NULL OR a.cause IS NULL OR p.amount_fen <> a.fen
        UNION ALL
        SELECT t.receivable_id, format('posting %s: of payment %s by another debtor', t.id, p.id)
        FROM payments p JOIN postings t ON t.cause = p.id AND t.debit = 'cash'
        JOIN receivables r ON r.id = t.receivable_id
        WHERE (r.debtor_id, r.currency) <> (p.debtor_id, p.currency)
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
        SELECT coalesce(s.receivable_id, p.receivable_id), format('%s %s: stated %s fen, posted %s',
          coalesce(s.debit, p.debit), coalesce(s.id, p.id), coalesce(s.amount_fen, 0),
          coalesce(p.amount_fen, 0))
        FROM stated s FULL JOIN posted p ON (p.receivable_id, p.id, p.debit, p.amount_fen)
            = (s.receivable_id, s.id, s.debit, s.amount_fen)
        WHERE s.id IS NULL OR p.id IS NULL
        UNION ALL
        SELECT q.receivable_id, format('interest claim %s: %s fen, not what its spans add up to',
          q.id, q.amount_fen)
        FROM interest_claims q WHERE q.amount_fen <> (
          SELECT sum((s ->> 'interest')::numeric * 100) FROM jsonb_array_elements(q.spans) s)
        UNION ALL
        SELECT a.receivable_id, format('interest claims %s and %s: of the same days', a.id, b.id)
        FROM standing a JOIN standing b ON b.receivable_id = a.receivable_id
          AND b.id > a.id AND b.from_on <= a.until_on AND a.from_on <= b.until_on
        """,
    ),
    Check(
        "costs",
        "costs are posted as they were claimed, and given back as they were withdrawn",
        "费用按主张的金额入账，按撤回的金额冲回",
        """
        WITH stated AS (
          SELECT receivable_id, id, 'costs' AS debit, amount_fen, amount_fen AS most_fen
          FROM arrears_facts WHERE kind = 'COSTS'
          UNION ALL
          SELECT e.receivable_id, e.id, 'costs_advanced', NULL, f.amount_fen
          FROM arrears_facts e JOIN arrears_facts f ON f.receivable_id = e.receivable_id
            AND f.id = e.fact_id AND f.kind = 'COSTS'
        ), posted AS (
          SELECT receivable_id, cause AS id, debit, amount_fen FROM postings
          WHERE debit IN ('costs', 'costs_advanced')
        )
        SELECT coalesce(s.receivable_id, p.receivable_id), format('%s %s: stated %s fen, posted %s',
          coalesce(s.debit, p.debit), coalesce(s.id, p.id), coalesce(s.most_fen, 0),
          coalesce(p.amount_fen, 0))
        FROM stated s FULL JOIN posted p ON (p.receivable_id, p.id, p.debit)
            = (s.receivable_id, s.id, s.debit)
        WHERE s.id IS NULL OR p.id IS NULL OR p.amount_fen > s.most_fen
          OR p.amount_fen <> coalesce(s.amount_fen, p.amount_fen)
        """,
    ),
    Check(
        "clearing",
        "what is reserved stands under claims that wait, what is assigned under financed ones",
        "预留金额均对应待答复的融资占用，已转让金额均对应已融资的占用",
        """
        SELECT b.receivable_id, format('balance: reserved %s fen under claims of %s that wait,'
          ' assigned %s fen under claims of %s that are financed', b.reserved_fen,
          coalesce(c.waits, 0), b.assigned_fen, coalesce(c.financed, 0))
        FROM balances b LEFT JOIN (
          SELECT x.receivable_id, sum(x.amount_fen) FILTER (WHERE a.state IS NULL) AS waits,
            sum(x.amount_fen) FILTER (WHERE a.state = 'FINANCED') AS financed
          FROM claims x LEFT JOIN claim_answers a ON a.receivable_id = x.receivable_id
            AND a.claim_id = x.id AND a.state <> 'PENDING'
          GROUP BY 1) c ON c.receivable_id = b.receivable_id
        WHERE b.reserved_fen > coalesce(c.waits, 0) OR b.assigned_fen > coalesce(c.financed, 0)
        """,
    ),
    Check(
        "budget",
        "what stands offered or financed was confirmed, or upheld, and is no more than the face",
        "融资占用不超过已确权（含争议后认可）的金额，且不超过票面",
        """
        SELECT r.id, format('balance: %s fen offered and financed, confirmed or upheld %s fen,'
          ' face %s fen', b.reserved_fen + b.assigned_fen, q.fen, r.face_fen)
        FROM balances b JOIN receivables r ON r.id = b.receivable_id, LATERAL (
          SELECT (SELECT coalesce(sum(c.amount_fen), 0) FROM confirmations c
              WHERE c.receivable_id = r.id AND c.kind = 'CONFIRMED')
            + (SELECT coalesce(sum(p.amount_fen), 0) FROM postings p
              WHERE p.receivable_id = r.id AND (p.debit, p.credit) = ('receivable', 'disputed'))
            AS fen) q
        WHERE b.reserved_fen + b.assigned_fen > 0
          AND b.reserved_fen + b.assigned_fen > least(r.face_fen, q.fen)
        UNION ALL
        SELECT q.receivable_id, format('confirmation %s: %s fen of a face of %s', q.id,
          q.amount_fen, r.face_fen)
        FROM confirmations q JOIN receivables r ON r.id = q.receivable_id
        WHERE q.amount_fen > r.face_fen
        """,
    ),
    Check(
        "exports",
        "each claim is of an export, whose total is the sum of its claims",
        "融资占用均属导出批次，批次合计等于明细之和",
        """
        SELECT coalesce(x.id, c.export_id), format('export of %s claims, %s fen; there are %s,'
          ' %s fen', coalesce(x.count, 0), coalesce(x.total_fen, 0), coalesce(c.n, 0),
          coalesce(c.fen, 0))
        FROM exports x FULL JOIN (
          SELECT export_id, count(*) AS n, sum(amount_fen) AS fen FROM claims GROUP BY 1) c
          ON c.export_id = x.id
        WHERE c.n IS DISTINCT FROM x.count OR c.fen IS DISTINCT FROM x.total_fen
        """,
    ),
    Check(
        "offers",
        "the claims that stand, what is free and what is in dispute are no more than the face less"
        " credits, so that nothing is offered twice",
        "未被拒绝的融资占用、可融资余额与争议金额之和不超过票面减红字冲减，任何部分均不重复融资",
        """
        SELECT r.id, format('balance: %s fen under claims that stand, free %s fen, in dispute %s'
          ' fen; face %s fen, credited %s fen', c.fen, b.receivable_fen, b.disputed_fen,
          r.face_fen, coalesce(w.fen, 0))
        FROM (
          SELECT x.receivable_id, sum(x.amount_fen) AS fen FROM claims x
          WHERE NOT EXISTS (SELECT FROM claim_answers a WHERE a.receivable_id = x.receivable_id
            AND a.claim_id = x.id AND a.state = 'REFUSED')
          GROUP BY 1) c
        JOIN receivables r ON r.id = c.receivable_id
        JOIN balances b ON b.receivable_id = c.receivable_id
        LEFT JOIN (SELECT receivable_id, sum(amount_fen) AS fen FROM postings
          WHERE debit IN ('supply', 'written_off') GROUP BY 1) w
          ON w.receivable_id = c.receivable_id
        WHERE c.fen + b.receivable_fen + b.disputed_fen > r.face_fen - coalesce(w.fen, 0)
        """,
    ),
)
