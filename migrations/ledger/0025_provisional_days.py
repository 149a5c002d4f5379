"""Whether a day's year was published is kept with what a notice replaced, as it was.

Lock: calendar_past against everything for an instant. Old code survives: it keeps what it replaces
as days of a published year.
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE calendar_past ADD COLUMN provisional boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Take it away; a report as known before a notice no longer says what was provisional."""
    op.execute("ALTER TABLE calendar_past DROP COLUMN provisional")
