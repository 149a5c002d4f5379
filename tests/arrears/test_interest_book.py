"""Claimed interest in the book: paid first (民法典 561), apart from the principal, proved."""

import json
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears import interest, interest_queries
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.journal.service import Move, record
from services.ledger.payments.service import OverpaidError
from services.ledger.receivables.queries import get_visible
from tests.arrears.late import DUE, MILLION, claimed, give_up, late, owed, pay
from tests.ledger.make import acting_for


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
    ("damage", "check"),
    [
        ("UPDATE interest_waivers SET amount_fen = amount_fen + 1", "interest"),
        (
            """UPDATE interest_claims SET spans = jsonb_set(spans, '{0,interest}', '"1.00"')""",
            "interest",
        ),
        ("UPDATE interest_claims SET from_on = due_on + 1", "interest"),
        ("DELETE FROM postings WHERE debit = 'interest_earned'", "balances"),
        ("UPDATE balances SET interest_fen = interest_fen + 1", "balances"),
    ],
)
def test_verify_finds_interest_that_was_tampered_with(
    session: Session, damage: str, check: str
) -> None:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    claimed(session, claim, date(2025, 12, 31))
    give_up(session, claim, date(2026, 1, 5), amount_fen=1_00)
    assert verify(session) == []

    session.connection().execute(text(damage))

    assert check in {finding.check for finding in verify(session)}
