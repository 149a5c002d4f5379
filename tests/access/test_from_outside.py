"""Whom a sign-in waits for that somebody outside the party made, reset or opened."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.parties import outside, second_factor, users
from services.ledger.parties.models import User
from services.ledger.parties.service import add_api_key, add_user
from tests.approvals.people import a_user
from tests.ledger.make import a_party


@pytest.fixture
def party_id(session: Session) -> UUID:
    return a_party(session)


@pytest.fixture
def guard(session: Session) -> Viewer:
    return a_user(session, None, role="security_admin")


def made(session: Session, party_id: UUID | None, by: Viewer) -> User:
    user_id = add_user(
        session,
        login=f"administrator {new_id()}",
        role="core_enterprise" if party_id else "operator",
        party_id=party_id,
        password="a password of one day",
        duty="administrator" if party_id else "",
        by=by,
    )
    return session.get_one(User, user_id)


def waits_for(session: Session, user: User) -> str:
    """Return what a sign-in waits for: somebody of the party, time, or nothing."""
    try:
        outside.check(session, user)
    except outside.WaitsError as refusal:
        return "somebody" if "admits it" in refusal.english else "time"
    return "nothing"


def hours_pass(session: Session, hours: int = outside.HOURS) -> None:
    past = text("UPDATE users SET outside_at = outside_at - :hours * interval '1 hour'")
    session.connection().execute(past, {"hours": hours})
    session.expire_all()


def test_shutting_out_whoever_would_admit_begins_the_day_anew(
    session: Session, party_id: UUID, guard: Viewer
) -> None:
    assert guard.user_id
    own = made(session, party_id, OPERATOR)
    second = made(session, party_id, guard)
    assert waits_for(session, second) == "somebody"
    hours_pass(session, 1_000)

    users.set_disabled(session, own, at=now(), actor=guard.user_id)
    assert waits_for(session, second) == "time"
    users.set_disabled(session, own, at=None, actor=guard.user_id)
    assert waits_for(session, own) == "time"
    hours_pass(session)
    assert waits_for(session, second) == waits_for(session, own) == "nothing"
    outside.opened(session, own)
    assert waits_for(session, second) == "somebody"

    second_factor.remove(session, own, actor=guard.user_id)
    assert waits_for(session, second) == waits_for(session, own) == "time"


def test_only_the_first_sign_in_of_a_party_that_has_nobody_and_no_key_waits_for_nothing(
    session: Session, party_id: UUID, guard: Viewer
) -> None:
    first = made(session, party_id, guard)
    assert waits_for(session, first) == "nothing"
    assert waits_for(session, made(session, party_id, guard)) == "somebody"
    assert guard.user_id
    users.reset_password(session, first, actor=guard.user_id)
    assert waits_for(session, first) == "time"

    by_machines = a_party(session)
    add_api_key(session, name="erp", role="core_enterprise", party_id=by_machines, token="x")
    assert waits_for(session, made(session, by_machines, guard)) == "time"


def test_what_the_party_or_the_machine_itself_does_ends_the_waiting(
    session: Session, party_id: UUID, guard: Viewer
) -> None:
    assert guard.user_id
    own = made(session, party_id, OPERATOR)
    theirs = made(session, party_id, Viewer(own.login, own.role, party_id, user_id=own.id))
    assert waits_for(session, theirs) == "nothing"

    for actor in (own.id, "operator"):
        users.reset_password(session, theirs, actor=guard.user_id)
        assert waits_for(session, theirs) == "somebody"
        users.set_password(session, theirs, "a hash", initial=False, actor=theirs.id)
        assert waits_for(session, theirs) == "somebody"
        users.set_disabled(session, theirs, at=now(), actor=actor)
        assert waits_for(session, theirs) == "somebody"
        users.reset_password(session, theirs, actor=actor)
        assert waits_for(session, theirs) == "nothing"


def test_people_of_nobodys_party_wait_for_nothing(session: Session, guard: Viewer) -> None:
    assert guard.user_id
    operator = made(session, None, guard)
    users.reset_password(session, operator, actor=guard.user_id)

    assert waits_for(session, operator) == "nothing"
