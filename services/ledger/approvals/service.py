"""Do a command, or propose it where others have to approve; take a proposal back; let it expire."""

import json
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import ApprovalExpired, ApprovalRequested, ApprovalWithdrawn
from services.ledger.access import Viewer
from services.ledger.approvals import persons, queries
from services.ledger.approvals.commands import COMMANDS, Command, Done, Given
from services.ledger.approvals.gate import ApprovalNeededError
from services.ledger.approvals.kinds import KINDS
from services.ledger.approvals.models import ProposalRow
from services.ledger.approvals.queries import Proposal
from services.ledger.errors import LedgerError, ReusedIdError
from services.ledger.ids import id_of, new_id
from services.ledger.log.service import Entry, append
from services.ledger.money import format_fen
from services.ledger.vault import seal, unseal


class NobodyApprovesError(LedgerError):
    """A command that needs approval where nobody may give it."""

    code = "APPROVAL_NOBODY"
    status = 409


class ProposalClosedError(LedgerError):
    """A proposal that was decided, taken back or has expired."""

    code = "APPROVAL_CLOSED"
    status = 409


class NotProposerError(LedgerError):
    """Somebody takes back what another proposed."""

    code = "APPROVAL_NOT_YOURS"
    status = 403


def arguments_purpose(proposal_id: UUID) -> str:
    """Return what the arguments of a proposal are sealed for."""
    return f"approval {proposal_id}"


_SEALED: Final = text("SELECT arguments FROM approval_proposals WHERE id = :id")


def arguments_of(session: Session, proposal: Proposal) -> Any:  # noqa: ANN401 (what it takes)
    """Return what a proposal's command would be done with, as the command takes it."""
    sealed = session.connection().execute(_SEALED, {"id": proposal.id}).scalar_one()
    plain = unseal(bytes(sealed), of=arguments_purpose(proposal.id))
    return COMMANDS[proposal.command].takes.model_validate_json(plain)


def submit(
    session: Session,
    viewer: Viewer,
    command: Command[Given, Done],
    arguments: Given,
    request_id: str = "",
) -> Done | Proposal:
    """Do a command, or propose it if others have to approve.

    The same arguments under the same id again are the same proposal.

    Raises:
        LedgerError: the command is refused, which a proposal would be too.
        NobodyApprovesError: it needs approval, and nobody may give it.
        ProposalClosedError: it was proposed under this id before and is closed.
    """
    if arguments.id is None:
        arguments = arguments.model_copy(update={"id": new_id()})
    try:
        return command.run(session, viewer, arguments, request_id)
    except ApprovalNeededError as needed:
        return _propose(session, viewer, needed, arguments, request_id)


def _propose(
    session: Session,
    viewer: Viewer,
    needed: ApprovalNeededError,
    arguments: Given,
    request_id: str,
) -> Proposal:
    kind, effect = needed.kind, needed.effect
    if not persons.anybody(session, viewer.party_id, kind.duty):
        raise NobodyApprovesError(
            f"This needs the approval of a {kind.duty}, and there is none; name one.",
            "该操作须经复核，但目前没有可复核的人员；请先指定。",
        )
    who = persons.behind(session, viewer)
    proposal_id = id_of("approval", kind.code, viewer.party_id, arguments.id)
    row = ProposalRow(
        id=proposal_id,
        party_id=viewer.party_id,
        role=viewer.role,
        command=kind.code,
        arguments=seal(arguments.model_dump_json().encode(), of=arguments_purpose(proposal_id)),
        subject_id=effect.subject_id,
        amount_fen=effect.amount_fen,
        currency=effect.currency,
        facts=dict(effect.facts),
        digest=effect.digest(kind.code),
        approvers=needed.rule.approvers(effect),
        proposed_by=viewer.user_id,
        proposed_key=viewer.key,
        proposer=viewer.name,
        people=sorted(who.people),
        identities=sorted(who.identities),
        expires_at=queries.instant(session) + timedelta(hours=needed.rule.expiry_hours),
    )
    known = queries.find(session, viewer, proposal_id)
    if known is None and _insert(session, row):
        proposal = queries.get(session, viewer, proposal_id)
        told = ApprovalRequested(
            **named(proposal),
            approvers=proposal.approvers,
            expires_at=proposal.expires_at.isoformat(),
        )
        append(session, [entry(proposal, told, viewer)], request_id)
        return proposal
    known = known or queries.get(session, viewer, proposal_id)
    if (known.digest, known.proposed_by) != (row.digest, row.proposed_by):
        raise ReusedIdError(
            f"The id {arguments.id} was proposed with other content; use an id of its own.",
            f"编号{arguments.id}已用于内容不同的申请；请使用新编号。",
            field="id",
        )
    if known.state != "WAITING":
        raise closed(known)
    return known


