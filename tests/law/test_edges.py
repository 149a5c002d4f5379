"""Cases that lie on an edge of the law, each with its answer worked out by hand.

Due 2025-10-09 unless said otherwise: delivered 2025-08-02, a large debtor, a silent contract.
"""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide, explain
from tests.law.cases import E7, E10, SILENT, signed, with_contract, with_facts

ALMANAC = shipped()
MILLION = with_facts(E7, amount="1000000.00") | {"as_of": "2025-11-18"}


def judged(case: dict[str, Any], **changes: object) -> Any:
    return decide(case | changes, ALMANAC)


def due(case: dict[str, Any]) -> object:
    return judged(case)["due_on"]


def delivered(case: dict[str, Any], on: str, **terms: object) -> dict[str, Any]:
    return with_facts(with_contract(case, **terms), delivered_on=on)


def debtor(case: dict[str, Any], kind: str) -> dict[str, Any]:
    return case | {"debtor": {"kind": kind}}


@pytest.mark.parametrize(
    ("case", "on"),
    [
        # A month from the 31st ends with February; Saturday 2026-02-28 is a make-up workday.
        (delivered(SILENT, "2026-01-31", term_months=1), "2026-02-28"),
        (delivered(SILENT, "2025-12-31", term_months=2), "2026-02-28"),
        # A leap year: 2024-02-29 is a Thursday.
        (delivered(signed(SILENT, "2023-06-01"), "2023-12-31", term_months=2), "2024-02-29"),
        (delivered(SILENT, "2025-08-15", term_months=1), "2025-09-15"),
        (delivered(SILENT, "2025-07-09", term_days=0), "2025-07-09"),
        # Saturday 2025-07-12 rolls to Monday, unless the contract says otherwise.
        (delivered(SILENT, "2025-07-11", term_days=1), "2025-07-14"),
        (delivered(SILENT, "2025-07-11", term_days=1, rest_days_roll=False), "2025-07-12"),
        # Make-up workdays: Sunday 2025-09-28, Saturday 2025-10-11, Sunday 2026-01-04.
        (delivered(SILENT, "2025-09-27", term_days=1), "2025-09-28"),
        (delivered(SILENT, "2025-10-10", term_days=1), "2025-10-11"),
        # Spring Festival 2026: 02-15 to 02-23 rest, and Saturday 02-14 works.
        (delivered(SILENT, "2026-02-13", term_days=1), "2026-02-14"),
        (delivered(SILENT, "2026-02-13", term_days=2), "2026-02-24"),
        # An agreed day counts as it is, rolled as any last day.
        (delivered(SILENT, "2025-08-02", due_on="2025-10-05"), "2025-10-09"),
        (delivered(SILENT, "2025-08-02", due_on="2025-10-05", rest_days_roll=False), "2025-10-05"),
        (with_contract(SILENT, due_on="2025-10-10"), "2025-10-10"),
        # A public body's cap is 60 days from delivery: 2025-10-01 rolls over the holiday.
        (debtor(delivered(SILENT, "2025-08-02", due_on="2025-12-01"), "GOV"), "2025-10-09"),
        (debtor(delivered(SILENT, "2025-08-02", due_on="2025-09-01"), "GOV"), "2025-09-01"),
        # 30 days where it said nothing: Monday 2025-09-01.
        (debtor(E7, "FISCAL_GROUP"), "2025-09-01"),
        (debtor(signed(E7, "2020-09-01"), "INSTITUTION"), "2025-09-01"),
        # A large enterprise of 2020 without a term has none.
        (signed(E7, "2025-05-31"), None),
        (signed(E7, "2025-06-01"), "2025-10-09"),
        (signed(E7, "2020-08-31"), None),
    ],
)
def test_the_due_day(case: dict[str, Any], on: str | None) -> None:
    assert due(case) == on


