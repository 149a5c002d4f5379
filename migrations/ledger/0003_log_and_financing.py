"""The event log with its gapless order, platforms, exports and claims, assessments.

Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LOG = """
CREATE TABLE events (
  subject_id uuid NOT NULL,
  id uuid NOT NULL,
  type varchar NOT NULL,
  actor varchar NOT NULL,
  actor_party_id uuid,
  debtor_id uuid,
  creditor_id uuid,
  platform_id uuid,
  data jsonb NOT NULL,
  request_id varchar NOT NULL,
  occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject_id, id)
);
CREATE INDEX events_recorded ON events USING brin (recorded_at);
CREATE TABLE unsealed (
  subject_id uuid NOT NULL,
  event_id uuid NOT NULL,
  PRIMARY KEY (subject_id, event_id)
);
CREATE TABLE sealed (
  position bigint PRIMARY KEY,
  subject_id uuid NOT NULL,
  event_id uuid NOT NULL UNIQUE,
  sealed_at timestamptz NOT NULL
);
CREATE TABLE assessments (
  as_of date PRIMARY KEY,
  assessed_at timestamptz NOT NULL,
  newly_overdue integer NOT NULL,
  newly_due_soon integer NOT NULL
);
"""

FINANCING = """
CREATE TABLE platforms (
  id uuid PRIMARY KEY,
  code varchar NOT NULL UNIQUE,
  name varchar NOT NULL,
  party_id uuid REFERENCES parties
);
CREATE TABLE exports (
  id uuid PRIMARY KEY,
  platform_id uuid NOT NULL REFERENCES platforms,
  reference varchar NOT NULL UNIQUE,
  as_of date NOT NULL,
  currency varchar NOT NULL,
  count integer NOT NULL CHECK (count > 0),
  total_fen bigint NOT NULL CHECK (total_fen > 0),
  recorded_at timestamptz NOT NULL
);
CREATE TABLE claims (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  export_id uuid NOT NULL,
  platform_id uuid NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  start_on date NOT NULL,
  due_on date NOT NULL,
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  PRIMARY KEY (receivable_id, id)
);
CREATE INDEX claims_of_export ON claims (export_id, receivable_id);
CREATE TABLE claim_answers (
  receivable_id uuid NOT NULL REFERENCES receivables,
  claim_id uuid NOT NULL,
  id uuid NOT NULL,
  state varchar NOT NULL CHECK (state IN ('FINANCED', 'PENDING', 'REFUSED')),
  financed_fen bigint CHECK (financed_fen >= 0),
  reason varchar NOT NULL,
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  PRIMARY KEY (receivable_id, claim_id, id)
);
"""


def upgrade() -> None:
    """Create the log and what financing needs."""
    op.execute(LOG)
    op.execute(FINANCING)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE claim_answers, claims, exports, platforms")
    op.execute("DROP TABLE assessments, sealed, unsealed, events")
