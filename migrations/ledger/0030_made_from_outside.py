"""When somebody outside a party last made or reset a sign-in of it.

Lock: users for an instant, for a column without a default. Old code survives.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the instant; what was made before waits for nothing."""
    op.execute("ALTER TABLE users ADD COLUMN outside_at timestamptz")


def downgrade() -> None:
    """Forget it; what waits opens."""
    op.execute("ALTER TABLE users DROP COLUMN outside_at")
