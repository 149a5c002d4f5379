"""The few events about people, keys and sign-ins are found without reading all others.

Lock: `events` is locked against writes while it is read through once; on a large book the index is
built beforehand with CREATE INDEX CONCURRENTLY under the same name. Old code survives.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX IF NOT EXISTS events_access ON events (recorded_at, id)
  WHERE split_part(type, '.', 1) IN ('user', 'api_key', 'sign_in');
"""


def upgrade() -> None:
    """Index them."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(INDEX)


def downgrade() -> None:
    """Drop the index."""
    op.execute("DROP INDEX events_access")
