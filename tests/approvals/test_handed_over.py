"""Who made somebody's sign-in could come in by it, and so is not another person than they are."""

import pytest
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.approvals import deciding, persons, service
from services.ledger.approvals.api import SET_RULE
from services.ledger.approvals.deciding import SelfApprovalError
from services.ledger.approvals.queries import Proposal
from services.ledger.approvals.schemas import RuleIn
from services.ledger.ids import new_id
from services.ledger.parties import users
from services.ledger.parties.models import User
from services.ledger.parties.service import add_user
from services.ledger.receivables.queries import Claim
from tests.approvals import acting
from tests.approvals.people import a_user
from tests.approvals.test_persons import a_key_of, refused
from tests.ledger.make import a_receivable


@pytest.fixture
def claim(session: Session) -> Claim:
    return a_receivable(session)


def made_by(session: Session, maker: Viewer, duty: str, *, role: str = "") -> Viewer:
    """Add somebody of the same party, as an administrator does at the page of people."""
    login, role = f"{duty} {new_id()}", role or maker.role
    user_id = add_user(
        session,
        login=login,
        role=role,
        party_id=maker.party_id,
        password="a password of one day",
        duty=duty,
        initial=True,
        by=maker,
    )
    return Viewer(login, role, maker.party_id, user_id=user_id, duty=duty)


def reset_by(session: Session, administrator: Viewer, who: Viewer) -> None:
    user = session.get_one(User, who.user_id)
    users.reset_password(session, user, actor=administrator.user_id or "")


def chosen_by_themselves(session: Session, who: Viewer) -> None:
    user = session.get_one(User, who.user_id)
    assert user.id
    users.set_password(session, user, "a hash", initial=False, actor=user.id)


def approved(session: Session, who: Viewer, proposal: Proposal) -> bool:
    return acting.approve(session, who, proposal).state == "APPROVED"


def test_an_administrator_is_not_also_the_checker_they_made(session: Session, claim: Claim) -> None:
    administrator = a_user(session, claim.debtor_id, "administrator")
    puppet = made_by(session, administrator, "checker")
    chosen_by_themselves(session, puppet)  # so says whoever holds the first password
    other = a_user(session, claim.debtor_id, "checker")

    own = acting.propose(session, administrator, claim)
    refused(session, puppet, own, SelfApprovalError)
    assert approved(session, other, own)


def test_nor_the_maker_whose_proposal_they_approve(session: Session, claim: Claim) -> None:
    checker = a_user(session, claim.debtor_id, "checker")
    maker = made_by(session, checker, "maker")

    refused(session, checker, acting.propose(session, maker, claim), SelfApprovalError)


def test_a_key_or_a_second_puppet_in_between_changes_nothing(
    session: Session, claim: Claim
) -> None:
    administrator = a_user(session, claim.debtor_id, "administrator")
    second = made_by(session, administrator, "administrator")
    puppet = made_by(session, second, "checker")

    by_key = acting.propose(session, a_key_of(session, administrator), claim)
    refused(session, puppet, by_key, SelfApprovalError)


def test_people_of_one_administrator_work_together(session: Session, claim: Claim) -> None:
    administrator = a_user(session, claim.debtor_id, "administrator")
    maker, checker = (made_by(session, administrator, duty) for duty in ("maker", "checker"))

    assert approved(session, checker, acting.propose(session, maker, claim))


def test_whom_another_gave_a_new_password_is_nobodys_puppet(session: Session, claim: Claim) -> None:
    administrator, other = (a_user(session, claim.debtor_id, "administrator") for _ in range(2))
    checker = made_by(session, administrator, "checker")
    own = acting.propose(session, administrator, claim)
    refused(session, checker, own, SelfApprovalError)

    reset_by(session, other, checker)
    refused(session, checker, acting.propose(session, other, claim), SelfApprovalError)
    assert approved(session, checker, own)


def test_whose_password_the_proposer_set_anew_does_not_approve(
    session: Session, claim: Claim
) -> None:
    administrator = a_user(session, claim.debtor_id, "administrator")
    checker = a_user(session, claim.debtor_id, "checker")
    reset_by(session, administrator, checker)

    refused(session, checker, acting.propose(session, administrator, claim), SelfApprovalError)


def test_one_and_whom_they_made_are_one_vote(session: Session, claim: Claim) -> None:
    acting.a_rule(session, claim.debtor_id, steps=[[0, 2]])
    first = a_user(session, claim.debtor_id, "checker")
    second = made_by(session, first, "checker")
    for one, other in ((first, second), (second, first)):
        maker = a_user(session, claim.debtor_id, "maker")
        proposal = acting.propose(session, maker, claim)
        assert acting.approve(session, one, proposal).state == "WAITING"
        refused(session, other, proposal, SelfApprovalError)


def operators_of_one_hand_are_one(session: Session) -> None:
    guard, other = (a_user(session, None, role="security_admin") for _ in range(2))
    first, second = (made_by(session, guard, "", role="operator") for _ in range(2))
    proposal = service.submit(session, first, SET_RULE, RuleIn(command="almanac.import"))
    assert isinstance(proposal, Proposal)
    refused(session, second, proposal, SelfApprovalError)
    assert not deciding.may_decide(session, second, proposal, [])

    reset = made_by(session, other, "", role="operator")
    reset_by(session, guard, reset)
    refused(session, reset, proposal, SelfApprovalError)
    third = made_by(
        session, made_by(session, guard, "", role="security_admin"), "", role="operator"
    )
    refused(session, third, proposal, SelfApprovalError)
    assert approved(session, made_by(session, other, "", role="operator"), proposal)


def test_two_operators_whom_one_security_administrator_made_are_one(session: Session) -> None:
    operators_of_one_hand_are_one(session)


def test_operators_of_one_hand_who_pass_for_two_would_be_seen(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "handed_by", lambda *_: frozenset())

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        operators_of_one_hand_are_one(session)


def test_operators_made_on_the_machine_itself_are_two(session: Session) -> None:
    first, second = (made_by(session, OPERATOR, "", role="operator") for _ in range(2))
    proposal = service.submit(session, first, SET_RULE, RuleIn(command="almanac.import"))
    assert isinstance(proposal, Proposal)

    assert approved(session, second, proposal)
