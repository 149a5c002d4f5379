"""Balances that change, calculated by hand. Due 2025-10-09; 0.05 % a day on 1 000 000."""

from datetime import date

import pytest

from services.ledger.law.interest import Claim, Dispute, Payment, Rate, accrue

STATUTORY = Rate(5, 10_000)
CLAIM = Claim(1_000_000_00, date(2025, 10, 9))


def october(day: int) -> date:
    return date(2025, 10, day)


def test_the_due_day_itself_is_on_time_and_the_next_is_one_day_late() -> None:
    assert accrue(CLAIM, STATUTORY, as_of=october(9)).days_overdue == 0
    late = accrue(CLAIM, STATUTORY, as_of=october(10))
    assert (late.days_overdue, late.interest_fen) == (1, 500_00)


def test_a_dispute_decided_later_bears_interest_only_while_undisputed() -> None:
    claim = CLAIM._replace(disputes=[Dispute(200_000_00, october(1), october(19))])

    while_disputed = accrue(claim, STATUTORY, as_of=october(18))
    on_the_day = accrue(claim, STATUTORY, as_of=october(19))
    after = accrue(claim, STATUTORY, as_of=october(29), spans=True)

    assert while_disputed.undisputed_fen == 800_000_00
    assert on_the_day.undisputed_fen == 1_000_000_00
    # 800 000 for the 10 days to 10-19, then 1 000 000 for 10 days: 4 000 + 5 000.
    assert [span.interest_fen for span in after.spans] == [4_000_00, 5_000_00]


def test_a_dispute_that_opens_late_stops_interest_on_its_part_from_the_next_day() -> None:
    claim = CLAIM._replace(disputes=[Dispute(200_000_00, october(19))])

    # 1 000 000 for the 10 days to 10-19, then 800 000 for 10 days: 5 000 + 4 000.
    assert accrue(claim, STATUTORY, as_of=october(29)).interest_fen == 9_000_00


def test_what_is_wholly_disputed_is_not_overdue() -> None:
    claim = CLAIM._replace(disputes=[Dispute(1_000_000_00)])

    found = accrue(claim, STATUTORY, as_of=october(29))

    assert (found.days_overdue, found.undisputed_fen, found.interest_fen) == (0, 0, 0)


def test_days_overdue_stand_still_once_the_rest_is_disputed() -> None:
    claim = CLAIM._replace(disputes=[Dispute(1_000_000_00, october(14))])

    assert accrue(claim, STATUTORY, as_of=october(29)).days_overdue == 5


def test_a_credit_reduces_the_principal_and_pays_no_interest() -> None:
    claim = CLAIM._replace(credits=[Payment(october(19), 400_000_00)])

    found = accrue(claim, STATUTORY, as_of=october(29))

    # 1 000 000 for 10 days, then 600 000 for 10: 5 000 + 3 000.
    assert (found.interest_fen, found.interest_paid_fen) == (8_000_00, 0)
    assert found.principal_fen == 600_000_00


def test_a_payment_before_the_due_day_goes_to_the_principal() -> None:
    claim = CLAIM._replace(payments=[Payment(october(9), 999_999_99)])

    found = accrue(claim, STATUTORY, as_of=october(29))

    # 0.01 for 20 days is 0.0001, which rounds to nothing.
    assert (found.principal_fen, found.interest_fen, found.days_overdue) == (1, 0, 20)


@pytest.mark.parametrize(
    ("principal_first", "paid", "principal", "interest_paid", "unapplied"),
    [
        (False, 5_000_00, 1_000_000_00, 5_000_00, 0),
        (False, 1_005_000_00, 0, 5_000_00, 0),
        (False, 1_005_000_01, 0, 5_000_00, 1),
        (True, 1_000_000_00, 0, 0, 0),
        (True, 1_005_000_01, 0, 5_000_00, 1),
    ],
)
def test_a_payment_is_allocated_as_561_or_the_parties_say(
    *, principal_first: bool, paid: int, principal: int, interest_paid: int, unapplied: int
) -> None:
    claim = CLAIM._replace(payments=[Payment(october(19), paid)], principal_first=principal_first)

    found = accrue(claim, STATUTORY, as_of=october(19))

    assert (found.principal_fen, found.interest_paid_fen, found.unapplied_fen) == (
        principal,
        interest_paid,
        unapplied,
    )
