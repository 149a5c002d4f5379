"""Claimed interest in the book: posted once, found by the engine, paid first (民法典 561)."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.almanac import shipped
from services.ledger.arrears import interest, interest_queries
from services.ledger.arrears.interest import Asked, Waiver
from services.ledger.arrears.interest_figure import InterestOverlapError, NoInterestError
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.journal.service import Move, record
from services.ledger.law.case import explain
from services.ledger.money import parse_fen
from services.ledger.payments.service import OverpaidError, Paid, record_payment
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.service import ExceedsError
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for

MILLION = 1_000_000_00
DUE = date(2025, 10, 9)


def late(session: Session, **terms: Any) -> Claim:
    """E15: 1,000,000 delivered on 2025-08-02, due on 2025-10-09."""
    contract = a_contract(session, **terms)
    delivered = date(2025, 8, 2)
    return a_receivable(
        session, contract, face_fen=MILLION, delivered_on=delivered, opened_on=delivered
    )


def asked(claim: Claim, until_on: date, **changes: object) -> Asked:
    plain = Asked(new_id(), claim.id, "statutory", until_on, until_on)
    return replace(plain, **changes)  # type: ignore[arg-type]


def claimed(session: Session, claim: Claim, until_on: date, **changes: object) -> Asked:
    one = asked(claim, until_on, **changes)
    supplier = acting_for(claim.creditor_id, "supplier")
    assert interest.claim_interest(session, supplier, one)
    return one


def give_up(session: Session, claim: Claim, on: date, **changes: object) -> bool:
    waiver = replace(Waiver(new_id(), claim.id, on), **changes)  # type: ignore[arg-type]
    return interest.waive(session, acting_for(claim.creditor_id, "supplier"), waiver)


def pay(session: Session, claim: Claim, fen: int, on: date) -> None:
    paid = Paid(new_id(), "P-1", fen, "CNY", on, "", {claim.id: fen})
    assert record_payment(session, OPERATOR, paid)


def owed(session: Session, claim: Claim) -> tuple[int, int]:
    """Return what is open of the principal, and of claimed interest."""
    found = get_visible(session, OPERATOR, claim.id)
    return found.open_fen, found.interest_fen


def test_interest_is_claimed_then_paid_first_as_in_example_e15(session: Session) -> None:
    claim = late(session)

    claimed(session, claim, date(2025, 11, 18))
    assert owed(session, claim) == (MILLION, 20_000_00)
    pay(session, claim, 300_000_00, date(2025, 11, 18))
    assert owed(session, claim) == (720_000_00, 0)
    claimed(session, claim, date(2025, 12, 31))

    assert owed(session, claim) == (720_000_00, 15_480_00)
    assert [row["amount_fen"] for row in interest.claims(session, claim.id)] == [
        20_000_00,
        15_480_00,
    ]
    assert verify(session) == []


def test_the_parties_own_order_pays_the_principal_first(session: Session) -> None:
    claim = late(session, principal_first=True)

    claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 300_000_00, date(2025, 11, 18))
    claimed(session, claim, date(2025, 12, 31))

    # E15: 20,000 + 15,050.
    assert owed(session, claim) == (700_000_00, 35_050_00)
    pay(session, claim, 735_050_00, date(2025, 12, 31))
    assert owed(session, claim) == (0, 0)
    assert get_visible(session, OPERATOR, claim.id).lifecycle == "closed"


def test_interest_nobody_claimed_takes_nothing_of_a_payment(session: Session) -> None:
    claim = late(session)

    pay(session, claim, 300_000_00, date(2025, 11, 18))

    assert owed(session, claim) == (700_000_00, 0)


def test_a_payment_dated_before_the_claim_goes_to_the_principal(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))

    pay(session, claim, 10_000_00, date(2025, 11, 17))

    assert owed(session, claim) == (990_000_00, 20_000_00)


def test_a_payment_uses_only_what_later_ones_have_left(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 10, 19))  # 5,000.00
    pay(session, claim, 5_000_00, date(2025, 10, 29))
    claimed(session, claim, date(2025, 11, 8))  # 10,000.00 more

    pay(session, claim, 1_000_00, date(2025, 10, 20))

    # What was claimed by the 20th was paid on the 29th: no day's balance may fall below zero.
    assert owed(session, claim) == (999_000_00, 10_000_00)


def test_a_payment_above_principal_and_claimed_interest_is_refused(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))

    with pytest.raises(OverpaidError, match=r"exceeds the 1020000\.00 owed \(with 20000\.00"):
        pay(session, claim, MILLION + 20_000_01, date(2025, 11, 18))

    pay(session, claim, MILLION + 20_000_00, date(2025, 11, 18))
    assert owed(session, claim) == (0, 0)


def test_a_receivable_is_settled_once_its_claimed_interest_is_paid(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 520_000_00, date(2025, 11, 18))
    session.commit()
    claimed(session, claim, date(2025, 11, 20))
    pay(session, claim, 500_000_00, date(2025, 11, 20))

    types = "SELECT type FROM events WHERE subject_id = :id AND type LIKE '%.settled'"
    told = list(session.connection().execute(text(types), {"id": claim.id}))

    assert owed(session, claim) == (500_00, 0)
    assert told == []


def test_a_day_bears_interest_once(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))

    with pytest.raises(InterestOverlapError, match="for 2025-11-18 to 2025-11-18 is claimed"):
        claimed(session, claim, date(2025, 11, 18))
    with pytest.raises(InterestOverlapError, match="for 2025-11-01 to 2025-11-18 is claimed"):
        claimed(session, claim, date(2025, 11, 30), from_on=date(2025, 11, 1))

    assert owed(session, claim) == (MILLION, 20_000_00)


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


def test_what_is_assigned_bears_interest_for_its_holder(session: Session) -> None:
    claim = late(session)
    moves = [Move(claim.id, "assigned", "receivable", 1, DUE, new_id())]
    record(session, moves, [])

    with pytest.raises(interest.InterestOfHolderError, match=r"0\.01 of invoice"):
        claimed(session, claim, date(2025, 11, 18))


def test_claimed_interest_is_no_part_of_the_budget(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    offered = [Move(claim.id, "reserved", "receivable", MILLION + 1, DUE, new_id())]

    with pytest.raises(IntegrityError, match="budget_is_kept"):
        record(session, offered, [])


def test_no_balance_of_interest_falls_below_zero(session: Session) -> None:
    claim = late(session)

    with pytest.raises(IntegrityError, match="interest_is_claimed"):
        record(session, [Move(claim.id, "cash", "interest", 1, DUE, new_id())], [])


def test_the_report_shows_principal_and_claimed_interest_apart_as_known_then(
    session: Session,
) -> None:
    claim = late(session)
    viewer = acting_for(claim.creditor_id, "supplier")
    before = now()
    claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 25_000_00, date(2025, 11, 20))

    def told(on: date, known_at: object = None) -> list[tuple[int, ...]]:
        rows = interest_queries.totals(
            session,
            viewer,
            as_of=on,
            known_at=known_at or now(),  # type: ignore[arg-type]
        )
        columns = ("principal_open_fen", "claimed_fen", "paid_fen", "open_fen")
        return [tuple(row[name] for name in columns) for row in rows]

    assert told(date(2025, 11, 19)) == [(MILLION, 20_000_00, 0, 20_000_00)]
    assert told(date(2025, 11, 20)) == [(995_000_00, 20_000_00, 20_000_00, 0)]
    assert told(date(2025, 11, 20), before) == []
    assert told(date(2025, 11, 17)) == []


def test_the_reasoning_counts_the_principal_as_the_book_has_it(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    pay(session, claim, 300_000_00, date(2025, 11, 18))

    found = reason(session, OPERATOR, claim.id, as_of=date(2025, 12, 31), known_at=now())

    assert found["case"]["facts"]["payments"] == [{"on": "2025-11-18", "amount": "280000.00"}]
    assert found["result"]["interest"]["statutory"] == "35480.00"
    assert found["result"]["overdue_undisputed"] == found["book"]["overdue_undisputed"]
    assert "INTEREST_PAID" in [note["id"] for note in found["notes"]]
    assert json.dumps(found["facts"]["interest_claims"], default=str).count("20000.00") == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE interest_claims SET amount_fen = amount_fen + 1",
        """UPDATE interest_claims SET spans = jsonb_set(spans, '{0,interest}', '"1.00"')""",
        "UPDATE interest_claims SET from_on = due_on + 1",
        "DELETE FROM postings WHERE debit = 'interest_earned'",
        "UPDATE balances SET interest_fen = interest_fen + 1",
    ],
)
def test_verify_finds_interest_that_was_tampered_with(session: Session, damage: str) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    claimed(session, claim, date(2025, 12, 31))
    give_up(session, claim, date(2026, 1, 5), amount_fen=1_00)
    assert verify(session) == []

    session.connection().execute(text(damage))

    found = {finding.check for finding in verify(session)}
    assert found & {"interest", "balances"}
