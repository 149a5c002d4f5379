import random
import tarfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears.queries import ageing, overdue_totals
from services.ledger.financing.queries import ELIGIBLE
from services.ledger.insight.queries import summary
from services.ledger.insight.verify import verify
from services.ledger.intake.loading import load_profile
from services.ledger.intake.report import IntakeReport
from services.ledger.intake.service import Intake, commit, preview
from services.ledger.receivables.queries import BOOK, book_parameters
from tests.intake.conftest import TODAY

SHARED = Path("../shared/data")
P2P = ("purchase_orders.csv", "goods_receipts.csv", "invoice_receipts.csv", "payments.csv")
P2P_DAY = date(2022, 9, 30)
P2P_KNOWN = datetime(2022, 9, 30, 21, 59, 59, tzinfo=UTC)
EVER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public data sets, unpacked; nothing of them is in this repository."""
    if not SHARED.is_dir():
        pytest.skip("the shared data sets are not beside this repository")
    folder = tmp_path_factory.mktemp("data")
    for name in ("p2p_2022", "ibm_ar", "bpi2019_sample"):
        with tarfile.open(SHARED.joinpath(f"{name}.tar.gz")) as archive:
            archive.extractall(folder, filter="data")
    return folder


def _take(session: Session, path: Path, profile: str) -> IntakeReport:
    intake = Intake(path, load_profile(profile), OPERATOR, TODAY)
    return commit(session, intake)


def _book(
    session: Session, as_of: date, known_at: datetime, where: str = "true"
) -> tuple[int, int]:
    row = (
        session.connection()
        .execute(
            text(
                f"""WITH {BOOK} SELECT count(*) AS n,
              coalesce(sum(b.receivable_fen + b.disputed_fen), 0)::bigint AS fen,
              coalesce(sum(b.face_fen), 0)::bigint AS face FROM book b WHERE {where}"""
            ),
            book_parameters(OPERATOR, as_of=as_of, known_at=known_at),
        )
        .one()
    )
    return row.n, row.fen


def _p2p_is_right(session: Session, known_at: datetime) -> None:
    orders = session.connection().execute(
        text("SELECT count(*) FROM orders WHERE placed_on <= :day AND known_at <= :known"),
        {"day": P2P_DAY, "known": known_at},
    )
    assert orders.scalar_one() == 300
    assert _book(session, P2P_DAY, known_at)[0] == 162
    is_open = "b.receivable_fen + b.disputed_fen > 0"
    assert _book(session, P2P_DAY, known_at, is_open) == (17, 1_510_500_00)
    face = text(f"WITH {BOOK} SELECT sum(face_fen) FROM book")
    parameters = book_parameters(OPERATOR, as_of=P2P_DAY, known_at=known_at)
    assert session.connection().execute(face, parameters).scalar_one() == 10_949_500_00
    late = overdue_totals(session, OPERATOR, as_of=P2P_DAY, known_at=known_at)
    assert [(one.count, one.undisputed_fen, one.under_review) for one in late] == [
        (9, 949_850_00, 0)
    ]
    bands = ageing(session, OPERATOR, as_of=P2P_DAY, known_at=known_at, since="start", bands=[30])
    assert [(one.count, one.open_fen) for one in bands if one.name == ">30"] == [(1, 47_500_00)]
    assert _book(session, P2P_DAY, known_at, ELIGIBLE) == (8, 560_650_00)
    told = summary(session, OPERATOR, as_of=P2P_DAY, known_at=known_at)
    assert told.repeated_payment_rows == 38


def test_a_buyers_log_gives_the_worked_example_to_the_last_unit(
    session: Session, data: Path
) -> None:
    reports = [_take(session, data.joinpath("p2p_2022", name), "p2p_2022") for name in P2P]

    assert [report.error_count for report in reports] == [0, 0, 0, 0]
    assert reports[0].new == {"party": 51, "contract": 50, "order": 472}
    assert reports[2].new["receivable"] == 257
    assert reports[3].new["payment"] == 245
    assert reports[3].repeat_count == 61
    assert verify(session) == []
    _p2p_is_right(session, P2P_KNOWN)


def _facts(session: Session) -> dict[str, set[tuple[object, ...]]]:
    """Everything the files said, without when and from which line it came here."""
    columns = {
        "orders": "id, contract_id, placed_on, known_at",
        "receipts": 'order_id, id, receipt_id, kind, "on", known_at',
        "receivables": "id, order_id, creditor_id, issued_on, opened_on, face_fen, known_at",
        "receivable_receipts": "receivable_id, receipt_id, since_on, known_at",
        "clock_facts": 'receivable_id, id, "on", since_on, known_at',
        "confirmations": 'receivable_id, id, amount_fen, "on", known_at',
        "postings": 'receivable_id, id, debit, credit, amount_fen, "on", known_at, cause',
        "balances": "receivable_id, receivable_fen, start_on, due_on, confirmed_on",
        "payments": 'id, debtor_id, amount_fen, "on", method, known_at',
        "findings": 'subject_id, id, reference, amount_fen, "on", known_at',
    }
    connection = session.connection()
    return {
        table: {tuple(row) for row in connection.execute(text(f"SELECT {listed} FROM {table}"))}
        for table, listed in columns.items()
    }


def test_the_log_gives_the_same_book_shuffled_in_halves_and_twice(
    session: Session, data: Path, tmp_path: Path
) -> None:
    with session.begin_nested() as savepoint:
        session.connection()
        for name in P2P:
            _take(session, data.joinpath("p2p_2022", name), "p2p_2022")
        in_order = _facts(session)
        savepoint.rollback()
    chance = random.Random(20220930)
    for name in P2P:
        lines = data.joinpath("p2p_2022", name).read_text("utf-8").splitlines(keepends=True)
        rows = lines[1:]
        chance.shuffle(rows)
        half = tmp_path.joinpath(name.replace(".csv", "_half.csv"))
        half.write_text(lines[0] + "".join(rows[: len(rows) // 2]), "utf-8")
        whole = tmp_path.joinpath(name)
        chance.shuffle(rows)
        whole.write_text(lines[0] + "".join(rows), "utf-8")
        for path in (half, whole, data.joinpath("p2p_2022", name)):
            assert _take(session, path, "p2p_2022").error_count == 0

    assert _facts(session) == in_order
    _p2p_is_right(session, P2P_KNOWN)
    _p2p_is_right(session, EVER)
    again = _take(session, data.joinpath("p2p_2022", "payments.csv"), "p2p_2022")
    assert again.seen_before
    assert again.known == {"payment": 245}
    assert verify(session) == []


def test_known_at_gives_the_book_as_it_was_known_in_the_middle_of_the_log(
    session: Session, data: Path
) -> None:
    for name in P2P:
        _take(session, data.joinpath("p2p_2022", name), "p2p_2022")

    # What was executed or recorded after an instant is not in the book known at it.
    known_at = datetime(2022, 6, 30, 21, 59, 59, tzinfo=UTC)
    by_day = _book(session, date(2022, 6, 30), EVER)
    assert _book(session, P2P_DAY, known_at) == by_day
    assert by_day != _book(session, P2P_DAY, EVER)


def test_a_sellers_book_gives_the_worked_example(session: Session, data: Path) -> None:
    path = data.joinpath("ibm_ar", "WA_Fn-UseC_-Accounts-Receivable.csv")

    report = _take(session, path, "ibm_ar")

    day = date(2012, 12, 31)
    assert report.error_count == 0
    assert report.new == {
        "party": 101,
        "contract": 100,
        "receivable": 2466,
        "confirmation": 2466,
        "dispute": 561,
        "payment": 2466,
    }
    is_open = "b.receivable_fen + b.disputed_fen > 0"
    assert _book(session, day, EVER)[0] == 1277
    assert _book(session, day, EVER, is_open) == (99, 5_725_06)
    assert _book(session, day, EVER, f"{is_open} AND b.due_on < :as_of") == (13, 788_74)
    assert _book(session, day, EVER, ELIGIBLE) == (67, 3_766_20)
    number = text("SELECT count(*) FROM receivables WHERE invoice_number LIKE '0%'")
    assert session.connection().execute(number).scalar_one() == 266
    assert verify(session) == []


def test_a_cancelled_and_repeated_receipt_restarts_the_clock(session: Session, data: Path) -> None:
    report = _take(session, data.joinpath("bpi2019_sample", "bpi2019_three_cases.csv"), "bpi2019")

    assert report.error_count == 0
    starts = text(
        "SELECT r.invoice_number, b.start_on FROM balances b"
        " JOIN receivables r ON r.id = b.receivable_id ORDER BY 1"
    )
    assert [tuple(row) for row in session.connection().execute(starts)] == [
        ("2000000000_00001", date(2018, 3, 6)),
        ("2000000001_00001", date(2018, 1, 16)),
        ("2000000002_00001", date(2018, 8, 16)),
    ]


def test_a_preview_says_what_a_commit_does_and_writes_nothing(session: Session, data: Path) -> None:
    intake = Intake(
        data.joinpath("p2p_2022", "purchase_orders.csv"),
        load_profile("p2p_2022"),
        OPERATOR,
        TODAY,
    )
    tables = ("parties", "contracts", "orders", "events", "unsealed", "imports")

    seen = preview(session, intake)

    assert not seen.committed
    for table in tables:
        count = session.connection().execute(text(f"SELECT count(*) FROM {table}"))
        assert count.scalar_one() == 0, table
    assert commit(session, intake).new == seen.new
