from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
import random
import tarfile
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.arrears.queries import ageing, overdue_totals
from services.ledger.financing.queries import ELIGIBLE
from services.ledger.intake.loading import load_profile
from services.ledger.intake.queries import count_repeats
from services.ledger.intake.service import Intake, IntakeReport, commit
from services.ledger.receivables.queries import BOOK, book_parameters

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


def _take(session: Session, path: Path, profile: str, **more: Any) -> IntakeReport:
    intake = Intake(path, load_profile(profile), OPERATOR, shipped(), **more)
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
    assert count_repeats(session, OPERATOR, as_of=P2P_DAY, known_at=known_at) == 38


def test_a_buyers_log_gives_the_worked_example_to_the_last_unit(
    session: Session, data: Path
) -> None:
    reports = [_take(session, data.joinpath("p2p_2022", name), "p2p_2022") for name in P2P]

    assert [report.error_count for report in reports] == [0, 0, 0, 0]
    assert reports[0].new == {"party": 51, "contract": 50, "order": 472}
    assert reports[2].new["receivable"] == 257
    assert reports[3].new["payment"] == 245
    assert reports[3].repeat_count == 61
    _p2p_is_right(session, P2P_KNOWN)
