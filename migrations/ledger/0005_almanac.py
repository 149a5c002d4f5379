"""Almanac rows that administrators import; what a contract was audited for, and by which almanac.

Lock: contracts is locked against everything for an instant, without reading or rewriting a row;
the other tables are new. Old code survives: it neither reads nor has to write the new columns.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ALMANAC = """
CREATE TABLE almanac_imports (
  version integer PRIMARY KEY CHECK (version > 0),
  name varchar NOT NULL,
  sha256 bytea NOT NULL UNIQUE,
  digest bytea NOT NULL,
  actor varchar NOT NULL,
  known_at timestamptz NOT NULL
);
CREATE TABLE almanac_rows (
  version integer NOT NULL REFERENCES almanac_imports,
  line integer NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('lpr', 'limit', 'rest', 'work', 'reading')),
  name varchar NOT NULL,
  "on" date NOT NULL,
  value varchar NOT NULL,
  source varchar NOT NULL CHECK (source <> ''),
  PRIMARY KEY (version, line)
);
"""

CONTRACTS = """
ALTER TABLE contracts ADD COLUMN audit jsonb, ADD COLUMN creditor_evidence jsonb,
  ADD COLUMN almanac_version integer NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    """Create the tables and add the columns."""
    op.execute(ALMANAC)
    op.execute(CONTRACTS)


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "ALTER TABLE contracts DROP COLUMN almanac_version, DROP COLUMN creditor_evidence,"
        " DROP COLUMN audit"
    )
    op.execute("DROP TABLE almanac_rows, almanac_imports")