@pytest.mark.parametrize("kind", ["MEDIUM", "SMALL", "MICRO", "INDIVIDUAL", "MILITARY"])
def test_other_debtors_are_outside_and_owe_by_contract(kind: str) -> None:
    case = debtor(with_contract(MILLION, term_days=90, audit_condition=True, noncash=True), kind)

    found = judged(case, as_of="2025-12-31")

    # 08-02 + 90 is Friday 10-31.
    assert (found["applies"], found["due_on"], found["days_overdue"]) == (False, "2025-10-31", 61)
    assert found["flags"] == []
    amounts = {value for key, value in found["interest"].items() if key != "spans"}
    assert amounts == {None}


@pytest.mark.parametrize(
    ("creditor", "applies"),
    [
        ({"size": "LARGE"}, False),
        ({"size": "INDIVIDUAL"}, "unknown"),
        ({}, "unknown"),
        ({"industry": "J66", "employees": 3}, "unknown"),
        ({"industry": "批发业", "employees": 4, "revenue_wan": 10}, True),
        ({"size": "SMALL", "domestic": False}, False),
    ],
)
def test_the_creditor_decides_whether_the_regulation_applies(
    creditor: dict[str, Any], applies: object
) -> None:
    found = judged(MILLION | {"creditor": creditor})

    assert found["applies"] == applies
    assert (found["due_on"] is not None) is (applies is True)


@pytest.mark.parametrize(
    ("signed_on", "kind", "flagged"),
    [
        ("2025-05-31", "GOV", False),
        ("2025-06-01", "GOV", True),
        ("2025-06-01", "INSTITUTION", True),
        ("2025-06-01", "LARGE_SOE", True),
        ("2025-05-31", "LARGE_SOE", False),
        ("2025-06-01", "LARGE", False),
    ],
)
def test_an_audit_as_condition_is_suspect_since_2025_for_public_money(
    signed_on: str,
    kind: str,
    flagged: bool,  # noqa: FBT001 - a table of cases
) -> None:
    case = debtor(signed(with_contract(E7, audit_condition=True), signed_on), kind)

    assert ("R-AUDIT" in judged(case)["flags"]) is flagged


@pytest.mark.parametrize(
    ("kind", "handed_on", "matures_on", "flags"),
    [
        ("ECERT", "2025-06-14", "2027-01-01", set()),
        ("ECERT", "2025-06-15", "2025-12-15", set()),
        ("ECERT", "2025-06-15", "2025-12-16", {"ECERT_TENOR"}),
        ("ECERT", "2025-06-15", "2026-06-15", {"ECERT_TENOR"}),
        ("ECERT", "2025-06-15", "2026-06-16", {"ECERT_TENOR", "ECERT_TENOR_OVER_LIMIT"}),
        ("ECERT", "2025-08-31", "2026-02-28", set()),
        ("BILL", "2022-12-31", "2023-12-31", set()),
        ("BILL", "2023-01-01", "2023-07-01", set()),
        ("BILL", "2023-01-01", "2023-07-02", {"BILL_TENOR"}),
        ("商业承兑汇票", "2025-08-31", "2026-03-01", {"BILL_TENOR"}),
        ("OTHER", "2025-08-31", "2030-03-01", set()),
    ],
)
def test_tenors_are_those_of_the_day_of_handing_over(
    kind: str, handed_on: str, matures_on: str, flags: set[str]
) -> None:
    given = {"kind": kind, "handed_on": handed_on, "matures_on": matures_on}

    found = judged(with_facts(E7, instrument=given))

    assert {flag for flag in found["flags"] if "TENOR" in flag} == flags
    assert "settled_by_instrument" in found["flags"]


@pytest.mark.parametrize(
    ("kind", "handed_on", "named"),
    [("ECERT", "2025-05-31", False), ("ECERT", "2025-06-01", True), ("BILL", "2025-05-31", True)],
)
def test_certificates_are_named_since_june_2025_and_bills_before(
    kind: str,
    handed_on: str,
    named: bool,  # noqa: FBT001 - a table of cases
) -> None:
    given = {"kind": kind, "handed_on": handed_on, "matures_on": "2025-10-31"}
    case = debtor(signed(delivered(SILENT, "2025-05-06"), "2024-06-10"), "GOV")

    flags = set(judged(with_facts(case, instrument=given))["flags"])

    assert ({"NONCASH_NO_CLAUSE", "NONCASH_EXTENDS_TERM"} <= flags) is named
    assert "settled_by_instrument" in flags


