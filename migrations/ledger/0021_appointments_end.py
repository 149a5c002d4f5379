"""What a regulator is appointed to may end before its last day; only who keeps people sees it.

An appointment that has ended stays: a regulator without any sees the region of its account, which
may be the whole country.

Lock: regulator_scopes against everything for an instant. Old code survives, but to it an
appointment goes on until its last day.
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

PROTECT = """
ALTER TABLE regulator_scopes ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY machine ON regulator_scopes TO ledger_machine USING (true);
CREATE POLICY gate ON regulator_scopes TO ledger_gate USING (true);
"""
OPEN = """
DROP POLICY gate ON regulator_scopes;
DROP POLICY machine ON regulator_scopes;
ALTER TABLE regulator_scopes DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    """Add the column and the policies."""
    op.execute("ALTER TABLE regulator_scopes ADD COLUMN ended_at timestamptz")
    op.execute(PROTECT)


def downgrade() -> None:
    """Take them away, and what has ended with its end."""
    op.execute(OPEN)
    op.execute("ALTER TABLE regulator_scopes DROP COLUMN ended_at")
