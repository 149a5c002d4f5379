"""Proposals, votes, rules and substitutes of approval; accounts that suppliers are paid to.

Lock: users are locked against writes while an index on the few checkers is built, which for some
thousand people is an instant; the other tables are new. Old code survives.
"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PROPOSALS = """
CREATE TABLE approval_proposals (
  id uuid PRIMARY KEY,
  party_id uuid REFERENCES parties,
  role varchar NOT NULL,
  command varchar NOT NULL,
  arguments bytea NOT NULL,
  subject_id uuid NOT NULL,
  amount_fen bigint,
  currency varchar NOT NULL,
  facts jsonb NOT NULL,
  digest bytea NOT NULL,
  approvers integer NOT NULL
    CONSTRAINT approval_needs_somebody CHECK (approvers BETWEEN 1 AND 5),
  proposed_by uuid,
  proposed_key bytea,
  proposer varchar NOT NULL,
  people uuid[] NOT NULL,
  identities varchar[] NOT NULL,
  proposed_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  state varchar NOT NULL DEFAULT 'WAITING' CONSTRAINT approval_state_known CHECK (
    state IN ('WAITING', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'EXPIRED')),
  closed_at timestamptz,
  CONSTRAINT approval_closed_or_waiting CHECK ((state = 'WAITING') = (closed_at IS NULL))
);
CREATE INDEX approval_proposals_party ON approval_proposals (party_id, proposed_at, id);
CREATE INDEX approval_proposals_subject ON approval_proposals (subject_id);
CREATE INDEX approval_proposals_waiting ON approval_proposals (expires_at)
  WHERE state = 'WAITING';
CREATE TABLE approval_votes (
  proposal_id uuid NOT NULL REFERENCES approval_proposals,
  user_id uuid NOT NULL,
  party_id uuid,
  seat_id uuid NOT NULL,
  name varchar NOT NULL,
  approves boolean NOT NULL,
  reason varchar NOT NULL,
  identities varchar[] NOT NULL,
  voted_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (proposal_id, user_id),
  CONSTRAINT approval_seat_votes_once UNIQUE (proposal_id, seat_id)
);
"""

RULES = """
CREATE TABLE approval_rules (
  id uuid PRIMARY KEY,
  party_id uuid REFERENCES parties,
  command varchar NOT NULL,
  valid_from date NOT NULL,
  holds_for varchar NOT NULL CONSTRAINT approval_holds_for_known CHECK (
    holds_for IN ('EVERYONE', 'PEOPLE', 'NOBODY')),
  steps jsonb NOT NULL,
  expiry_hours integer NOT NULL
    CONSTRAINT approval_expiry_sane CHECK (expiry_hours BETWEEN 1 AND 2160),
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX approval_rules_party ON approval_rules (party_id, command, valid_from);
CREATE TABLE approval_substitutes (
  id uuid PRIMARY KEY,
  party_id uuid REFERENCES parties,
  principal_id uuid NOT NULL REFERENCES users,
  stand_in_id uuid NOT NULL REFERENCES users,
  from_on date NOT NULL,
  to_on date NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT approval_nobody_stands_in_for_self CHECK (principal_id <> stand_in_id),
  CONSTRAINT approval_days_ascend CHECK (from_on <= to_on)
);
CREATE INDEX approval_substitutes_stand_in ON approval_substitutes (stand_in_id);
"""

CHECKERS = """
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX users_checkers ON users (party_id) WHERE duty = 'checker';
"""

ACCOUNTS = """
CREATE TABLE repayment_accounts (
  party_id uuid NOT NULL REFERENCES parties,
  id uuid NOT NULL,
  sealed bytea NOT NULL,
  shown varchar NOT NULL,
  valid_from date NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (party_id, id)
);
"""


def upgrade() -> None:
    """Create them."""
    op.execute(PROPOSALS)
    op.execute(RULES)
    op.execute(CHECKERS)
    op.execute(ACCOUNTS)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE repayment_accounts")
    op.execute("DROP INDEX users_checkers")
    op.execute("DROP TABLE approval_substitutes, approval_rules, approval_votes")
    op.execute("DROP TABLE approval_proposals")
