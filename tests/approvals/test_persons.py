"""Nobody approves their own, however they come: generated people, keys, links and stand-ins."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from services.ledger.access import NotAllowedError, Viewer
from services.ledger.approvals import persons, queries
from services.ledger.approvals.deciding import SelfApprovalError
from services.ledger.approvals.service import NobodyApprovesError
from services.ledger.errors import LedgerError
from services.ledger.identification import digest
from services.ledger.parties import keys
from services.ledger.parties.keys import Restrictions
from services.ledger.receivables.queries import Claim
from tests.approvals import acting
from tests.approvals.people import a_user, linked, unlinked
from tests.ledger.make import a_receivable


@pytest.fixture
def claim(session: Session) -> Claim:
    return a_receivable(session)


def a_key_of(session: Session, maker: Viewer) -> Viewer:
    made = keys.add(
        session,
        name="erp",
        role=maker.role,
        party_id=maker.party_id,
        restrictions=Restrictions(),
        actor=str(maker.user_id),
    )
    return Viewer("erp", maker.role, maker.party_id, key=digest(made.token))


def refused(session: Session, who: Viewer, proposal: Any, error: type[LedgerError]) -> None:
    with pytest.raises(error), session.begin_nested():
        acting.approve(session, who, proposal)


def test_another_user_of_the_same_person_does_not_approve(session: Session, claim: Claim) -> None:
    maker = a_user(session, claim.debtor_id, "maker", login="Zhang.San@example.com")
    other = a_user(session, claim.debtor_id, "checker", login="zhang.san+2@EXAMPLE.com")
    third = a_user(session, claim.debtor_id, "checker", login="li.si@example.com")
    proposal = acting.propose(session, maker, claim)

    refused(session, other, proposal, SelfApprovalError)
    assert acting.approve(session, third, proposal).state == "APPROVED"


def test_an_identity_that_moves_to_another_user_takes_its_person_along(
    session: Session, claim: Claim
) -> None:
    maker = a_user(session, claim.debtor_id, "maker")
    checker = a_user(session, claim.debtor_id, "checker")
    linked(session, maker, "zhang")
    proposal = acting.propose(session, maker, claim)
    unlinked(session, maker)
    linked(session, checker, "zhang")

    refused(session, checker, proposal, SelfApprovalError)


def test_who_made_or_rolled_a_key_does_not_approve_what_it_proposed(
    session: Session, claim: Claim
) -> None:
    checker = a_user(session, claim.debtor_id, "checker")
    other = a_user(session, claim.debtor_id, "checker")
    key = a_key_of(session, checker)
    proposal = acting.propose(session, key, claim)

    refused(session, key, proposal, NotAllowedError)
    refused(session, checker, proposal, SelfApprovalError)
    assert acting.approve(session, other, proposal).state == "APPROVED"


def test_a_stand_in_approves_on_their_days_only_and_never_for_or_as_the_maker(
    session: Session, claim: Claim
) -> None:
    checker = a_user(session, claim.debtor_id, "checker")
    deputy = a_user(session, claim.debtor_id, "maker")
    proposal = acting.propose(session, a_user(session, claim.debtor_id, "maker"), claim)

    refused(session, deputy, proposal, NotAllowedError)
    acting.stands_in(session, deputy, checker, first=-3, last=-1)
    refused(session, deputy, proposal, NotAllowedError)
    acting.stands_in(session, deputy, checker, first=0, last=0)
    refused(session, deputy, acting.propose(session, deputy, claim), SelfApprovalError)
    refused(session, deputy, acting.propose(session, checker, claim), SelfApprovalError)
    assert acting.approve(session, deputy, proposal).state == "APPROVED"


def test_a_seat_is_taken_once_however_many_sit_in_it(session: Session, claim: Claim) -> None:
    acting.a_rule(session, claim.debtor_id, steps=[[0, 2]])
    checker = a_user(session, claim.debtor_id, "checker")
    deputies = [a_user(session, claim.debtor_id, "maker") for _ in range(2)]
    for deputy in deputies:
        acting.stands_in(session, deputy, checker)
    proposal = acting.propose(session, a_user(session, claim.debtor_id, "maker"), claim)

    assert acting.approve(session, deputies[0], proposal).state == "WAITING"
    refused(session, deputies[1], proposal, SelfApprovalError)
    refused(session, checker, proposal, SelfApprovalError)
    second = a_user(session, claim.debtor_id, "checker")
    assert acting.approve(session, second, proposal).state == "APPROVED"


def test_two_users_of_one_person_are_one_vote(session: Session, claim: Claim) -> None:
    acting.a_rule(session, claim.debtor_id, steps=[[0, 2]])
    checkers = [
        a_user(session, claim.debtor_id, "checker", login=login)
        for login in ("wang@example.com", "Wang+2@example.com", "zhao@example.com")
    ]
    proposal = acting.propose(session, a_user(session, claim.debtor_id, "maker"), claim)

    assert acting.approve(session, checkers[0], proposal).state == "WAITING"
    refused(session, checkers[1], proposal, SelfApprovalError)
    assert acting.approve(session, checkers[2], proposal).state == "APPROVED"


def test_who_may_approve_no_more_leaves_no_seat_to_stand_in(session: Session, claim: Claim) -> None:
    checker = a_user(session, claim.debtor_id, "checker")
    deputy = a_user(session, claim.debtor_id, "maker")
    acting.stands_in(session, deputy, checker)
    proposal = acting.propose(session, a_user(session, claim.debtor_id, "maker"), claim)
    session.connection().exec_driver_sql(
        f"UPDATE users SET disabled_at = now() WHERE id = '{checker.user_id}'"
    )

    refused(session, deputy, proposal, NotAllowedError)


def test_without_anybody_who_may_approve_nothing_is_proposed(
    session: Session, claim: Claim
) -> None:
    maker = a_user(session, claim.debtor_id, "maker")
    acting.a_rule(session, claim.debtor_id)

    with pytest.raises(NobodyApprovesError):
        acting.propose(session, maker, claim)


def test_a_party_that_divided_its_duties_keeps_them_divided(session: Session, claim: Claim) -> None:
    maker = a_user(session, claim.debtor_id, "maker")
    checker = a_user(session, claim.debtor_id, "checker")
    acting.propose(session, maker, claim)
    session.connection().exec_driver_sql(
        f"UPDATE users SET duty = 'maker' WHERE id = '{checker.user_id}'"
    )

    with pytest.raises(NobodyApprovesError):
        acting.propose(session, maker, claim, amount="1.00")


PEOPLE = 4
USERS = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),  # whose user it is
        st.sampled_from(["maker", "checker", "administrator", ""]),
        st.sampled_from(["mail", "link", "name"]),
    ),
    min_size=2,
    max_size=6,
)
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=4)
SPELT = (
    "p{}@example.com",
    "P{}@Example.com",
    "p{}+x@example.com",
    " p{}@EXAMPLE.COM",
    "Ｐ{}@example.com",
    "p{}+y@example.com",
)


def _arrive(
    session: Session, party_id: UUID, described: Sequence[tuple[int, str, str]], made: str
) -> list[Viewer]:
    users = []
    for place, (human, duty, known_by) in enumerate(described):
        login = f"{made}{place}"
        if known_by == "mail":
            login = SPELT[place].format(f"{made}{human}")
        users.append(a_user(session, party_id, duty, login=login))
        if known_by == "link":
            # One link belongs to one user; the others of this person are known by the mail.
            with suppress(Exception), session.begin_nested():
                linked(session, users[-1], f"{made}{human}")
    return users


def _same(described: Sequence[tuple[int, str, str]], one: int, other: int) -> bool:
    """Say whether the ledger can know that two users are one person: by mail, or the very user."""
    both_by_mail = described[one][2] == described[other][2] == "mail"
    return one == other or (both_by_mail and described[one][0] == described[other][0])


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    described=USERS,
    pairs=PAIRS,
    maker=st.integers(0, 5),
    by_key=st.booleans(),
    needed=st.integers(1, 3),
    voters=st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_whatever_the_roles_and_stand_ins_no_person_is_on_both_sides(
    session: Session,
    described: list[tuple[int, str, str]],
    pairs: list[tuple[int, int]],
    maker: int,
    by_key: bool,  # noqa: FBT001 (drawn)
    needed: int,
    voters: list[int],
) -> None:
    point = session.begin_nested()
    claim = a_receivable(session)
    made = claim.id.hex[-8:]
    users = _arrive(session, claim.debtor_id, described, made)
    count = len(users)
    acting.a_rule(session, claim.debtor_id, steps=[[0, needed]])
    for stand_in, principal in pairs:
        if stand_in % count != principal % count:
            acting.stands_in(session, users[stand_in % count], users[principal % count])
    maker %= count
    who = a_key_of(session, users[maker]) if by_key else users[maker]
    if any(duty == "checker" for _, duty, _ in described):
        proposal = acting.propose(session, who, claim)
        counted: list[int] = []
        for voter in (one % count for one in voters):
            with suppress(LedgerError), session.begin_nested():
                proposal = acting.approve(session, users[voter], proposal)
                counted.append(voter)
        distinct = sorted(set(counted))
        event(f"approved: {proposal.state}, of {needed}")
        assert not any(_same(described, maker, one) for one in distinct)
        assert not any(
            _same(described, one, other) for one in distinct for other in distinct if one < other
        )
        assert (proposal.state == "APPROVED") == (len(distinct) >= needed)
        seats = {row.seat_id for row in _votes(session, proposal.id)}
        assert len(seats) == len(distinct)
        checkers = {
            users[place].user_id for place in range(count) if described[place][1] == "checker"
        }
        assert seats <= checkers
    point.rollback()


def _votes(session: Session, proposal_id: UUID) -> list[Any]:
    return queries.votes(session, [proposal_id])[proposal_id]


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Zhang@Example.com", "zhang@example.com ", True),
        ("zhang+a@example.com", "zhang@example.com", True),
        ("ｚｈａｎｇ", "zhang", True),
        ("zhang@example.com", "zhang@example.org", False),
        ("zhang+a", "zhang", False),
    ],
)
def test_logins_of_one_person_are_told(left: str, right: str, same: bool) -> None:  # noqa: FBT001
    assert (persons.plain_login(left) == persons.plain_login(right)) is same
