"""The almanac takes region codes: what one means from a day, or who took it over.

Lock: almanac_rows against everything for an instant; it holds no more rows than people import by
hand, and is read once to check them. Old code survives: it writes none of the new kind.
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KINDS = """
-- squawk-ignore ban-drop-constraint
ALTER TABLE almanac_rows DROP CONSTRAINT almanac_rows_kind_check;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE almanac_rows ADD CONSTRAINT almanac_rows_kind_check CHECK (kind IN ({kinds})){later};
"""
_BEFORE = "'lpr', 'limit', 'rest', 'work', 'reading'"


def upgrade() -> None:
    """Let the kind in."""
    op.execute(_KINDS.format(kinds=f"{_BEFORE}, 'region'", later=""))


def downgrade() -> None:
    """Let no new one in; what was imported stays, since rows of the almanac are never changed."""
    op.execute(_KINDS.format(kinds=_BEFORE, later=" NOT VALID"))
