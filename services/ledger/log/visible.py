"""Who may see which event: one condition, which every reader of the log is held to."""

from typing import Final

from services.ledger.access import ACROSS, BETWEEN, Viewer
from services.ledger.policy import Relation

OWN: Final = ("account", "api_key", "approval", "sign_in", "user", "webhook")
"""What the types begin with that are a party's own affair, though it stands where a debtor would;
so is the notice of one, which tells one side only."""
_IS_OWN: Final = f"""(split_part(e.type, '.', 1) IN ({", ".join(f"'{one}'" for one in OWN)})
      OR e.type = 'message.delivered' AND (e.debtor_id IS NULL OR e.creditor_id IS NULL))"""
EVENT_VISIBLE: Final = f"""(CAST(:sees_own AS boolean) OR {BETWEEN.format(table="e")}
    OR ({ACROSS.format(table="e")}) AND NOT {_IS_OWN}
    OR CAST(:sees_nobodys AS boolean) AND e.type ^@ 'approval.' AND e.debtor_id IS NULL)"""
"""The condition on event ``e``; binds what `parameters` returns."""


def parameters(viewer: Viewer) -> dict[str, object]:
    """Return the bind parameters of `EVENT_VISIBLE`."""
    own = viewer.relation("events.own")
    return {
        **viewer.parameters(),
        "sees_own": own is Relation.ANY,
        "sees_nobodys": own is Relation.NOBODYS,
    }
