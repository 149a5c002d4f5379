"""Proposals and rules as they cross HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response, status
from pydantic import AwareDatetime, Field, StringConstraints

from services.ledger.approvals.commands import Arguments, Done
from services.ledger.approvals.kinds import KINDS
from services.ledger.approvals.models import RuleRow
from services.ledger.approvals.queries import Proposal, Vote
from services.ledger.approvals.rules import MOST_APPROVERS
from services.ledger.edges import ApiModel, Day, Note, Text
from services.ledger.money import format_fen

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, StringConstraints(min_length=6, max_length=20)]
State = Literal["WAITING", "APPROVED", "REJECTED", "WITHDRAWN", "EXPIRED"]
ADDRESS = "/v1/approvals/{id}"


class VoteOut(ApiModel):
    """One person's word."""

    name: str
    approves: bool
    reason: str
    at: AwareDatetime


class ProposalOut(ApiModel):
    """What waits for, or had, the approval of others; ``digest`` is what an approver sends back."""

    proposal: UUID
    address: str
    state: str
    command: str
    what: str
    what_zh: str
    about: UUID
    """The receivable, party, platform or rule it changes."""
    amount: str | None
    currency: str
    facts: dict[str, str]
    digest: str
    proposer: str
    proposed_at: AwareDatetime
    expires_at: AwareDatetime
    closed_at: AwareDatetime | None
    approvers: int
    votes: list[VoteOut]

    @classmethod
    def of(cls, proposal: Proposal, votes: list[Vote]) -> "ProposalOut":
        """Return a proposal as it crosses HTTP."""
        kind = KINDS[proposal.command]
        fen = proposal.amount_fen
        return cls(
            proposal=proposal.id,
            address=ADDRESS.format(id=proposal.id),
            state=proposal.state,
            command=proposal.command,
            what=kind.en,
            what_zh=kind.zh,
            about=proposal.subject_id,
            amount=None if fen is None else format_fen(fen),
            currency=proposal.currency,
            facts=proposal.facts,
            digest=proposal.digest.hex(),
            proposer=proposal.proposer,
            proposed_at=proposal.proposed_at,
            expires_at=proposal.expires_at,
            closed_at=proposal.closed_at,
            approvers=proposal.approvers,
            votes=[
                VoteOut(name=one.name, approves=one.approves, reason=one.reason, at=one.voted_at)
                for one in votes
            ],
        )


def answered(outcome: Done | Proposal, response: Response) -> Done | ProposalOut:
    """Return what a command did; or 202 and where the proposal is, if others have to approve."""
    if not isinstance(outcome, Proposal):
        return outcome
    response.status_code = status.HTTP_202_ACCEPTED
    response.headers["location"] = ADDRESS.format(id=outcome.id)
    return ProposalOut.of(outcome, [])


class ProposalPage(ApiModel):
    """Proposals, the oldest first; ``next`` is the cursor of the page after."""

    items: list[ProposalOut]
    next: str | None


class BallotIn(ApiModel):
    """What was shown, by its digest, and a code of the authenticator."""

    digest: Digest
    code: Code
    reason: Note = ""


class RejectionIn(ApiModel):
    """What was shown, a code, and why it is not to be done."""

    digest: Digest
    code: Code
    reason: Text


class BulkItem(ApiModel):
    """One of many proposals, by what was shown of it."""

    proposal: UUID
    digest: Digest


class BulkIn(ApiModel):
    """Many proposals decided alike; one code for all, each by itself."""

    decision: Literal["approve", "reject"]
    items: Annotated[list[BulkItem], Field(min_length=1, max_length=500)]
    code: Code
    reason: Note = ""


class BulkResult(ApiModel):
    """What became of one of many."""

    proposal: UUID
    ok: bool
    state: str = ""
    code: str = ""
    detail: str = ""
    detail_zh: str = ""


Above = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$")]


class StepIn(ApiModel):
    """Above an amount so many persons have to approve."""

    above: Above
    approvers: Annotated[int, Field(ge=1, le=MOST_APPROVERS)]


class RuleIn(Arguments):
    """A rule from a day on, or from its approval; ``*``: every command without one of its own."""

    command: Text = "*"
    valid_from: Day | None = None
    holds_for: Literal["EVERYONE", "PEOPLE", "NOBODY"] = "EVERYONE"
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=10)] = Field(
        default=[StepIn(above="0.00", approvers=1)]
    )
    expiry_hours: Annotated[int, Field(ge=1, le=2160)] = 168


class RuleOut(ApiModel):
    """A rule as it was set."""

    id: UUID
    command: str
    valid_from: Day
    holds_for: str
    steps: list[StepIn]
    expiry_hours: int

    @classmethod
    def of(cls, row: RuleRow) -> "RuleOut":
        """Return a rule as it crosses HTTP."""
        return cls(
            id=row.id,
            command=row.command,
            valid_from=row.valid_from,
            holds_for=row.holds_for,
            steps=[StepIn(above=format_fen(above), approvers=count) for above, count in row.steps],
            expiry_hours=row.expiry_hours,
        )


class SubstituteIn(Arguments):
    """Who may stand in for whom, the days included; the last for a pair counts."""

    principal_id: UUID
    stand_in_id: UUID
    from_on: Day
    to_on: Day


class SubstituteOut(ApiModel):
    """Who may stand in for whom."""

    id: UUID
    principal_id: UUID
    principal: str
    stand_in_id: UUID
    stand_in: str
    from_on: Day
    to_on: Day
