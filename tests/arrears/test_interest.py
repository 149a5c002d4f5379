"""Claims of interest: the engine's figure, posted once, by the creditor alone."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.almanac import shipped
from services.ledger.arrears import interest
from services.ledger.arrears.interest import Waiver
from services.ledger.arrears.interest_figure import InterestOverlapError, NoInterestError
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.law.case import explain
from services.ledger.money import parse_fen
from services.ledger.receivables.queries import get_visible
from services.ledger.receivables.service import ExceedsError
from tests.arrears.late import DUE, MILLION, asked, claimed, give_up, late, owed, pay
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for


def test_a_day_bears_interest_once(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))

    with pytest.raises(InterestOverlapError, match="for 2025-11-18 to 2025-11-18 is claimed"):
        claimed(session, claim, date(2025, 11, 18))
    with pytest.raises(InterestOverlapError, match="for 2025-11-01 to 2025-11-18 is claimed"):
        claimed(session, claim, date(2025, 11, 30), from_on=date(2025, 11, 1))

    assert owed(session, claim) == (MILLION, 20_000_00)


def test_a_reading_that_came_to_be_later_is_claimed_for_all_its_days(session: Session) -> None:
    claim = late(session, penalty_percent="1.5")
    once = claimed(session, claim, date(2025, 10, 19), reading="agreed")
    assert owed(session, claim) == (MILLION, 15_000_00)

    # 1.5 % once is less than 204 days at the LPR of 3.00 %: 16,767.12.
    with pytest.raises(NoInterestError, match="no interest by the reading floor up to 2025-10-19"):
        claimed(session, claim, date(2026, 5, 1), reading="floor")
    assert give_up(session, claim, date(2026, 5, 1), claim_id=once.id)
    claimed(session, claim, date(2026, 5, 1), reading="floor")

    assert owed(session, claim) == (MILLION, 16_767_12)
    assert verify(session) == []


def test_the_same_claim_again_posts_nothing_and_another_is_refused_the_id(
    session: Session,
) -> None:
    claim = late(session)
    supplier = acting_for(claim.creditor_id, "supplier")
    one = claimed(session, claim, date(2025, 11, 18))

    assert not interest.claim_interest(session, supplier, one)
    with pytest.raises(ReusedIdError):
        interest.claim_interest(session, supplier, replace(one, until_on=date(2025, 11, 17)))

    assert owed(session, claim) == (MILLION, 20_000_00)


def test_a_claim_never_changes_whatever_is_learned(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    before = [dict(row) for row in interest.claims(session, claim.id)]

    pay(session, claim, 500_000_00, date(2025, 10, 20))

    assert [dict(row) for row in interest.claims(session, claim.id)] == before


def test_a_claim_is_found_again_from_what_is_kept_with_it(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 300_000_00, date(2025, 11, 18))
    claimed(session, claim, date(2025, 12, 31))

    kept = session.connection().execute(
        text('SELECT "case", spans, amount_fen FROM interest_claims ORDER BY until_on')
    )
    for case, spans, amount_fen in kept:
        found = explain(case, shipped())
        assert sum(parse_fen(span["interest"]) for span in spans) == amount_fen
        assert [span for span in found["interest"]["spans"] if span in spans] == spans  # type: ignore[index]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    face_fen=st.integers(1_00, 10**10),
    ends=st.lists(st.integers(1, 400), min_size=1, max_size=4, unique=True),
)
def test_claims_that_follow_each_other_add_up_to_one_over_all_days(
    session: Session, face_fen: int, ends: list[int]
) -> None:
    def total(days: list[int]) -> int:
        with session.begin_nested() as savepoint:
            claim = a_receivable(session, face_fen=face_fen)
            for day in days:
                end = date.fromordinal(date(2025, 9, 8).toordinal() + day)
                try:
                    claimed(session, claim, end)
                except NoInterestError:
                    continue
            found = get_visible(session, OPERATOR, claim.id).interest_fen
            savepoint.rollback()
        return found

    assert total(sorted(ends)) == total([max(ends)])


@pytest.mark.parametrize(
    ("terms", "reading", "fen"),
    [
        # E9: 500,000 for 90 days, 1.5 % a year agreed, LPR 3.00 % at signing.
        ({"agreed_annual_rate_percent": "1.5"}, "agreed", 1_849_32),
        ({"agreed_annual_rate_percent": "1.5"}, "floor", 3_698_63),
        ({"agreed_annual_rate_percent": "1.5"}, "void_clause", 22_500_00),
        # E6's two routes.
        ({"pay_when_paid": True}, "statutory", 22_500_00),
        ({"pay_when_paid": True}, "court", 3_698_63),
    ],
)
def test_the_reading_chosen_gives_the_amount(
    session: Session, terms: dict[str, Any], reading: str, fen: int
) -> None:
    claim = a_receivable(session, a_contract(session, **terms), face_fen=500_000_00)

    claimed(session, claim, date(2025, 12, 7), reading=reading)  # 90 days after 2025-09-08

    assert owed(session, claim) == (500_000_00, fen)


def test_a_reading_that_the_contract_does_not_have_is_refused(session: Session) -> None:
    claim = late(session)

    with pytest.raises(NoInterestError, match="by the reading agreed here; there is: statutory"):
        claimed(session, claim, date(2025, 11, 18), reading="agreed")
    with pytest.raises(NoInterestError, match="the due day is 2025-10-09"):
        claimed(session, claim, DUE)


def test_only_the_creditor_claims_and_waives(session: Session) -> None:
    claim = late(session)
    one = asked(claim, date(2025, 11, 18))
    waiver = Waiver(new_id(), claim.id, date(2025, 11, 18), amount_fen=1)

    for viewer in (acting_for(claim.debtor_id), OPERATOR):
        with pytest.raises(NotAllowedError):
            interest.claim_interest(session, viewer, one)
        with pytest.raises(NotAllowedError):
            interest.waive(session, viewer, waiver)
    with pytest.raises(NotFoundError):
        interest.claim_interest(session, acting_for(a_party(session), "supplier"), one)


def test_a_withdrawn_claim_frees_its_days(session: Session) -> None:
    claim = late(session)
    one = claimed(session, claim, date(2025, 11, 18))

    assert give_up(session, claim, date(2025, 11, 19), claim_id=one.id)
    with pytest.raises(interest.WithdrawnError):
        give_up(session, claim, date(2025, 11, 19), claim_id=one.id)
    claimed(session, claim, date(2025, 11, 18), on=date(2025, 11, 19))

    assert owed(session, claim) == (MILLION, 20_000_00)


def test_interest_is_waived_in_part_but_not_what_is_paid_or_not_yet_claimed(
    session: Session,
) -> None:
    claim = late(session)
    one = claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 15_000_00, date(2025, 11, 20))

    with pytest.raises(ExceedsError, match=r"exceeds the 5000\.00 of interest claimed"):
        give_up(session, claim, date(2025, 11, 21), claim_id=one.id)
    with pytest.raises(ExceedsError, match=r"exceeds the 0\.00 of interest claimed"):
        give_up(session, claim, date(2025, 11, 17), amount_fen=1)
    give_up(session, claim, date(2025, 11, 21), amount_fen=5_000_00)

    assert owed(session, claim) == (MILLION, 0)
    assert verify(session) == []


def test_days_before_the_receivable_was_recorded_bear_interest_too(session: Session) -> None:
    """What came by a file or over HTTP today may be long overdue."""
    delivered, today = date(2025, 8, 2), date(2026, 3, 2)
    claim = a_receivable(session, face_fen=MILLION, delivered_on=delivered, opened_on=today)
    pay(session, claim, 300_000_00, today)

    claimed(session, claim, date(2025, 11, 18), on=today)

    assert owed(session, claim) == (700_000_00, 20_000_00)
