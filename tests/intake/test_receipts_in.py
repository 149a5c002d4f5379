"""Receipts in files: held and locked as single commands do, and what they move is told."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import config, db
from services.ledger.access import OPERATOR
from services.ledger.arrears.service import assess
from services.ledger.insight.verify import verify
from services.ledger.intake.loading import load_profile
from services.ledger.intake.service import Intake, commit
from services.ledger.orders.service import Arrival, hold_receipts, receipt_id, receive
from tests.intake.conftest import TODAY, Take
from tests.intake.files import BUYER, CLAIM_HEAD, PAID_HEAD, SELLER, claim, codes, party_of

ORDER_HEAD = "订单编号,合同编号,买方统一社会信用代码,卖方统一社会信用代码,下单日期,金额"
ORDER = f"PO1,HT-1,{BUYER},{SELLER},2025-06-20,100.00"
RECEIPT_HEAD = "订单编号,收货单编号,事项,日期"
LINK_HEAD = "应收编号,收货单编号,日期"


def told(session: Session) -> list[str | None]:
    rows = session.connection().execute(
        text(
            "SELECT data->>'due_on' AS due_on FROM events"
            " WHERE type = 'receivable.term_changed' ORDER BY data->>'due_on' NULLS FIRST"
        )
    )
    return [row.due_on for row in rows]


def dates(session: Session) -> tuple[date | None, date | None]:
    row = session.connection().execute(text("SELECT start_on, due_on FROM balances")).one()
    return row.start_on, row.due_on


def named(take: Take, *receipts: str) -> None:
    """An invoice that names receipts whose orders are known and nothing else."""
    take("订单", ORDER_HEAD, ORDER)
    take("收货", RECEIPT_HEAD, *(f"PO1,{one},交付,2025-07-01" for one in receipts))
    take("应收账款", CLAIM_HEAD, claim(1, accepted=""))
    take("应收收货", LINK_HEAD, *(f"AR1,{one},2025-07-01" for one in receipts))


def test_a_due_day_that_a_file_moves_is_told_and_one_it_leaves_is_not(
    session: Session, take: Take
) -> None:
    named(take, "GR1")
    assert told(session) == []

    take("收货2", RECEIPT_HEAD, "PO1,GR1,验收合格,2025-07-02")
    take("收货3", RECEIPT_HEAD, "PO1,GR1,验收合格,2025-07-02")
    assert told(session) == ["2025-09-01"]
    take("收货4", RECEIPT_HEAD, "PO1,GR1,撤销,2025-07-03")

    assert told(session) == [None, "2025-09-01"]
    assert dates(session) == (None, None)
    assert verify(session) == []


def test_a_receipt_of_a_file_that_a_command_repeats_is_told_once(
    session: Session, take: Take
) -> None:
    named(take, "GR1")
    order_id = session.connection().execute(text("SELECT id FROM orders")).scalar_one()

    for _ in range(2):
        receive(session, OPERATOR, Arrival("GR1", "DELIVERED", date(2025, 7, 1), (order_id,)))

    told_of = text("SELECT count(*) FROM events WHERE type = 'order.delivered'")
    assert session.connection().execute(told_of).scalar_one() == 1
    assert verify(session) == []


def test_what_a_receipt_of_a_file_makes_overdue_is_found_by_the_next_assessment(
    session: Session, take: Take
) -> None:
    named(take, "GR1")
    connection = session.connection()
    long_ago = {"long_ago": datetime(2020, 1, 1, tzinfo=UTC)}
    connection.execute(text("UPDATE events SET recorded_at = :long_ago"), long_ago)
    now = text("SELECT clock_timestamp()")
    first = assess(session, as_of=date(2025, 12, 1), at=connection.execute(now).scalar_one())

    take("收货2", RECEIPT_HEAD, "PO1,GR1,验收合格,2025-07-02")

    second = assess(session, as_of=date(2025, 12, 2), at=connection.execute(now).scalar_one())
    assert (first.newly_overdue, second.newly_overdue) == (0, 1)


def test_a_named_receipt_of_which_nothing_is_known_holds_the_start(
    session: Session, take: Take
) -> None:
    named(take, "GR1")
    take("收货2", RECEIPT_HEAD, "PO1,GR1,验收合格,2025-07-02")
    assert dates(session) == (date(2025, 7, 2), date(2025, 9, 1))
    naming = text(
        """INSERT INTO receivable_receipts (receivable_id, receipt_id, since_on, known_at)
           SELECT id, :receipt, '2025-07-01', now() FROM receivables"""
    )
    receipt = receipt_id(party_of(session, BUYER), "GR2")
    session.connection().execute(naming, {"receipt": receipt})

    take("应收收货2", LINK_HEAD, "AR1,GR1,2025-07-03")
    assert dates(session) == (None, None)
    assert verify(session) == []
    take("收货3", RECEIPT_HEAD, "PO1,GR2,验收合格,2025-07-20")

    assert dates(session) == (date(2025, 7, 20), date(2025, 9, 18))
    assert verify(session) == []


@pytest.mark.parametrize(
    ("name", "head", "row", "column"),
    [
        ("应收账款", CLAIM_HEAD, claim(1, issued="2026-06-02"), "开票日期"),
        ("应收账款", CLAIM_HEAD, claim(1, accepted="2026-06-02"), "验收日期"),
        ("付款", PAID_HEAD, "P1,AR1,1.00,2026-06-02", "付款日期"),
        ("收货", RECEIPT_HEAD, "PO1,GR1,验收合格,2026-06-02", "日期"),
    ],
)
def test_a_day_that_has_not_come_is_refused(
    take: Take, name: str, head: str, row: str, column: str
) -> None:
    report = take(name, head, row)

    assert (2, column, "DAY_IN_FUTURE") in codes(report)
    assert "2026-06-01" in report.errors[0].english
    today = take(f"{name}2", head, row.replace("2026-06-02", "2026-06-01"))
    assert "DAY_IN_FUTURE" not in [code for _, _, code in codes(today)]


class Waiting:
    """A second transaction, on a thread of its own, that is to wait for the first."""

    def __init__(self, work: Any) -> None:
        self.problems: list[BaseException] = []
        self.done = False
        self._work = work
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._thread.join(timeout=1)

    def _run(self) -> None:
        try:
            with db.transaction() as session:
                self._work(session)
            self.done = True
        except BaseException as problem:  # noqa: BLE001 (told by the test)
            self.problems.append(problem)

    def join(self) -> None:
        self._thread.join(timeout=30)
        assert (self.done, self.problems) == (True, [])


@pytest.fixture
def book(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A database of this test, whose transactions are its own."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.dispose()
    yield
    db.dispose()
    config.settings.cache_clear()


def _commit(session: Session, folder: Path, name: str, head: str, *rows: str) -> None:
    path = folder.joinpath(f"{name}.csv")
    path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
    report = commit(session, Intake(path, load_profile("standard"), OPERATOR, TODAY))
    assert report.errors == []


@pytest.mark.usefixtures("book")
def test_a_file_and_a_single_command_about_receipts_wait_for_each_other(tmp_path: Path) -> None:
    with db.transaction() as session:
        _commit(
            session,
            tmp_path,
            "企业",
            "统一社会信用代码,名称,类型",
            f"{BUYER},大买方,大型企业",
            f"{SELLER},小供应商,小型企业",
        )
        _commit(
            session,
            tmp_path,
            "合同",
            "合同编号,买方统一社会信用代码,卖方统一社会信用代码,签订日期,约定付款天数",
            f"HT-1,{BUYER},{SELLER},2025-06-15,60",
        )
        _commit(session, tmp_path, "订单", ORDER_HEAD, ORDER)
        other = receipt_id(party_of(session, BUYER), "GR-OTHER")
    rows = ("收货", RECEIPT_HEAD, "PO1,GR1,交付,2025-07-01")

    with db.transaction() as session:
        hold_receipts(session, [other])
        file = Waiting(lambda mine: _commit(mine, tmp_path, *rows))
        assert not file.done
    file.join()

    with db.transaction() as session:
        _commit(session, tmp_path, "收货2", RECEIPT_HEAD, "PO1,GR1,验收合格,2025-07-02")
        command = Waiting(lambda mine: hold_receipts(mine, [other]))
        assert not command.done
    command.join()
