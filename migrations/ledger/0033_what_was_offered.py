"""A claim keeps what its platform was told, and the platform sees its receivable until it refuses.

An answer is seen by whoever sees its claim: the receivable asks for answers now.

Lock: claims, claim_answers and receivables against everything for an instant; no row is read or
written. Old code survives: it need not write the new columns, and a file of what it offers is found
from what was known then.
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ME = "(SELECT viewer_party())"
COLUMNS = """
ALTER TABLE claims ADD COLUMN open_fen bigint, ADD COLUMN confirmed_on date,
  ADD COLUMN flags varchar[];
"""
OFFERED = "SELECT v.receivable_id FROM claims v"
STANDS = f"""{OFFERED} WHERE NOT EXISTS (SELECT FROM claim_answers a
  WHERE a.receivable_id = v.receivable_id AND a.claim_id = v.id AND a.state = 'REFUSED')"""
OF_CLAIM = """EXISTS (SELECT FROM claims v
  WHERE v.receivable_id = claim_answers.receivable_id AND v.id = claim_answers.claim_id)"""
OF_RECEIVABLE = "EXISTS (SELECT FROM receivables v WHERE v.id = claim_answers.receivable_id)"


def _follow(answers: str, offered: str) -> None:
    for role in ("party", "platform", "regulator"):
        op.execute(f"ALTER POLICY {role} ON claim_answers USING ({answers})")
    seen = f"debtor_id = {ME} OR creditor_id = {ME} OR id = ANY (ARRAY({offered}))"
    op.execute(f"ALTER POLICY platform ON receivables USING ({seen}) WITH CHECK ({seen})")


def upgrade() -> None:
    """Add the columns; let a refusal end what a platform sees."""
    op.execute(COLUMNS)
    _follow(OF_CLAIM, STANDS)


def downgrade() -> None:
    """Show a platform what it was ever offered, and forget what it was told."""
    # Answers first hang on receivables again when these ask for no answers any more.
    seen = f"debtor_id = {ME} OR creditor_id = {ME} OR id = ANY (ARRAY({OFFERED}))"
    op.execute(f"ALTER POLICY platform ON receivables USING ({seen}) WITH CHECK ({seen})")
    _follow(OF_RECEIVABLE, OFFERED)
    op.execute(
        "ALTER TABLE claims DROP COLUMN open_fen, DROP COLUMN confirmed_on, DROP COLUMN flags"
    )
