"""Every table that has a party shows each role of the database its own rows, and is changed so.

Five roles that nobody signs in as; whoever does is a member and acts as one of them at a time
(`SET ROLE`, or the role a connection starts with), as `services.ledger.access` says:

- `ledger_machine`: workers, the command line, operators: the whole book;
- `ledger_gate`: who is not yet identified, and the administrators of access: people and keys;
- `ledger_party`, `ledger_platform`, `ledger_regulator`: what the settings `ledger.party` and
  `ledger.person` (ids) and `ledger.regions` (an array of what codes start with) of the transaction
  say.

Policies read columns of the row and settings; rows of a receivable ask for the receivable, whose
policy answers. What is inserted beside a new receivable cannot ask for it yet in the same
statement, so inserts of such rows are held by their foreign key alone.

The owner needs CREATEROLE, unless the roles are there and it is a member of each.

Lock: each table against everything for an instant; no rows are read or written. Old code survives
where it signs in as a superuser or as the owner, which becomes a member of `ledger_machine`.
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROLES = ("ledger_machine", "ledger_gate", "ledger_party", "ledger_platform", "ledger_regulator")

# Roles belong to the server: another book on it, or whoever keeps it, may have made them. The owner
# is a member, so that later migrations fill in rows of forced tables as the machine sees them.
MAKE_ROLE = """
DO $$ BEGIN
  IF to_regrole('{role}') IS NULL THEN CREATE ROLE {role} NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  IF NOT pg_has_role(current_user, '{role}', 'USAGE') THEN GRANT {role} TO CURRENT_USER; END IF;
END $$;
GRANT USAGE ON SCHEMA public TO {role};
"""
FUNCTIONS = """
CREATE FUNCTION viewer_party() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('ledger.party', true), '')::uuid;
CREATE FUNCTION viewer_person() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  RETURN nullif(current_setting('ledger.person', true), '')::uuid;
CREATE FUNCTION viewer_regions() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE
  RETURN coalesce(nullif(current_setting('ledger.regions', true), ''), '{}')::text[];
