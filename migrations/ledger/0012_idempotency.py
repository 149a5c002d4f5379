"""What writes under an Idempotency-Key were answered, for seven days.

Lock: none that anyone can wait for; only a new table. Old code survives.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEYS = """
CREATE TABLE idempotency_keys (
  principal varchar NOT NULL,
  route varchar NOT NULL,
  key varchar NOT NULL,
  fingerprint bytea NOT NULL,
  status integer NOT NULL,
  body bytea NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_recorded ON idempotency_keys USING brin (recorded_at);
"""


def upgrade() -> None:
    """Create it."""
    op.execute(KEYS)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE idempotency_keys")
