"""Files sent over HTTP, kept until a worker has looked at them and taken them in.

Lock: none that anyone can wait for; only a new table. Old code survives.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JOBS = """
CREATE TABLE import_jobs (
  id uuid PRIMARY KEY,
  actor varchar NOT NULL,
  role varchar NOT NULL,
  party_id uuid,
  request_id varchar NOT NULL,
  file_name varchar NOT NULL,
  sha256 bytea NOT NULL,
  content bytea,
  profile jsonb NOT NULL,
  whole boolean NOT NULL,
  asked_on date NOT NULL,
  state varchar NOT NULL CHECK (
    state IN ('CHECKING', 'CHECKED', 'COMMITTING', 'COMMITTED', 'REFUSED', 'FAILED')),
  attempts integer NOT NULL DEFAULT 0,
  report jsonb,
  problem jsonb,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX import_jobs_waiting ON import_jobs (recorded_at)
  WHERE state IN ('CHECKING', 'COMMITTING');
"""


def upgrade() -> None:
    """Create it."""
    op.execute(JOBS)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE import_jobs")
