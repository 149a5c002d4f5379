"""Money on an edge of the law: payments, disputes and rates, each worked out by hand.

Due 2025-10-09: delivered 2025-08-02, a large debtor, a silent contract.
"""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide
from tests.law.cases import E6, E7, E8, E9, signed, with_contract, with_facts

MILLION = with_facts(E7, amount="1000000.00") | {"as_of": "2025-11-18"}


def judged(case: dict[str, Any], **changes: object) -> Any:
    return decide(case | changes, shipped())


@pytest.mark.parametrize(
    ("payments", "days", "overdue", "interest"),
    [
        # Nothing paid: 1 000 000 × 0.0005 × 40.
        ([], 40, "1000000.00", "20000.00"),
        # Before and on the due day a payment is on time and goes to the principal.
        ([("2025-09-01", "400000.00")], 40, "600000.00", "12000.00"),
        ([("2025-10-09", "1000000.00")], 0, "0.00", "0.00"),
        ([("2025-06-01", "1000000.00")], 0, "0.00", "0.00"),
        # The day after: one day of interest comes first, and that much principal stays open.
        ([("2025-10-10", "1000000.00")], 40, "500.00", "509.75"),
        ([("2025-10-10", "1000500.00")], 1, "0.00", "500.00"),
        # Too much is paid: nothing is owed, nothing is negative.
        ([("2025-09-01", "5000000.00")], 0, "0.00", "0.00"),
        ([("2025-10-19", "5000000.00")], 10, "0.00", "5000.00"),
        # What comes after the day asked about has not happened.
        ([("2025-11-19", "1000000.00")], 40, "1000000.00", "20000.00"),
        # On the day asked about it has: 20 000 of interest, 980 000 of principal.
        ([("2025-11-18", "1000000.00")], 40, "20000.00", "20000.00"),
        # Out of order, twice a day: 4 999.995 is owed on 10-19 and paid, then 14 999.985 accrues.
        ([("2025-10-19", "2500.00"), ("2025-09-01", "1.00"), ("2025-10-19", "2500.00")],
         40, "999999.00", "19999.98"),
    ],
)  # fmt: skip
def test_payments_on_time_late_split_and_too_much(
    payments: list[tuple[str, str]], days: int, overdue: str, interest: str
) -> None:
    paid = [{"on": on, "amount": amount} for on, amount in payments]

    found = judged(with_facts(MILLION, payments=paid))

    assert found["days_overdue"] == days
    assert (found["overdue_undisputed"], found["interest"]["statutory"]) == (overdue, interest)


@pytest.mark.parametrize(
    ("dispute", "days", "overdue", "interest"),
    [
        ({"amount": "200000.00"}, 40, "800000.00", "16000.00"),
        ({"amount": "200000.00", "from": "2025-09-01"}, 40, "800000.00", "16000.00"),
        # Settled before the due day: all of it is late.
        (
            {"amount": "200000.00", "from": "2025-09-01", "to": "2025-09-20"},
            40,
            "1000000.00",
            "20000.00",
        ),
        # Settled on 10-29: 800 000 for 20 days, 1 000 000 for 20.
        (
            {"amount": "200000.00", "from": "2025-09-01", "to": "2025-10-29"},
            40,
            "1000000.00",
            "18000.00",
        ),
        # Raised on 10-29: 1 000 000 for 20 days, 800 000 for 20.
        ({"amount": "200000.00", "from": "2025-10-29"}, 40, "800000.00", "18000.00"),
        # All of it: nothing is overdue.
        ({"amount": "1000000.00"}, 0, "0.00", "0.00"),
        ({"amount": "1000000.00", "from": "2025-10-14"}, 5, "0.00", "2500.00"),
    ],
)
def test_only_the_undisputed_part_is_late(
    dispute: dict[str, str], days: int, overdue: str, interest: str
) -> None:
    found = judged(with_facts(MILLION, disputed=[dispute]))

    assert (found["days_overdue"], found["overdue_undisputed"]) == (days, overdue)
    assert found["interest"]["statutory"] == interest


def test_nothing_is_late_on_the_due_day_or_before() -> None:
    for as_of in ("2025-08-02", "2025-10-08", "2025-10-09"):
        found = judged(MILLION, as_of=as_of)
        assert (found["days_overdue"], found["overdue_undisputed"]) == (0, "0.00")
        assert found["interest"]["spans"] == []
    first = judged(MILLION, as_of="2025-10-10")
    assert (first["days_overdue"], first["interest"]["statutory"]) == (1, "500.00")


@pytest.mark.parametrize(
    ("rate", "shown"),
    [
        (None, {"statutory", "court"}),
        ("3.00", {"agreed"}),
        ("1.5", {"agreed", "court", "floor", "void_clause"}),
    ],
)
def test_a_struck_out_clause_opens_the_court_route_unless_a_lawful_rate_was_agreed(
    rate: str | None, shown: set[str]
) -> None:
    found = judged(with_contract(E6, agreed_annual_rate_percent=rate))

    amounts = {name for name, amount in found["interest"].items() if amount and name != "spans"}
    assert amounts == shown


@pytest.mark.parametrize("basis", [360, 365, 366])
def test_a_daily_rate_needs_no_basis_and_a_yearly_one_does(basis: int) -> None:
    daily = with_contract(E9, agreed_annual_rate_percent=None, agreed_daily_rate_percent="0.03")
    yearly = with_contract(E9, agreed_annual_rate_percent="6", day_basis=basis)

    # 500 000 × 0.0003 × 90; 500 000 × 6 % × 90 / basis.
    assert judged(with_contract(daily, day_basis=basis))["interest"]["agreed"] == "13500.00"
    wanted = {360: "7500.00", 365: "7397.26", 366: "7377.05"}
    assert judged(yearly)["interest"]["agreed"] == wanted[basis]


def test_e8_under_the_regulation_of_2020_splits_as_well() -> None:
    case = signed(E8, "2024-06-10") | {"debtor": {"kind": "GOV"}}

    # 08-02 + 30 is Monday 09-01: 78 days to 11-18.
    found = judged(case)
    assert (found["days_overdue"], found["overdue_undisputed"]) == (78, "800000.00")
    assert found["interest"]["statutory"] == "31200.00"
