"""The log's tree, checkpoints, keys and cosignatures; salts of what personal data commit to.

Lock: `sealed` has one writer, the sealer, who waits for the index; readers do not. The tables are
new. Old code survives.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TREE = """
CREATE TABLE tiles (
  level smallint NOT NULL CHECK (level >= 0),
  number bigint NOT NULL CHECK (number >= 0),
  hashes bytea STORAGE EXTERNAL NOT NULL CHECK (
    octet_length(hashes) BETWEEN 32 AND 8192 AND octet_length(hashes) % 32 = 0),
  PRIMARY KEY (level, number)
);
CREATE TABLE log_keys (
  number integer PRIMARY KEY,
  note varchar NOT NULL
);
CREATE TABLE checkpoints (
  number integer PRIMARY KEY CHECK (number > 0),
  size bigint NOT NULL UNIQUE CHECK (size > 0),
  note varchar NOT NULL
);
CREATE TABLE cosignatures (
  size bigint NOT NULL REFERENCES checkpoints (size),
  witness varchar NOT NULL,
  line varchar NOT NULL,
  PRIMARY KEY (size, witness)
);
"""

PRIVACY = """
CREATE TABLE salts (
  owner varchar PRIMARY KEY,
  salt bytea NOT NULL CHECK (octet_length(salt) = 32)
);
CREATE TABLE erasures (
  event_id uuid NOT NULL,
  field varchar NOT NULL,
  commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
  PRIMARY KEY (event_id, field)
);
"""

INDEX = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX sealed_subject ON sealed (subject_id, position);
"""


def upgrade() -> None:
    """Create what proofs need, and let a subject find its events in their order."""
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(TREE)
    op.execute(PRIVACY)
    op.execute(INDEX)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP INDEX sealed_subject")
    op.execute("DROP TABLE erasures, salts, cosignatures, checkpoints, log_keys, tiles")
