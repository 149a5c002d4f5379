"""The engine against an oracle that counts day by day and shares none of its code."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.almanac import shipped
from services.ledger.law.case import decide
from services.ledger.money import format_fen
from tests.law import oracle

ALMANAC = shipped()
SIGNED = st.dates(date(2020, 1, 1), date(2026, 6, 30))
HAPPENED = st.dates(date(2023, 11, 1), date(2026, 6, 30))
ASKED = st.dates(date(2024, 1, 1), date(2026, 9, 30))
MONEY = st.integers(1, 10**10).map(format_fen)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    contract: dict[str, Any] = {
        "settlement": draw(st.sampled_from(["ON_DELIVERY", "ACCEPTANCE", "PROGRESS", "PERIODIC"])),
        "principal_first": draw(st.booleans()),
        "pay_when_paid": draw(st.sampled_from([False, False, True])),
    }
    contract |= draw(st.sampled_from([{}, {"inspection_days": 0}, {"inspection_days": 15}]))
    if draw(st.booleans()):
        contract["term_days"] = draw(st.integers(0, 130))
    elif draw(st.booleans()):
        contract["term_months"] = draw(st.integers(0, 5))
    if draw(st.booleans()):
        rates = ["0", "1.5", "2.99", "3", "3.00", "3.1", "3.45", "6", "18.25"]
        contract["agreed_annual_rate_percent"] = draw(st.sampled_from(rates))
        contract["day_basis"] = draw(st.sampled_from([360, 365, 366]))
    names = ("delivered_on", "accepted_on", "settlement_confirmed_on")
    facts: dict[str, Any] = {
        name: draw(HAPPENED).isoformat() for name in names if draw(st.integers(0, 3))
    }
    facts["amount"] = draw(MONEY)
    facts["payments"] = [
        {"on": draw(ASKED).isoformat(), "amount": draw(MONEY)}
        for _ in range(draw(st.integers(0, 3)))
    ]
    if draw(st.booleans()):
        since, until = sorted((draw(ASKED), draw(ASKED)))
        dispute: dict[str, Any] = {"amount": facts["amount"]}
        dispute |= draw(
            st.sampled_from(
                [
                    {},
                    {"from": since.isoformat()},
                    {"to": until.isoformat()},
                    {"from": since.isoformat(), "to": until.isoformat()},
                ]
            )
        )
        half = max(1, oracle.fen(facts["amount"]) // draw(st.integers(1, 3)))
        facts["disputed"] = [dispute | {"amount": format_fen(half)}]
    kinds = sorted(oracle.PUBLIC | oracle.LARGE | {"SMALL", "MILITARY", "INDIVIDUAL"})
    return {
        "signed_on": draw(SIGNED).isoformat(),
        "debtor": {"kind": draw(st.sampled_from(kinds))},
        "creditor": {"size": draw(st.sampled_from(["LARGE", "MEDIUM", "SMALL", "MICRO"]))},
        "contract": contract,
        "facts": facts,
        "as_of": draw(ASKED).isoformat(),
    }


@given(cases())
@settings(max_examples=300, deadline=None)
def test_a_case_comes_out_as_it_does_when_every_day_is_counted(case: dict[str, Any]) -> None:
    found: Any = decide(case, ALMANAC)

    due = oracle.due_on(case)
    assert found["due_on"] == (due and due.isoformat())
    if due is None:
        assert (found["days_overdue"], found["overdue_undisputed"]) == (0, "0.00")
        return
    late, overdue, interest, _ = oracle.late_fen(case)
    shown = {name: amount for name, amount in found["interest"].items() if name != "spans"}
    agreed = "agreed_annual_rate_percent" in case["contract"]
    if found["applies"] is True:
        governing = "statutory" if not agreed else "floor" if shown["floor"] else "agreed"
        assert found["days_overdue"] == late
        assert found["overdue_undisputed"] == format_fen(overdue)
        assert shown[governing] == format_fen(interest)
    elif not agreed:
        # Nothing gives a rate, so that what is paid goes to the principal alone.
        assert {each for each in shown.values() if each is not None} == set()
