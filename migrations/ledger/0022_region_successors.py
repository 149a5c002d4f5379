"""What abolished regions have become, so that a regulator sees who is written under their codes.

`ledger migrate` fills it from the almanac. A regulator without an appointment sees nothing any
more: the region of its account is not read, and goes with the next release.

Lock: none; the table is new. Old code survives: it does not read it.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE region_successors (
  was varchar NOT NULL,
  became varchar NOT NULL,
  from_on date NOT NULL,
  PRIMARY KEY (was, became)
);
"""


def upgrade() -> None:
    """Create it."""
    op.execute(TABLE)


def downgrade() -> None:
    """Drop it; what was merged is then seen by whoever is appointed to the old code."""
    op.execute("DROP TABLE region_successors")
