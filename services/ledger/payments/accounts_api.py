"""A party's accounts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response, status
from pydantic import StringConstraints
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.commands import Arguments, command
from services.ledger.approvals.kinds import ACCOUNT
from services.ledger.approvals.schemas import ProposalOut, answered
from services.ledger.approvals.service import submit
from services.ledger.clock import today
from services.ledger.edges import ApiModel, AskedBy, Day, DbSession, Router, Text, request_id
from services.ledger.payments import accounts
from services.ledger.payments.accounts import Account, Change

router = Router(prefix="/v1/parties", tags=["parties"])
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{8,34}$")]


class AccountIn(ApiModel):
    """Where a party wants to be paid: from a day on, or from when it is done."""

    id: UUID | None = None
    holder: Text
    bank: Text
    number: Number
    valid_from: Day | None = None


class AccountArguments(AccountIn, Arguments):
    """A change of one party's account."""

    party_id: UUID


class AccountOut(ApiModel):
    """An account with the last digits of its number."""

    id: UUID
    holder: str
    bank: str
    account: str
    valid_from: Day


class FullAccountOut(AccountOut):
    """An account as one pays to it: ``account`` is the whole number."""


class ProposedAccountOut(ApiModel):
    """An account that is proposed; ``account`` is the whole number, to be held against a paper."""

    id: UUID
    holder: str
    bank: str
    account: str
    valid_from: Day | None
    """None: from the day it is approved."""


def _change(session: Session, viewer: Viewer, given: AccountArguments, request_id: str) -> bool:
    assert given.id is not None
    account = Account(given.holder, given.bank, given.number)
    change = Change(given.id, given.party_id, account, given.valid_from, request_id)
    return accounts.change_account(session, viewer, change, today=today())


CHANGE = command(ACCOUNT, AccountArguments, _change)


@router.post("/{party_id}/repayment-accounts", status_code=status.HTTP_201_CREATED)
def post_repayment_account(
    party_id: UUID,
    body: AccountIn,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
    response: Response,
) -> list[AccountOut] | ProposalOut:
    """Let a party be paid to another account; the same again answers 200.

    202: others have to approve it first.
    """
    given = AccountArguments(party_id=party_id, **dict(body))
    outcome = submit(session, viewer, CHANGE, given, request_id(request))
    answer = answered(outcome, response)
    if isinstance(answer, ProposalOut):
        return answer
    if not answer:
        response.status_code = status.HTTP_200_OK
    return get_repayment_accounts(party_id, viewer, session)


@router.get("/{party_id}/repayment-accounts")
def get_repayment_accounts(party_id: UUID, viewer: AskedBy, session: DbSession) -> list[AccountOut]:
    """Return a party's accounts to it and to whoever owes it; of the numbers the last digits."""
    found = accounts.accounts(session, viewer, party_id, today=today())
    return [AccountOut.model_validate(row) for row in found]


@router.get("/{party_id}/repayment-accounts/{account_id}")
def get_repayment_account(
    party_id: UUID,
    account_id: UUID,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> FullAccountOut:
    """Return one account with its whole number; that it was read is an event of both parties."""
    found = accounts.read_account(
        session, viewer, party_id, account_id, today=today(), request_id=request_id(request)
    )
    return FullAccountOut.model_validate(found)


@router.get("/{party_id}/repayment-accounts/proposed/{proposal_id}")
def get_proposed_account(
    party_id: UUID,
    proposal_id: UUID,
    viewer: AskedBy,
    session: DbSession,
    request: Request,
) -> ProposedAccountOut:
    """Return the account that a proposal of one's own party is about, with its whole number.

    That it was read is an event, as of an account in force.
    """
    found = accounts.read_proposed(
        session, viewer, party_id, proposal_id, request_id=request_id(request)
    )
    return ProposedAccountOut.model_validate(found)
