"""Files taken in, and what was found in them that is not counted.

Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INTAKE = """
CREATE TABLE imports (
  id uuid PRIMARY KEY,
  sha256 bytea NOT NULL,
  profile_sha256 bytea NOT NULL,
  file_name varchar NOT NULL,
  size_bytes bigint NOT NULL,
  encoding varchar NOT NULL,
  profile varchar NOT NULL,
  actor varchar NOT NULL,
  faulty_rows integer NOT NULL,
  summary jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX imports_of_file ON imports (sha256);
CREATE TABLE findings (
  subject_id uuid NOT NULL,
  id uuid NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('PAYMENT_REPEATED')),
  reference varchar NOT NULL,
  import_id uuid NOT NULL,
  line integer NOT NULL,
  amount_fen bigint NOT NULL,
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject_id, id)
);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(INTAKE)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE findings, imports")
