"""The notifier's schema: cursor, recipients, e-mails, messages, events that broke the contract.

Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "notifier_0001"
down_revision = None
branch_labels = ("notifier",)
depends_on = None

READING = """
CREATE SCHEMA notifier;
CREATE TABLE notifier.cursor (
  id smallint PRIMARY KEY CONSTRAINT cursor_is_one_row CHECK (id = 1),
  position bigint NOT NULL,
  moved_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO notifier.cursor (id, position) VALUES (1, 0);
CREATE TABLE notifier.unread_events (
  position bigint PRIMARY KEY,
  event_id uuid NOT NULL,
  type text NOT NULL,
  error text NOT NULL
);
CREATE TABLE notifier.recipients (
  party_id uuid PRIMARY KEY,
  name text NOT NULL,
  email text,
  muted text[] NOT NULL DEFAULT '{}',
  position bigint NOT NULL
);
"""

DELIVERIES = """
CREATE TABLE notifier.deliveries (
  id uuid PRIMARY KEY,
  recipient_id uuid NOT NULL REFERENCES notifier.recipients,
  type text NOT NULL,
  digest boolean NOT NULL,
  state text NOT NULL
    CONSTRAINT known_state CHECK (state IN ('planned', 'claimed', 'sent', 'failed', 'exhausted')),
  attempts integer NOT NULL,
  next_attempt_at timestamptz NOT NULL,
  planned_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz,
  maybe_sent boolean NOT NULL,
  address text,
  error text,
  delivered_at timestamptz,
  CONSTRAINT sent_has_its_time CHECK ((state = 'sent') = (delivered_at IS NOT NULL)),
  CONSTRAINT claim_has_its_time CHECK (state <> 'claimed' OR claimed_at IS NOT NULL)
);
CREATE INDEX deliveries_due ON notifier.deliveries (next_attempt_at, id)
  WHERE state IN ('planned', 'failed');
CREATE INDEX deliveries_claimed ON notifier.deliveries (claimed_at) WHERE state = 'claimed';
CREATE INDEX deliveries_recent ON notifier.deliveries (recipient_id, type, planned_at);
CREATE UNIQUE INDEX one_waiting_digest ON notifier.deliveries (recipient_id, type)
  WHERE state = 'planned' AND digest;
"""

MESSAGES = """
CREATE TABLE notifier.messages (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL,
  event_position bigint NOT NULL,
  type text NOT NULL,
  subject_id uuid NOT NULL,
  recipient_id uuid NOT NULL REFERENCES notifier.recipients,
  channel text NOT NULL,
  subject text NOT NULL,
  body text NOT NULL,
  occurred_at timestamptz NOT NULL,
  planned_at timestamptz NOT NULL DEFAULT now(),
  delivery_id uuid REFERENCES notifier.deliveries,
  suppressed text,
  seen_at timestamptz,
  read_at timestamptz,
  CONSTRAINT told_once UNIQUE (event_id, recipient_id, channel),
  CONSTRAINT known_channel CHECK (CASE channel
    WHEN 'inbox' THEN delivery_id IS NULL AND suppressed IS NULL
    WHEN 'email' THEN (delivery_id IS NULL) <> (suppressed IS NULL) ELSE false END)
);
CREATE UNIQUE INDEX messages_inbox ON notifier.messages (recipient_id, event_position)
  WHERE channel = 'inbox';
CREATE INDEX messages_delivery ON notifier.messages (delivery_id, event_position);
"""


def upgrade() -> None:
    for statements in (READING, DELIVERIES, MESSAGES):
        op.execute(statements)


def downgrade() -> None:
    op.execute("DROP SCHEMA notifier CASCADE")
