"""The authority's time limits on complaints, and who is told of them."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.events import DATA
from services.ledger.almanac import shipped
from services.ledger.arrears import complaint_timers
from services.ledger.arrears.complaint_states import (
    StepRefusedError,
)
from services.ledger.arrears.complaints_queries import Wanted
from services.ledger.arrears.complaints_queries import complaints as listed
from services.ledger.clock import now
from services.ledger.law.timers import timers_of
from tests.arrears.late import AUTHORITY, FILED, filed, go, handled, stands
from tests.ledger.make import a_contract, a_receivable


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


def test_the_result_is_extended_to_ninety_days_at_most(session: Session) -> None:
    claim = a_receivable(session)
    one = handled(session, claim)

    for day in (date(2025, 11, 19), date(2026, 1, 20), None):
        with pytest.raises(StepRefusedError, match="up to 2026-01-19"):
            go(session, claim, one, "EXTENDED", date(2025, 11, 10), extended_to=day)
    go(session, claim, one, "EXTENDED", date(2025, 11, 10), extended_to=date(2026, 1, 19))

    assert stands(session, claim)["timer_due_on"] == date(2026, 1, 19)


def test_a_supplement_starts_the_review_anew(session: Session) -> None:
    claim = a_receivable(session)
    one = filed(session, claim)
    go(session, claim, one, "SUPPLEMENT_ASKED", date(2025, 9, 28))
    assert stands(session, claim)["timer"] is None

    go(session, claim, one, "SUPPLEMENTED", date(2025, 10, 20))

    assert stands(session, claim)["timer_due_on"] == date(2025, 11, 3)


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
