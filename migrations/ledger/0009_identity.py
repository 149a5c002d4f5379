"""Second factors, sign-ins that end, lock-out, restricted keys, signed requests, single sign-on.

Lock: users, sessions and api_keys are locked against everything while they are read through, which
for some thousand people and machines is an instant; no row is rewritten. The other tables are new.
Old code survives: it neither reads nor has to write the new columns.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ROLES = """'core_enterprise', 'supplier', 'platform', 'regulator', 'operator',
  'security_admin', 'audit_admin'"""

USERS = f"""
-- squawk-ignore ban-drop-constraint
ALTER TABLE users DROP CONSTRAINT users_role_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ({_ROLES}));
ALTER TABLE users ADD COLUMN duty varchar NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN password_initial boolean NOT NULL DEFAULT false;
ALTER TABLE users ADD COLUMN totp_secret bytea;
ALTER TABLE users ADD COLUMN totp_offered bytea;
ALTER TABLE users ADD COLUMN totp_step bigint NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN disabled_at timestamptz;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE users ADD CONSTRAINT duties_are_a_partys CHECK (
  duty = '' OR (duty IN ('maker', 'checker', 'administrator') AND party_id IS NOT NULL));
ALTER TABLE sessions ADD COLUMN started_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE sessions ADD COLUMN verified_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE sessions ADD COLUMN browser varchar NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN address varchar NOT NULL DEFAULT '';
"""

KEYS = """
ALTER TABLE api_keys ADD COLUMN prefix varchar;
ALTER TABLE api_keys ADD COLUMN scopes varchar[];
ALTER TABLE api_keys ADD COLUMN networks varchar[];
ALTER TABLE api_keys ADD COLUMN expires_at timestamptz;
ALTER TABLE api_keys ADD COLUMN signing_secret bytea;
ALTER TABLE api_keys ADD COLUMN signed_only boolean NOT NULL DEFAULT false;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE api_keys ADD CONSTRAINT signs_with_something CHECK (
  NOT signed_only OR signing_secret IS NOT NULL);
-- squawk-ignore constraint-missing-not-valid, disallowed-unique-constraint
ALTER TABLE api_keys ADD CONSTRAINT api_keys_prefix UNIQUE (prefix);
"""

SIGNING_IN = """
CREATE TABLE uses (
  digest bytea PRIMARY KEY,
  at timestamptz
);
INSERT INTO uses SELECT key_hash, NULL FROM api_keys;
INSERT INTO uses SELECT token_hash, now() FROM sessions;
CREATE TABLE recovery_codes (
  user_id uuid NOT NULL REFERENCES users,
  code_hash bytea NOT NULL,
  PRIMARY KEY (user_id, code_hash)
);
CREATE TABLE half_sign_ins (
  token_hash bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES users,
  first_factor varchar NOT NULL CHECK (first_factor IN ('password', 'single_sign_on')),
  second_factor boolean NOT NULL,
  back varchar NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE TABLE known_browsers (
  token_hash bytea NOT NULL,
  user_id uuid NOT NULL REFERENCES users,
  seen_at timestamptz NOT NULL,
  PRIMARY KEY (token_hash, user_id)
);
CREATE INDEX known_browsers_user ON known_browsers (user_id);
CREATE TABLE gates (
  bucket bytea PRIMARY KEY,
  failures integer NOT NULL CHECK (failures >= 0),
  failed_at timestamptz NOT NULL,
  closed_until timestamptz NOT NULL
);
CREATE TABLE request_nonces (
  key_hash bytea NOT NULL,
  nonce varchar NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (key_hash, nonce)
);
CREATE TABLE user_links (
  issuer varchar NOT NULL,
  subject varchar NOT NULL,
  user_id uuid NOT NULL REFERENCES users,
  linked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX user_links_user ON user_links (user_id);
"""


def upgrade() -> None:
    """Add the columns and tables; the visible part of a key names one key."""
    op.execute(USERS)
    op.execute(KEYS)
    op.execute(SIGNING_IN)


def downgrade() -> None:
    """Drop them; users and keys of the new roles go, as the old code knows none."""
    op.execute(
        "DROP TABLE uses, user_links, request_nonces, gates, known_browsers, half_sign_ins,"
        " recovery_codes"
    )
    op.execute("ALTER TABLE api_keys DROP CONSTRAINT signs_with_something")
    for column in (
        "signed_only", "signing_secret", "expires_at", "networks", "scopes", "prefix"
    ):  # fmt: skip
        op.execute(f"ALTER TABLE api_keys DROP COLUMN {column}")
    for column in ("address", "browser", "verified_at", "started_at"):
        op.execute(f"ALTER TABLE sessions DROP COLUMN {column}")
    op.execute(
        "DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE role IN"
        " ('security_admin', 'audit_admin'))"
    )
    op.execute("DELETE FROM users WHERE role IN ('security_admin', 'audit_admin')")
    op.execute("ALTER TABLE users DROP CONSTRAINT duties_are_a_partys")
    for column in (
        "disabled_at", "totp_step", "totp_offered", "totp_secret", "password_initial", "duty"
    ):  # fmt: skip
        op.execute(f"ALTER TABLE users DROP COLUMN {column}")
    op.execute("ALTER TABLE users DROP CONSTRAINT users_role_check")
    op.execute(
        "ALTER TABLE users ADD CONSTRAINT users_role_check CHECK (role IN ('core_enterprise',"
        " 'supplier', 'platform', 'regulator', 'operator'))"
    )
