"""Rules by date and amount, their own approval, expiry."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.approvals import gate, kinds, queries, service
from services.ledger.approvals.gate import Rule
from services.ledger.approvals.kinds import KINDS, Effect
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from tests.approvals import acting
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person, a_user
from tests.approvals.test_http import proposed, refused
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_receivable, acting_for
from tests.web.conftest import now_of
from tests.web.signing import log_of


@pytest.mark.parametrize(
    ("fen", "currency", "approvers"),
    [
        (None, "CNY", 1),
        (1, "CNY", 1),
        (1_000_000_00, "CNY", 1),
        (1_000_000_01, "CNY", 2),
        (5_000_000_01, "CNY", 3),
        (1, "USD", 3),
    ],
)
def test_an_amount_ladder_asks_for_more_above_each_step(
    fen: int | None, currency: str, approvers: int
) -> None:
    rule = Rule("EVERYONE", ((0, 1), (1_000_000_00, 2), (5_000_000_00, 3)), 168)

    assert rule.approvers(Effect(new_id(), {}, fen, currency)) == approvers


def test_above_the_step_two_persons_approve_before_it_is_done(session: Session) -> None:
    claim = a_receivable(session, face_fen=1_000_000_01)
    acting.a_rule(session, claim.debtor_id, steps=[[0, 1], [1_000_000_00, 2]])
    maker = a_user(session, claim.debtor_id, "maker")
    first, second = (a_user(session, claim.debtor_id, "checker") for _ in range(2))
    proposal = acting.propose(session, maker, claim)
    assert proposal.approvers == 2

    assert acting.approve(session, first, proposal).state == "WAITING"
    assert acting.approve(session, first, proposal).state == "WAITING"
    assert acting.approve(session, second, proposal).state == "APPROVED"


@pytest.mark.parametrize(
    ("holds_for", "person", "key"),
    [("EVERYONE", True, True), ("PEOPLE", True, False), ("NOBODY", False, False)],
)
def test_a_rule_holds_for_whom_it_says(
    session: Session, holds_for: str, *, person: bool, key: bool
) -> None:
    claim = a_receivable(session)
    maker = a_user(session, claim.debtor_id, "maker")
    a_user(session, claim.debtor_id, "checker")
    acting.a_rule(session, claim.debtor_id, holds_for=holds_for)
    machine = acting_for(claim.debtor_id)

    assert (gate.rule_for(session, maker, kinds.CONFIRM) is not None) is person
    assert (gate.rule_for(session, machine, kinds.CONFIRM) is not None) is key


def test_the_newest_rule_that_has_begun_counts_and_a_commands_own_before_all(
    session: Session,
) -> None:
    claim = a_receivable(session)
    maker = a_user(session, claim.debtor_id, "maker")
    day = acting.today(session)

    def approvers() -> int:
        rule = gate.rule_for(session, maker, kinds.CONFIRM)
        assert rule
        return rule.approvers(Effect(new_id()))

    acting.a_rule(session, claim.debtor_id, steps=[[0, 2]], valid_from=day - timedelta(days=2))
    acting.a_rule(session, claim.debtor_id, steps=[[0, 5]], valid_from=day + timedelta(days=1))
    assert approvers() == 2
    acting.a_rule(session, claim.debtor_id, steps=[[0, 3]])
    assert approvers() == 3
    acting.a_rule(
        session,
        claim.debtor_id,
        command="receivable.confirm",
        steps=[[0, 4]],
        valid_from=day - timedelta(days=9),
    )
    assert approvers() == 4
    acting.a_rule(session, a_receivable(session).debtor_id, steps=[[0, 1]])
    assert approvers() == 4


def test_no_rule_does_without_the_approval_of_rules_and_of_the_almanac(session: Session) -> None:
    claim = a_receivable(session)
    acting.a_rule(session, claim.debtor_id, holds_for="NOBODY")
    acting.a_rule(session, None, holds_for="NOBODY")
    administrator = a_user(session, claim.debtor_id, "administrator")
    operator = a_user(session, None, role="operator")

    assert gate.rule_for(session, administrator, kinds.RULE)
    assert gate.rule_for(session, administrator, kinds.SUBSTITUTE)
    assert gate.rule_for(session, operator, kinds.ALMANAC)
    assert gate.rule_for(session, operator, kinds.OFFER) is None
    assert gate.rule_for(session, OPERATOR, kinds.ALMANAC) is None


def test_a_rule_is_set_by_two_administrators(
    person: Arrive, checker: Person, maker: Person, claim: Claim
) -> None:
    first, second = (person(claim.debtor_id, "administrator") for _ in range(2))
    body: dict[str, Any] = {
        "command": "receivable.confirm",
        "steps": [{"above": "0.00", "approvers": 1}, {"above": "500.00", "approvers": 2}],
        "expiry_hours": 24,
    }
    refused(maker.client.post("/v1/approval-rules", json=body), 403, "NOT_ALLOWED")
    answer = first.client.post("/v1/approval-rules", json=body)
    assert answer.status_code == 202, answer.text
    shown = answer.json()

    refused(first.approve(shown), 403, "APPROVAL_OWN")
    refused(checker.approve(shown), 403, "NOT_ALLOWED")
    assert second.approve(shown).json()["state"] == "APPROVED"

    (rule,) = maker.get("/v1/approval-rules")
    assert (rule["command"], rule["steps"]) == (body["command"], body["steps"])
    assert proposed(maker, claim)["approvers"] == 2
    ((_, told),) = log_of("approval.rule_set")
    assert told["steps"] == [["0.00", 1], ["500.00", 2]]
    stranger = person(claim.creditor_id, "administrator", role="supplier")
    assert stranger.get("/v1/approval-rules") == []


@pytest.mark.parametrize(
    "body",
    [
        {"command": "no.such"},
        {"steps": [{"above": "1.00", "approvers": 1}]},
        {"steps": [{"above": "0", "approvers": 2}, {"above": "1", "approvers": 1}]},
        {"steps": [{"above": "0", "approvers": 1}, {"above": "0", "approvers": 2}]},
        {"valid_from": "2020-01-01"},
    ],
)
def test_a_rule_that_cannot_be_is_refused(
    person: Arrive, claim: Claim, body: dict[str, Any]
) -> None:
    administrator = person(claim.debtor_id, "administrator")

    refused(
        administrator.client.post("/v1/approval-rules", json=body), 422, "APPROVAL_RULE_INVALID"
    )


def test_a_substitute_is_named_by_two_administrators_and_then_approves(
    person: Arrive, checker: Person, maker: Person, claim: Claim
) -> None:
    deputy = person(claim.debtor_id, "maker")
    first, second = (person(claim.debtor_id, "administrator") for _ in range(2))
    body = {
        "principal_id": str(checker.viewer.user_id),
        "stand_in_id": str(deputy.viewer.user_id),
        "from_on": "2020-01-01",
        "to_on": "2199-12-31",
    }
    shown = proposed(maker, claim)
    refused(deputy.approve(shown), 403, "NOT_ALLOWED")
    foreign = person(claim.creditor_id, "checker", role="supplier")
    other = {**body, "stand_in_id": str(foreign.viewer.user_id)}
    refused(first.client.post("/v1/approval-substitutes", json=other), 404, "NOT_FOUND")

    named = first.client.post("/v1/approval-substitutes", json=body)
    assert named.status_code == 202, named.text
    assert second.approve(named.json()).status_code == 200
    (listed,) = deputy.get("/v1/approval-substitutes")
    assert listed["stand_in"] == deputy.viewer.name
    assert foreign.get("/v1/approval-substitutes") == []

    assert deputy.approve(shown).json()["state"] == "APPROVED"
    assert now_of(claim).confirmed_on is not None


def test_what_nobody_decides_in_time_ends_and_is_told(session: Session) -> None:
    claim = a_receivable(session)
    maker = a_user(session, claim.debtor_id, "maker")
    checker = a_user(session, claim.debtor_id, "checker")
    late, early = (acting.propose(session, maker, claim, id=new_id()) for _ in range(2))
    past = text("UPDATE approval_proposals SET expires_at = now() WHERE id = :id")
    session.connection().execute(past, {"id": late.id})

    assert acting.now_of(session, maker, late).state == "EXPIRED"
    with pytest.raises(service.ProposalClosedError), session.begin_nested():
        acting.approve(session, checker, late)

    assert service.expire(session) == 1
    assert service.expire(session) == 0
    told = session.connection().execute(
        text("SELECT subject_id, debtor_id FROM events WHERE type = 'approval.expired'")
    )
    assert told.all() == [(late.id, claim.debtor_id)]
    assert acting.now_of(session, maker, early).state == "WAITING"
    listed = queries.everyones(session, state="EXPIRED", limit=5)
    assert [one.id for one in listed] == [late.id]


def test_every_kind_can_be_done_after_its_approval(ledger: SignIn) -> None:
    """One that nobody registered would be approved and then fail."""
    from services.ledger.approvals.commands import COMMANDS  # noqa: PLC0415

    assert set(COMMANDS) == set(KINDS)
    assert {code: one.kind.code for code, one in COMMANDS.items()} == {code: code for code in KINDS}
