"""Who is asking, and which rows that person may see. To a stranger a receivable does not exist."""

import hmac
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.ledger import policy
from services.ledger.errors import LedgerError
from services.ledger.policy import Relation, Whose

SEES_ALL: Final = frozenset(policy.roles("book.read", Relation.ANY))
AREAS: Final = (
    "parties",
    "orders",
    "receivables",
    "payments",
    "arrears",
    "financing",
    "events",
    "webhooks",
    "intake",
    "insight",
)
SCOPES: Final = tuple(f"{area}:{kind}" for area in AREAS for kind in ("read", "write"))
"""What a key may be restricted to: areas of the API (`edges.AREA_OF`), and reading or writing."""


class NotAllowedError(LedgerError):
    """A signed-in person asks for what the role does not include."""

    code = "NOT_ALLOWED"
    status = 403


@dataclass(frozen=True, slots=True)
class Grant:
    """What others have approved of somebody: this command with this effect, and nothing else."""

    command: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, for which party, in which role."""

    name: str
    role: str
    party_id: UUID | None
    user_id: UUID | None = None
    """The person, where one is signed in; None: a machine with a key."""
    duty: str = ""
    """The person's within the party: maker, checker or administrator."""
    scopes: frozenset[str] | None = None
    """What a restricted key may do; None: all of the role."""
    networks: tuple[str, ...] = ()
    signed_only: bool = False
    regions: tuple[str, ...] | None = None
    """A regulator's: what the codes (GB/T 2260) start with of the debtors it may look at now."""
    key: bytes | None = None
    """The hash of the key, where a machine asks with one."""
    grant: Grant | None = None
    """Set while what this viewer proposed is done, as others approved it."""

    @property
    def sees_all(self) -> bool:
        """An operator, the notifier and a regulator of the whole country read the whole book."""
        return self.role in SEES_ALL or (self.regions is not None and "" in self.regions)

    def parameters(self) -> dict[str, object]:
        """Return the bind parameters of `VISIBLE` and `RECEIVABLE_VISIBLE`."""
        regions = None if self.regions is None else list(self.regions)
        offers = self.relation("exports.answer") is Relation.PLATFORM
        return {
            "sees_all": self.sees_all,
            "viewer": self.party_id,
            "regions": regions,
            "offered_to": self.party_id if offers else None,
        }

    def relation(self, action: str) -> Relation | None:
        """Return in which relation the viewer may do something; None: in none."""
        return policy.relation(action, self.role)

    def may(self, action: str, whose: Whose | None = None) -> bool:
        """Say whether the viewer may do something: at all, or to what is somebody's."""
        wanted = self.relation(action)
        return wanted is not None and (whose is None or policy.stands(wanted, self.party_id, whose))

    def require(self, action: str, whose: Whose | None = None) -> None:
        """Refuse unless the viewer may do something: at all, or to what is somebody's.

        Raises:
            NotAllowedError: it may not.
        """
        if not self.may(action, whose):
            raise NotAllowedError(*policy.refusal(action, self.role))


BETWEEN: Final = (
    "{table}.debtor_id = CAST(:viewer AS uuid) OR {table}.creditor_id = CAST(:viewer AS uuid)"
)
"""The part of `VISIBLE` for a party."""
IN_REGION: Final = (
    "CAST(:regions AS text[]) IS NOT NULL AND EXISTS (SELECT FROM parties v"
    " WHERE v.id = {table}.debtor_id AND v.region ^@ ANY (CAST(:regions AS text[])))"
)
"""The part of `VISIBLE` for an authority, whose region has the debtor."""
ACROSS: Final = f"CAST(:sees_all AS boolean) OR {IN_REGION}"
"""The part of `VISIBLE` for those who are no party and look at the book."""
_ALL: Final = f"{BETWEEN} OR {ACROSS}"
VISIBLE: Final = f"({_ALL})"
"""The condition on a row with a debtor and a creditor; ``{table}`` is its alias."""
RECEIVABLE_VISIBLE: Final = f"""({_ALL.format(table="r")}
    OR CAST(:offered_to AS uuid) IS NOT NULL AND r.id = ANY (ARRAY(
      SELECT v.receivable_id FROM claims v JOIN platforms f ON f.id = v.platform_id
      WHERE f.party_id = :offered_to AND NOT EXISTS (
        SELECT FROM claim_answers a WHERE a.receivable_id = v.receivable_id
          AND a.claim_id = v.id AND a.state = 'REFUSED'))))"""
"""The same for receivable ``r``, which a platform may look at while what it was offered stands."""

OPERATOR: Final = Viewer(name="operator", role=policy.MACHINE, party_id=None)
"""Whoever runs commands on the machine itself."""


def same_token(left: str, right: str) -> bool:
    """Compare two secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
