"""Act as people of a party in one session: propose, vote, name substitutes, set rules."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals import deciding, queries, service
from services.ledger.approvals.deciding import Ballot
from services.ledger.approvals.models import RuleRow, SubstituteRow
from services.ledger.approvals.queries import Proposal
from services.ledger.ids import new_id
from services.ledger.receivables.commands import CONFIRMATION, ConfirmArguments
from services.ledger.receivables.queries import Claim


def today(session: Session) -> date:
    found = session.connection().execute(text("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date"))
    day: date = found.scalar_one()
    return day


def propose(session: Session, who: Viewer, claim: Claim, **given: Any) -> Proposal:
    arguments = ConfirmArguments(receivable_id=claim.id, **given)
    outcome = service.submit(session, who, CONFIRMATION, arguments)
    assert isinstance(outcome, Proposal)
    return outcome


def approve(session: Session, who: Viewer, proposal: Proposal) -> Proposal:
    return deciding.approve(session, who, Ballot(proposal.id, proposal.digest))


def now_of(session: Session, who: Viewer, proposal: Proposal) -> Proposal:
    return queries.get(session, who, proposal.id)


def a_rule(session: Session, party_id: UUID | None, **changes: Any) -> None:
    facts: dict[str, Any] = {
        "command": "*",
        "valid_from": today(session),
        "holds_for": "EVERYONE",
        "steps": [[0, 1]],
        "expiry_hours": 168,
        **changes,
    }
    session.add(RuleRow(id=new_id(), party_id=party_id, **facts))
    session.flush()


def stands_in(
    session: Session, stand_in: Viewer, principal: Viewer, *, first: int = -1, last: int = 1
) -> None:
    assert principal.user_id
    assert stand_in.user_id
    day = today(session)
    row = SubstituteRow(
        id=new_id(),
        party_id=principal.party_id,
        principal_id=principal.user_id,
        stand_in_id=stand_in.user_id,
        from_on=day + timedelta(days=first),
        to_on=day + timedelta(days=last),
    )
    session.add(row)
    session.flush()
