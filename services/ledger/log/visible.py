"""Who may see which event, and what of it: every reader of the log is held to this."""

from typing import Final
from uuid import UUID

from services.ledger.access import ACROSS, BETWEEN, IN_REGION, Viewer
from services.ledger.policy import Relation

OWN: Final = ("account", "api_key", "approval", "sign_in", "user", "webhook")
"""What the types begin with that are a party's own affair, though it stands where a debtor would;
so is the notice of one, which tells one side only."""
_IS_OWN: Final = f"""(split_part(e.type, '.', 1) IN ({", ".join(f"'{one}'" for one in OWN)})
      OR e.type = 'message.delivered' AND (e.debtor_id IS NULL OR e.creditor_id IS NULL))"""
_IS_UNDISCLOSED: Final = "e.type ^@ 'complaint.' AND e.debtor_id IS NULL"
"""Of a complaint that the debtor must not know of yet; nor does whoever just runs the book."""
_OF_REGION: Final = f"""EXISTS (SELECT FROM receivables r
      WHERE r.id = CAST(e.data ->> 'receivable_id' AS uuid) AND {IN_REGION.format(table="r")})"""
EVENT_VISIBLE: Final = f"""(CAST(:sees_own AS boolean) OR {BETWEEN.format(table="e")}
    OR ({ACROSS.format(table="e")}) AND NOT {_IS_OWN} AND NOT ({_IS_UNDISCLOSED})
    OR {_IS_UNDISCLOSED} AND {_OF_REGION}
    OR e.platform_id = ANY (ARRAY(SELECT f.id FROM platforms f
      WHERE f.party_id = CAST(:offered_to AS uuid)))
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


def names_actor(viewer: Viewer, actor_party_id: UUID | None, *, type_: str = "") -> bool:
    """Say whether a viewer is told by name who did something: a login is often an address.

    A party is told of its own people; of others it is told the party. What was done to its people
    and keys tells by id who did it. Whoever is of no party is told.
    """
    told_by_id = type_.partition(".")[0] in {"api_key", "user"}
    return viewer.party_id is None or viewer.party_id == actor_party_id or told_by_id
