import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.financing import queries, service
from services.ledger.financing.answering import Answered, AnswerError, take_in
from services.ledger.financing.exporting import NothingEligibleError, reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.make import a_contract, acting_for, an_opening

DAY = date(2025, 7, 15)
AT = datetime(2099, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _platform(request: pytest.FixtureRequest) -> None:
    if "session" in request.fixturenames:
        register_platform(
            request.getfixturevalue("session"), OPERATOR, code="PLATFORM-A", name="融资平台甲"
        )


def confirmed(session: Session, **changes: Any) -> Claim:
    contract = a_contract(session)
    opening = an_opening(contract, **changes)
    open_receivable(session, acting_for(contract.debtor_id), opening)
    return get_visible(session, OPERATOR, opening.id)


def export(session: Session, as_of: date = DAY) -> queries.ExportSummary:
    return reserve(session, OPERATOR, platform="PLATFORM-A", currency="CNY", as_of=as_of)


def answer(claim: Claim, state: str, **changes: Any) -> Answered:
    facts: dict[str, Any] = {
        "document_number": claim.invoice_number,
        "issued_on": claim.issued_on,
        "total_fen": claim.face_fen,
        "supplier_name": "",
        "state": state,
        "financed_fen": 800_00 if state == "FINANCED" else 0,
        "reason": "CA01" if state == "REFUSED" else "",
    }
    return Answered(**{**facts, **changes})


def take(session: Session, reference: str, *answers: Answered) -> Any:
    return take_in(session, OPERATOR, reference=reference, answers=answers, on=DAY)


def paid(session: Session, claim: Claim, fen: int, on: date) -> None:
    record_payment(session, OPERATOR, Paid(new_id(), "P", fen, "CNY", on, "", {claim.id: fen}))


def now_of(session: Session, claim: Claim) -> Claim:
    return get_visible(session, OPERATOR, claim.id)


def test_an_authority_finds_an_export_whose_debtors_are_all_of_its_region(
    session: Session,
) -> None:
    for debtor, region in ((confirmed(session).debtor_id, one) for one in ("330100", "440300")):
        session.connection().execute(
            text("UPDATE parties SET region = :region WHERE id = :id"),
            {"region": region, "id": debtor},
        )
    made = export(session)

    for regions, finds in ((("33", "44"), True), (("",), True), (("33",), False), ((), False)):
        authority = Viewer(name="工信厅", role="regulator", party_id=None, regions=regions)
        if finds:
            assert queries.get_export(session, authority, made.reference) == made
        else:
            with pytest.raises(NotFoundError):
                queries.get_export(session, authority, made.reference)


def test_what_is_offered_is_reserved_and_not_offered_again(session: Session) -> None:
    claim = confirmed(session)

    first = export(session)

    assert (first.reference, first.count, first.total_fen) == ("EXP-2025-07-15-0001", 1, 1_000_00)
    assert (now_of(session, claim).receivable_fen, now_of(session, claim).reserved_fen) == (
        0,
        1_000_00,
    )
    for day in (DAY, DAY + timedelta(days=1), DAY - timedelta(days=1)):
        with pytest.raises(NothingEligibleError):
            export(session, day)
    assert verify(session) == []


def test_only_confirmed_delivered_undisputed_and_timely_parts_are_eligible(
    session: Session,
) -> None:
    contract = a_contract(session)
    unconfirmed = an_opening(contract)
    open_receivable(session, acting_for(contract.creditor_id, "supplier"), unconfirmed)
    confirmed(session, delivered_on=None)
    late = confirmed(session, delivered_on=date(2025, 1, 2))
    good = confirmed(session)

    rows = queries.eligible(session, OPERATOR, as_of=DAY, known_at=AT)

    assert late.due_on is not None
    assert late.due_on < DAY
    assert [row.id for row in rows] == [good.id]


def test_the_last_day_on_time_is_eligible_and_the_next_is_not(session: Session) -> None:
    claim = confirmed(session)
    assert claim.due_on is not None

    for day, found in ((claim.due_on, [claim.id]), (claim.due_on + timedelta(days=1), [])):
        rows = queries.eligible(session, OPERATOR, as_of=day, known_at=AT)
        assert [row.id for row in rows] == found


def test_an_answer_finances_refuses_and_waits_each_once(session: Session) -> None:
    financed, refused, pending = (confirmed(session) for _ in range(3))
    reference = export(session).reference
    answers = (
        answer(financed, "FINANCED"),
        answer(refused, "REFUSED"),
        answer(pending, "PENDING"),
    )

    first = take(session, reference, *answers)
    again = take(session, reference, *answers)

    assert (first.financed, first.refused, first.pending, first.repeated) == (1, 1, 1, 0)
    assert first.financed_fen == 800_00
    assert (again.financed, again.refused, again.pending, again.repeated) == (0, 0, 0, 3)
    assert now_of(session, financed).assigned_fen == 1_000_00
    assert now_of(session, refused).receivable_fen == 1_000_00
    assert now_of(session, pending).reserved_fen == 1_000_00
    second = export(session)
    assert (second.reference, second.count) == ("EXP-2025-07-15-0002", 1)
    assert verify(session) == []


def test_a_pending_row_is_financed_later(session: Session) -> None:
    claim = confirmed(session)
    reference = export(session).reference
    take(session, reference, answer(claim, "PENDING"))

    take(session, reference, answer(claim, "FINANCED"))

    assert now_of(session, claim).assigned_fen == 1_000_00


UNFIT = [
    {"document_number": "nobody's"},
    {"total_fen": 1},
    {"issued_on": date(2025, 7, 8)},
    {"supplier_name": "别的供应商"},
]


@pytest.mark.parametrize("change", UNFIT)
def test_an_answer_about_another_invoice_is_refused_whole(
    session: Session, change: dict[str, Any]
) -> None:
    good, other = confirmed(session), confirmed(session)
    reference = export(session).reference

    with pytest.raises(AnswerError):
        take(session, reference, answer(good, "FINANCED"), answer(other, "REFUSED", **change))
    assert now_of(session, good).assigned_fen == 0


def test_an_answer_that_contradicts_an_earlier_one_is_refused(session: Session) -> None:
    claim = confirmed(session)
    reference = export(session).reference
    take(session, reference, answer(claim, "FINANCED"))

    with pytest.raises(AnswerError, match="was answered FINANCED and is now answered REFUSED"):
        take(session, reference, answer(claim, "REFUSED"))


def test_an_export_of_another_platform_is_not_answered(session: Session) -> None:
    reference = export_of_one(session)
    stranger = acting_for(new_id(), "platform")

    with pytest.raises(NotFoundError):
        take_in(session, stranger, reference=reference, answers=[], on=DAY)


def export_of_one(session: Session) -> str:
    confirmed(session)
    return export(session).reference


def test_a_partly_paid_receivable_is_offered_for_the_rest(session: Session) -> None:
    claim = confirmed(session)
    paid(session, claim, 400_00, DAY)

    assert export(session).total_fen == 600_00


@pytest.mark.parametrize("file_format", ["csv", "csv-gb18030", "xlsx", "tsin001"])
def test_the_file_holds_what_the_ledger_holds(session: Session, file_format: str) -> None:
    for _ in range(3):
        confirmed(session)
    summary = export(session)
    target = io.BytesIO()

    totals = service.write_file(session, summary, file_format=file_format, target=target)

    assert (totals.count, totals.total_fen) == (3, 3_000_00)
    assert target.getvalue()


def test_a_file_that_would_differ_from_the_ledger_is_not_written(session: Session) -> None:
    confirmed(session)
    summary = export(session)
    session.connection().execute(text("UPDATE claims SET amount_fen = amount_fen - 1"))

    with pytest.raises(LedgerError) as refused:
        service.write_file(session, summary, file_format="csv", target=io.BytesIO())
    assert refused.value.code == "EXPORT_TOTALS_DIFFER"
