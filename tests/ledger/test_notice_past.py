"""A report as known before a holiday notice answers as it did, whatever the notice moved."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears.queries import ageing, overdue
from services.ledger.arrears.reasoning import reason
from services.ledger.financing.queries import eligible
from services.ledger.insight.queries import summary
from services.ledger.insight.simulation import Change, Part, simulate
from services.ledger.insight.simulation_rules import Rules
from services.ledger.insight.verify import verify
from services.ledger.receivables import service
from services.ledger.receivables.notice import import_almanac
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.make import a_contract, a_receivable, acting_for
from tests.ledger.test_almanac_tables import TODAY, notice, rows
from tests.ledger.test_reasoning import now
from tests.ledger.test_receivables import act

DAY = date(2027, 2, 9)
"""A rest day by the notice; without it the day after a due day."""


@pytest.fixture
def claim(session: Session) -> Claim:
    """Delivered 2026-12-10, 60 days: Monday 2027-02-08, which the notice makes a holiday."""
    contract = a_contract(session, signed_on=date(2026, 9, 1))
    claim = a_receivable(session, contract, delivered_on=date(2026, 12, 10))
    service.confirm(session, acting_for(claim.debtor_id), act(claim, claim.face_fen))
    return claim


def take(session: Session, content: str) -> None:
    import_almanac(session, OPERATOR, content.encode(), name="a.csv", today=TODAY)


def answers(session: Session, claim: Claim, known_at: datetime, rules: Rules | None = None) -> Any:
    """Return the due day of one receivable as every report of a day and an instant tells it."""
    asked: dict[str, Any] = {"as_of": DAY, "known_at": known_at}
    late = [row.due_on for row in overdue(session, OPERATOR, limit=9, **asked)]
    aged = [band.name for band in ageing(session, OPERATOR, since="due", **asked)]
    [totals] = summary(session, OPERATOR, **asked).currencies
    why = reason(session, OPERATOR, claim.id, **asked)
    change = Change(rules=rules or Rules())
    point = session.begin_nested()
    [row] = simulate(session, OPERATOR, change, Part(), **asked).rows
    point.rollback()
    return {
        "overdue": late,
        "ageing": aged,
        "eligible": totals.eligible,
        "book": (why["book"]["due_on"], why["book"]["days_overdue"]),
        "law": (why["result"]["due_on"], why["result"]["days_overdue"]),
        "live": (row["due_on"], row["days_overdue"]),
        "simulated": (row["s_due_on"], row["s_days_overdue"]),
    }


def on_time_until(day: date, *, days_late: int) -> dict[str, Any]:
    said = (day.isoformat(), days_late)
    return {
        "overdue": [day] if days_late else [],
        "ageing": ["1-30"] if days_late else ["not_due"],
        "eligible": 0 if days_late else 1,
        "book": (day, days_late),
        "law": said,
        "live": said,
        "simulated": said,
    }


BEFORE = on_time_until(date(2027, 2, 8), days_late=1)
AFTER = on_time_until(date(2027, 2, 10), days_late=0)


def test_reports_as_known_before_a_notice_answer_as_before_and_after_it_anew(
    session: Session, claim: Claim
) -> None:
    at_first = now(session)
    assert answers(session, claim, at_first) == BEFORE

    take(session, notice())
    with_notice = now(session)
    assert answers(session, claim, with_notice) == AFTER
    assert answers(session, claim, at_first) == BEFORE

    take(session, rows("work,2027-02-08,,更正"))
    corrected = now(session)
    assert answers(session, claim, corrected) == BEFORE
    assert answers(session, claim, with_notice) == AFTER
    assert answers(session, claim, at_first) == BEFORE
    assert verify(session) == []


def test_another_calendar_is_imagined_on_what_was_known_then(
    session: Session, claim: Claim
) -> None:
    at_first = now(session)
    take(session, notice())
    every_day_off = Rules(readings={"rest_days": "ANNOUNCED"})

    assert answers(session, claim, at_first, every_day_off) == BEFORE
    assert answers(session, claim, now(session), every_day_off) == AFTER


def test_only_days_that_a_notice_changed_have_a_past(session: Session, claim: Claim) -> None:
    count = text("SELECT count(*) FROM calendar_past")
    assert session.connection().execute(count).scalar_one() == 0

    take(session, notice())
    take(session, notice())

    past = session.connection().execute(
        text("SELECT day, rest, provisional, known_until FROM calendar_past ORDER BY day")
    )
    found = {row.day: row for row in past}
    [imported_at] = {row.known_until for row in found.values()}
    stated = session.connection().execute(text("SELECT known_at FROM almanac_imports"))
    assert imported_at == stated.scalar_one()
    assert not found[date(2027, 2, 8)].rest
    assert found[date(2027, 2, 14)].rest
    # A day that stayed as it was is sure from now on.
    assert found[date(2027, 3, 1)].provisional
    assert date(2026, 2, 8) not in found


def test_a_due_day_of_an_unpublished_year_is_marked_in_every_list_until_the_notice(
    session: Session, claim: Claim
) -> None:
    def marked(known_at: datetime) -> list[bool]:
        asked: dict[str, Any] = {"as_of": DAY + timedelta(days=9), "known_at": known_at}
        late = [row.flags for row in overdue(session, OPERATOR, **asked)]
        asked["as_of"] = date(2027, 1, 4)
        free = [row.provisional for row in eligible(session, OPERATOR, **asked)]
        return [late == [["calendar_provisional"]], *free]

    at_first = now(session)
    assert marked(at_first) == [True, True]
    assert get_visible(session, OPERATOR, claim.id).provisional

    take(session, notice())

    assert marked(now(session)) == [False, False]
    assert marked(at_first) == [True, True]
    assert not get_visible(session, OPERATOR, claim.id).provisional


def test_the_reasoning_of_before_comes_out_again_word_for_word(
    session: Session, claim: Claim
) -> None:
    at = now(session)

    def said() -> str:
        return json.dumps(reason(session, OPERATOR, claim.id, as_of=DAY, known_at=at), default=str)

    before = said()
    take(session, notice())

    assert said() == before