"""

_ME = "(SELECT viewer_party())"
_BETWEEN = f"debtor_id = {_ME} OR creditor_id = {_ME}"
_OF = f"party_id = {_ME}"
_IN_REGION = (
    "(SELECT '' = ANY (viewer_regions())) OR EXISTS (SELECT FROM parties v"
    " WHERE v.id = {table}.debtor_id"
    " AND v.region ^@ ANY (CAST((SELECT viewer_regions()) AS text[])))"
)
_MINE = f"ARRAY(SELECT v.id FROM platforms v WHERE v.party_id = {_ME})"
_RECEIVABLE = "EXISTS (SELECT FROM receivables v WHERE v.id = {table}.receivable_id)"
_ORDER = "EXISTS (SELECT FROM orders v WHERE v.id = {table}.order_id)"
_PERSON = "EXISTS (SELECT FROM users v WHERE v.id = {table}.user_id)"
_ENDPOINT = "EXISTS (SELECT FROM webhook_endpoints v WHERE v.id = {table}.endpoint_id)"
_PAYS = "EXISTS (SELECT FROM postings v WHERE v.cause = payments.id AND v.debit = 'cash')"
_OFFERED = "ARRAY(SELECT v.receivable_id FROM claims v)"

Shown = dict[str, str]
_PARTIES = ("ledger_party", "ledger_platform")
_READERS = (*_PARTIES, "ledger_regulator")
_ALL = (*_READERS, "ledger_gate")


def _all(condition: str, *roles: str) -> Shown:
    return dict.fromkeys(roles, condition)


# Whoever tells an event sees it in the transaction that tells it, or could not add it to the queue.
_EVENT = f"recorded_at = now() OR {_BETWEEN} OR actor_party_id = {_ME}"
POLICIES: dict[str, Shown] = {
    # The directory: who trades here is no secret to those who do.
    "parties": _all("true", *_ALL),
    "party_identifiers": _all("true", *_ALL),
    "platforms": _all("true", *_ALL),
    # People and keys.
    "users": {
        **_all(f"{_OF} OR id = (SELECT viewer_person())", *_READERS),
        "ledger_gate": "true",
    },
    "api_keys": {**_all(_OF, *_PARTIES), "ledger_gate": "true"},
    **{
        table: {**_all(_PERSON, *_READERS), "ledger_gate": "true"}
        for table in (
            *("sessions", "recovery_codes", "half_sign_ins", "known_browsers", "user_links"),
        )
    },
    # Facts between a debtor and a creditor.
    **{
        table: {
            "ledger_party": _BETWEEN,
            "ledger_platform": f"{_BETWEEN} OR {offered}",
            "ledger_regulator": _IN_REGION,
        }
        for table, offered in {
            "receivables": f"id = ANY ({_OFFERED})",
            "contracts": "id IN (SELECT v.contract_id FROM receivables v)",
            "orders": "contract_id IN (SELECT v.contract_id FROM receivables v)",
        }.items()
    },
    "complaints": {**_all(_BETWEEN, *_PARTIES), "ledger_regulator": _IN_REGION},
    "sealed": {**_all(_BETWEEN, *_PARTIES), "ledger_regulator": _IN_REGION},
    "events": {
        "ledger_party": _EVENT,
        "ledger_platform": f"{_EVENT} OR platform_id = ANY ({_MINE})",
        "ledger_regulator": f"recorded_at = now() OR {_IN_REGION}",
        "ledger_gate": "recorded_at = now()"
        " OR split_part(type, '.', 1) IN ('user', 'api_key', 'sign_in')",
    },
    "payments": {
        **_all(f"debtor_id = {_ME} OR {_PAYS}", *_PARTIES),
        "ledger_regulator": _IN_REGION,
    },
    "claims": {
        "ledger_party": _BETWEEN,
        "ledger_platform": f"platform_id = ANY ({_MINE})",
        "ledger_regulator": _IN_REGION,
    },
    # Numbered through, whoever offers; it names no party but the platform.
    "exports": {
        **_all("true", "ledger_party", "ledger_regulator"),
        "ledger_platform": f"platform_id = ANY ({_MINE})",
    },
    # A party's own.
    **{
        table: _all(_OF, *_PARTIES)
        for table in (
            "import_jobs",
            "webhook_endpoints",
            "approval_proposals",
            "approval_rules",
            "approval_substitutes",
        )
    },
    "approval_votes": _all(
        "EXISTS (SELECT FROM approval_proposals v WHERE v.id = proposal_id)", *_PARTIES
    ),
    "repayment_accounts": _all(
        f"{_OF} OR EXISTS (SELECT FROM receivables v WHERE v.creditor_id = party_id)", *_PARTIES
    ),
}
# What may be inserted, where that is not what is seen: a supplier records what its debtor paid.
CHECKS = {
    "events": "true",
    "payments": f"debtor_id = {_ME} OR EXISTS ("
    "SELECT FROM receivables v WHERE v.debtor_id = payments.debtor_id)",
}
# Rows that hang on one of those: whoever sees that sees them.
HANGING = {
    **dict.fromkeys(
        (
            *("balances", "postings", "confirmations", "clock_facts", "receivable_receipts"),
            *("claim_answers", "arrears_facts", "interest_claims", "interest_waivers"),
            "complaint_steps",
        ),
        _RECEIVABLE,
    ),
    "receipts": _ORDER,
    **dict.fromkeys(
        ("webhook_secrets", "webhook_deliveries", "webhook_attempts", "webhook_replays"), _ENDPOINT
    ),
}

TABLE = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY machine ON {table} TO ledger_machine USING (true);
"""
POLICY = "CREATE POLICY {name} ON {table} TO {role} USING ({condition}) WITH CHECK ({check});"


def upgrade() -> None:
    """Make the roles, the functions and the policies."""
    for role in ROLES:
        op.execute(MAKE_ROLE.format(role=role))
    op.execute(FUNCTIONS)
    everyone = ", ".join(ROLES)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {everyone}")
    op.execute(
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {everyone}"
    )
    # What was posted is never changed, not by the machine either, but for the days of what a file
    # brings, which are filled in before anybody sees them.
    op.execute(f"REVOKE UPDATE, DELETE ON postings FROM {everyone}")
    op.execute(f'GRANT UPDATE ("on", known_at) ON postings TO {everyone}')
    for table, shown in POLICIES.items():
        op.execute(TABLE.format(table=table))
        for role, condition in shown.items():
            named = condition.format(table=table)
            op.execute(_policy(table, role, named, check=CHECKS.get(table, named)))
    for table, condition in HANGING.items():
        op.execute(TABLE.format(table=table))
        for role in _READERS:
            op.execute(_policy(table, role, condition.format(table=table), check="true"))


def _policy(table: str, role: str, condition: str, *, check: str) -> str:
    name = role.removeprefix("ledger_")
    return POLICY.format(name=name, table=table, role=role, condition=condition, check=check)


def downgrade() -> None:
    """Drop policies and privileges; the roles stay, since other books may use them."""
    for table in (*POLICIES, *HANGING):
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY")
    for table in HANGING:
        for role in ("machine", *(one.removeprefix("ledger_") for one in _READERS)):
            op.execute(f"DROP POLICY {role} ON {table}")
    for table, shown in POLICIES.items():
        for role in ("machine", *(one.removeprefix("ledger_") for one in shown)):
            op.execute(f"DROP POLICY {role} ON {table}")
    op.execute("DROP FUNCTION viewer_party, viewer_person, viewer_regions")
    everyone = ", ".join(ROLES)
    op.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {everyone}")
    op.execute(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {everyone}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {everyone}")
