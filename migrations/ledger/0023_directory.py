"""The directory is read by everybody and changed by the machine alone, but for one's own contact.

Until now row-level security let any role of a party change any party, identifier, platform or
export; no statement did.

Lock: parties against everything for an instant; no rows are read or written. Old code survives: it
changes none of them but as the machine.
"""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

ROLES = "ledger_party, ledger_platform, ledger_regulator, ledger_gate"
PARTIES = ("party", "platform")
PROTECT = f"""
REVOKE UPDATE, DELETE ON parties, party_identifiers, platforms, exports FROM {ROLES};
GRANT UPDATE (email) ON parties TO ledger_party, ledger_platform;
"""
OPEN = f"GRANT UPDATE, DELETE ON parties, party_identifiers, platforms, exports TO {ROLES}"
OWN = """
DROP POLICY {role} ON parties;
CREATE POLICY {role} ON parties FOR SELECT TO ledger_{role} USING (true);
CREATE POLICY {role}_new ON parties FOR INSERT TO ledger_{role} WITH CHECK (true);
CREATE POLICY {role}_own ON parties FOR UPDATE TO ledger_{role}
  USING (id = (SELECT viewer_party())) WITH CHECK (id = (SELECT viewer_party()));
"""
ANY = """
DROP POLICY {role}_own ON parties;
DROP POLICY {role}_new ON parties;
DROP POLICY {role} ON parties;
CREATE POLICY {role} ON parties TO ledger_{role} USING (true) WITH CHECK (true);
"""


def upgrade() -> None:
    """Take the privileges away."""
    op.execute(PROTECT)
    for role in PARTIES:
        op.execute(OWN.format(role=role))


def downgrade() -> None:
    """Give them back."""
    for role in PARTIES:
        op.execute(ANY.format(role=role))
    op.execute("REVOKE UPDATE (email) ON parties FROM ledger_party, ledger_platform")
    op.execute(OPEN)
