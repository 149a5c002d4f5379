"""The law over a whole book in one statement gives what the law's Python gives case by case."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.law.book_terms import decide_book_terms
from services.ledger.law.calendar import Calendar
from services.ledger.law.due import roll
from services.ledger.law.interest import Payment
from services.ledger.law.open_points import OPEN_POINTS
from services.ledger.law.values import Almanac
from services.ledger.orders.models import Contract
from services.ledger.orders.terms import clauses_of, facts_of, known_size
from services.ledger.receivables.accrual import RESOURCES, Plan, Question, clauses, parameters
from tests.ledger.law_book import AS_OF, KNOWN_AT, copy_in, make, sign
from tests.ledger.law_figures import Figures, figures

SEEDS = [1, 2]
READ_IN_SQL = (
    "rest_days",
    "no_inspection_period",
    "settlement_stalled",
    "service_delivery",
    "large_term_over_60",
    "public_term_over_cap",
    "invoice_condition",
    "month_terms",
    "transition",
    "rate_below_lpr",
    "pay_when_paid_rate",
    "pay_when_paid_term",
    "day_basis",
    "dispute_interest",
    "inspection_end",
    "gate_unknown",
    "agreed_day",
    "statutory_reduction",
)


def asked(session: Session, question: Question) -> dict[UUID, Figures]:
    statement = text(f"WITH {clauses(question, prefix='x_')} SELECT * FROM x_figures")
    values = {"opened_by": question.as_of, "known_at": KNOWN_AT, **OPERATOR.parameters()}
    rows = session.connection().execute(statement, values | parameters(question, prefix="x_"))
    return {
        row.id: Figures(
            row.start_on, row.due_on, row.days_overdue, row.undisputed_fen, row.interest_fen
        )
        for row in rows
    }


def question_of(contracts: list[Contract], almanac: Almanac, **more: Any) -> Question:
    chosen = almanac.settings
    days = (
        [
            (row.day, roll(row.day, almanac.calendar, chosen).on)
            for row in almanac.calendar.rows(*more.pop("calendar"))
        ]
        if "calendar" in more
        else None
    )
    return Question(
        terms=[([contract.id], terms_of(contract, almanac)) for contract in contracts],
        days=days,
        from_invoice=chosen.invoice_condition == "FROM_INVOICE",
        inspection_rolls=chosen.inspection_end == "ROLL",
        **more,
    )


def terms_of(contract: Contract, almanac: Almanac) -> Any:
    facts = facts_of(
        contract.terms,
        signed_on=contract.signed_on,
        debtor_kind=contract.debtor_kind,
        creditor_size=known_size(contract.creditor_size),
        settlement=contract.settlement,
        domestic=contract.reason != "FOREIGN_PARTY",
    )
    clauses_ = clauses_of(
        contract.terms,
        signed_on=contract.signed_on,
        debtor_kind=contract.debtor_kind,
        subject="GOODS",
        declared=True,
    )
    return decide_book_terms(facts, clauses_.rate, almanac)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_book_is_the_same_in_python_and_in_one_statement(session: Session, seed: int) -> None:
    _compare(session, Random(seed), count=2_000, contracts=60)


@pytest.mark.soak
def test_a_hundred_thousand_cases_are_the_same_in_both(session: Session) -> None:
    _compare(session, Random(100_000), count=100_000, contracts=400)


def _compare(session: Session, chance: Random, *, count: int, contracts: int) -> None:
    signed = sign(session, chance, count=contracts)
    made = list(make(chance, signed, count=count))
    copy_in(session.connection(), made)

    found = asked(session, question_of(signed, shipped(), as_of=AS_OF))

    in_book = [each for each in made if each.issued_on <= AS_OF]
    assert found.keys() == {each.id for each in in_book}
    for each in in_book:
        assert found[each.id] == figures(each, shipped()), (each.face_fen, each.movements)
    assert sum(one.interest_fen or 0 for one in found.values()) > 0


@pytest.mark.parametrize("seed", range(8))
def test_under_any_readings_both_are_the_same(session: Session, seed: int) -> None:
    chance = Random(seed)
    signed = sign(session, chance, count=40)
    made = list(make(chance, signed, count=500))
    copy_in(session.connection(), made)
    points = [point for point in OPEN_POINTS if point.setting in READ_IN_SQL]
    chosen = {
        point.setting: chance.choice(point.options[1:]) for point in points if chance.random() < 0.4
    }
    almanac = shipped()._replace(settings=shipped().settings._replace(**chosen))
    span = (AS_OF.replace(year=2019), AS_OF.replace(year=2028))

    found = asked(session, question_of(signed, almanac, as_of=AS_OF, calendar=span))

    for each in made:
        if each.issued_on <= AS_OF:
            assert found[each.id] == figures(each, almanac), (chosen, each)


def test_each_half_of_a_large_book_has_a_process_of_its_own(session: Session) -> None:
    chance = Random(8)
    signed = sign(session, chance, count=20)
    copy_in(session.connection(), list(make(chance, signed, count=1_000)))
    session.connection().execute(text("ANALYZE contracts, receivables, clock_facts, postings"))
    question = question_of(signed, shipped(), as_of=AS_OF)
    values = {"opened_by": AS_OF, "known_at": KNOWN_AT, **OPERATOR.parameters()}
    session.connection().execute(text(RESOURCES))
    # As for a very large book: another process costs nothing beside the work, or beside a scan.
    session.connection().execute(text("SET LOCAL parallel_setup_cost = 0"))
    session.connection().execute(text("SET LOCAL parallel_tuple_cost = 0"))

    plan = session.connection().execute(
        text(f"EXPLAIN WITH {clauses(question, prefix='x_')} SELECT * FROM x_figures"),
        values | parameters(question, prefix="x_"),
    )

    lines = [line for (line,) in plan]
    weighed = lines.index("  CTE x_weighed")
    assert "Gather" in lines[weighed + 1]
    assert "Parallel Append" in lines[weighed + 3]
    assert sum("Gather" in line for line in lines) == 1


def test_what_might_be_paid_counts_as_if_it_had_been(session: Session) -> None:
    chance = Random(5)
    signed = sign(session, chance, count=20)
    made = [each for each in make(chance, signed, count=400) if each.issued_on <= AS_OF]
    copy_in(session.connection(), made)
    plan = [
        Plan(each.id, AS_OF - timedelta(days=chance.randrange(-5, 300)), chance.randint(1, 10**9))
        for each in made
        if chance.random() < 0.5
    ]
    paid = {each.receivable_id: [Payment(each.on, each.amount_fen)] for each in plan}

    found = asked(session, question_of(signed, shipped(), as_of=AS_OF, plan=plan))

    for each in made:
        assert found[each.id] == figures(each, shipped(), paid=paid.get(each.id, ())), each


def test_paid_within_days_means_paid_in_full_on_that_day(session: Session) -> None:
    chance = Random(6)
    signed = sign(session, chance, count=20)
    made = [each for each in make(chance, signed, count=400) if each.issued_on <= AS_OF]
    copy_in(session.connection(), made)

    found = asked(session, question_of(signed, shipped(), as_of=AS_OF, paid_within_days=75))

    later = 0
    for each in made:
        start_on = found[each.id].start_on
        paid = []
        if start_on is not None:
            paid = [Payment(start_on + timedelta(days=75), each.face_fen)]
        assert found[each.id] == figures(each, shipped(), paid=paid), each
        later += found[each.id].days_overdue > 0
    assert later


def test_another_calendar_moves_due_days(session: Session) -> None:
    chance = Random(7)
    signed = sign(session, chance, count=20)
    made = [each for each in make(chance, signed, count=300) if each.issued_on <= AS_OF]
    copy_in(session.connection(), made)
    every_day = Calendar(years=range(2019, 2030), rest_days=(), announced=())
    almanac = shipped()._replace(calendar=every_day)
    span = (AS_OF.replace(year=2019), AS_OF.replace(year=2028))

    found = asked(session, question_of(signed, almanac, as_of=AS_OF, calendar=span))

    for each in made:
        assert found[each.id] == figures(each, almanac), each
    assert found != asked(session, question_of(signed, shipped(), as_of=AS_OF))
