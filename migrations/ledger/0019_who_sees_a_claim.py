"""Whom a claim of a platform is between, and what regulators may see.

Lock: claims is locked against everything for an instant, and against nothing while its rows are
filled in; its index is built under a lock against writes, for as long as reading it through once
takes. The other table is new. Old code survives, but the claims it still makes are seen by their
platform and the machine only.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CLAIMS = """
ALTER TABLE claims ADD COLUMN debtor_id uuid, ADD COLUMN creditor_id uuid;
UPDATE claims x SET debtor_id = r.debtor_id, creditor_id = r.creditor_id
FROM receivables r WHERE r.id = x.receivable_id;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX claims_of_platform ON claims (platform_id, receivable_id);
"""

SCOPES = """
CREATE TABLE regulator_scopes (
  holder bytea NOT NULL,
  id uuid NOT NULL,
  region varchar NOT NULL CHECK (region ~ '^[0-9]{0,6}$'),
  function varchar NOT NULL,
  from_on date NOT NULL,
  until_on date NOT NULL,
  PRIMARY KEY (holder, id),
  CHECK (from_on <= until_on)
);
"""


def upgrade() -> None:
    """Add and fill the columns, and create the table."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(CLAIMS)
    op.execute(SCOPES)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE regulator_scopes")
    op.execute("DROP INDEX claims_of_platform")
    op.execute("ALTER TABLE claims DROP COLUMN creditor_id, DROP COLUMN debtor_id")
