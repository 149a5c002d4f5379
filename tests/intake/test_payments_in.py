from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from tests.intake.conftest import Take
from tests.intake.files import (
    CLAIM_HEAD,
    PAID_HEAD,
    claim,
    codes,
    count,
    open_fen,
)


def test_a_payment_above_what_is_owed_is_refused(session: Session, take: Take) -> None:
    take("应收账款", CLAIM_HEAD, claim(1), claim(2))

    report = take(
        "付款",
        PAID_HEAD,
        "P1,AR1,60.00,2025-08-01",
        "P2,AR1,40.01,2025-08-02",
        "P3,AR2,100.00,2025-08-01",
        "P4,AR9,1.00,2025-08-01",
    )

    assert codes(report) == [
        (3, "金额", "PAYMENT_EXCEEDS_OPEN"),
        (5, "应收编号", "RECEIVABLE_UNKNOWN"),
    ]
    assert open_fen(session) == [40_00, 0]
    settled = text("SELECT count(*) FROM events WHERE type = 'receivable.settled'")
    assert session.connection().execute(settled).scalar_one() == 1


def test_one_payment_may_pay_several_receivables(session: Session, take: Take) -> None:
    take("应收账款", CLAIM_HEAD, claim(1), claim(2))

    report = take("付款", PAID_HEAD, "P1,AR1,60.00,2025-08-01", "P1,AR2,30.00,2025-08-01")

    assert (report.error_count, report.new, report.repeat_count) == (0, {"payment": 1}, 0)
    assert open_fen(session) == [40_00, 70_00]
    paid = session.connection().execute(text("SELECT amount_fen FROM payments"))
    assert paid.scalar_one() == 90_00


def test_a_payment_executed_again_is_reported_and_not_counted(session: Session, take: Take) -> None:
    take("应收账款", CLAIM_HEAD, claim(1))
    rows = ["P1,AR1,40.00,2025-08-05", "P1,AR1,40.00,2025-08-01", "P1,AR1,40.00,2025-08-01"]

    report = take("付款", PAID_HEAD, *rows)

    assert report.error_count == 0
    assert [(one.line, one.on) for one in report.repeats] == [(2, "2025-08-05"), (4, "2025-08-01")]
    assert open_fen(session) == [60_00]
    again = take("付款2", PAID_HEAD, *reversed(rows))
    assert (again.new["payment"], again.known["payment"], again.repeat_count) == (0, 1, 2)
    assert (count(session, "findings"), open_fen(session)) == (2, [60_00])


def test_an_earlier_execution_that_comes_later_is_the_payment(session: Session, take: Take) -> None:
    take("应收账款", CLAIM_HEAD, claim(1))
    take("付款", PAID_HEAD, "P1,AR1,40.00,2025-08-05")

    take("付款2", PAID_HEAD, "P1,AR1,40.00,2025-08-01")

    connection = session.connection()
    days = text('SELECT "on" FROM payments UNION SELECT "on" FROM postings WHERE debit = \'cash\'')
    assert connection.execute(days).scalars().all() == [date(2025, 8, 1)]
    found = connection.execute(text('SELECT "on" FROM findings')).scalars().all()
    assert found == [date(2025, 8, 5)]
    assert open_fen(session) == [60_00]
