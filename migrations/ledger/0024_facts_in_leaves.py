"""What is written with an event becomes part of the event's leaf; new events are marked so.

Old events have no mark, and their leaves stay as they are. Facts of the term say when they were
recorded, so that they belong to an event; those there are say the instant of this migration.

Lock: events, clock_facts and receivable_receipts against everything for an instant; no row is
rewritten. Old code survives.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Mark what is appended from now on."""
    op.execute("ALTER TABLE events ADD COLUMN form smallint")
    op.execute("ALTER TABLE events ALTER COLUMN form SET DEFAULT 1")
    for table in ("clock_facts", "receivable_receipts"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now()")


def downgrade() -> None:
    """Take the marks away; leaves made with them cannot be made again."""
    op.execute("ALTER TABLE events DROP COLUMN form")
    for table in ("clock_facts", "receivable_receipts"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN recorded_at")
