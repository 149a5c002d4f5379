"""Complaints: their states, who takes which step, and who may know of them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError, Viewer
from services.ledger.arrears import complaints, facts
from services.ledger.arrears.complaint_states import (
    CREDITOR,
    OPEN_STATES,
    STEPS,
    StepRefusedError,
)
from services.ledger.arrears.complaints import ComplaintOpenError, NotComplainableError
from services.ledger.arrears.complaints_queries import Wanted
from services.ledger.arrears.complaints_queries import complaints as listed
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.receivables.service import ExceedsError
from tests.arrears.late import AUTHORITY, FILED, creditor, filed, filing, go, handled, stands, taken
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for


def test_every_step_follows_only_from_its_states(session: Session) -> None:
    """Walk to each state, try each step: the table of the states is what the service does."""
    ways = {
        "FILED": (),
        "SUPPLEMENT_NEEDED": ("SUPPLEMENT_ASKED",),
        "ACCEPTED": ("ACCEPTED",),
        "REFUSED": ("REFUSED",),
        "TRANSFERRED": ("ACCEPTED", "TRANSFERRED"),
        "HANDLING": ("ACCEPTED", "TRANSFERRED", "RECEIVED"),
        "RESULT": ("ACCEPTED", "TRANSFERRED", "RECEIVED", "RESULT"),
        "CLOSED": ("ACCEPTED", "TRANSFERRED", "RECEIVED", "RESULT", "CLOSED"),
        "ENDED": ("ENDED",),
        "WITHDRAWN": ("WITHDRAWN",),
    }
    assert set(ways) >= OPEN_STATES
    contract = a_contract(session)
    for state, way in ways.items():
        claim = a_receivable(session, contract)
        one = filed(session, claim)
        for kind in way:
            go(session, claim, one, kind, FILED)
        assert stands(session, claim)["state"] == state
        for kind, rule in STEPS.items():
            more = {"extended_to": date(2025, 12, 1)} if kind == "EXTENDED" else {}
            with session.begin_nested() as savepoint:
                if state in rule.from_states:
                    go(session, claim, one, kind, FILED, **more)
                    assert stands(session, claim)["state"] == (rule.to_state or state)
                else:
                    with pytest.raises(StepRefusedError, match=f"{kind} does not follow"):
                        go(session, claim, one, kind, FILED, **more)
                savepoint.rollback()


def test_the_authority_takes_its_steps_and_the_complainant_its_own(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)

    for kind, rule in STEPS.items():
        wrong = AUTHORITY if rule.by == CREDITOR else creditor(claim)
        with pytest.raises(NotAllowedError):
            complaints.step(session, wrong, taken(claim, one, kind, FILED))


def test_a_step_needs_its_reason_its_text_and_its_order(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)

    with pytest.raises(StepRefusedError, match="reason of REFUSED is one of: DUPLICATE"):
        go(session, claim, one, "REFUSED", FILED, reason="BECAUSE")
    with pytest.raises(StepRefusedError, match="reason of ACCEPTED is one of: none"):
        go(session, claim, one, "ACCEPTED", FILED, reason="BECAUSE")
    with pytest.raises(StepRefusedError, match="needs a text"):
        go(session, claim, one, "SUPPLEMENT_ASKED", FILED, text=" ")
    with pytest.raises(StepRefusedError, match="before the last step"):
        go(session, claim, one, "ACCEPTED", FILED - timedelta(days=1))
    with pytest.raises(StepRefusedError, match="no day to extend to"):
        go(session, claim, one, "ACCEPTED", FILED, extended_to=FILED)


def test_the_same_complaint_and_step_again_are_recorded_once(session: Session) -> None:
    claim = a_receivable(session)
    one = filing(claim)
    assert complaints.file(session, creditor(claim), one)
    assert not complaints.file(session, creditor(claim), one)
    with pytest.raises(ReusedIdError):
        complaints.file(session, creditor(claim), replace(one, text="另一事实"))

    step = taken(claim, one.id, "ACCEPTED", FILED)
    assert complaints.step(session, AUTHORITY, step)
    assert not complaints.step(session, AUTHORITY, step)
    with pytest.raises(ReusedIdError):
        complaints.step(session, AUTHORITY, replace(step, on=FILED + timedelta(days=1)))


def test_one_complaint_is_open_at_a_time(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)

    with pytest.raises(ComplaintOpenError):
        filed(session, claim)
    go(session, claim, one, "WITHDRAWN", FILED)

    filed(session, claim)


def test_what_is_not_late_outside_or_before_a_court_is_no_complaint(session: Session) -> None:
    claim = a_receivable(session)
    outside = a_receivable(session, a_contract(session, debtor_kind="SMALL"), agreed_due_on=FILED)

    with pytest.raises(NotComplainableError, match="not late on 2025-09-08"):
        filed(session, claim, date(2025, 9, 8))
    with pytest.raises(NotComplainableError, match="does not apply"):
        filed(session, outside, date(2025, 12, 1))
    with pytest.raises(ExceedsError):
        complaints.file(session, creditor(claim), filing(claim, amount_fen=1_000_01))
    facts.state(session, creditor(claim), Stated(new_id(), claim.id, "SUIT", FILED))
    with pytest.raises(NotComplainableError, match="before a court or tribunal since"):
        filed(session, claim)


def test_the_debtor_learns_of_it_when_the_authority_asks_it(session: Session) -> None:
    """802号 第二十条: who complains must not be punished for it."""
    claim = a_receivable(session)
    debtor = acting_for(claim.debtor_id)
    one = handled(session, claim)

    def seen_by(viewer: Viewer) -> int:
        return len(listed(session, viewer, Wanted(), as_of=date.max, known_at=now()))

    def told_to_debtor() -> int:
        told = "SELECT count(*) FROM events WHERE subject_id = :id AND debtor_id IS NOT NULL"
        return int(session.connection().execute(text(told), {"id": one}).scalar_one())

    def in_the_reasoning_of(viewer: Viewer) -> bool:
        day = date(2025, 11, 1)
        found = reason(session, viewer, claim.id, as_of=day, known_at=now())
        return "complaint" in found["case"]["facts"]

    assert (seen_by(debtor), told_to_debtor(), in_the_reasoning_of(debtor)) == (0, 0, False)
    with pytest.raises(NotFoundError):
        complaints.one(session, debtor, claim.id, one, known_at=now())
    assert in_the_reasoning_of(creditor(claim))
    assert in_the_reasoning_of(AUTHORITY)

    go(session, claim, one, "RESPONDENT_ASKED", date(2025, 10, 21))

    assert (seen_by(debtor), told_to_debtor(), in_the_reasoning_of(debtor)) == (1, 1, True)
    for stranger in (acting_for(a_party(session)), OPERATOR):
        assert seen_by(stranger) == 0
