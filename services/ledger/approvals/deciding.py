"""The other person's word: approve and it is done in the same transaction, or reject.

Whoever approves is a person, of the same party, in an approver's seat, and none of those behind the
proposal: not by another user of theirs, a key they made, or somebody who stands in for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import ApprovalApproved, ApprovalGiven, ApprovalRejected
from services.ledger.access import Grant, NotAllowedError, Viewer
from services.ledger.approvals import persons, queries, service
from services.ledger.approvals.commands import COMMANDS
from services.ledger.approvals.kinds import KINDS
from services.ledger.approvals.queries import Proposal, Vote
from services.ledger.errors import LedgerError
from services.ledger.log.service import append


class SelfApprovalError(LedgerError):
    """Somebody approves what they are behind themselves, or approves twice."""

    code = "APPROVAL_OWN"
    status = 403


class ProposalDiffersError(LedgerError):
    """The approver was shown something else than what is proposed."""

    code = "APPROVAL_DIFFERS"
    status = 409


class ProposerGoneError(LedgerError):
    """Who proposed it may not do it any more."""

    code = "APPROVAL_PROPOSER_GONE"
    status = 409


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's word on one proposal, on what they were shown."""

    proposal_id: UUID
    digest: bytes
    reason: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a person votes on a proposal, and all they are known by."""

    id: UUID
    identities: frozenset[str]


def _own() -> SelfApprovalError:
    return SelfApprovalError(
        "Nobody approves what they proposed themselves, nor twice: neither by another user, by a"
        " key they made, by somebody whose sign-in they made or reset, nor for or by a stand-in."
        " Another person has to.",
        "不得复核本人提出的申请，也不得重复复核；换用其他用户、本人创建的密钥、由本人创建或重置"
        "登录的用户或替代关系均不例外。须由他人复核。",
    )


def _of_one_hand() -> SelfApprovalError:
    return SelfApprovalError(
        "Whoever proposed or approved this got their sign-in from the same person as you, who could"
        " be both. Somebody whose sign-in was made by another security administrator, or on the"
        " machine itself, has to.",
        "提出人或已复核人的登录与您的登录由同一人创建或重置，不视为两人。"
        "须由另一名安全管理员或系统本机创建登录的人员复核。",
    )


def seat_of(session: Session, viewer: Viewer, proposal: Proposal, cast: Sequence[Vote]) -> Seat:
    """Return the seat in which a viewer votes on a proposal.

    Raises:
        NotAllowedError: it is no person, or one who may not approve such a thing today.
        SelfApprovalError: it is one of those behind the proposal, or one who voted already.
    """
    duty = KINDS[proposal.command].duty
    if viewer.user_id is None:
        raise NotAllowedError("Only a person approves, no key.", "仅用户可以复核，密钥不可。")
    mine = persons.identities(session, [viewer.user_id])
    proposers = set(proposal.identities) | persons.identities(session, proposal.people)
    sides = proposers.union(*(vote.identities for vote in cast))
    others = {*proposal.people, *(vote.user_id for vote in cast)}
    by_others = persons.handed_by(session, [viewer.user_id])
    if not sides.isdisjoint(mine | by_others):
        raise _own()
    by_theirs = persons.handed_by(session, others)
    if not mine.isdisjoint(by_theirs):
        raise _own()
    if proposal.party_id is None and not by_theirs.isdisjoint(by_others):
        raise _of_one_hand()
    allowed = persons.seats(session, viewer.user_id, proposal.party_id, duty)
    if not allowed:
        raise NotAllowedError(
            f"This takes a {duty} of the party, or somebody who stands in for one today.",
            "须由本主体的复核人员（管理事项为管理员）或其当日有效的替代人办理。",
        )
    taken = {vote.seat_id for vote in cast}
    for seat_id in allowed:
        principal = persons.identities(session, [seat_id])
        if seat_id not in taken and principal.isdisjoint(proposers):
            return Seat(seat_id, mine)
    raise _own()


def may_decide(session: Session, viewer: Viewer, proposal: Proposal, cast: Sequence[Vote]) -> bool:
    """Say whether a viewer could approve a proposal now."""
    if proposal.state != "WAITING":
        return False
    try:
        seat_of(session, viewer, proposal, cast)
    except (NotAllowedError, SelfApprovalError):
        return False
    return True


_VOTE: Final = text(
    """
    INSERT INTO approval_votes
      (proposal_id, user_id, party_id, seat_id, name, approves, reason, identities)
    VALUES (:proposal_id, :user_id, :party_id, :seat_id, :name, :approves, :reason, :identities)
    """
)


def _held(session: Session, viewer: Viewer, ballot: Ballot) -> tuple[Proposal, list[Vote]]:
    """Hold a proposal, so that two persons decide one after the other, and check what was shown."""
    proposal = queries.get(session, viewer, ballot.proposal_id, lock=True)
    if proposal.digest != ballot.digest:
        raise ProposalDiffersError(
            "The digest is not that of this proposal; look at it again before you decide.",
            "摘要与该申请不符；请重新查看后再办理。",
            field="digest",
        )
    return proposal, queries.votes(session, [proposal.id])[proposal.id]


def _cast(
    session: Session,
    viewer: Viewer,
    proposal: Proposal,
    ballot: Ballot,
    cast: Sequence[Vote],
    *,
    approves: bool,
) -> None:
    if proposal.state != "WAITING":
        raise service.closed(proposal)
    seat = seat_of(session, viewer, proposal, cast)
    values = {
        "proposal_id": proposal.id,
        "user_id": viewer.user_id,
        "party_id": proposal.party_id,
        "seat_id": seat.id,
        "name": viewer.name,
        "approves": approves,
        "reason": ballot.reason,
        "identities": sorted(seat.identities),
    }
    session.connection().execute(_VOTE, values)


def _voted(viewer: Viewer, cast: Sequence[Vote], *, approves: bool) -> bool:
    return any(vote.user_id == viewer.user_id and vote.approves is approves for vote in cast)


def approve(session: Session, viewer: Viewer, ballot: Ballot) -> Proposal:
    """Approve a proposal; when nobody else has to, it is done. The same again changes nothing.

    Raises:
        NotFoundError: there is none, or it is another party's.
        ProposalDiffersError: the viewer was shown something else.
        ProposalClosedError: it was decided, taken back or has expired.
        NotAllowedError, SelfApprovalError: the viewer may not approve it.
        ProposerGoneError: who proposed it may not do it any more.
        ProposalStaleError: it would do something else now.
        LedgerError: the command itself is refused now; nothing is changed then, and no vote cast.
    """
    proposal, before = _held(session, viewer, ballot)
    if _voted(viewer, before, approves=True):
        return proposal
    _cast(session, viewer, proposal, ballot, before, approves=True)
    cast = queries.votes(session, [proposal.id])[proposal.id]
    said = {**service.named(proposal), "approved_by": tuple(vote.user_id for vote in cast)}
    if len(cast) < proposal.approvers:
        given = ApprovalGiven(**said, approvers=proposal.approvers)
        append(session, [service.entry(proposal, given, viewer)], ballot.request_id)
        return proposal
    service.close(session, proposal, "APPROVED")
    told = ApprovalApproved(**said)
    append(session, [service.entry(proposal, told, viewer)], ballot.request_id)
    _do(session, proposal, cast, ballot.request_id)
    return queries.get(session, viewer, proposal.id)


def reject(session: Session, viewer: Viewer, ballot: Ballot) -> Proposal:
    """Reject a proposal for good; one word is enough. The same again changes nothing.

    Raises:
        LedgerError: as `approve`, but for what concerns doing it.
    """
    proposal, before = _held(session, viewer, ballot)
    if _voted(viewer, before, approves=False):
        return proposal
    _cast(session, viewer, proposal, ballot, before, approves=False)
    service.close(session, proposal, "REJECTED")
    assert viewer.user_id is not None
    told = ApprovalRejected(
        **service.named(proposal), rejected_by=viewer.user_id, reason=ballot.reason
    )
    append(session, [service.entry(proposal, told, viewer)], ballot.request_id)
    return queries.get(session, viewer, proposal.id)


def _do(session: Session, proposal: Proposal, cast: Sequence[Vote], request_id: str) -> None:
    """Do what was proposed, by the proposer's own rights as they are now."""
    arguments = service.arguments_of(session, proposal)
    proposer = _proposer(session, proposal, cast)
    COMMANDS[proposal.command].run(session, proposer, arguments, request_id)


