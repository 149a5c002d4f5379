"""Whether row-level security holds: asked of the catalogue, so that no new table is forgotten."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

ROLES: Final = (
    "ledger_machine",
    "ledger_gate",
    "ledger_party",
    "ledger_platform",
    "ledger_regulator",
)
_PARTY_COLUMNS: Final = (
    *("party_id", "debtor_id", "creditor_id", "actor_party_id", "platform_id", "user_id"),
    *("receivable_id", "order_id", "contract_id", "export_id", "endpoint_id", "proposal_id"),
    *("subject_id", "event_id", "about_id", "holder", "owner", "principal", "key_hash"),
)
"""Columns by which a row is somebody's, or hangs on what is."""
OPEN: Final = {
    "invoice_identities": "digests only, held against those of all parties so that none is twice",
    "salts": "random, and named by whoever reads a leaf; they open no leaf that is not shown",
}
"""Tables with such a column that everybody may read, and why."""
UNREAD: Final = {
    "unsealed": "whoever appends an event queues it; the machine alone reads the queue",
    "request_nonces": "the gate adds what was signed; that it is there already refuses it",
}
"""Tables with such a column that only the machine may read or change, without policies."""

_UNPROTECTED: Final = text(
    """
    SELECT c.relname || ': no row-level security' AS found FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
        SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
      AND c.relname <> ALL (:open) AND c.relname <> ALL (:unread) AND EXISTS (
        SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
          AND NOT a.attisdropped AND a.attname = ANY (:columns))
    UNION ALL
    SELECT r || ' may ' || lower(p) || ' ' || t FROM unnest(CAST(:roles AS text[])) r,
      unnest(CAST(:open AS text[]) || CAST(:unread AS text[])) t,
      unnest(ARRAY['SELECT', 'UPDATE', 'DELETE']) p
    WHERE r <> 'ledger_machine' AND to_regrole(r) IS NOT NULL
      AND NOT (p = 'SELECT' AND t = ANY (:open)) AND CASE p
      WHEN 'DELETE' THEN has_table_privilege(r, t, p) ELSE has_any_column_privilege(r, t, p) END
    UNION ALL
    SELECT c.relname || ': a view that reads as its owner' FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('v', 'm')
      AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false)
    UNION ALL
    SELECT p.proname || ': a function that runs as its owner' FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public' AND p.prosecdef
    UNION ALL
    SELECT p.polname || ' on ' || c.relname || ': a policy for everybody' FROM pg_policy p
    JOIN pg_class c ON c.oid = p.polrelid WHERE p.polroles = '{0}' OR NOT p.polpermissive
    UNION ALL
    SELECT r.rolname || ': a role that row-level security does not hold' FROM pg_roles r
    WHERE r.rolname = ANY (:roles) AND (r.rolsuper OR r.rolbypassrls)
    UNION ALL
    SELECT r.rolname || ' owns ' || c.relname FROM pg_class c
    JOIN pg_roles r ON r.oid = c.relowner
    WHERE r.rolname = ANY (:roles) AND c.relpersistence <> 't'
    UNION ALL
    SELECT g.grantee || ' may ' || lower(g.privilege_type) || ' ' || g.table_name
    FROM information_schema.role_table_grants g
    WHERE g.grantee = ANY (:roles) AND g.table_schema = 'public'
      AND g.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    UNION ALL
    SELECT r || ': there is no such role' FROM unnest(CAST(:roles AS text[])) r
    WHERE to_regrole(r) IS NULL
    ORDER BY found
    """
)


def unprotected(session: Session) -> list[str]:
    """Say what of the database is open to whom it should not be; nothing, if all is well."""
    asked = {
        "open": list(OPEN),
        "unread": list(UNREAD),
        "columns": list(_PARTY_COLUMNS),
        "roles": list(ROLES),
    }
    return list(session.connection().execute(_UNPROTECTED, asked).scalars())
