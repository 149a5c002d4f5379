"""Approvals over HTTP: proposals, deciding them one by one or many, and the rules."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals import deciding, queries, rules, service
from services.ledger.approvals.commands import command
from services.ledger.approvals.deciding import Ballot
from services.ledger.approvals.kinds import RULE, SUBSTITUTE
from services.ledger.approvals.schemas import (
    BallotIn,
    BulkIn,
    BulkResult,
    ProposalOut,
    ProposalPage,
    RejectionIn,
    RuleIn,
    RuleOut,
    State,
    SubstituteIn,
    SubstituteOut,
    answered,
)
from services.ledger.approvals.step_up import take_code
from services.ledger.clock import now, today
from services.ledger.cursors import Paged
from services.ledger.edges import AskedBy, DbSession, Router, request_id
from services.ledger.errors import LedgerError
from services.ledger.money import parse_fen

router = Router(prefix="/v1", tags=["approvals"])
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def _set_rule(session: Session, viewer: Viewer, given: RuleIn, request_id: str) -> RuleIn:
    assert given.id is not None
    new = rules.NewRule(
        id=given.id,
        command=given.command,
        valid_from=given.valid_from,
        holds_for=given.holds_for,
        steps=tuple((parse_fen(step.above), step.approvers) for step in given.steps),
        expiry_hours=given.expiry_hours,
        request_id=request_id,
    )
    rules.set_rule(session, viewer, new, today=today())
    return given


def _set_substitute(
    session: Session, viewer: Viewer, given: SubstituteIn, request_id: str
) -> SubstituteIn:
    assert given.id is not None
    new = rules.NewSubstitute(
        id=given.id,
        principal_id=given.principal_id,
        stand_in_id=given.stand_in_id,
        from_on=given.from_on,
        to_on=given.to_on,
        request_id=request_id,
    )
    rules.set_substitute(session, viewer, new, today=today())
    return given


SET_RULE = command(RULE, RuleIn, _set_rule)
SET_SUBSTITUTE = command(SUBSTITUTE, SubstituteIn, _set_substitute)


def _out(session: DbSession, proposal: queries.Proposal) -> ProposalOut:
    return ProposalOut.of(proposal, queries.votes(session, [proposal.id])[proposal.id])


@router.get("/approvals")
def get_approvals(
    viewer: AskedBy,
    session: DbSession,
    page: Paged,
    state: State | None = None,
    command: Annotated[str | None, Query(max_length=40)] = None,
    about: UUID | None = None,
) -> ProposalPage:
    """List the proposals of the asker's party, the oldest first."""
    after = (_BEGINNING, UUID(int=0))
    if page.after:
        after = (datetime.fromisoformat(page.after[0]), UUID(page.after[1]))
    wanted = queries.Wanted(state, command, about)
    found = queries.page(session, viewer, wanted, after=after, limit=page.limit + 1)
    rows, cursor = page.shown(found, lambda one: (one.proposed_at.isoformat(), one.id))
    votes = queries.votes(session, [one.id for one in rows])
    return ProposalPage(items=[ProposalOut.of(one, votes[one.id]) for one in rows], next=cursor)


@router.get("/approvals/{proposal_id}")
def get_approval(proposal_id: UUID, viewer: AskedBy, session: DbSession) -> ProposalOut:
    """Return a proposal with what it would change, and who has decided."""
    return _out(session, queries.get(session, viewer, proposal_id))


@router.post("/approvals/{proposal_id}/approval")
def post_approval(
    proposal_id: UUID, body: BallotIn, viewer: AskedBy, session: DbSession, request: Request
) -> ProposalOut:
    """Approve what was shown; when nobody else has to, it is done."""
    queries.get(session, viewer, proposal_id)
    take_code(viewer, body.code, at=now())
    ballot = Ballot(proposal_id, bytes.fromhex(body.digest), body.reason, request_id(request))
    return _out(session, deciding.approve(session, viewer, ballot))


@router.post("/approvals/{proposal_id}/rejection")
def post_rejection(
    proposal_id: UUID, body: RejectionIn, viewer: AskedBy, session: DbSession, request: Request
) -> ProposalOut:
    """Reject what was shown, for good."""
    queries.get(session, viewer, proposal_id)
    take_code(viewer, body.code, at=now())
    ballot = Ballot(proposal_id, bytes.fromhex(body.digest), body.reason, request_id(request))
    return _out(session, deciding.reject(session, viewer, ballot))


@router.post("/approvals/{proposal_id}/withdrawal")
def post_withdrawal(
    proposal_id: UUID, viewer: AskedBy, session: DbSession, request: Request
) -> ProposalOut:
    """Take back what one proposed."""
    return _out(session, service.withdraw(session, viewer, proposal_id, request_id(request)))


@router.post("/approvals/decisions")
def post_decisions(
    body: BulkIn, viewer: AskedBy, session: DbSession, request: Request
) -> list[BulkResult]:
    """Decide many alike; the answer says of each what became of it, in the order given."""
    take_code(viewer, body.code, at=now())
    ballots = [
        Ballot(item.proposal, bytes.fromhex(item.digest), body.reason, request_id(request))
        for item in body.items
    ]
    return decide_all(session, viewer, ballots, approve=body.decision == "approve")


def decide_all(
    session: Session, viewer: Viewer, ballots: list[Ballot], *, approve: bool
) -> list[BulkResult]:
    """Decide many, each by itself: one that is refused leaves the others as they are."""
    places = {place: ballot.proposal_id for place, ballot in enumerate(ballots)}
    found = {one: queries.find(session, viewer, one) for one in dict.fromkeys(places.values())}
    results: dict[int, BulkResult] = {}
    # By what they change, as everyone locks several: two of these wait for, never block, another.
    for place in sorted(places, key=lambda one: _order(found[places[one]])):
        ballot = ballots[place]
        act = deciding.approve if approve else deciding.reject
        try:
            with session.begin_nested():
                state = act(session, viewer, ballot).state
        except LedgerError as error:
            results[place] = BulkResult(
                proposal=ballot.proposal_id,
                ok=False,
                code=error.code,
                detail=error.english,
                detail_zh=error.chinese,
            )
        else:
            results[place] = BulkResult(proposal=ballot.proposal_id, ok=True, state=state)
    return [results[place] for place in range(len(ballots))]


def _order(proposal: queries.Proposal | None) -> tuple[str, str]:
    return (str(proposal.subject_id), str(proposal.id)) if proposal else ("", "")


@router.get("/approval-rules")
def get_rules(viewer: AskedBy, session: DbSession) -> list[RuleOut]:
    """Return the rules of the asker's party, of each command the newest first."""
    return [RuleOut.of(row) for row in rules.rules(session, viewer)]


@router.post("/approval-rules")
def post_rule(
    body: RuleIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> RuleIn | ProposalOut:
    """Propose a rule; another administrator approves it."""
    outcome = service.submit(session, viewer, SET_RULE, body, request_id(request))
    return answered(outcome, response)


@router.get("/approval-substitutes")
def get_substitutes(viewer: AskedBy, session: DbSession) -> list[SubstituteOut]:
    """Return who may stand in for whom in the asker's party."""
    return [SubstituteOut.model_validate(row) for row in rules.substitutes(session, viewer)]


@router.post("/approval-substitutes")
def post_substitute(
    body: SubstituteIn, viewer: AskedBy, session: DbSession, request: Request, response: Response
) -> SubstituteIn | ProposalOut:
    """Propose that somebody may stand in; another administrator approves it."""
    outcome = service.submit(session, viewer, SET_SUBSTITUTE, body, request_id(request))
    return answered(outcome, response)
