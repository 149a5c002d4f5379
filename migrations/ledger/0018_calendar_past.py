"""What the calendar said of a day until a notice said otherwise, for reports as known before.

Lock: none; the table is new. Old code survives: a notice that it imports is not known apart.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE calendar_past (
  day date NOT NULL,
  known_until timestamptz NOT NULL,
  rest boolean NOT NULL,
  next_workday date NOT NULL,
  PRIMARY KEY (day, known_until)
);
"""


def upgrade() -> None:
    """Create it."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it; reports as known before a notice then follow the notice."""
    op.execute("DROP TABLE calendar_past")
