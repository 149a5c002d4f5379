"""Payments from files go to claimed costs and interest as those over HTTP do, in their order."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.journal.service import Move, record
from services.ledger.payments.service import Paid, record_payment
from tests.intake.conftest import Take
from tests.intake.files import CLAIM_HEAD, PAID_HEAD, claim, codes

Rows = list[tuple[str, int]]
"""Days and fen, in the order of the days."""
CLAIMED: Rows = [("2025-10-01", 10_00), ("2025-11-01", 5_00)]
COSTS: Rows = [("2025-10-02", 3_00), ("2025-11-10", 4_00)]


def opened(
    session: Session, take: Take, *, principal_first: bool, costs: Rows | None = None
) -> None:
    """A receivable of 100.00 with interest, and costs if any, claimed on two days."""
    take("应收账款", CLAIM_HEAD, claim(1))
    if principal_first:
        agreed = """UPDATE contracts SET terms = terms || '{"principal_first": true}'"""
        session.connection().execute(text(agreed))
    one = session.connection().execute(text("SELECT id FROM receivables")).scalar_one()
    moves = [
        Move(one, "interest", "interest_earned", fen, date.fromisoformat(on), new_id())
        for on, fen in CLAIMED
    ]
    moves += [
        Move(one, "costs", "costs_advanced", fen, date.fromisoformat(on), new_id())
        for on, fen in costs or ()
    ]
    record(session, moves, [])


def postings(session: Session) -> list[tuple[str, date, int]]:
    found = session.connection().execute(
        text("SELECT credit, \"on\", amount_fen FROM postings WHERE debit = 'cash' ORDER BY 2, 1")
    )
    return [(row.credit, row.on, row.amount_fen) for row in found]


@pytest.mark.parametrize("costs", [[], COSTS], ids=["interest", "costs"])
@pytest.mark.parametrize("principal_first", [False, True])
@pytest.mark.parametrize(
    "rows",
    [
        [("2025-09-30", 20_00)],
        [("2025-10-01", 4_00), ("2025-10-02", 20_00)],
        [("2025-09-30", 3_00), ("2025-10-15", 12_00), ("2025-11-15", 2_00), ("2025-11-16", 9_00)],
        [("2025-10-15", 50_00), ("2025-11-15", 65_00)],
        [("2025-11-15", 115_00)],
        [("2025-10-01", 1_00), ("2025-10-02", 2_00), ("2025-11-10", 9_00), ("2025-11-15", 90_00)],
    ],
)
def test_a_file_pays_what_the_same_payments_one_by_one_pay(
    session: Session, take: Take, rows: Rows, *, principal_first: bool, costs: Rows
) -> None:
    with session.begin_nested() as savepoint:
        opened(session, take, principal_first=principal_first, costs=costs)
        one = session.connection().execute(text("SELECT id FROM receivables")).scalar_one()
        for on, fen in rows:
            day = date.fromisoformat(on)
            paid = Paid(new_id(), "P", fen, "CNY", day, "", {one: fen})
            record_payment(session, OPERATOR, paid)
        single = postings(session)
        savepoint.rollback()
    opened(session, take, principal_first=principal_first, costs=costs)

    lines = [f"P{i},AR1,{fen // 100}.{fen % 100:02},{on}" for i, (on, fen) in enumerate(rows)]
    report = take("付款", PAID_HEAD, *reversed(lines))

    assert report.error_count == 0
    assert postings(session) == single
    assert "balances" not in {finding.check for finding in verify(session)}


def test_more_than_principal_and_claimed_interest_is_refused(session: Session, take: Take) -> None:
    opened(session, take, principal_first=False)

    report = take("付款", PAID_HEAD, "P1,AR1,115.01,2025-11-15", "P2,AR1,100.01,2025-09-30")

    assert codes(report)[0][1:] == ("金额", "PAYMENT_EXCEEDS_OPEN")
    assert postings(session) == []
