"""Parties, their identifiers and sign-ins, contracts with the terms decided at signing.

Lock: none that anyone can wait for; only new tables. Old code survives.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = ("ledger",)
depends_on = None

PARTIES = """
CREATE TABLE parties (
  id uuid PRIMARY KEY,
  name varchar NOT NULL CHECK (name <> ''),
  kind varchar NOT NULL CHECK (kind IN ('GOV', 'INSTITUTION', 'FISCAL_GROUP', 'LARGE_SOE', 'LARGE',
    'MEDIUM', 'SMALL', 'MICRO', 'INDIVIDUAL', 'MILITARY', 'FINANCIER', 'UNKNOWN')),
  domestic boolean NOT NULL,
  region varchar NOT NULL DEFAULT '',
  email varchar NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE party_identifiers (
  scheme varchar NOT NULL,
  value varchar NOT NULL CHECK (value <> ''),
  party_id uuid NOT NULL REFERENCES parties,
  PRIMARY KEY (scheme, value)
);
CREATE INDEX party_identifiers_party ON party_identifiers (party_id);
CREATE TABLE users (
  id uuid PRIMARY KEY,
  login varchar NOT NULL UNIQUE,
  role varchar NOT NULL CHECK (role IN ('core_enterprise', 'supplier', 'platform', 'regulator',
    'operator')),
  party_id uuid REFERENCES parties,
  region varchar NOT NULL DEFAULT '',
  password_hash varchar NOT NULL
);
CREATE TABLE sessions (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE TABLE api_keys (
  key_hash bytea PRIMARY KEY,
  name varchar NOT NULL,
  role varchar NOT NULL CHECK (role IN ('core_enterprise', 'supplier', 'platform', 'regulator',
    'operator', 'service')),
  party_id uuid REFERENCES parties,
  region varchar NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz
);
"""

CONTRACTS = """
CREATE TABLE contracts (
  id uuid PRIMARY KEY,
  reference varchar NOT NULL,
  debtor_id uuid NOT NULL REFERENCES parties,
  creditor_id uuid NOT NULL REFERENCES parties,
  signed_on date NOT NULL,
  subject varchar NOT NULL CHECK (subject IN ('GOODS', 'WORKS', 'SERVICES')),
  debtor_kind varchar NOT NULL,
  creditor_size varchar NOT NULL,
  reason varchar NOT NULL,
  settlement varchar NOT NULL CHECK (settlement IN ('ON_DELIVERY', 'ACCEPTANCE', 'PROGRESS',
    'PERIODIC')),
  terms jsonb NOT NULL,
  applies varchar NOT NULL CHECK (applies IN ('true', 'false', 'unknown')),
  regime varchar NOT NULL CHECK (regime IN ('PRE2020', 'R2020', 'R2025')),
  start_rule varchar NOT NULL CHECK (start_rule IN ('DELIVERY', 'ACCEPTANCE', 'SETTLEMENT')),
  inspection_days integer CHECK (inspection_days >= 0),
  due_term_days integer CHECK (due_term_days >= 0),
  due_term_months integer CHECK (due_term_months >= 0),
  due_cap_days integer CHECK (due_cap_days >= 0),
  rolls boolean NOT NULL,
  flags varchar[] NOT NULL,
  trace jsonb NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT two_parties CHECK (debtor_id <> creditor_id)
);
CREATE TABLE calendar (
  day date PRIMARY KEY,
  rest boolean NOT NULL,
  next_workday date NOT NULL,
  provisional boolean NOT NULL,
  source varchar NOT NULL,
  CONSTRAINT next_is_not_before CHECK (next_workday >= day)
);
"""


def upgrade() -> None:
    """Create the tables that every node holds a copy of."""
    op.execute(PARTIES)
    op.execute(CONTRACTS)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE calendar, contracts, api_keys, sessions, users")
    op.execute("DROP TABLE party_identifiers, parties")
