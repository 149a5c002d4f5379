"""Changes of one row each that the invariants of money, claims and budgets find."""

from typing import NamedTuple


class Break(NamedTuple):
    """One change of one row: which invariants it breaks, of what, and the place that is named."""

    checks: str
    subject: str
    statement: str
    place: str


_PAID_LESS = """
    WITH paid AS (
      UPDATE postings SET amount_fen = amount_fen - 1 WHERE receivable_id = :id AND
        (debit, credit) = ('cash', 'receivable') RETURNING cause, receivable_id
    ), owed AS (
      UPDATE balances b SET receivable_fen = b.receivable_fen + 1
      FROM paid p WHERE b.receivable_id = p.receivable_id
    )
    UPDATE payments p SET amount_fen = p.amount_fen - 1 FROM paid WHERE p.id = paid.cause"""
"""Consistent in itself: only the log, which is signed, knows better."""

MONEY_BREAKS = (
    Break(
        "balances",
        "late",
        "UPDATE balances SET receivable_fen = receivable_fen - 1 WHERE receivable_id = :id",
        "balance: receivable 94149899 fen, its postings 94149900",
    ),
    Break("balances", "late", "DELETE FROM balances WHERE receivable_id = :id", "no balance"),
    Break(
        "opening balances",
        "financed",
        "DELETE FROM postings WHERE receivable_id = :id AND credit = 'supply'",
        "face 100000 fen, 0 opening postings of 0 fen",
    ),
    Break(
        "opening events",
        "financed",
        "UPDATE receivables SET face_fen = face_fen + 1 WHERE id = :id",
        "face 100001 fen",
    ),
    Break(
        "postings balances events",
        "answered",
        "UPDATE postings SET credit = 'elsewhere' WHERE receivable_id = :id"
        " AND (debit, credit) = ('supply', 'receivable')",
        "2000 fen from elsewhere to supply",
    ),
    Break(
        "payments",
        "late",
        "UPDATE payments SET amount_fen = amount_fen + 1 WHERE debtor_id ="
        " (SELECT debtor_id FROM receivables WHERE id = :id)",
        "payment of 10000001 fen, allocated 10000000 fen",
    ),
    Break(
        "payments",
        "late",
        "UPDATE payments SET debtor_id = gen_random_uuid() WHERE debtor_id ="
        " (SELECT debtor_id FROM receivables WHERE id = :id)",
        "by another debtor",
    ),
    Break("events", "late", _PAID_LESS, "payment.allocated: written 1 times, 9999999 fen; told 1"),
    Break(
        "interest events",
        "late",
        "UPDATE interest_claims SET amount_fen = amount_fen + 1 WHERE receivable_id = :id"
        " AND until_on = '2025-11-18'",
        "not what its spans add up to",
    ),
    Break(
        "interest",
        "late",
        "UPDATE interest_claims SET spans = '{}' WHERE receivable_id = :id"
        " AND until_on = '2025-11-18'",
        "this cannot be computed any more: cannot extract elements from an object",
    ),
    Break(
        "interest",
        "late",
        "UPDATE interest_claims SET from_on = due_on + 1 WHERE receivable_id = :id",
        "of the same days",
    ),
    Break(
        "costs events",
        "late",
        "UPDATE arrears_facts SET amount_fen = 1 WHERE kind = 'COSTS' AND receivable_id = :id",
        "stated 1 fen, posted 30000",
    ),
    Break(
        "clearing balances budget",
        "financed",
        "UPDATE balances SET reserved_fen = 1 WHERE receivable_id = :id",
        "reserved 1 fen under claims of 0 that wait",
    ),
    Break(
        "clearing events",
        "financed",
        "DELETE FROM claim_answers WHERE receivable_id = :id",
        "assigned 100000 fen under claims of 0 that are financed",
    ),
    Break(
        "clearing exports events",
        "reserved",
        "DELETE FROM claims WHERE receivable_id = :id",
        "reserved 100000 fen under claims of 0 that wait",
    ),
    Break(
        "budget events",
        "financed",
        "UPDATE confirmations SET amount_fen = 1 WHERE receivable_id = :id",
        "100000 fen offered and financed, confirmed or upheld 1 fen, face 100000 fen",
    ),
    Break(
        "budget events",
        "answered",
        "UPDATE confirmations SET amount_fen = 100001 WHERE receivable_id = :id"
        " AND kind = 'CONFIRMED'",
        "100001 fen of a face of 100000",
    ),
    Break(
        "exports",
        "export",
        "UPDATE exports SET total_fen = total_fen + 1 WHERE id = :id",
        "export of 2 claims, 200001 fen; there are 2, 200000 fen",
    ),
    Break(
        "exports",
        "export",
        "UPDATE claims SET export_id = gen_random_uuid() WHERE export_id = :id",
        "export of 2 claims, 200000 fen; there are 0, 0 fen",
    ),
    Break(
        "offers exports events",
        "reserved",
        "UPDATE claims SET amount_fen = amount_fen + 1 WHERE receivable_id = :id",
        "100001 fen under claims that stand, free 0 fen, in dispute 0 fen; face 100000 fen,"
        " credited 0 fen",
    ),
    Break(
        "offers balances",
        "reserved",
        "UPDATE balances SET receivable_fen = 1 WHERE receivable_id = :id",
        "free 1 fen, in dispute 0 fen",
    ),
    Break(
        "offers balances",
        "financed",
        "UPDATE balances SET disputed_fen = 1 WHERE receivable_id = :id",
        "free 0 fen, in dispute 1 fen",
    ),
    Break(
        "offers balances events",
        "reserved",
        "UPDATE postings SET debit = 'supply' WHERE receivable_id = :id AND debit = 'reserved'",
        "100000 fen under claims that stand, free 0 fen, in dispute 0 fen; face 100000 fen,"
        " credited 100000 fen",
    ),
)
