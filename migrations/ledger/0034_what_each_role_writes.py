"""Each role of the database writes what its statements write, and onto what it sees.

Until now a role might write any table, and rows that hang on a receivable, an order or a webhook
were held by their foreign key alone: whoever could send SQL as a party might add to a stranger's.
What is still written without asking for the receivable is what opens one, in its own statement,
where it cannot be seen yet. A table made from now on is the machine's alone until a migration
grants it.

Lock: each table whose policies change against everything for an instant; no rows are read or
written. Old code survives, but an authority's act with `If-Match` fails there, not with 403.
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_ROLES = ("party", "platform", "regulator", "gate")
_READERS = ("party", "platform", "regulator")
EVERYONE = ", ".join(f"ledger_{role}" for role in _ROLES)
_PARTIES = "ledger_party, ledger_platform"

TAKE = f"""
REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public FROM {EVERYONE};
REVOKE SELECT ON unsealed, request_nonces, gates FROM {EVERYONE};
REVOKE SELECT ON salts FROM ledger_gate;
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM {EVERYONE};
"""
# An UPDATE of some columns is also what it takes to hold a row. Who only holds a row of a table to
# find out that it is not there has the same columns and no policy.
GRANT = f"""
GRANT INSERT ON events, unsealed, idempotency_keys, cosignatures TO {EVERYONE};
GRANT INSERT ON request_nonces TO ledger_gate;

GRANT INSERT, DELETE ON recovery_codes, user_links TO {EVERYONE};
GRANT DELETE ON sessions, half_sign_ins, known_browsers TO {EVERYONE};
GRANT UPDATE (at) ON uses TO {EVERYONE};
GRANT UPDATE (password_hash, password_initial, duty, totp_secret, totp_offered, totp_step,
  disabled_at, outside_at) ON users TO {EVERYONE};
GRANT INSERT ON users, api_keys, uses, regulator_scopes TO {_PARTIES}, ledger_gate;
GRANT UPDATE (expires_at, revoked_at) ON api_keys TO {EVERYONE};
GRANT UPDATE (ended_at) ON regulator_scopes TO {EVERYONE};

GRANT INSERT ON parties, party_identifiers TO ledger_party;
GRANT UPDATE (email) ON parties TO {_PARTIES};
GRANT INSERT ON repayment_accounts TO {_PARTIES};
GRANT INSERT, DELETE ON webhook_endpoints TO {_PARTIES};
GRANT INSERT ON webhook_secrets, webhook_replays TO {_PARTIES};
GRANT UPDATE (sealed_url, description, types, disabled_at, disabled_because, failures,
  failing_since, rests_until, version) ON webhook_endpoints TO {_PARTIES};
GRANT UPDATE (expires_at) ON webhook_secrets TO {_PARTIES};
GRANT UPDATE (state, tries, due_at, settled_at) ON webhook_deliveries TO {_PARTIES};
GRANT INSERT ON approval_proposals, approval_votes, approval_rules, approval_substitutes
  TO {_PARTIES};
GRANT UPDATE (state, closed_at) ON approval_proposals TO {EVERYONE};
GRANT INSERT ON import_jobs TO ledger_party;
GRANT UPDATE (state, attempts, problem, asked_on, user_id) ON import_jobs TO ledger_party;

GRANT INSERT ON contracts, orders, receipts, invoice_identities, receivables, balances,
  confirmations, clock_facts, receivable_receipts, payments, exports, claims, arrears_facts,
  interest_claims, interest_waivers, complaints TO ledger_party;
GRANT UPDATE (receivable_fen, disputed_fen, reserved_fen, assigned_fen, interest_fen, costs_fen,
  start_on, due_on, confirmed_on) ON balances TO ledger_party;
