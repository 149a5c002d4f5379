"""Exports of a past day: nothing that happened since lets a part be offered twice."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.financing import queries
from services.ledger.financing.exporting import NothingEligibleError
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.receivables.queries import BOOK, book_parameters
from services.ledger.receivables.service import Act, credit, dispute, resolve
from tests.ledger.make import acting_for
from tests.ledger.test_financing import AT, DAY, answer, confirmed, export, now_of, paid, take


@pytest.fixture(autouse=True)
def _platform(session: Session) -> None:
    register_platform(session, OPERATOR, code="PLATFORM-A", name="融资平台甲")


def folded(session: Session, days: int) -> tuple[int, ...]:
    """Return what was free, disputed and reserved so many days after `DAY`, as is known now."""
    asked = book_parameters(OPERATOR, as_of=DAY + timedelta(days=days), known_at=AT)
    columns = "receivable_fen, disputed_fen, reserved_fen"
    found = session.connection().execute(text(f"WITH {BOOK} SELECT {columns} FROM book"), asked)
    return tuple(found.one())


def test_an_export_dated_back_is_used_up_by_what_was_paid_since(session: Session) -> None:
    claim = confirmed(session)
    paid(session, claim, 400_00, DAY + timedelta(days=3))
    paid(session, claim, 600_00, DAY + timedelta(days=5))

    summary = export(session)

    assert (summary.count, summary.total_fen) == (1, 1_000_00)
    assert now_of(session, claim).open_fen == 0
    assert verify(session) == []
    (row,) = queries.rows(session, summary.id)
    assert "USED_SINCE" in row.flags
    for days, reserved in ((0, 1_000_00), (3, 600_00), (5, 0)):
        assert folded(session, days) == (0, 0, reserved)


def test_what_was_disputed_since_is_offered_once_when_it_is_given_back(session: Session) -> None:
    """By an export dated back it was offered, and again when the dispute was upheld."""
    claim = confirmed(session)
    since = Act(new_id(), claim.id, DAY + timedelta(days=3), 400_00, "短少")
    buyer = acting_for(claim.debtor_id)
    dispute(session, buyer, since)

    first = export(session)
    resolve(session, buyer, replace(since, id=new_id()), upheld=True)
    second = export(session, DAY + timedelta(days=3))

    assert (first.total_fen, second.total_fen) == (600_00, 400_00)
    assert verify(session) == []
    assert folded(session, 0) == (400_00, 0, 600_00)
    assert folded(session, 3) == (0, 0, 1_000_00)


@pytest.mark.parametrize(
    ("paid_after", "upheld_after", "folds"),
    [
        (2, 1, [(0, 400_00, 600_00), (400_00, 0, 600_00), (0, 0, 300_00), (0, 0, 200_00)]),
        (1, 2, [(0, 400_00, 600_00), (0, 300_00, 0), (300_00, 0, 0), (200_00, 0, 0)]),
    ],
)
def test_a_payment_uses_the_reservation_up_after_what_was_free_that_day(
    session: Session, paid_after: int, upheld_after: int, folds: list[tuple[int, ...]]
) -> None:
    """What a dispute gave back before the payment was paid first, as if offered on the day."""
    claim = confirmed(session)
    act = Act(new_id(), claim.id, DAY, 400_00, "短少")
    buyer = acting_for(claim.debtor_id)
    dispute(session, buyer, act)

    def give_back() -> None:
        on = DAY + timedelta(days=upheld_after)
        fen = min(now_of(session, claim).disputed_fen, 400_00)
        resolve(session, buyer, replace(act, id=new_id(), on=on, amount_fen=fen), upheld=True)

    if upheld_after < paid_after:
        give_back()
    paid(session, claim, 700_00, DAY + timedelta(days=paid_after))
    if upheld_after > paid_after:
        give_back()
    paid(session, claim, 100_00, DAY + timedelta(days=3))

    assert export(session).total_fen == 600_00
    assert [folded(session, days) for days in range(4)] == folds
    assert verify(session) == []


def test_what_was_paid_uses_the_first_offer_up_and_is_no_part_of_another(session: Session) -> None:
    claim = confirmed(session)
    paid(session, claim, 400_00, DAY + timedelta(days=3))
    first = export(session)
    take(session, first.reference, answer(claim, "REFUSED"))

    second = export(session)

    assert (first.total_fen, second.total_fen) == (1_000_00, 600_00)
    assert now_of(session, claim).reserved_fen == 600_00
    assert verify(session) == []


def test_what_one_offer_used_up_hides_no_dispute_from_the_next(session: Session) -> None:
    claim = confirmed(session)
    buyer = acting_for(claim.debtor_id)
    act = Act(new_id(), claim.id, DAY, 400_00, "短少")
    dispute(session, buyer, act)
    paid(session, claim, 400_00, DAY + timedelta(days=3))
    assert export(session).total_fen == 600_00
    given_back = replace(act, id=new_id(), on=DAY + timedelta(days=2))
    resolve(session, buyer, given_back, upheld=True)
    dispute(session, buyer, replace(act, id=new_id(), on=DAY + timedelta(days=3)))

    with pytest.raises(NothingEligibleError):
        export(session, DAY + timedelta(days=2))
    assert verify(session) == []


def test_an_export_dated_back_leaves_out_what_was_not_free_on_a_day_since(
    session: Session,
) -> None:
    """Given back, it is offered as of the day it came back; credited, never."""
    claim = confirmed(session)
    buyer, supplier = acting_for(claim.debtor_id), acting_for(claim.creditor_id, "supplier")
    act = Act(new_id(), claim.id, DAY + timedelta(days=1), 400_00, "短少")
    dispute(session, buyer, act)
    paid(session, claim, 200_00, DAY + timedelta(days=2))
    later = replace(act, id=new_id(), on=DAY + timedelta(days=3))
    resolve(session, buyer, later, upheld=True)
    credit(session, supplier, replace(later, id=new_id(), amount_fen=100_00))

    totals = [export(session, DAY + timedelta(days=days)).total_fen for days in (0, 3)]

    assert totals == [600_00, 300_00]
    assert verify(session) == []


def test_an_export_says_which_due_days_a_notice_may_still_move(session: Session) -> None:
    day = date(2026, 11, 20)
    confirmed(session, delivered_on=day)

    summary = export(session, day)

    (row,) = queries.rows(session, summary.id)
    assert (row.due_on, list(row.flags)) == (date(2027, 1, 19), ["calendar_provisional"])
