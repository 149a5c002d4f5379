"""民法典 561: costs of enforcement come first, then interest, then principal.

E15 with costs: 1,000,000 due on 2025-10-09, 0.05 % a day, 300,000 received on 2025-11-18.
"""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from services.ledger.law.costs import Cost, settle
from services.ledger.law.interest import Payment

CASE: dict[str, Any] = {
    "signed_on": "2025-06-10",
    "debtor": {"kind": "LARGE"},
    "creditor": {"size": "SMALL"},
    "subject": "GOODS",
    "contract": {"due_on": "2025-10-09", "settlement": "ON_DELIVERY"},
    "facts": {
        "delivered_on": "2025-08-10",
        "amount": "1000000.00",
        "payments": [{"on": "2025-11-18", "amount": "300000.00"}],
    },
    "as_of": "2025-12-31",
}
FEE = {"on": "2025-11-10", "amount": "5000.00", "kind": "PRESERVATION", "note": "保全费收据8"}


def explained(*costs: dict[str, Any], principal_first: bool = False, **facts: Any) -> Any:
    return explain(
        {
            **CASE,
            "contract": {**CASE["contract"], "principal_first": principal_first},
            "facts": {**CASE["facts"], "costs": list(costs), **facts},
        },
        shipped(),
    )


def test_what_costs_take_of_a_payment_lowers_no_principal() -> None:
    found = explained(FEE)

    assert found["costs"] == {"claimed": "5000.00", "paid": "5000.00", "open": "0.00"}
    # 295,000 beyond the costs: interest 20,000, then 275,000 of the principal; 725,000 for 43 days.
    assert found["interest"]["statutory"] == "35587.50"
    assert found["interest"]["spans"][1]["principal"] == "725000.00"
    (first, *_) = [one for one in found["trace"] if one["rule"] == "R-ALLOCATE"]
    for said in ("costs first", "PRESERVATION 5000.00 2025-11-10 保全费收据8", "open 0.00"):
        assert said in first["text_en"] + first["text_zh"], first
    assert first["article"].endswith("第五百六十一条")


def test_without_costs_nothing_changes_and_nothing_is_said_of_them() -> None:
    found = explained()

    assert found["interest"]["statutory"] == "35480.00"
    assert "costs" not in found


@pytest.mark.parametrize(
    ("on", "paid", "statutory"),
    [("2025-11-18", "5000.00", "35587.50"), ("2025-11-19", "0.00", "35480.00")],
    ids=["on the day of the payment", "the day after"],
)
def test_a_cost_is_paid_by_no_earlier_payment(on: str, paid: str, statutory: str) -> None:
    found = explained({**FEE, "on": on})

    assert (found["costs"]["paid"], found["interest"]["statutory"]) == (paid, statutory)


def test_a_cost_after_the_day_asked_about_is_not_claimed_yet() -> None:
    found = explained({**FEE, "on": "2026-01-01"})

    assert found["costs"] == {"claimed": "0.00", "paid": "0.00", "open": "0.00"}


def test_a_payment_after_the_day_asked_about_has_paid_no_cost_yet() -> None:
    facts = {**CASE["facts"], "costs": [FEE]}
    found: Any = explain({**CASE, "facts": facts, "as_of": "2025-11-15"}, shipped())

    assert found["costs"] == {"claimed": "5000.00", "paid": "0.00", "open": "5000.00"}


def test_where_the_principal_comes_first_costs_have_what_is_left_before_interest() -> None:
    rest = {"on": "2025-12-01", "amount": "710000.00"}
    both = [CASE["facts"]["payments"][0], rest]

    agreed = explained(FEE, principal_first=True)
    settled = explained(FEE, principal_first=True, payments=both)

    assert agreed["costs"]["open"] == "5000.00"
    assert agreed["interest"]["statutory"] == "35050.00"
    assert settled["costs"]["open"] == "0.00"
    # 700,000 for 13 days, then nothing.
    assert settled["interest"]["statutory"] == "24550.00"


def test_costs_come_before_the_lines_of_a_plan() -> None:
    plan = {"lines": [{"kind": "PROGRESS", "amount": "600000.00"}, {"kind": "FINAL"}]}
    facts = {**CASE["facts"], "costs": [FEE]}
    found: Any = explain(
        {**CASE, "contract": {**CASE["contract"], **plan}, "facts": facts}, shipped()
    )

    assert found["costs"]["paid"] == "5000.00"
    assert found["interest"]["statutory"] == "35587.50"


def test_a_payment_that_costs_use_up_still_interrupts_limitation() -> None:
    used_up = explained({**FEE, "amount": "400000.00"})

    assert used_up["costs"] == {"claimed": "400000.00", "paid": "300000.00", "open": "100000.00"}
    assert used_up["limitation_ends_on"] == "2028-11-18"
    assert used_up["interest"]["statutory"] == "41500.00"


DAYS = st.dates(date(2025, 1, 1), date(2025, 3, 1))
FEN = st.integers(1, 10**6)
PAID = st.lists(st.builds(Payment, DAYS, FEN), max_size=6)
COSTS = st.lists(st.builds(Cost, DAYS, FEN, st.just("OTHER")), max_size=6)


@given(PAID, COSTS, st.none() | st.tuples(FEN, PAID))
def test_no_fen_is_lost_and_none_is_paid_twice(
    paid: list[Payment], costs: list[Cost], principal: tuple[int, list[Payment]] | None
) -> None:
    found = settle(paid, costs, as_of=date(2025, 3, 1), principal=principal)

    left_fen = sum(one.amount_fen for one in found.payments)
    assert left_fen + found.paid_fen == sum(one.amount_fen for one in paid)
    assert 0 <= found.paid_fen <= found.claimed_fen == sum(one.amount_fen for one in costs)
    assert all(one.amount_fen > 0 for one in found.payments)
