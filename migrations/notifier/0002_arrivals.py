"""Arrivals that the ledger has not been told of yet.

Lock: none that anyone can wait for; only a new table. Old code survives.
"""

from alembic import op

revision = "notifier_0002"
down_revision = "notifier_0001"
branch_labels = None
depends_on = None

ARRIVALS = """
CREATE TABLE notifier.arrivals (
  message_id uuid NOT NULL REFERENCES notifier.messages,
  stage text NOT NULL,
  at timestamptz NOT NULL,
  refused text,
  PRIMARY KEY (message_id, stage),
  CONSTRAINT known_stage CHECK (stage IN ('MAIL_ACCEPTED', 'SHOWN', 'READ'))
);
CREATE INDEX arrivals_waiting ON notifier.arrivals (at, message_id, stage) WHERE refused IS NULL;
"""


def upgrade() -> None:
    op.execute(ARRIVALS)


def downgrade() -> None:
    op.execute("DROP TABLE notifier.arrivals")
