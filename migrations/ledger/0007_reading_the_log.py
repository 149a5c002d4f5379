"""Whose each sealed event is, so that a party reads its own by index; the queue in its order.

Lock: `sealed` has one writer, the sealer, who waits for the fill and the two indexes; readers do
not. `unsealed` is locked against everything while its few rows are sorted. Old code survives: it
need not write the new columns.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE sealed ADD COLUMN debtor_id uuid, ADD COLUMN creditor_id uuid;
ALTER TABLE unsealed ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT now();
"""

FILL = """
UPDATE sealed s SET debtor_id = e.debtor_id, creditor_id = e.creditor_id
FROM events e WHERE e.subject_id = s.subject_id AND e.id = s.event_id;
UPDATE unsealed u SET recorded_at = e.recorded_at
FROM events e WHERE e.subject_id = u.subject_id AND e.id = u.event_id;
"""

KEYS = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sealed_debtor ON sealed (debtor_id, position);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sealed_creditor ON sealed (creditor_id, position);
-- squawk-ignore ban-drop-constraint
ALTER TABLE unsealed DROP CONSTRAINT unsealed_pkey;
-- squawk-ignore adding-serial-primary-key-field, constraint-missing-not-valid
ALTER TABLE unsealed ADD PRIMARY KEY (recorded_at, event_id, subject_id);
"""


def upgrade() -> None:
    """Add the columns, fill them and index them."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(COLUMNS)
    op.execute(FILL)
    op.execute(KEYS)


def downgrade() -> None:
    """Drop them."""
    op.execute("ALTER TABLE unsealed DROP CONSTRAINT unsealed_pkey")
    op.execute("ALTER TABLE unsealed ADD PRIMARY KEY (subject_id, event_id)")
    op.execute("ALTER TABLE unsealed DROP COLUMN recorded_at")
    op.execute("ALTER TABLE sealed DROP COLUMN creditor_id, DROP COLUMN debtor_id")
