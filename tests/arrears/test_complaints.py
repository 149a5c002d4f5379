"""Complaints: their states, the authority's time limits, and who may know of them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.events import DATA
from services.ledger.access import OPERATOR, NotAllowedError, Viewer
from services.ledger.almanac import shipped
from services.ledger.arrears import complaint_timers, complaints, facts
from services.ledger.arrears.complaint_states import (
    OPEN_STATES,
    STEPS,
    Step,
    StepRefusedError,
)
from services.ledger.arrears.complaints import ComplaintOpenError, Filing, NotComplainableError
from services.ledger.arrears.complaints_queries import Wanted
from services.ledger.arrears.complaints_queries import complaints as listed
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.law.timers import timers_of
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.service import ExceedsError
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for

AUTHORITY = Viewer(name="工信厅", role="regulator", party_id=None)
FILED = date(2025, 9, 26)


def filing(claim: Claim, on: date = FILED, **changes: Any) -> Filing:
    plain = Filing(new_id(), claim.id, on, None, "货款逾期未付")
    return replace(plain, **changes)


def creditor(claim: Claim) -> Viewer:
    return acting_for(claim.creditor_id, "supplier")


def filed(session: Session, claim: Claim, on: date = FILED) -> UUID:
    one = filing(claim, on)
    assert complaints.file(session, creditor(claim), one)
    return one.id


def taken(claim: Claim, complaint_id: UUID, kind: str, on: date, **more: Any) -> Step:
    rule = STEPS[kind]
    given = {"text": "说明" if rule.needs_text else "", "reason": next(iter(rule.reasons), "")}
    return Step(new_id(), claim.id, complaint_id, kind, on, **{**given, **more})


def go(
    session: Session, claim: Claim, complaint_id: UUID, kind: str, on: date, **more: Any
) -> None:
    by = creditor(claim) if STEPS[kind].by == "creditor" else AUTHORITY
    assert complaints.step(session, by, taken(claim, complaint_id, kind, on, **more))


def stands(session: Session, claim: Claim, as_of: date = date.max) -> RowMapping:
    (row,) = listed(session, AUTHORITY, Wanted(receivable=claim.id), as_of=as_of, known_at=now())
    return row


def handled(session: Session, claim: Claim) -> UUID:
    """E16: accepted on 2025-09-29, materials received on 2025-10-20."""
    one = filed(session, claim)
    go(session, claim, one, "ACCEPTED", date(2025, 9, 29))
    go(session, claim, one, "TRANSFERRED", date(2025, 10, 17))
    go(session, claim, one, "RECEIVED", date(2025, 10, 20))
    return one


def test_the_time_limits_are_those_of_example_e16(session: Session) -> None:
    claim = a_receivable(session)
    handled(session, claim)

    # 10 working days over the holidays, with Saturday 10-11 a working day.
    reviewed = stands(session, claim, date(2025, 9, 26))
    assert (reviewed["state"], reviewed["timer"]) == ("FILED", "REVIEW")
    accepted = stands(session, claim, date(2025, 9, 29))
    assert (accepted["timer"], accepted["timer_due_on"]) == ("TRANSFER", date(2025, 10, 20))
    assert stands(session, claim, date(2025, 10, 17))["timer"] is None
    handling = stands(session, claim, date(2025, 10, 21))
    assert (handling["timer"], handling["timer_due_on"]) == ("RESULT", date(2025, 11, 19))
    assert (handling["days_left"], handling["result_max_on"]) == (29, date(2026, 1, 19))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(day=st.dates(date(2025, 9, 9), date(2026, 12, 20)))
def test_the_time_limits_in_sql_are_those_of_the_law(session: Session, day: date) -> None:
    with session.begin_nested() as savepoint:
        claim = a_receivable(session)
        one = filed(session, claim, day)
        review = stands(session, claim, day)["timer_due_on"]
        go(session, claim, one, "ACCEPTED", day)
        transfer = stands(session, claim, day)["timer_due_on"]
        go(session, claim, one, "TRANSFERRED", day)
        go(session, claim, one, "RECEIVED", day)
        last = stands(session, claim, day)
        savepoint.rollback()

    law = timers_of(shipped(), submitted_on=day, accepted_on=day, materials_received_on=day)
    found = (review, transfer, last["timer_due_on"], last["result_max_on"])
    assert found == (
        law.review_due_on,
        law.transfer_due_on,
        law.result_due_on,
        law.result_max_on,
    )


def test_before_the_regulation_of_2025_no_transfer_is_timed(session: Session) -> None:
    contract = a_contract(session, signed_on=date(2024, 3, 1), term_days=30)
    claim = a_receivable(
        session, contract, delivered_on=date(2024, 4, 1), opened_on=date(2024, 4, 1)
    )
    one = filed(session, claim, date(2025, 5, 6))
    go(session, claim, one, "ACCEPTED", date(2025, 5, 7))

    row = stands(session, claim, date(2025, 5, 8))

    assert (row["state"], row["timer_due_on"]) == ("ACCEPTED", None)


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
        wrong = AUTHORITY if rule.by == "creditor" else creditor(claim)
        with pytest.raises(NotAllowedError):
            complaints.step(session, wrong, taken(claim, one, kind, FILED))


def test_the_result_is_extended_to_ninety_days_at_most(session: Session) -> None:
    claim = a_receivable(session)
    one = handled(session, claim)

    for day in (date(2025, 11, 19), date(2026, 1, 20), None):
        with pytest.raises(StepRefusedError, match="up to 2026-01-19"):
            go(session, claim, one, "EXTENDED", date(2025, 11, 10), extended_to=day)
    go(session, claim, one, "EXTENDED", date(2025, 11, 10), extended_to=date(2026, 1, 19))

    assert stands(session, claim)["timer_due_on"] == date(2026, 1, 19)


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


def test_a_supplement_starts_the_review_anew(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)
    go(session, claim, one, "SUPPLEMENT_ASKED", date(2025, 9, 28))
    assert stands(session, claim)["timer"] is None

    go(session, claim, one, "SUPPLEMENTED", date(2025, 10, 20))

    assert stands(session, claim)["timer_due_on"] == date(2025, 11, 3)


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


def test_the_list_is_by_what_lapses_first_and_can_be_narrowed(session: Session) -> None:
    contract = a_contract(session)
    claims = [a_receivable(session, contract) for _ in range(3)]
    late, soon, done = [filed(session, claim) for claim in claims]
    go(session, claims[1], soon, "ACCEPTED", date(2025, 10, 9))
    go(session, claims[2], done, "WITHDRAWN", FILED)
    day = date(2025, 10, 20)

    def found(**narrowed: Any) -> list[UUID]:
        rows = listed(session, AUTHORITY, Wanted(**narrowed), as_of=day, known_at=now())
        return [row["id"] for row in rows]

    assert found() == [late, soon, done]
    assert found(within=-1) == [late]
    assert found(within=3) == [late, soon]
    assert found(state="WITHDRAWN") == [done]
    assert found(after=(date(2025, 10, 22), FILED, soon)) == [done]


def test_a_time_limit_is_told_of_before_it_lapses_and_after_once_each(session: Session) -> None:
    claim = a_receivable(session)
    filed(session, claim)  # to be reviewed by 2025-10-16

    def tell(day: date) -> int:
        return complaint_timers.tell(session, as_of=day, at=now())

    assert [tell(date(2025, 10, day)) for day in (12, 13, 14, 16, 17, 18)] == [0, 1, 0, 0, 1, 0]
    told = session.connection().execute(
        text("SELECT debtor_id, creditor_id, data FROM events WHERE type = 'complaint.timer'")
    )
    rows = list(told)
    assert {(row.debtor_id, row.creditor_id) for row in rows} == {(None, claim.creditor_id)}
    assert sorted(row.data["late"] for row in rows) == [False, True]
    DATA["complaint.timer"].model_validate(rows[0].data)


def test_two_steps_never_take_the_same_place(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)
    go(session, claim, one, "ACCEPTED", FILED)
    again = """INSERT INTO complaint_steps (receivable_id, complaint_id, id, place, kind, "on",
      reason, text, actor, known_at) SELECT receivable_id, complaint_id, gen_random_uuid(), place,
      kind, "on", reason, text, actor, known_at FROM complaint_steps"""

    with pytest.raises(IntegrityError, match="one_after_the_other"):
        session.connection().execute(text(again))
