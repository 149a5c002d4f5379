"""Penalties, court routes and the open points: each alternative, calculated by hand."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide, explain
from tests.law.cases import E6, E7, E8, SILENT, with_contract, with_facts

ALMANAC = shipped()
# Delivered 2025-07-09, due Monday 2025-09-08; 500 000 bears 250 a day at 0.05 %.
LATE = SILENT | {"facts": {"delivered_on": "2025-07-09", "amount": "500000.00"}}


def judged(case: dict[str, Any], as_of: str | None = None) -> Any:
    return decide(case | ({"as_of": as_of} if as_of else {}), ALMANAC)


def reading(case: dict[str, Any], name: str) -> Any:
    found: Any = explain(case, ALMANAC)["readings"]
    return next((each["alternatives"] for each in found if each["id"] == name), None)


def results(case: dict[str, Any], name: str) -> dict[str, Any]:
    return {each["choice"]: each["result"] for each in reading(case, name)}


def test_a_penalty_owed_once_falls_below_the_floor_as_time_passes() -> None:
    case = with_contract(LATE, penalty_percent="1")

    # 1 % is 5 000; the floor of 3 % is 41.10 a day and reaches 5 000 after 121.67 days.
    before, after = judged(case, "2026-01-07"), judged(case, "2026-01-08")
    assert (before["days_overdue"], before["flags"]) == (121, [])
    assert (after["days_overdue"], after["flags"]) == (122, ["RATE_BELOW_LPR"])
    assert before["interest"]["agreed"] == after["interest"]["agreed"] == "5000.00"
    # 500 000 × 3 % × 122 / 365 = 5 013.698...; 250 × 122 = 30 500.
    assert after["interest"]["floor"] == "5013.70"
    assert after["interest"]["void_clause"] == "30500.00"
    assert judged(case, "2025-09-08")["interest"]["agreed"] == "0.00"


def test_a_penalty_that_equals_the_floor_is_lawful() -> None:
    # 3 % once and 3 % a year are the same after 365 days, on 2026-09-08.
    case = with_contract(LATE, penalty_percent="3")

    assert judged(case, "2026-09-08")["flags"] == []
    assert judged(case, "2026-09-09")["flags"] == ["RATE_BELOW_LPR"]


def test_a_capped_rate_stops_at_its_cap_and_is_then_weighed() -> None:
    # 0.1 % a day is 500 a day, at most 5 %, 25 000: reached after 50 days.
    case = with_contract(LATE, agreed_daily_rate_percent="0.1", penalty_cap_percent="5")

    # 130 % of 250 a day is 325: above it while the cap does not hold it below.
    assert judged(case, "2025-10-08")["interest"]["agreed"] == "15000.00"
    assert judged(case, "2025-10-08")["flags"] == ["PENALTY_HIGH_REVIEW"]
    # 2025-12-07, 90 days: 25 000 against 29 250.
    assert judged(case, "2025-12-07")["interest"]["agreed"] == "25000.00"
    assert judged(case, "2025-12-07")["flags"] == []
    # The floor reaches 25 000 after 608.33 days: 2027-05-09 and 05-10.
    assert judged(case, "2027-05-09")["flags"] == []
    assert judged(case, "2027-05-10")["flags"] == ["RATE_BELOW_LPR"]


def test_a_capped_rate_is_paid_like_any_interest() -> None:
    paid = [{"on": "2025-12-07", "amount": "125000.00"}]
    case = with_facts(
        with_contract(LATE, agreed_daily_rate_percent="0.1", penalty_cap_percent="5"),
        payments=paid,
    )

    # 25 000 of interest, then 100 000 of the principal; nothing more accrues under the cap.
    found = judged(case, "2026-03-07")
    assert found["overdue_undisputed"] == "400000.00"
    assert found["interest"]["agreed"] == "25000.00"
    spans = [span for span in found["interest"]["spans"] if span["reading"] == "agreed"]
    assert [span["interest"] for span in spans] == ["25000.00", "0.00"]


@pytest.mark.parametrize(
    ("rate", "flags"),
    [("0.065", []), ("0.0651", ["PENALTY_HIGH_REVIEW"]), ("0.0082", ["RATE_BELOW_LPR"])],
)
def test_a_rate_is_weighed_against_the_floor_and_the_loss(rate: str, flags: list[str]) -> None:
    case = with_contract(LATE, agreed_daily_rate_percent=rate)

    assert judged(case, "2025-12-07")["flags"] == flags


def test_a_high_rate_shows_what_a_court_may_leave_of_it() -> None:
    case = with_contract(LATE, agreed_daily_rate_percent="0.1") | {"as_of": "2025-12-07"}

    # 500 000 × 90 / 365 × 3 % × 1.3, × 1.5, × 4: 4 808.219, 5 547.945, 14 794.520.
    assert results(case, "PENALTY_REDUCED") == {
        "LPR_PLUS_30": {"interest": "4808.22"},
        "LPR_PLUS_50": {"interest": "5547.95"},
        "FOUR_LPR": {"interest": "14794.52"},
    }
    lower = with_contract(LATE, agreed_daily_rate_percent="0.05") | {"as_of": "2025-12-07"}
    assert reading(lower, "PENALTY_REDUCED") is None


def test_the_statutory_rate_beside_four_times_the_lpr() -> None:
    # E8: 800 000 × 12 % × 40 / 365 = 10 520.547.
    assert results(E8, "REDUCTION") == {"FOUR_LPR": {"interest": "10520.55"}}


def test_a_missing_lpr_empties_the_reading_and_refuses_no_case_that_needs_none() -> None:
    # 12-01 + 60 is Saturday 2027-01-30; to 03-01 are 28 days of 250.
    case = SILENT | {
        "signed_on": "2026-11-16",
        "facts": {"delivered_on": "2026-12-01", "amount": "500000.00"},
    }

    assert judged(case, "2027-03-01")["interest"]["statutory"] == "7000.00"
    assert results(case | {"as_of": "2027-03-01"}, "REDUCTION") == {"FOUR_LPR": None}
    assert reading(case | {"as_of": "2027-02-01"}, "REDUCTION") is None


def test_the_court_route_at_signing_and_as_published() -> None:
    case = {
        "signed_on": "2024-03-01",
        "debtor": {"kind": "LARGE"},
        "creditor": {"size": "SMALL"},
        "contract": {"pay_when_paid": True, "due_on": "2024-09-30"},
        "facts": {"delivered_on": "2024-08-20", "amount": "365000.00"},
        "as_of": "2024-10-31",
    }

    # 3.45 % at signing: 34.50 × 31. Published: 3.35 % for 20 days, 3.10 % for the 11 from 10-21.
    assert judged(case)["interest"]["court"] == "1069.50"
    assert results(case, "COURT_LPR") == {"AS_PUBLISHED": {"court": "1011.00"}}
    # 2026-11-20 and later publications are not known: the alternative has no number.
    assert results(case | {"as_of": "2026-11-20"}, "COURT_LPR") == {"AS_PUBLISHED": None}


@pytest.mark.parametrize(
    ("as_of", "flagged"), [("2024-08-26", False), ("2024-08-27", True), (None, True)]
)
def test_a_waiting_clause_of_2020_is_void_since_the_reply(
    as_of: str | None,
    flagged: bool,  # noqa: FBT001 - a table of cases
) -> None:
    case = {
        "signed_on": "2022-03-01",
        "debtor": {"kind": "LARGE"},
        "creditor": {"size": "SMALL"},
        "contract": {"pay_when_paid": True, "term_days": 10},
        "facts": {"delivered_on": "2022-05-20", "amount": "1.00"},
    }

    found = judged(case, as_of)

    assert ("PAY_WHEN_PAID" in found["flags"]) is flagged
    assert found["due_on"] is None


@pytest.mark.parametrize(
    ("kind", "days", "due_on", "as_agreed"),
    [
        # 2025-09-01 + 30 and + 60; + 10 is 09-11; + 90, capped for a public body at 60.
        ("GOV", 10, "2025-10-09", "2025-09-11"),
        ("GOV", 90, "2025-10-09", "2025-10-31"),
        ("LARGE", 10, "2025-10-31", "2025-09-11"),
        ("LARGE", 90, "2025-10-31", "2025-12-01"),
    ],
)
def test_the_days_of_a_void_waiting_clause_count_only_under_the_other_reading(
    kind: str, days: int, due_on: str, as_agreed: str
) -> None:
    case = with_contract(E6, term_days=days) | {"debtor": {"kind": kind}}

    assert judged(case)["due_on"] == due_on
    assert results(case, "PWP_TERM")["AGREED_TERM"]["due_on"] == as_agreed
    assert reading(with_contract(E6, term_days=None), "PWP_TERM") is None


def test_works_outside_the_regulation_bear_the_lpr_as_published() -> None:
    # 2020-03-02 + 30 is Wednesday 04-01. 4.05 % to 04-19, 3.85 % from 04-20.
    case = {
        "signed_on": "2020-01-02",
        "debtor": {"kind": "LARGE"},
        "creditor": {"size": "SMALL"},
        "subject": "WORKS",
        "contract": {"term_days": 30},
        "facts": {"delivered_on": "2020-03-02", "amount": "365000.00"},
        "as_of": "2020-04-30",
    }

    # 18 × 40.50 + 11 × 38.50 = 729 + 423.50.
    assert results(case, "WORKS_OUTSIDE") == {"LPR_AS_PUBLISHED": {"interest": "1152.50"}}
    silent = case | {"contract": {}}
    # From 03-03: 48 × 40.50 + 11 × 38.50 = 1 944 + 423.50.
    assert results(silent, "WORKS_DUE") == {
        "DELIVERY": {"due_on": "2020-03-02", "interest": "2367.50"}
    }


def test_a_sale_outside_the_regulation_bears_the_lpr_plus_30_to_50_percent() -> None:
    case = LATE | {"debtor": {"kind": "SMALL"}, "contract": {"term_days": 61}}

    # 07-09 + 61 is 09-08; 500 000 × 90 / 365 × 3.9 % and × 4.5 %.
    assert results(case | {"as_of": "2025-12-07"}, "SALE_OUTSIDE") == {
        "LPR_PLUS_30_TO_50": {"interest_plus_30": "4808.22", "interest_plus_50": "5547.95"}
    }


def test_a_creditor_of_unknown_size_sees_what_the_regulation_would_give() -> None:
    case = LATE | {"creditor": {}, "as_of": "2025-12-07"}

    assert judged(case)["applies"] == "unknown"
    # 90 days of 250, and at the agreed 1.5 % the floor of 3 %: 500 000 × 3 % × 90 / 365.
    regulated = {"due_on": "2025-09-08", "days_overdue": 90, "overdue_undisputed": "500000.00"}
    assert results(case, "GATE") == {"AS_IF_APPLIED": regulated | {"interest": "22500.00"}}
    agreed = with_contract(case, agreed_annual_rate_percent="1.5")
    assert results(agreed, "GATE") == {"AS_IF_APPLIED": regulated | {"interest": "3698.63"}}


def test_an_invoice_moves_the_start_only_under_the_other_reading() -> None:
    case = with_facts(E7, invoiced_on="2025-09-01")

    assert judged(case)["due_on"] == "2025-10-09"
    # 09-01 + 60 is Friday 10-31.
    assert results(case, "O7")["FROM_INVOICE"] == {"start_on": "2025-09-01", "due_on": "2025-10-31"}


def test_an_instruction_on_time_pays_only_under_the_other_reading() -> None:
    paid = {"on": "2025-10-10", "amount": "1000000.00", "instructed_on": "2025-10-09"}
    case = with_facts(E7, amount="1000000.00", payments=[paid]) | {"as_of": "2025-10-10"}

    assert (judged(case)["days_overdue"], judged(case)["overdue_undisputed"]) == (1, "500.00")
    assert results(case, "O8")["INSTRUCTED"] == {
        "days_overdue": 0,
        "overdue_undisputed": "0.00",
        "interest": "0.00",
    }


def test_a_framework_of_another_regime_is_the_other_reading() -> None:
    case = with_contract(E7, framework_signed_on="2025-05-01")

    assert judged(case)["regime"] == "R2025"
    assert results(case, "FRAMEWORK") == {"FRAMEWORK": {"due_on": None}}


@pytest.mark.parametrize(
    ("creditor", "name", "flag"),
    [
        ({"size": "SMALL", "declared": False}, "UNDECLARED", "SME_NOT_DECLARED"),
        ({"size": "SMALL", "controlled_by_large": True}, "GROUP", "CONTROLLED_BY_LARGE"),
    ],
)
def test_protection_is_kept_and_its_loss_shown(
    creditor: dict[str, Any], name: str, flag: str
) -> None:
    case = E7 | {"creditor": creditor}

    assert judged(case)["applies"] is True
    assert judged(case)["flags"] == [flag]
    assert next(iter(results(case, name).values())) == {"due_on": None}


def test_the_announced_cut_of_certificates_is_a_reading_until_it_is_imported() -> None:
    instrument = {"kind": "ECERT", "handed_on": "2026-10-09", "matures_on": "2027-04-10"}
    case = with_facts(with_contract(E7, noncash_clause=True), instrument=instrument)

    assert "ECERT_TENOR" in judged(case)["flags"]
    assert "ECERT_TENOR_OVER_LIMIT" not in judged(case)["flags"]
    assert "ECERT_TENOR_OVER_LIMIT" in results(case, "ECERT_2026")["SIX_MONTHS"]["flags"]
    before = instrument | {"handed_on": "2026-09-11", "matures_on": "2027-03-12"}
    assert reading(with_facts(case, instrument=before), "ECERT_2026") is None


def test_a_retained_sum_as_price_is_the_other_reading() -> None:
    line = {"kind": "RETENTION", "term_months": 24, "starts": "DELIVERY"}
    case = with_contract(LATE, lines=[line]) | {"debtor": {"kind": "GOV"}}

    # As price: 07-09 + 60 is Sunday 09-07.
    assert judged(case)["due_on"] == "2027-07-09"
    assert results(case, "RETENTION") == {"AS_PRICE": {"due_on": "2025-09-08"}}
