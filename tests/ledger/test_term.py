"""The arithmetic of `law` and of the database is one: on any contract and any facts."""

from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.almanac import shipped
from services.ledger.ids import new_id
from services.ledger.law.due import due_of
from services.ledger.law.start import StartFacts, start_of_term
from services.ledger.law.terms import ContractFacts, decide_terms
from services.ledger.receivables.term import project
from tests.ledger.make import a_contract, a_receivable

DAYS = st.dates(date(2025, 1, 1), date(2026, 8, 1))
KINDS = ("DELIVERED", "ACCEPTED", "REJECTED", "SETTLEMENT_CONFIRMED")
CONTRACTS = st.fixed_dictionaries(
    {
        "signed_on": st.dates(date(2020, 1, 1), date(2026, 1, 1)),
        "debtor_kind": st.sampled_from(["GOV", "INSTITUTION", "LARGE", "LARGE_SOE", "SMALL"]),
        "domestic": st.booleans(),
        "settlement": st.sampled_from(["ON_DELIVERY", "ACCEPTANCE", "PROGRESS", "PERIODIC"]),
    },
    optional={
        "term_days": st.integers(0, 200),
        "term_months": st.integers(0, 6),
        "inspection_days": st.integers(0, 60),
        "pay_when_paid": st.booleans(),
    },
)


def in_python(agreed: dict[str, Any], facts: dict[str, date]) -> tuple[date | None, date | None]:
    terms = decide_terms(ContractFacts(creditor_size="SMALL", **agreed), shipped(), trace=False)
    start = start_of_term(
        StartFacts(
            delivered_on=facts.get("DELIVERED"),
            accepted_on=facts.get("ACCEPTED"),
            rejected_on=facts.get("REJECTED"),
            settlement_confirmed_on=facts.get("SETTLEMENT_CONFIRMED"),
        ),
        terms,
        trace=False,
    ).start_on
    due = due_of(start, terms, shipped().calendar)
    return start, due.on if due else None


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CONTRACTS, st.dictionaries(st.sampled_from(KINDS), DAYS))
def test_a_due_day_is_the_same_in_python_and_in_the_database(
    session: Session, agreed: dict[str, Any], facts: dict[str, date]
) -> None:
    contract = a_contract(session, **agreed)
    stated = {
        "delivered_on": facts.get("DELIVERED"),
        "accepted_on": facts.get("ACCEPTED"),
        "settlement_confirmed_on": facts.get("SETTLEMENT_CONFIRMED"),
    }
    claim = a_receivable(session, contract, **stated)
    if "REJECTED" not in facts:
        assert (claim.start_on, claim.due_on) == in_python(agreed, facts)
    else:
        session.connection().execute(
            text(
                'INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on,'
                " known_at) VALUES (:id, :fact, :id, 'REJECTED', :on, :on, now())"
            ),
            {"id": claim.id, "fact": new_id(), "on": facts["REJECTED"]},
        )
    project(session, [str(claim.id)])
    row = session.connection().execute(
        text("SELECT start_on, due_on FROM balances WHERE receivable_id = :id"), {"id": claim.id}
    )
    # Without any fact there is nothing to project from, and the dates stay empty.
    assert tuple(row.one()) == in_python(agreed, facts)


def test_the_table_of_days_is_the_calendar_of_the_law(session: Session) -> None:
    calendar = shipped().calendar
    rows = session.connection().execute(text("SELECT day, rest, next_workday FROM calendar"))
    for row in rows:
        assert row.rest == calendar.is_rest(row.day)
        assert row.next_workday == calendar.roll_forward(row.day).on
        assert row.next_workday - row.day < timedelta(days=12)
