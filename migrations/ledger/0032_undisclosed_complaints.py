"""A complaint and its steps are not there for the debtor until it was told of it.

The debtor is named in an event of a complaint from the step on that discloses it, written in the
same transaction; the steps themselves cannot be asked, since they ask for the complaint. An
authority sees the events of a complaint whose debtor they do not name yet, by its receivable.

Lock: complaints, complaint_steps and events against everything for an instant; no row is read. Old
code survives.
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

ME = "(SELECT viewer_party())"
TOLD = f"""creditor_id = {ME} OR debtor_id = {ME} AND EXISTS (SELECT FROM events v
  WHERE v.subject_id = complaints.id AND v.debtor_id = {ME})"""
OF_COMPLAINT = """EXISTS (SELECT FROM complaints v WHERE v.receivable_id =
  complaint_steps.receivable_id AND v.id = complaint_steps.complaint_id)"""
OF_RECEIVABLE = "EXISTS (SELECT FROM receivables v WHERE v.id = complaint_steps.receivable_id)"
OWN = """(split_part(type, '.', 1)
    IN ('account', 'api_key', 'approval', 'sign_in', 'user', 'webhook')
  OR type = 'message.delivered' AND (debtor_id IS NULL OR creditor_id IS NULL))"""
SEEN = f"""recorded_at = now() OR ((SELECT '' = ANY (viewer_regions()))
  OR EXISTS (SELECT FROM parties v WHERE v.id = events.debtor_id
    AND v.region ^@ ANY (CAST((SELECT viewer_regions()) AS text[])))) AND NOT {OWN}"""
UNDISCLOSED = """type ^@ 'complaint.' AND debtor_id IS NULL AND EXISTS (SELECT FROM receivables v
  WHERE v.id = CAST(events.data ->> 'receivable_id' AS uuid))"""
POLICY = "ALTER POLICY {role} ON {table} USING ({condition})"


def upgrade() -> None:
    """Go by what the debtor was told, and by the complaint for its steps."""
    for role in ("party", "platform"):
        op.execute(
            f"ALTER POLICY {role} ON complaints USING ({TOLD})"
            f" WITH CHECK (creditor_id = {ME} OR debtor_id = {ME})"
        )
    for role in ("party", "platform", "regulator"):
        op.execute(POLICY.format(role=role, table="complaint_steps", condition=OF_COMPLAINT))
    seen = f"{SEEN} OR {UNDISCLOSED}"
    op.execute(POLICY.format(role="regulator", table="events", condition=seen))


def downgrade() -> None:
    """Go by the debtor, and by the receivable."""
    op.execute(POLICY.format(role="regulator", table="events", condition=SEEN))
    for role in ("party", "platform", "regulator"):
        op.execute(POLICY.format(role=role, table="complaint_steps", condition=OF_RECEIVABLE))
    between = f"debtor_id = {ME} OR creditor_id = {ME}"
    for role in ("party", "platform"):
        op.execute(POLICY.format(role=role, table="complaints", condition=between))