GRANT INSERT ON postings TO {_PARTIES};
GRANT INSERT ON claim_answers TO ledger_platform;
GRANT UPDATE (receivable_fen, reserved_fen, assigned_fen) ON balances TO ledger_platform;
GRANT INSERT ON complaint_steps TO ledger_party, ledger_regulator;
GRANT UPDATE (text) ON complaints TO ledger_party, ledger_regulator;
"""
GIVE_BACK = f"""
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {EVERYONE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {EVERYONE};
REVOKE UPDATE, DELETE ON postings, parties, party_identifiers, platforms, exports FROM {EVERYONE};
GRANT UPDATE ("on", known_at) ON postings TO {EVERYONE};
GRANT UPDATE (email) ON parties TO {_PARTIES};
ALTER DEFAULT PRIVILEGES IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {EVERYONE};
"""

_ME = "(SELECT viewer_party())"
_BETWEEN = f"(debtor_id = {_ME} OR creditor_id = {_ME})"
_IN_REGION = (
    "(SELECT '' = ANY (viewer_regions())) OR EXISTS (SELECT FROM parties v"
    " WHERE v.id = complaints.debtor_id"
    " AND v.region ^@ ANY (CAST((SELECT viewer_regions()) AS text[])))"
)
_RECEIVABLE = "EXISTS (SELECT FROM receivables v WHERE v.id = {table}.receivable_id)"
_ENDPOINT = "EXISTS (SELECT FROM webhook_endpoints v WHERE v.id = {table}.endpoint_id)"
# What a row hangs on is to be seen by whoever writes it.
CHECKS = {
    **dict.fromkeys(
        (
            *("balances", "postings", "confirmations", "clock_facts", "receivable_receipts"),
            *("arrears_facts", "interest_claims", "interest_waivers"),
        ),
        _RECEIVABLE,
    ),
    "claim_answers": "EXISTS (SELECT FROM claims v"
    " WHERE v.receivable_id = claim_answers.receivable_id AND v.id = claim_answers.claim_id)",
    "complaint_steps": "EXISTS (SELECT FROM complaints v"
    " WHERE v.receivable_id = complaint_steps.receivable_id"
    " AND v.id = complaint_steps.complaint_id)",
    "receipts": "EXISTS (SELECT FROM orders v WHERE v.id = receipts.order_id)",
    **dict.fromkeys(
        ("webhook_secrets", "webhook_deliveries", "webhook_attempts", "webhook_replays"), _ENDPOINT
    ),
}
# In a policy of claims these words would ask the policy of receivables, which asks claims; and in
# one of what opens a receivable they would be made ready for it, though they are not asked.
SEES = """
CREATE FUNCTION viewer_sees(receivable uuid) RETURNS boolean LANGUAGE sql STABLE
  RETURN EXISTS (SELECT FROM receivables v WHERE v.id = receivable);
"""
# What opens a receivable is written where it cannot be seen yet. The key of balances lets in no
# second row of one.
OPENS = {
    "balances": "true",
    "postings": "cause = receivable_id AND debit = 'receivable' AND credit = 'supply'"
    " OR viewer_sees(receivable_id)",
    "confirmations": "id = receivable_id AND kind = 'CONFIRMED' OR viewer_sees(receivable_id)",
    "clock_facts": "receipt_id = receivable_id OR viewer_sees(receivable_id)",
}
# Rows that name a debtor and a creditor themselves named anybody's receivable or contract.
NAMED = {
    "claims": "viewer_sees(receivable_id)",
    "orders": "EXISTS (SELECT FROM contracts v WHERE v.id = orders.contract_id)",
}
# A platform saw the contract that a receivable offered to it names, whosever that was.
_OFFERED = {"contracts": "id", "orders": "contract_id"}

PROTECT = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY machine ON {table} TO ledger_machine USING (true);
"""
OPEN = """
DROP POLICY machine ON {table};
ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
"""
_MINE = f"split_part(principal, '/', 2) = CAST({_ME} AS text)"
PROTECTED = {
    "findings": dict.fromkeys(
        _READERS, "EXISTS (SELECT FROM receivables v WHERE v.id = findings.subject_id)"
    ),
    "erasures": dict.fromkeys(
        _READERS, "EXISTS (SELECT FROM sealed v WHERE v.event_id = erasures.event_id)"
    ),
    "idempotency_keys": {
        "party": _MINE,
        "platform": _MINE,
        "regulator": "principal ^@ 'regulator//'",
        "gate": "principal ^@ 'security_admin//' OR principal ^@ 'audit_admin//'",
    },
}
# A complaint is held while a step is taken, and never changed.
HELD = """
DROP POLICY {role} ON complaints;
CREATE POLICY {role} ON complaints FOR SELECT TO ledger_{role} USING ({seen});
CREATE POLICY {role}_held ON complaints FOR UPDATE TO ledger_{role} USING ({seen})
  WITH CHECK (false);
"""
FILED = f"""
CREATE POLICY party_new ON complaints FOR INSERT TO ledger_party WITH CHECK (
  creditor_id = {_ME} AND {_RECEIVABLE.format(table="complaints")});
"""
UNHELD = """
DROP POLICY {role}_held ON complaints;
DROP POLICY {role} ON complaints;
CREATE POLICY {role} ON complaints TO ledger_{role} USING ({seen}) WITH CHECK ({taken});
"""
_TOLD = (
    f"creditor_id = {_ME} OR debtor_id = {_ME} AND EXISTS (SELECT FROM events v"
    f" WHERE v.subject_id = complaints.id AND v.debtor_id = {_ME})"
)
_SEEN = {"party": (_TOLD, _BETWEEN), "regulator": (_IN_REGION, _IN_REGION)}
"""What is seen, and what was taken before."""


def upgrade() -> None:
    """Take away what no statement needs, and ask what a row hangs on."""
    op.execute(TAKE)
    op.execute(GRANT)
    op.execute(SEES)
    for table, condition in CHECKS.items():
        for role in _READERS:
            check = OPENS.get(table, condition) if role == "party" else condition
            check = check.format(table=table)
            op.execute(f"ALTER POLICY {role} ON {table} WITH CHECK ({check})")
    for table, condition in NAMED.items():
        op.execute(f"ALTER POLICY party ON {table} WITH CHECK ({_BETWEEN} AND {condition})")
    for role in ("party", "platform"):
        op.execute(f"ALTER POLICY {role} ON repayment_accounts WITH CHECK (party_id = {_ME})")
    for table, key in _OFFERED.items():
        op.execute(
            f"ALTER POLICY platform ON {table} USING ({_BETWEEN} OR ({key}, debtor_id, creditor_id)"
            f" IN (SELECT v.contract_id, v.debtor_id, v.creditor_id FROM receivables v))"
        )
    for table, shown in PROTECTED.items():
        op.execute(PROTECT.format(table=table))
        for role, condition in shown.items():
            op.execute(f"CREATE POLICY {role} ON {table} TO ledger_{role} USING ({condition})")
    for role, (seen, _) in _SEEN.items():
        op.execute(HELD.format(role=role, seen=seen))
    op.execute(FILED)


def downgrade() -> None:
    """Give it back."""
    op.execute("DROP POLICY party_new ON complaints")
    for role, (seen, taken) in _SEEN.items():
        op.execute(UNHELD.format(role=role, seen=seen, taken=taken))
    for table, shown in PROTECTED.items():
        for role in shown:
            op.execute(f"DROP POLICY {role} ON {table}")
        op.execute(OPEN.format(table=table))
    for table, key in _OFFERED.items():
        op.execute(
            f"ALTER POLICY platform ON {table} USING ({_BETWEEN} OR {key} IN"
            f" (SELECT v.contract_id FROM receivables v))"
        )
    for role in ("party", "platform"):
        op.execute(
            f"ALTER POLICY {role} ON repayment_accounts WITH CHECK (party_id = {_ME}"
            " OR EXISTS (SELECT FROM receivables v WHERE v.creditor_id = party_id))"
        )
    for table in NAMED:
        op.execute(f"ALTER POLICY party ON {table} WITH CHECK ({_BETWEEN})")
    for table in CHECKS:
        for role in _READERS:
            op.execute(f"ALTER POLICY {role} ON {table} WITH CHECK (true)")
    op.execute("DROP FUNCTION viewer_sees")
    op.execute(GIVE_BACK)
