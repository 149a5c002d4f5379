"""Endpoints of parties, what is sent to them, and how it went.

Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ENDPOINTS = """
CREATE TABLE webhook_endpoints (
  id uuid PRIMARY KEY,
  party_id uuid NOT NULL,
  role varchar NOT NULL,
  sealed_url bytea NOT NULL,
  description varchar NOT NULL DEFAULT '',
  types varchar[] NOT NULL DEFAULT '{}',
  position bigint NOT NULL,
  disabled_at timestamptz,
  disabled_because varchar NOT NULL DEFAULT ''
    CHECK (disabled_because IN ('', 'OWNER', 'GONE', 'FAILING')),
  failures integer NOT NULL DEFAULT 0,
  failing_since timestamptz,
  rests_until timestamptz,
  version integer NOT NULL DEFAULT 1,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((disabled_at IS NULL) = (disabled_because = ''))
);
CREATE INDEX webhook_endpoints_party ON webhook_endpoints (party_id);
CREATE TABLE webhook_secrets (
  id uuid PRIMARY KEY,
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  scheme varchar NOT NULL CHECK (scheme IN ('v1', 'v1a')),
  sealed bytea NOT NULL,
  public_key varchar NOT NULL DEFAULT '',
  expires_at timestamptz,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets (endpoint_id);
"""
DELIVERIES = """
CREATE TABLE webhook_deliveries (
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  position bigint NOT NULL,
  id uuid NOT NULL UNIQUE,
  event_id uuid NOT NULL,
  type varchar NOT NULL,
  state varchar NOT NULL
    CONSTRAINT state_known CHECK (state IN ('WAITING', 'DELIVERED', 'GIVEN_UP')),
  tries integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  claim uuid,
  settled_at timestamptz,
  PRIMARY KEY (endpoint_id, position),
  CONSTRAINT settled_or_waiting CHECK ((state = 'WAITING') = (settled_at IS NULL))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, due_at)
  WHERE state = 'WAITING';
CREATE INDEX webhook_deliveries_claimed ON webhook_deliveries (endpoint_id)
  WHERE claim IS NOT NULL;
CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (settled_at);
CREATE TABLE webhook_attempts (
  endpoint_id uuid NOT NULL,
  position bigint NOT NULL,
  number integer NOT NULL,
  at timestamptz NOT NULL,
  took_ms integer NOT NULL,
  outcome varchar NOT NULL,
  status integer,
  answer varchar NOT NULL DEFAULT '',
  PRIMARY KEY (endpoint_id, position, number),
  FOREIGN KEY (endpoint_id, position) REFERENCES webhook_deliveries (endpoint_id, position)
    ON DELETE CASCADE
);
CREATE TABLE webhook_replays (
  id uuid PRIMARY KEY,
  endpoint_id uuid NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  after bigint NOT NULL,
  through bigint NOT NULL,
  only_given_up boolean NOT NULL,
  position bigint NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CHECK (after < through)
);
CREATE INDEX webhook_replays_endpoint ON webhook_replays (endpoint_id);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(ENDPOINTS)
    op.execute(DELIVERIES)


def downgrade() -> None:
    """Drop them."""
    for table in ("replays", "attempts", "deliveries", "secrets", "endpoints"):
        op.execute(f"DROP TABLE webhook_{table}")
