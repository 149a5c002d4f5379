"""Rows that hold what a person may ask to erase are no longer written into leaves of new events.

Their events hold commitments of the same. Old leaves stay as they are, so what is in them of such
rows cannot be erased without `ledger verify` saying so.

Lock: events against everything for an instant; no row is rewritten. Old code writes as before, but
its worker would make other leaves of what is written from now on: it is stopped first.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Mark what is appended from now on."""
    op.execute("ALTER TABLE events ALTER COLUMN form SET DEFAULT 2")


def downgrade() -> None:
    """Mark as before; events marked 2 keep their leaves, which older code cannot make again."""
    op.execute("ALTER TABLE events ALTER COLUMN form SET DEFAULT 1")
