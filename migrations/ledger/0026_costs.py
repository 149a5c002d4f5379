"""Costs of enforcement that a creditor claims: an account of their own, paid first (民法典 561).

Lock: balances, postings and arrears_facts are locked against everything for an instant each,
without rewriting a row; the next migration reads the CHECKs through. Old code survives: it neither
reads nor has to write the new column.
"""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_PRINCIPAL = "'receivable', 'disputed', 'reserved', 'assigned', 'supply'"
_INTEREST = "'interest', 'interest_earned'"
_KINDS = (
    "'DEMAND', 'ACKNOWLEDGEMENT', 'AGREEMENT', 'SUIT', 'ARBITRATION', 'INSTRUMENT',"
    " 'DELAY_REASON', 'ENDED'"
)
_COSTS = "'LITIGATION', 'ARBITRATION', 'PRESERVATION', 'NOTARY', 'LAWYER', 'OTHER'"
ACCOUNT = f"""
ALTER TABLE balances ADD COLUMN costs_fen bigint NOT NULL DEFAULT 0;
ALTER TABLE balances ADD CONSTRAINT costs_are_claimed CHECK (costs_fen >= 0) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE postings DROP CONSTRAINT accounts_are_known;
ALTER TABLE postings ADD CONSTRAINT accounts_are_known CHECK (
  debit IN ({_PRINCIPAL}, {_INTEREST}, 'costs', 'costs_advanced', 'cash', 'written_off')
  AND credit IN ({_PRINCIPAL}, {_INTEREST}, 'costs', 'costs_advanced')) NOT VALID;
-- squawk-ignore ban-drop-constraint
ALTER TABLE arrears_facts DROP CONSTRAINT arrears_facts_kind_check;
ALTER TABLE arrears_facts ADD CONSTRAINT arrears_facts_kind_check CHECK (
  kind IN ({_KINDS}, 'COSTS')) NOT VALID;
ALTER TABLE arrears_facts ADD CONSTRAINT costs_are_shown CHECK (
  kind <> 'COSTS' OR (amount_fen IS NOT NULL AND text <> '' AND word IN ({_COSTS}))) NOT VALID;
"""
BEFORE = f"""
ALTER TABLE arrears_facts DROP CONSTRAINT costs_are_shown;
ALTER TABLE arrears_facts DROP CONSTRAINT arrears_facts_kind_check;
ALTER TABLE arrears_facts ADD CONSTRAINT arrears_facts_kind_check CHECK (kind IN ({_KINDS}));
ALTER TABLE postings DROP CONSTRAINT accounts_are_known;
ALTER TABLE postings ADD CONSTRAINT accounts_are_known CHECK (
  debit IN ({_PRINCIPAL}, {_INTEREST}, 'cash', 'written_off')
  AND credit IN ({_PRINCIPAL}, {_INTEREST}));
ALTER TABLE balances DROP COLUMN costs_fen;
"""


def upgrade() -> None:
    """Let costs be claimed."""
    op.execute(ACCOUNT)


def downgrade() -> None:
    """Take the account away; refused while any costs are in the book."""
    op.execute(BEFORE)
