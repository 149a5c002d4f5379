from datetime import UTC, date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears.queries import ageing, overdue, overdue_totals
from services.ledger.arrears.service import assess
from services.ledger.errors import LedgerError
from services.ledger.financing.queries import eligible
from services.ledger.insight.queries import summary
from services.ledger.insight.verify import verify
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from tests.ledger.make import a_contract, a_receivable, acting_for
from tests.ledger.test_receivables import act, pay

AT = datetime(2099, 1, 1, tzinfo=UTC)
DUE = date(2025, 9, 8)


def announced(
    session: Session, kind: str = "receivable.overdue"
) -> list[tuple[object, dict[str, object]]]:
    rows = session.connection().execute(
        text("SELECT subject_id, data FROM events WHERE type = :kind"), {"kind": kind}
    )
    return [(row.subject_id, row.data) for row in rows]


def now(session: Session) -> datetime:
    instant: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return instant


def test_the_day_after_the_due_day_is_the_first_day_overdue(session: Session) -> None:
    claim = a_receivable(session)

    assert overdue(session, OPERATOR, as_of=DUE, known_at=AT) == []
    late = overdue(session, OPERATOR, as_of=DUE + timedelta(days=1), known_at=AT)

    assert [(row.id, row.days_overdue, row.undisputed_fen) for row in late] == [
        (claim.id, 1, 1_000_00)
    ]


def test_what_becomes_overdue_is_announced_once_with_its_article(session: Session) -> None:
    claim = a_receivable(session)
    at = now(session)

    first = assess(session, as_of=DUE + timedelta(days=1), at=at)
    second = assess(session, as_of=DUE + timedelta(days=1), at=at)
    third = assess(session, as_of=DUE + timedelta(days=9), at=at)

    assert (first.newly_overdue, second.newly_overdue, third.newly_overdue) == (1, 0, 0)
    ((subject, data),) = announced(session)
    assert subject == claim.id
    assert data["flag"] == "待拖欠审核"
    assert "第九条" in str(data["article"])
    assert data["undisputed"] == "1000.00"


def test_a_receivable_told_late_is_announced_by_the_next_assessment(session: Session) -> None:
    assess(session, as_of=date(2025, 12, 1), at=now(session))
    claim = a_receivable(session)

    done = assess(session, as_of=date(2025, 12, 2), at=now(session))

    assert done.newly_overdue == 1
    assert announced(session)[0][0] == claim.id


def test_due_soon_is_announced_once_in_the_week_before(session: Session) -> None:
    a_receivable(session)

    counts = [
        assess(session, as_of=DUE - timedelta(days=days), at=now(session)).newly_due_soon
        for days in (8, 7, 6, 5, 0)
    ]

    assert counts == [0, 0, 1, 0, 0]


def test_what_is_paid_or_wholly_disputed_is_not_announced(session: Session) -> None:
    paid, disputed = a_receivable(session), a_receivable(session)
    pay(session, paid, 1_000_00)
    service.dispute(session, acting_for(disputed.debtor_id), act(disputed, 1_000_00))

    assert assess(session, as_of=date(2026, 1, 1), at=now(session)).newly_overdue == 0


def test_a_contract_outside_the_regulation_is_overdue_without_the_flag(session: Session) -> None:
    contract = a_contract(session, domestic=False, term_days=10)
    claim = a_receivable(session, contract)

    assert claim.due_on == date(2025, 7, 19)
    assess(session, as_of=date(2025, 8, 1), at=now(session))
    ((_, data),) = announced(session)
    assert data["flag"] == ""
    (total,) = overdue_totals(session, OPERATOR, as_of=date(2025, 8, 1), known_at=AT)
    assert (total.count, total.under_review) == (1, 0)


def _life(session: Session, steps: list[tuple[str, int]]) -> Claim:
    claim = a_receivable(session)
    buyer, supplier = acting_for(claim.debtor_id), acting_for(claim.creditor_id, "supplier")
    for name, fen in steps:
        try:
            match name:
                case "pay":
                    pay(session, claim, fen)
                case "confirm":
                    service.confirm(session, buyer, act(claim, fen))
                case "dispute":
                    service.dispute(session, buyer, act(claim, fen))
                case "uphold":
                    service.resolve(session, buyer, act(claim, fen), upheld=True)
                case "withdraw":
                    service.resolve(session, supplier, act(claim, fen), upheld=False)
                case _:
                    service.credit(session, supplier, act(claim, fen))
        except LedgerError:
            continue
    return claim


STEP = st.tuples(
    st.sampled_from(["pay", "confirm", "dispute", "uphold", "withdraw", "credit"]),
    st.integers(1, 1_200_00),
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=4), st.integers(-3, 40))
def test_the_nightly_task_and_the_question_give_the_same_answer(
    session: Session, lives: list[list[tuple[str, int]]], late: int
) -> None:
    point = session.begin_nested()
    for steps in lives:
        _life(session, steps)
    day = DUE + timedelta(days=late)
    assess(session, as_of=day, at=now(session))

    asked = overdue(session, OPERATOR, as_of=day, known_at=AT, limit=1000)
    told = {subject for subject, _ in announced(session)}

    assert told == {row.id for row in asked if row.undisputed_fen > 0}
    assert verify(session) == []
    (whole,) = summary(session, OPERATOR, as_of=day, known_at=AT).currencies
    bands = ageing(session, OPERATOR, as_of=day, known_at=AT)
    assert sum(band.open_fen for band in bands) == whole.open_fen
    assert sum(row.undisputed_fen + row.disputed_fen for row in asked) == whole.overdue_fen
    free = eligible(session, OPERATOR, as_of=day, known_at=AT, limit=1000)
    assert sum(row.free_fen for row in free) == whole.eligible_fen
    point.rollback()


def test_verify_finds_a_balance_that_was_tampered_with(session: Session) -> None:
    claim = a_receivable(session)
    session.connection().execute(text("UPDATE balances SET receivable_fen = 1, due_on = NULL"))

    found = {finding.check: finding.examples for finding in verify(session)}

    assert found == {
        "balances": [f"{claim.id}: balance: receivable 1 fen, its postings 100000"],
        "dates": [
            f"{claim.id}: balance: starts 2025-07-09, due ; by the facts 2025-07-09, 2025-09-08"
        ],
    }
