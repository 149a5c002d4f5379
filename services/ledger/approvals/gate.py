"""The one gate: a service asks it, once it has weighed everything and before it writes anything.

So there is no way around it: whichever edge a command comes by, it goes on only if nobody else has
to approve it, or if others have approved exactly what it would do now.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import Grant, Viewer
from services.ledger.approvals.kinds import EVERY, Effect, Kind
from services.ledger.errors import LedgerError

_EXPIRY_HOURS: Final = 168
_CNY: Final = "CNY"
DIVIDED: Final = (
    "EXISTS (SELECT FROM users u WHERE u.party_id = {party} AND u.duty = 'checker')"
    " OR EXISTS (SELECT FROM approval_proposals p WHERE p.party_id = {party})"
)
"""The condition that a party, ``{party}``, divides its duties where it has set no rule.

Once it has divided them it stays so, also when its last checker is gone.
"""
CONFIRMS_APART: Final = (
    f"({DIVIDED} OR EXISTS (SELECT FROM approval_rules a WHERE a.party_id = {{party}}))"
)
"""The condition that what a debtor records itself is not thereby confirmed: it confirms apart from
recording, and the gate says with whose approval."""
_IN_FORCE: Final = """
    SELECT r.holds_for, r.steps, r.expiry_hours, {default} AS divided
    FROM (SELECT) one LEFT JOIN LATERAL (
      SELECT holds_for, steps, expiry_hours FROM approval_rules
      WHERE {whose} AND command IN (:command, :every)
        AND valid_from <= (now() AT TIME ZONE 'Asia/Shanghai')::date
      ORDER BY command = :every, valid_from DESC, recorded_at DESC, id DESC LIMIT 1
    ) r ON true
"""
"""Today by the database: a day the caller gives may be dated back behind a rule."""
_OF_PARTY: Final = text(
    _IN_FORCE.format(
        whose="party_id = :party_id",
        default=DIVIDED.format(party="CAST(:party_id AS uuid)"),
    )
)
_OF_INSTALLATION: Final = text(_IN_FORCE.format(whose="party_id IS NULL", default="false"))


class ProposalStaleError(LedgerError):
    """What was approved is no longer what would be done."""

    code = "APPROVAL_STALE"
    status = 409


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a command today."""

    holds_for: str
    steps: tuple[tuple[int, int], ...]
    expiry_hours: int

    def approvers(self, effect: Effect) -> int:
        """Return how many have to approve; of other currencies as many as of any amount.

        The ledger knows no rates of exchange, so it cannot say that such an amount is a small one.
        """
        if effect.amount_fen is not None and effect.currency != _CNY:
            return self.steps[-1][1]
        amount_fen = effect.amount_fen or 0
        return max(count for above, count in self.steps if above == 0 or amount_fen > above)


class ApprovalNeededError(LedgerError):
    """Others have to approve this; an edge that can propose it does so."""

    code = "APPROVAL_NEEDED"
    status = 409

    def __init__(self, kind: Kind, effect: Effect, rule: Rule) -> None:
        super().__init__(
            f"Somebody else has to approve this: {kind.en}.", f"该操作须由他人复核：{kind.zh}。"
        )
        self.kind = kind
        self.effect = effect
        self.rule = rule


def rule_for(session: Session, viewer: Viewer, kind: Kind) -> Rule | None:
    """Return the rule that a viewer's command falls under today; None: nobody has to approve.

    Without a rule of its own a party that has named a checker divides duties for all its people
    and keys, and one that has not does not. Commands on the machine itself need nobody.
    """
    if viewer.party_id is None and viewer.user_id is None and viewer.key is None:
        return None
    values = {"command": kind.code, "every": EVERY}
    if viewer.party_id is None:
        row = session.connection().execute(_OF_INSTALLATION, values).one()
    else:
        named = {**values, "party_id": viewer.party_id}
        row = session.connection().execute(_OF_PARTY, named).one()
    if row.holds_for is None:
        rule = Rule("EVERYONE" if row.divided else "NOBODY", ((0, 1),), _EXPIRY_HOURS)
    else:
        rule = Rule(row.holds_for, tuple((a, n) for a, n in row.steps), row.expiry_hours)
    person = viewer.user_id is not None
    held = kind.always or rule.holds_for == "EVERYONE" or (rule.holds_for == "PEOPLE" and person)
    return rule if held else None


def require(session: Session, viewer: Viewer, kind: Kind, effect: Effect) -> None:
    """Let a command go on if nobody else has to approve it, or if others approved just this.

    Called by the service that does it, after all its checks and before its first write.

    Raises:
        ApprovalNeededError: others have to approve it first.
        ProposalStaleError: they approved something else than what would be done now.
    """
    if viewer.grant is not None:
        if viewer.grant != Grant(kind.code, effect.digest(kind.code)):
            raise ProposalStaleError(
                "The book has moved since this was proposed, and it would do something else now;"
                " reject it and propose it again.",
                "提出后账簿已变动，现在办理的结果与所提内容不同；请驳回后重新提出。",
            )
        return
    rule = rule_for(session, viewer, kind)
    if rule is not None:
        raise ApprovalNeededError(kind, effect, rule)
