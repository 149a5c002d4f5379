"""Whose platform each sealed event is of, so that a platform finds its own by index.

What a platform's webhooks are sent has changed with it, as by another filter: what they were sent
before is not held against it.

Lock: `sealed` has one writer, the sealer, who waits for the fill and the index; readers do not. Old
code survives, but what it still seals its platform does not read, and `ledger verify` says so.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

FILL = """
ALTER TABLE sealed ADD COLUMN platform_id uuid;
UPDATE sealed s SET platform_id = e.platform_id FROM events e
WHERE e.subject_id = s.subject_id AND e.id = s.event_id AND e.platform_id IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sealed_platform ON sealed (platform_id, position) WHERE platform_id IS NOT NULL;
UPDATE webhook_endpoints SET version = version + 1 WHERE role = 'platform';
"""
ME = "(SELECT viewer_party())"
BETWEEN = f"debtor_id = {ME} OR creditor_id = {ME}"
MINE = f"platform_id = ANY (ARRAY(SELECT v.id FROM platforms v WHERE v.party_id = {ME}))"


def upgrade() -> None:
    """Add the column, fill and index it, and show a platform its own."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(FILL)
    op.execute(f"ALTER POLICY platform ON sealed USING ({BETWEEN} OR {MINE})")


def downgrade() -> None:
    """Show it what is between it and others, and forget the column."""
    op.execute(f"ALTER POLICY platform ON sealed USING ({BETWEEN})")
    op.execute("DROP INDEX sealed_platform")
    op.execute("ALTER TABLE sealed DROP COLUMN platform_id")
