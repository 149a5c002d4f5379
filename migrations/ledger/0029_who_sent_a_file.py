"""Whether a person or a key sent a file, since rules of approval tell the two apart.

Lock: import_jobs for an instant, for a column without a default. Old code survives.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the person; files that wait were sent by whoever, and are taken for a key's."""
    op.execute("ALTER TABLE import_jobs ADD COLUMN user_id uuid")


def downgrade() -> None:
    """Forget it."""
    op.execute("ALTER TABLE import_jobs DROP COLUMN user_id")
