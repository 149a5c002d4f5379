"""Interest that is claimed, facts about late payment, complaints with their steps.

Lock: balances and postings are locked against everything for an instant each, without rewriting a
row; a later migration reads the new CHECKs through while others write. The other tables are new.
Old code survives: it neither reads nor has to write the new column.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ACCOUNTS = "'receivable', 'disputed', 'reserved', 'assigned', 'supply'"
JOURNAL = f"""
ALTER TABLE balances ADD COLUMN interest_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE balances ADD CONSTRAINT interest_is_claimed CHECK (interest_fen >= 0) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE postings DROP CONSTRAINT accounts_are_known;
ALTER TABLE postings ADD CONSTRAINT accounts_are_known CHECK (
  debit IN ({_ACCOUNTS}, 'cash', 'written_off', 'interest', 'interest_earned')
  AND credit IN ({_ACCOUNTS}, 'interest', 'interest_earned')) NOT VALID;
"""

INTEREST = """
CREATE TABLE interest_claims (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  reading varchar NOT NULL CHECK (reading IN ('statutory', 'agreed', 'court', 'floor',
    'void_clause')),
  from_on date NOT NULL,
  until_on date NOT NULL,
  "on" date NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  due_on date NOT NULL,
  "case" jsonb NOT NULL,
  spans jsonb NOT NULL,
  trace_sha256 bytea NOT NULL CHECK (length(trace_sha256) = 32),
  almanac_version integer NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, id),
  CONSTRAINT days_follow CHECK (due_on < from_on AND from_on <= until_on AND until_on <= "on")
);
CREATE TABLE interest_waivers (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  claim_id uuid,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  reason varchar NOT NULL,
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, id),
  CONSTRAINT withdrawn_once UNIQUE (receivable_id, claim_id),
  CONSTRAINT of_a_claim FOREIGN KEY (receivable_id, claim_id) REFERENCES interest_claims
);
"""

FACTS = """
CREATE TABLE arrears_facts (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  kind varchar NOT NULL CHECK (kind IN ('DEMAND', 'ACKNOWLEDGEMENT', 'AGREEMENT', 'SUIT',
    'ARBITRATION', 'INSTRUMENT', 'DELAY_REASON', 'ENDED')),
  "on" date NOT NULL,
  word varchar NOT NULL,
  amount_fen bigint CHECK (amount_fen > 0),
  until_on date,
  fact_id uuid,
  text varchar NOT NULL,
  party_id uuid NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, id),
  CONSTRAINT an_instrument_matures CHECK (kind <> 'INSTRUMENT' OR (until_on >= "on"
    AND amount_fen IS NOT NULL AND word IN ('BILL', 'ECERT', 'OTHER'))),
  CONSTRAINT an_end_names_what_ended CHECK ((kind = 'ENDED') = (fact_id IS NOT NULL)),
  CONSTRAINT a_reason_is_named CHECK (kind <> 'DELAY_REASON' OR word <> ''),
  CONSTRAINT ended_once UNIQUE (receivable_id, fact_id),
  CONSTRAINT of_a_fact FOREIGN KEY (receivable_id, fact_id) REFERENCES arrears_facts
);
"""

COMPLAINTS = """
CREATE TABLE complaints (
  receivable_id uuid NOT NULL REFERENCES receivables,
  id uuid NOT NULL,
  debtor_id uuid NOT NULL,
  creditor_id uuid NOT NULL,
  amount_fen bigint NOT NULL CHECK (amount_fen > 0),
  text varchar NOT NULL CHECK (text <> ''),
  "on" date NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, id)
);
CREATE TABLE complaint_steps (
  receivable_id uuid NOT NULL,
  complaint_id uuid NOT NULL,
  id uuid NOT NULL,
  place integer NOT NULL CHECK (place > 0),
  kind varchar NOT NULL CHECK (kind IN ('SUPPLEMENT_ASKED', 'SUPPLEMENTED', 'ACCEPTED', 'REFUSED',
    'TRANSFERRED', 'RECEIVED', 'RESPONDENT_ASKED', 'EXTENDED', 'RESULT', 'CLOSED', 'ENDED',
    'WITHDRAWN')),
  "on" date NOT NULL,
  reason varchar NOT NULL,
  text varchar NOT NULL,
  extended_to date,
  actor varchar NOT NULL,
  known_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (receivable_id, complaint_id, id),
  CONSTRAINT one_after_the_other UNIQUE (receivable_id, complaint_id, place),
  CONSTRAINT an_extension_has_a_day CHECK ((kind = 'EXTENDED') = (extended_to IS NOT NULL)),
  CONSTRAINT of_a_complaint FOREIGN KEY (receivable_id, complaint_id) REFERENCES complaints
);
"""


def upgrade() -> None:
    """Add the account of claimed interest and create the tables."""
    op.execute(JOURNAL)
    op.execute(INTEREST)
    op.execute(FACTS)
    op.execute(COMPLAINTS)


def downgrade() -> None:
    """Drop them; refused while interest is posted, which the old accounts cannot say."""
    op.execute("DROP TABLE complaint_steps, complaints, arrears_facts")
    op.execute("DROP TABLE interest_waivers, interest_claims")
    op.execute(
        f"""
        ALTER TABLE postings DROP CONSTRAINT accounts_are_known;
        ALTER TABLE postings ADD CONSTRAINT accounts_are_known CHECK (
          debit IN ({_ACCOUNTS}, 'cash', 'written_off') AND credit IN ({_ACCOUNTS}));
        ALTER TABLE balances DROP COLUMN interest_fen;
        """
    )
