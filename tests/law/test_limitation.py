"""Limitation: three years from the due day, or from what interrupted it (民法典 188, 195)."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide
from tests.law.cases import SILENT, with_facts

# Due Monday 2025-09-08.
LATE = SILENT | {"facts": {"delivered_on": "2025-07-09", "amount": "500000.00"}}


def judged(case: dict[str, Any], as_of: str) -> Any:
    return decide(case | {"as_of": as_of}, shipped())


@pytest.mark.parametrize(
    ("interruptions", "ends"),
    [
        ([], "2028-09-08"),
        ([{"on": "2026-05-01", "kind": "DEMAND"}], "2029-05-01"),
        ([{"on": "2026-05-01", "kind": "AGREEMENT"}], "2029-05-01"),
        ([{"on": "2026-05-01", "kind": "SUIT"}], None),
        ([{"on": "2026-05-01", "kind": "SUIT", "ended_on": "2027-02-01"}], "2030-02-01"),
        (
            [
                {"on": "2026-05-01", "kind": "ARBITRATION", "ended_on": "2027-02-01"},
                {"on": "2026-09-01", "kind": "DEMAND"},
            ],
            "2030-02-01",
        ),
        ([{"on": "2028-09-09", "kind": "DEMAND"}], "2028-09-08"),
        ([{"on": "2025-09-08", "kind": "DEMAND"}], "2028-09-08"),
    ],
)
def test_limitation_runs_anew_from_what_interrupts_it(
    interruptions: list[dict[str, str]], ends: str | None
) -> None:
    case = with_facts(LATE, interruptions=interruptions)

    assert judged(case, "2028-12-01")["limitation_ends_on"] == ends


def test_what_comes_after_the_day_asked_about_interrupts_nothing() -> None:
    suit = {"on": "2026-05-01", "kind": "SUIT", "ended_on": "2027-02-01"}
    case = with_facts(LATE, interruptions=[suit])

    assert judged(case, "2026-04-30")["limitation_ends_on"] == "2028-09-08"
    assert judged(case, "2027-01-31")["limitation_ends_on"] is None
    assert judged(case, "2027-02-01")["limitation_ends_on"] == "2030-02-01"


@pytest.mark.parametrize(
    ("as_of", "flags"),
    [
        ("2028-06-10", []),
        ("2028-06-11", ["LIMITATION_ENDS_SOON"]),
        ("2028-09-08", ["LIMITATION_ENDS_SOON"]),
        ("2028-09-09", ["R-LIMIT-3Y"]),
    ],
)
def test_the_end_of_limitation_is_told_before_and_after(as_of: str, flags: list[str]) -> None:
    assert judged(LATE, as_of)["flags"] == flags


def test_two_years_still_running_in_october_2017_became_three() -> None:
    def ends(delivered: str) -> object:
        case = {
            "signed_on": "2014-12-01",
            "contract": {"term_days": 30, "rest_days_roll": False},
            "facts": {"delivered_on": delivered, "amount": "1.00"},
        }
        return judged(case, "2018-06-01")["limitation_ends_on"]

    # Due 2015-09-30 and 2015-10-01.
    assert ends("2015-08-31") == "2017-09-30"
    assert ends("2015-09-01") == "2018-10-01"