def closed(proposal: Proposal) -> ProposalClosedError:
    """Return the refusal of a proposal that waits no more."""
    return ProposalClosedError(
        f"This proposal is {proposal.state.lower()} and cannot be decided; propose anew, under a"
        " new id.",
        f"该申请状态为{proposal.state}，不能再办理；如需办理请以新编号重新提出。",
    )


def _insert(session: Session, row: ProposalRow) -> bool:
    values = row.model_dump(exclude={"proposed_at", "state", "closed_at"})
    values["facts"] = json.dumps(row.facts, ensure_ascii=False)
    return session.connection().execute(_INSERT, values).rowcount == 1


_INSERT: Final = text(
    """
    INSERT INTO approval_proposals (id, party_id, role, command, arguments, subject_id, amount_fen,
      currency, facts, digest, approvers, proposed_by, proposed_key, proposer, people, identities,
      expires_at)
    VALUES (:id, :party_id, :role, :command, :arguments, :subject_id, :amount_fen, :currency,
      CAST(:facts AS jsonb), :digest, :approvers, :proposed_by, :proposed_key, :proposer, :people,
      :identities, :expires_at)
    ON CONFLICT (id) DO NOTHING
    """
)


def named(proposal: Proposal) -> dict[str, Any]:
    """Return what every event about a proposal says."""
    kind = KINDS[proposal.command]
    return {
        "command": proposal.command,
        "what": f"{kind.zh} {kind.en}",
        "about_id": proposal.subject_id,
        "invoice_number": proposal.facts.get("invoice_number", ""),
        "amount": None if proposal.amount_fen is None else format_fen(proposal.amount_fen),
        "currency": proposal.currency,
        "digest": proposal.digest.hex(),
        "proposed_by": proposal.proposed_by,
    }


def entry(proposal: Proposal, data: Any, viewer: Viewer | None) -> Entry:  # noqa: ANN401 (an event)
    """Return an event about a proposal, which its own party alone may see."""
    return Entry(
        proposal.id,
        data,
        viewer.name if viewer else "",
        viewer.party_id if viewer else None,
        debtor_id=proposal.party_id,
    )


_CLOSE: Final = text(
    """
    UPDATE approval_proposals SET state = :state, closed_at = now()
    WHERE id = :id AND state = 'WAITING'
    """
)


def close(session: Session, proposal: Proposal, state: str) -> None:
    """End a proposal that the caller holds and found waiting."""
    done = session.connection().execute(_CLOSE, {"id": proposal.id, "state": state})
    assert done.rowcount == 1


def withdraw(session: Session, viewer: Viewer, proposal_id: UUID, request_id: str = "") -> Proposal:
    """Take a proposal back; again changes nothing.

    Raises:
        NotFoundError: there is none, or it is another party's.
        NotProposerError: somebody else proposed it.
        ProposalClosedError: it was decided or has expired.
    """
    proposal = queries.get(session, viewer, proposal_id, lock=True)
    own_key = proposal.proposed_key is not None and proposal.proposed_key == viewer.key
    own = viewer.user_id is not None and viewer.user_id in proposal.people
    if not (own or own_key):
        raise NotProposerError(
            "Who proposed it takes it back; a checker rejects it.",
            "仅提出人可以撤回；复核人可以驳回。",
        )
    if proposal.state == "WITHDRAWN":
        return proposal
    if proposal.state != "WAITING":
        raise closed(proposal)
    close(session, proposal, "WITHDRAWN")
    told = ApprovalWithdrawn(**named(proposal))
    append(session, [entry(proposal, told, viewer)], request_id)
    return queries.get(session, viewer, proposal_id)


def expire(session: Session, *, limit: int = 5_000) -> int:
    """End the proposals that nobody decided in time and tell of each; return how many.

    One statement over the set; what somebody is deciding just now is left to the next run.
    """
    rows = session.connection().execute(_EXPIRE, {"limit": limit}).mappings().all()
    expired = [queries.of_row(dict(row)) for row in rows]
    append(
        session,
        [entry(one, ApprovalExpired(**named(one)), None) for one in expired],
    )
    return len(expired)


_EXPIRE: Final = text(
    f"""
    WITH late AS (
      SELECT id FROM approval_proposals WHERE state = 'WAITING' AND expires_at <= now()
      ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    ), p AS (
      UPDATE approval_proposals a SET state = 'EXPIRED', closed_at = now()
      FROM late WHERE a.id = late.id RETURNING a.*
    )
    SELECT {queries.COLUMNS} FROM p ORDER BY p.id
    """
)
