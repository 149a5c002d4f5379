"""The worked examples E1 to E16 with their variants, by number, in the fixed case format."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide, explain
from tests.law.cases import E6, E8, E9, E10, E15, signed, with_contract
from tests.law.worked import EXAMPLES


@pytest.mark.parametrize("number", EXAMPLES)
def test_a_worked_example_comes_out(number: str) -> None:
    case, expected = EXAMPLES[number]

    found = explain(case, shipped())

    for key, value in expected.items():
        if key == "interest":
            assert {name: found["interest"][name] for name in value} == value  # type: ignore[index]
        else:
            assert found[key] == value, key
    assert decide(case, shipped()) == found | {"readings": [], "trace": []}


@pytest.mark.parametrize(
    ("day", "floor", "below"),
    [
        ("2025-05-19", "3.10", "3.09"),
        ("2025-05-20", "3.00", "2.99"),
        ("2025-05-21", "3.00", "2.99"),
    ],
)
def test_the_floor_is_the_lpr_published_on_or_before_the_signing_day(
    day: str, floor: str, below: str
) -> None:
    def flags(rate: str) -> object:
        case = with_contract(E9, agreed_annual_rate_percent=rate, term_days=60)
        return decide(signed(case, day), shipped())["flags"]

    assert "RATE_BELOW_LPR" not in str(flags(floor))
    assert "RATE_BELOW_LPR" in str(flags(below))


def reading(case: dict[str, Any], name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = explain(case, shipped())["readings"]  # type: ignore[assignment]
    return next(each for each in found if each["id"] == name)


def test_the_alternatives_of_the_examples_stand_beside_the_results() -> None:
    # E3: 30 days end on Saturday 2025-08-09, so Monday 08-11.
    o6 = reading(EXAMPLES["E3 public body, 90 days"][0], "O6")
    assert o6["alternatives"][0]["result"]["due_on"] == "2025-08-11"
    # E1: if only announced holidays roll, Sunday 2025-09-07 stays.
    o1 = reading(EXAMPLES["E1"][0], "O1")
    assert o1["alternatives"][0]["result"] == {"due_on": "2025-09-07"}
    # E8: with the disputed part 1 000 000 × 0.0005 × 40 = 20 000.
    assert reading(E8, "DISPUTE_INTEREST")["alternatives"][0]["result"] == {"interest": "20000.00"}
    assert reading(E6, "PWP_RATE")["alternatives"][0]["result"]["interest"] == "1972.60"
    assert reading(E9, "RATE_BELOW_LPR")["alternatives"][0]["result"]["interest"] == "22500.00"
    # E10: under 2025 rules due 2025-08-19, so 134 days late on 12-31.
    late = reading(E10 | {"as_of": "2025-12-31"}, "TRANSITION")["alternatives"][0]["result"]
    assert (late["due_on"], late["days_overdue"]) == ("2025-08-19", 134)
    # E15: principal first.
    assert reading(E15, "ALLOCATION")["alternatives"][0]["result"] == {
        "overdue_undisputed": "700000.00",
        "interest": "35050.00",
    }
    # E16: not rolled, the 90 days end on Sunday 2026-01-18.
    rolled = reading(EXAMPLES["E16"][0], "ADMIN_PERIODS")
    assert rolled["alternatives"][0]["result"] == {"result_max_on": "2026-01-18"}
