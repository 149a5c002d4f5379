"""Changes of one row each that the invariants of who takes part and who may come in find.

And of what only a program can read: keys, sealed rows, the almanac.
"""

from tests.insight.breaks_of_money import Break

_LESS_THAN_NOTHING = """
    WITH more AS (
      UPDATE postings SET amount_fen = amount_fen + 100000000 WHERE receivable_id = :id
        AND (debit, credit) = ('supply', 'receivable') RETURNING receivable_id
    )
    UPDATE balances b SET receivable_fen = b.receivable_fen - 100000000
    FROM more m WHERE b.receivable_id = m.receivable_id"""
_OF_PROPOSAL = "id = (SELECT proposed_by FROM approval_proposals WHERE id = :id)"

PEOPLE_BREAKS = (
    Break(
        "directory",
        "contract",
        "UPDATE parties SET name = 'x' WHERE id = (SELECT debtor_id FROM contracts WHERE id = :id)",
        "party: named x, told as",
    ),
    Break(
        "directory",
        "contract",
        "UPDATE parties SET email = 'thief@example.com' WHERE id ="
        " (SELECT creditor_id FROM contracts WHERE id = :id)",
        "party: its e-mail is not the one told",
    ),
    Break(
        "directory",
        "contract",
        "UPDATE platforms SET party_id = (SELECT debtor_id FROM contracts WHERE id = :id)",
        "platform PLATFORM-A 融资平台甲 of party",
    ),
    Break(
        "people",
        "approved",
        f"UPDATE users SET role = 'operator', party_id = NULL WHERE {_OF_PROPOSAL}",
        "user: operator maker of party , open, no second factor; told core_enterprise maker",
    ),
    Break(
        "people",
        "approved",
        f"UPDATE users SET duty = 'checker' WHERE {_OF_PROPOSAL}",
        "told core_enterprise maker of",
    ),
    Break(
        "people",
        "approved",
        f"UPDATE users SET disabled_at = now() WHERE {_OF_PROPOSAL}",
        "closed, no second factor",
    ),
    Break(
        "people",
        "approved",
        f"UPDATE users SET totp_secret = '' WHERE {_OF_PROPOSAL}",
        "open, a second factor",
    ),
    Break(
        "people",
        "approved",
        "INSERT INTO users (id, login, role, password_hash) VALUES (:id, 'x', 'operator', 'x')",
        "user: never told to be added",
    ),
    Break(
        "people",
        "approved",
        f"DELETE FROM users WHERE {_OF_PROPOSAL}",
        "user: told to be added, and there is none",
    ),
    Break(
        "people",
        "approved",
        "UPDATE regulator_scopes SET region = ''",
        "appointment to , arrears, 2026-01-01 to 2026-12-31; told as 33, arrears",
    ),
    Break(
        "people",
        "approved",
        "UPDATE regulator_scopes SET ended_at = now()",
        "appointment to 33, arrears",
    ),
    Break("keys", "approved", "UPDATE api_keys SET scopes = NULL", "scopes None, told as"),
    Break("keys", "approved", "UPDATE api_keys SET role = 'operator'", "role operator, told as"),
    Break("keys", "approved", "UPDATE api_keys SET revoked_at = now()", "revoked, and told"),
    Break("keys", "approved", "UPDATE api_keys SET key_hash = 'x'", "never told to be made"),
    Break("keys", "approved", "DELETE FROM api_keys", "told to be made, and there is none"),
    Break(
        "proposals",
        "approved",
        """UPDATE approval_proposals SET facts = facts || '{"reason": "x"}' WHERE id = :id""",
        "what it would do is not what was told",
    ),
    Break(
        "accounts",
        "financed",
        "UPDATE repayment_accounts SET sealed = '7'",
        "it is not as it was sealed",
    ),
    Break(
        "accounts",
        "financed",
        "UPDATE repayment_accounts SET shown = '****0000'",
        "****0000, ****5678 inside",
    ),
    Break(
        "almanac",
        "approved",
        "UPDATE almanac_rows SET value = '16'",
        "import 1: its rows are not those that were told",
    ),
    Break(
        "almanac",
        "approved",
        "UPDATE almanac_imports SET sha256 = ''",
        "import 1: of another file than was told",
    ),
    Break(
        "almanac",
        "approved",
        "UPDATE calendar SET provisional = NOT provisional WHERE day = '2025-10-08'",
        "calendar 2025-10-08: not what the almanac says",
    ),
    Break(
        "almanac",
        "approved",
        "DELETE FROM region_successors WHERE was = '3712'",
        "region 3712 to 370100 from",
    ),
    Break("balances events", "answered", _LESS_THAN_NOTHING, "less than nothing"),
    Break(
        "identities",
        "answered",
        "UPDATE receivables SET identity = (SELECT identity FROM receivables WHERE id <> :id"
        " LIMIT 1) WHERE id = :id",
        "stands behind",
    ),
    Break(
        "parties payments",
        "late",
        "UPDATE receivables SET debtor_id = (SELECT debtor_id FROM receivables"
        " WHERE id <> :id LIMIT 1) WHERE id = :id",
        "of other parties",
    ),
    Break(
        "order",
        "late",
        "UPDATE sealed SET position = position + 1"
        " WHERE position = (SELECT max(position) FROM sealed)",
        "th",
    ),
    Break(
        "instants",
        "late",
        "UPDATE events SET occurred_at = now() + interval '1 day' WHERE subject_id = :id"
        " AND type = 'receivable.opened'",
        ": occurred ",
    ),
)