def test_an_instrument_keeps_the_original_ageing() -> None:
    given = {"kind": "ECERT", "handed_on": "2025-10-09", "matures_on": "2025-12-09"}
    case = with_facts(MILLION, instrument=given)

    found: Any = explain(case, ALMANAC)

    assert (found["days_overdue"], found["overdue_undisputed"]) == (40, "1000000.00")
    other = next(each for each in found["readings"] if each["id"] == "NONCASH_DISCHARGE")
    assert other["alternatives"][0]["result"]["days_overdue"] == 0
    within = given | {"matures_on": "2025-10-09"}
    assert "NONCASH_EXTENDS_TERM" not in judged(with_facts(MILLION, instrument=within))["flags"]


@pytest.mark.parametrize(
    ("terms", "facts", "start"),
    [
        # No acceptance, no period: nothing starts by itself.
        ({"settlement": "ACCEPTANCE"}, {"delivered_on": "2025-08-04"}, None),
        ({"settlement": "ACCEPTANCE"}, {"accepted_on": "2025-08-20"}, "2025-08-20"),
        (
            {"settlement": "ACCEPTANCE", "inspection_days": 0},
            {"delivered_on": "2025-08-04"},
            "2025-08-04",
        ),
        # Rejected in time, accepted after repair.
        (
            {"settlement": "ACCEPTANCE", "inspection_days": 15},
            {"delivered_on": "2025-08-04", "rejected_on": "2025-08-10"},
            None,
        ),
        (
            {"settlement": "ACCEPTANCE", "inspection_days": 15},
            {
                "delivered_on": "2025-08-04",
                "rejected_on": "2025-08-10",
                "accepted_on": "2025-09-10",
            },
            "2025-09-10",
        ),
        # Rejected too late: the period had ended.
        (
            {"settlement": "ACCEPTANCE", "inspection_days": 15},
            {"delivered_on": "2025-08-04", "rejected_on": "2025-08-20"},
            "2025-08-19",
        ),
        # Settlement starts at the confirmation and at nothing else.
        ({"settlement": "PERIODIC"}, {"delivered_on": "2025-08-04"}, None),
        (
            {"settlement": "PROGRESS"},
            {"delivered_on": "2025-08-04", "settlement_confirmed_on": "2025-09-15"},
            "2025-09-15",
        ),
        # Delivery starts it whatever is accepted later; a service shows its acceptance.
        ({}, {"delivered_on": "2025-08-04", "accepted_on": "2025-08-20"}, "2025-08-04"),
        ({}, {"accepted_on": "2025-08-20"}, "2025-08-20"),
    ],
)
def test_the_start(terms: dict[str, Any], facts: dict[str, str], start: str | None) -> None:
    case = SILENT | {"contract": terms, "facts": facts}

    assert judged(case)["start_on"] == start


@pytest.mark.parametrize(
    ("facts", "flagged", "advisory"),
    [
        ({"delivered_on": "2025-05-31"}, False, None),
        ({"delivered_on": "2025-06-01"}, True, "2025-07-31"),
        ({}, False, None),
    ],
)
def test_performance_since_june_2025_is_transitional(
    facts: dict[str, str],
    flagged: bool,  # noqa: FBT001 - a table of cases
    advisory: str | None,
) -> None:
    found = judged(E10 | {"facts": facts})

    assert ("TRANSITIONAL" in found["flags"]) is flagged
    assert (found["advisory_due_on"], found["due_on"]) == (advisory, None)


def test_what_was_performed_and_has_not_started_is_transitional_too() -> None:
    case = with_contract(E10, settlement="PERIODIC")

    assert "TRANSITIONAL" in judged(case)["flags"]
