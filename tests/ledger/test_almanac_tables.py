"""Rates, notices, caps and readings that are imported after the package was made."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.almanac import shipped
from services.ledger.almanac.service import current, edition, imports
from services.ledger.insight.verify import verify
from services.ledger.law.case import decide
from services.ledger.law.terms import ContractFacts, decide_terms
from services.ledger.law.values import LprMissingError
from services.ledger.receivables.notice import (
    AlmanacFileError,
    Imported,
    bring_calendar,
    import_almanac,
)
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for

TODAY = date(2026, 12, 15)
NOTICE = "国务院办公厅关于2027年部分节假日安排的通知（测试用）"
# New Year's Day 2027 is a Friday; the fixed holidays, and two days that only a notice can name.
REST_2027 = [
    "2027-01-01",
    "2027-02-08",
    "2027-02-09",
    "2027-05-01",
    "2027-05-02",
    "2027-10-01",
    "2027-10-02",
    "2027-10-03",
]
WORK_2027 = ["2027-02-14"]


def notice(rest: list[str] = REST_2027, work: list[str] = WORK_2027) -> str:
    return rows(*(f"rest,{day},,{NOTICE}" for day in rest), *(f"work,{day},,x" for day in work))


def rows(*lines: str) -> str:
    return "\n".join(("kind,date,value,source", *lines)) + "\n"


def take(session: Session, content: str, today: date = TODAY) -> Imported:
    return import_almanac(session, OPERATOR, content.encode(), name="a.csv", today=today)


def refused(session: Session, content: str, today: date = TODAY) -> list[tuple[int, str]]:
    with pytest.raises(AlmanacFileError) as error:
        take(session, content, today)
    assert imports(session) == []
    return [(fault.line, fault.column) for fault in error.value.faults]


@pytest.fixture
def due_on_a_new_holiday(session: Session) -> Claim:
    """Delivered 2026-12-10, 60 days: Monday 2027-02-08, a working day as far as is known."""
    contract = a_contract(session, signed_on=date(2026, 9, 1))
    claim = a_receivable(session, contract, delivered_on=date(2026, 12, 10))
    assert claim.due_on == date(2027, 2, 8)
    return claim


def test_a_notice_moves_the_due_days_of_its_year_and_no_event_that_was_told(
    session: Session, due_on_a_new_holiday: Claim
) -> None:
    other = a_receivable(session)
    foreign = a_contract(session, domestic=False, term_days=60)
    abroad = a_receivable(session, foreign, delivered_on=date(2026, 12, 10))
    told = session.connection().execute(text("SELECT id, data FROM events ORDER BY id")).all()

    done = take(session, notice())

    assert (done.version, done.rows, done.due_days) == (1, {"rest": 8, "work": 1}, 1)
    moved = get_visible(session, OPERATOR, due_on_a_new_holiday.id)
    assert moved.due_on == date(2027, 2, 10)
    for claim in (other, abroad):
        assert get_visible(session, OPERATOR, claim.id).due_on == claim.due_on
    assert verify(session) == []
    events = session.connection().execute(text("SELECT id, data, type FROM events ORDER BY id"))
    later = {event.id: event for event in events}
    assert [tuple(later.pop(event.id))[:2] for event in told] == [tuple(event) for event in told]
    [imported] = later.values()
    assert imported.type == "almanac.imported"
    assert imported.data["due_days"] == 1


def test_a_published_year_is_provisional_no_longer(session: Session) -> None:
    signed = {"signed_on": "2026-09-01", "debtor": {"kind": "LARGE"}, "creditor": {"size": "SMALL"}}
    case = signed | {"facts": {"delivered_on": "2026-12-10"}}
    before = decide(case, current(session))

    take(session, notice())
    after = decide(case, current(session))

    assert (before["due_on"], before["flags"]) == ("2027-02-08", ["calendar_provisional"])
    assert (after["due_on"], after["flags"]) == ("2027-02-10", [])
    provisional = session.connection().execute(
        text("SELECT bool_or(provisional) FROM calendar WHERE day < '2027-12-31'")
    )
    assert provisional.scalar_one() is False


def test_a_make_up_workday_is_a_working_day(session: Session) -> None:
    take(session, notice())

    assert not current(session).calendar.is_rest(date(2027, 2, 14))
    assert current(session).calendar.is_rest(date(2027, 2, 21))


def test_a_later_notice_corrects_an_earlier_one(
    session: Session, due_on_a_new_holiday: Claim
) -> None:
    take(session, notice())
    corrected = rows("work,2027-02-08,,更正", "rest,2027-02-14,,更正")
    assert take(session, corrected).due_days == 1

    assert get_visible(session, OPERATOR, due_on_a_new_holiday.id).due_on == date(2027, 2, 8)
    assert current(session).calendar.is_rest(date(2027, 2, 14))
    assert verify(session) == []


def test_a_due_day_moves_back_to_a_make_up_workday_before_it(session: Session) -> None:
    contract = a_contract(session, signed_on=date(2026, 9, 1), term_days=59)
    claim = a_receivable(session, contract, delivered_on=date(2026, 12, 16))
    take(session, notice(work=[]))
    assert get_visible(session, OPERATOR, claim.id).due_on == date(2027, 2, 15)

    # 59 days end on Saturday 2027-02-13; the Sunday after it becomes a working day.
    assert take(session, rows("work,2027-02-14,,更正")).due_days == 1

    assert get_visible(session, OPERATOR, claim.id).due_on == date(2027, 2, 14)


def test_migrating_again_keeps_what_was_imported(
    session: Session, due_on_a_new_holiday: Claim
) -> None:
    take(session, notice())

    assert bring_calendar(session, current(session).calendar, source="x") == (0, 0)
    assert bring_calendar(session, shipped().calendar, source="x")[1] == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.dates(date(2026, 10, 25), date(2026, 12, 15)), min_size=1, max_size=5),
    st.sets(st.dates(date(2027, 1, 2), date(2027, 2, 28)), max_size=12),
)
def test_due_days_after_a_notice_are_those_of_a_book_opened_after_it(
    session: Session, delivered: list[date], holidays: set[date]
) -> None:
    point = session.begin_nested()
    contract = a_contract(session, signed_on=date(2026, 9, 1))
    before = [a_receivable(session, contract, delivered_on=day) for day in delivered]

    take(session, notice(sorted({*REST_2027, *(day.isoformat() for day in holidays)}), []))

    after = [a_receivable(session, contract, delivered_on=day) for day in delivered]
    now = [get_visible(session, OPERATOR, claim.id).due_on for claim in before]
    assert now == [claim.due_on for claim in after]
    assert verify(session) == []
    point.rollback()


def test_the_next_rate_lets_contracts_of_its_month_be_judged(session: Session) -> None:
    case = {
        "signed_on": "2026-10-25",
        "debtor": {"kind": "LARGE"},
        "creditor": {"size": "SMALL"},
        "contract": {"agreed_annual_rate_percent": "3.05"},
    }
    with pytest.raises(LprMissingError, match="2026-10-20"):
        decide(case, current(session))

    take(session, rows("lpr,2026-10-20,3.10,全国银行间同业拆借中心（测试用）"))

    assert decide(case, current(session))["flags"] == ["RATE_BELOW_LPR"]
    assert current(session).lpr.on(date(2026, 10, 25)) == Decimal("3.10")


@pytest.mark.parametrize(
    "lines",
    [
        ["lpr,2026-11-20,3.00,x"],
        ["lpr,2026-10-20,3.00,x", "lpr,2026-12-21,3.00,x"],
        ["lpr,2026-10-20,3.00,x", "lpr,2026-10-21,3.00,x"],
        ["lpr,2026-09-21,3.00,x"],
        ["lpr,2025-01-02,3.00,x"],
        ["lpr,2026-10-20,3,x"],
        ["lpr,2026-10-20,3.00,"],
        ["lpr:x,2026-10-20,3.00,x"],
        ["lpr,2026-13-20,3.00,x"],
        ["lpr,20261020,3.00,x"],
        ["lpr,2026-10-20,3.00"],
        ["lpr,2026-10-20,3.00,x,y"],
        ["limit:nothing,2027-01-01,30,x"],
        ["limit:gov_cap_days,2027-01-01,-1,x"],
        ["reading:rest_days,2027-01-01,ANNOUNCED,x"],
        ["reading:day_basis,2027-01-01,364,x"],
        ["work,2026-12-16,,x"],
        ["rest,2027-02-08,,x"],
        ["rest,2026-12-16,,x", "work,2026-12-16,,x"],
        ["holiday,2027-02-08,,x"],
        [],
        ['lpr,"2026'],
    ],
)
def test_a_faulty_file_is_refused_whole(session: Session, lines: list[str]) -> None:
    good = ["limit:gov_cap_days,2030-01-01,45,x"] if lines else []
    assert refused(session, rows(*good, *lines))


def test_every_fault_is_told_with_its_line_and_column(session: Session) -> None:
    content = rows("lpr,2026-10-20,three,x", "rest,soon,,x", "limit:gov_cap_days,2027-01-01,60,")

    assert refused(session, content) == [(2, "value"), (3, "date"), (4, "source")]


def test_a_rate_of_tomorrow_is_refused(session: Session) -> None:
    content = rows("lpr,2026-10-20,3.00,x")

    assert refused(session, content, date(2026, 10, 19)) == [(2, "date")]
    assert take(session, content, date(2026, 10, 20)).version == 1


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"kind,date,value\n", b"a\n"])
def test_what_is_no_such_file_is_refused(session: Session, content: bytes) -> None:
    with pytest.raises(AlmanacFileError):
        import_almanac(session, OPERATOR, content, name="a.csv", today=TODAY)


def test_the_same_file_again_changes_nothing(session: Session) -> None:
    take(session, notice())
    again = take(session, notice())

    assert (again.version, again.known, again.due_days) == (1, True, 0)
    assert len(imports(session)) == 1


def test_only_the_operator_imports(session: Session) -> None:
    buyer = acting_for(a_party(session, kind="LARGE"))
    with pytest.raises(NotAllowedError):
        import_almanac(session, buyer, notice().encode(), name="a.csv", today=TODAY)


def test_the_almanac_of_an_instant_and_of_a_version_comes_out_again(session: Session) -> None:
    before = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    take(session, rows("lpr,2026-10-20,3.10,x"))
    between = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    take(session, rows("lpr,2026-10-20,2.90,更正"))
    day = date(2026, 10, 25)

    assert edition(session, known_at=before).version == 0
    assert edition(session, known_at=between).almanac.lpr.on(day) == Decimal("3.10")
    assert edition(session, version=1).almanac.lpr.on(day) == Decimal("3.10")
    assert edition(session).almanac.lpr.on(day) == Decimal("2.90")
    assert edition(session, known_at=datetime(2099, 1, 1, tzinfo=UTC)).version == 2


def test_an_imported_cap_and_reading_count_from_their_day(session: Session) -> None:
    cap = "limit:gov_cap_days,2026-01-01,45,测试用"
    take(session, rows(cap, "reading:public_term_over_cap,2026-01-01,DEFAULT,测试用"))

    def decided(day: date) -> tuple[int | None, int | None]:
        facts = ContractFacts(day, "GOV", "SMALL", term_days=90)
        terms = decide_terms(facts, current(session, signed_on=day))
        return terms.term_days, terms.cap_days

    assert decided(date(2025, 12, 31)) == (90, 60)
    assert decided(date(2026, 1, 1)) == (30, 45)


def test_changing_the_tables_never_changes_a_stored_decision(session: Session) -> None:
    contract = a_contract(session, debtor_kind="GOV", signed_on=date(2026, 2, 1), term_days=90)
    claim = a_receivable(session, contract, delivered_on=date(2026, 3, 2))
    stored = text("SELECT to_jsonb(c) FROM contracts c")
    before = session.connection().execute(stored).scalar_one()

    take(session, rows("limit:gov_cap_days,2020-09-01,10,测试用"))
    take(session, notice())

    assert session.connection().execute(stored).scalar_one() == before
    assert get_visible(session, OPERATOR, claim.id).due_on == claim.due_on
    assert claim.due_on == date(2026, 3, 2) + timedelta(days=60 + 5)
    assert verify(session) == []
