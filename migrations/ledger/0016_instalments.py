"""An invoice may be owed in instalments, each a receivable of its own.

Lock: ACCESS EXCLUSIVE on `receivables` for the two columns, which have constant defaults and are
not rewritten, and for the check, which is not read through. That is done after a commit, under
SHARE UPDATE EXCLUSIVE, as is the index, which is built concurrently. Old code survives: what it
writes is the invoice as a whole.
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE receivables
  ADD COLUMN line smallint NOT NULL DEFAULT 0,
  ADD COLUMN line_kind varchar NOT NULL DEFAULT '';
ALTER TABLE receivables ADD CONSTRAINT instalment CHECK (
  CASE WHEN line = 0 THEN line_kind = '' ELSE line > 0
    AND line_kind IN ('ADVANCE', 'PROGRESS', 'FINAL', 'RETENTION')
    AND (line_kind <> 'RETENTION' OR agreed_due_on IS NOT NULL) END) NOT VALID;
"""
LINES = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS receivables_lines
  ON receivables (identity, line) WHERE line > 0
"""


def upgrade() -> None:
    """Add them."""
    op.execute(COLUMNS)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE receivables VALIDATE CONSTRAINT instalment")
        op.execute(LINES)


def downgrade() -> None:
    """Remove them; instalments that were opened become wholes."""
    op.execute("ALTER TABLE receivables DROP COLUMN line, DROP COLUMN line_kind")
