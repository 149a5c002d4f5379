"""To an authority a party's own events are not there: approvals, accounts, webhooks, people, keys.

A position is seen by whoever sees the event at it.

Lock: events and sealed against everything for an instant; no row is read. Old code survives.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OWN = """(split_part(type, '.', 1)
    IN ('account', 'api_key', 'approval', 'sign_in', 'user', 'webhook')
  OR type = 'message.delivered' AND (debtor_id IS NULL OR creditor_id IS NULL))"""
IN_REGION = """(SELECT '' = ANY (viewer_regions())) OR EXISTS (SELECT FROM parties v
  WHERE v.id = {table}.debtor_id AND v.region ^@ ANY (CAST((SELECT viewer_regions()) AS text[])))"""
OF_EVENTS = IN_REGION.format(table="events")
SEALED = """EXISTS (SELECT FROM events v
  WHERE v.subject_id = sealed.subject_id AND v.id = sealed.event_id)"""
POLICY = "ALTER POLICY regulator ON {table} USING ({condition})"


def upgrade() -> None:
    """Leave them out, and go by the event for its position."""
    seen = f"recorded_at = now() OR ({OF_EVENTS}) AND NOT {OWN}"
    op.execute(POLICY.format(table="events", condition=seen))
    op.execute(POLICY.format(table="sealed", condition=SEALED))


def downgrade() -> None:
    """Go by the debtor alone."""
    op.execute(POLICY.format(table="events", condition=f"recorded_at = now() OR {OF_EVENTS}"))
    op.execute(POLICY.format(table="sealed", condition=IN_REGION.format(table="sealed")))