_STILL_THERE: Final = text(
    """
    SELECT u.duty FROM users u WHERE u.id = CAST(:user_id AS uuid) AND u.disabled_at IS NULL
      AND u.role = :role AND u.party_id IS NOT DISTINCT FROM CAST(:party_id AS uuid)
    UNION ALL
    SELECT '' FROM api_keys k WHERE k.key_hash = CAST(:key AS bytea) AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now())
      AND k.role = :role AND k.party_id IS NOT DISTINCT FROM CAST(:party_id AS uuid)
    """
)


def _proposer(session: Session, proposal: Proposal, cast: Sequence[Vote]) -> Viewer:
    """Return who proposed it, if they still may, with the grant; events name all the persons."""
    values = {
        "user_id": proposal.proposed_by,
        "key": proposal.proposed_key,
        "role": proposal.role,
        "party_id": proposal.party_id,
    }
    there = proposal.proposed_by is not None or proposal.proposed_key is not None
    duty = session.connection().execute(_STILL_THERE, values).scalar_one_or_none()
    if there and duty is None:
        raise ProposerGoneError(
            f"{proposal.proposer}, who proposed this, may not do it any more; reject it.",
            f"提出人{proposal.proposer}已无权办理；请驳回。",
        )
    return Viewer(
        name=" / ".join([proposal.proposer, *(vote.name for vote in cast)]),
        role=proposal.role,
        party_id=proposal.party_id,
        user_id=proposal.proposed_by,
        duty=duty or "",
        key=proposal.proposed_key,
        grant=Grant(proposal.command, proposal.digest),
    )
