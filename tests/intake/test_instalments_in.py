"""Files whose rows are the instalments of invoices: all of an invoice, or none of it."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.insight.verify import verify
from services.ledger.intake.problems import TEXTS
from tests.intake.conftest import Take
from tests.intake.files import CLAIM_HEAD, DIGITS, claim, codes, count

HEAD = f"{CLAIM_HEAD},期次,款项类型,发票总额,约定付款日"
PLAN = (
    ("1", "预付款", "30.00", "2025-07-15"),
    ("2", "进度款", "60.00", ""),
    ("3", "质量保证金", "10.00", "2026-07-10"),
)


def line(number: int, nth: str, kind: str, amount: str, due_on: str, **other: str) -> str:
    said = {"id": f"AR{number}-{nth}", "amount": amount} | other
    total = said.pop("total", "100.00")
    return f"{claim(number, **said)},{nth},{kind},{total},{due_on}"


def plan(number: int) -> list[str]:
    return [line(number, *one) for one in PLAN]


def whole(number: int, **other: str) -> str:
    return f"{claim(number, **other)},,,,"


def opened(session: Session) -> list[Any]:
    rows = session.connection().execute(
        text(
            "SELECT r.line, r.line_kind, r.face_fen, b.due_on FROM receivables r"
            " JOIN balances b ON b.receivable_id = r.id ORDER BY r.invoice_number, r.line"
        )
    )
    return [tuple(row) for row in rows]


def test_each_instalment_is_a_receivable_due_on_its_own_day(session: Session, take: Take) -> None:
    report = take("应收账款", HEAD, *plan(1), whole(2))

    assert report.errors == []
    assert opened(session) == [
        (1, "ADVANCE", 30_00, date(2025, 7, 15)),
        (2, "PROGRESS", 60_00, date(2025, 9, 1)),  # 2025-08-31 is a Sunday
        (3, "RETENTION", 10_00, date(2026, 7, 10)),
        (0, "", 100_00, date(2025, 9, 1)),
    ]
    # The invoice is claimed once, by its first instalment.
    assert count(session, "invoice_identities") == 2
    assert verify(session) == []


def test_the_same_file_again_opens_nothing(session: Session, take: Take) -> None:
    take("应收账款", HEAD, *plan(1))
    again = take("应收账款", HEAD, *reversed(plan(1)))

    assert again.errors == []
    assert count(session, "receivables") == 3
    assert verify(session) == []


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (plan(1)[:2], [(2, "期次"), (3, "期次")]),
        (plan(1)[1:], [(2, "期次"), (3, "期次")]),
        ([*plan(1), line(1, "2", "进度款", "60.00", "", id="AR1-2b")],
         [(2, "期次"), (3, "期次"), (4, "期次"), (5, "期次")]),
        ([*plan(1)[:2], line(1, *PLAN[2], total="101.00")],
         [(2, "期次"), (3, "期次"), (4, "期次")]),
        ([*plan(1)[:2], line(1, "3", "质量保证金", "10.01", "2026-07-10")],
         [(2, "期次"), (3, "期次"), (4, "期次")]),
        ([*plan(1), whole(1)], [(2, "期次"), (3, "期次"), (4, "期次"), (5, "期次")]),
    ],
    ids=["last missing", "first missing", "twice", "two totals", "other sum", "and a whole"],
)  # fmt: skip
def test_instalments_that_do_not_make_their_invoice_are_all_refused(
    session: Session, take: Take, rows: list[str], expected: list[tuple[int, str]]
) -> None:
    report = take("应收账款", HEAD, *rows, whole(2))

    assert codes(report) == [(at, column, "INSTALMENTS_DIFFER") for at, column in expected]
    assert opened(session) == [(0, "", 100_00, date(2025, 9, 1))]
    assert verify(session) == []


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (line(1, "1", "", "100.00", ""), "期次", "INSTALMENT_INCOMPLETE"),
        (line(1, "", "进度款", "100.00", ""), "期次", "INSTALMENT_INCOMPLETE"),
        (line(1, "1", "进度款", "100.00", "", total=""), "期次", "INSTALMENT_INCOMPLETE"),
        (line(1, "0", "进度款", "100.00", ""), "期次", "INSTALMENT_INCOMPLETE"),
        (line(1, "1", "质量保证金", "100.00", ""), "约定付款日", "RETENTION_DAY"),
        (line(1, "1", "尾款", "100.00", ""), "款项类型", "CHOICE_UNKNOWN"),
    ],
)
def test_an_instalment_that_is_not_fully_described_is_told(
    session: Session, take: Take, row: str, column: str, code: str
) -> None:
    assert codes(take("应收账款", HEAD, row)) == [(2, column, code)]
    assert opened(session) == []


def test_an_invoice_is_claimed_as_a_whole_or_in_instalments_never_both(
    session: Session, take: Take
) -> None:
    take("应收账款", HEAD, *plan(1), whole(2))

    other = str(DIGITS + 1)
    as_whole = take("应收账款", HEAD, whole(9, invoice=other))
    in_others = take(
        "应收账款", HEAD, line(8, "1", "结算款", "100.00", "", invoice=str(DIGITS + 2))
    )
    one_more = take("应收账款", HEAD, line(1, "4", "进度款", "5.00", ""))

    assert codes(as_whole) == codes(in_others) == [(2, "发票号码", "INVOICE_CLAIMED")]
    assert codes(one_more) == [(2, "期次", "INSTALMENTS_DIFFER")]
    assert count(session, "receivables") == 4


def test_an_instalment_with_another_amount_or_kind_is_another_document(
    session: Session, take: Take
) -> None:
    take("应收账款", HEAD, *plan(1))

    kind = take("应收账款", HEAD, line(1, "2", "结算款", "60.00", ""))
    number = take("应收账款", HEAD, line(1, "3", "进度款", "60.00", "", id="AR1-2"))
    plain = take("应收账款", HEAD, whole(1, id="AR1-2", amount="60.00"))

    assert [codes(one) for one in (kind, number, plain)] == [[(2, "", "ID_REUSED")]] * 3
    assert count(session, "receivables") == 3


def test_the_errors_of_instalments_are_in_both_languages() -> None:
    for code in ("INSTALMENT_INCOMPLETE", "RETENTION_DAY", "INSTALMENTS_DIFFER"):
        chinese, english = TEXTS[code]
        assert "发票" in chinese or "保证金" in chinese
        assert "invoice" in english or "retention" in english
