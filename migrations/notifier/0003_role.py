"""The notifier acts as a role of its own, which has its tables and nothing of the book.

Lock: none that anyone can wait for; privileges only. Old code survives: it acts as who signs in.
"""

from alembic import op

revision = "notifier_0003"
down_revision = "notifier_0002"
branch_labels = None
depends_on = None

# Roles belong to the server: another book on it may have made it, even at this moment.
ROLE = """
DO $$ BEGIN
  IF to_regrole('ledger_notifier') IS NULL THEN CREATE ROLE ledger_notifier NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  IF NOT pg_has_role(current_user, 'ledger_notifier', 'USAGE') THEN
    GRANT ledger_notifier TO CURRENT_USER;
  END IF;
END $$;
GRANT USAGE ON SCHEMA notifier TO ledger_notifier;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA notifier TO ledger_notifier;
ALTER DEFAULT PRIVILEGES IN SCHEMA notifier
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ledger_notifier;
"""
BACK = """
REVOKE ALL ON ALL TABLES IN SCHEMA notifier FROM ledger_notifier;
ALTER DEFAULT PRIVILEGES IN SCHEMA notifier REVOKE ALL ON TABLES FROM ledger_notifier;
REVOKE USAGE ON SCHEMA notifier FROM ledger_notifier;
"""


def upgrade() -> None:
    op.execute(ROLE)


def downgrade() -> None:
    op.execute(BACK)
