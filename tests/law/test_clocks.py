"""What runs beside the term: confirmation, complaints, stalled settlements, unpublished years."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import decide
from tests.law.cases import SILENT, signed, with_contract, with_facts


def judged(case: dict[str, Any], **changes: object) -> Any:
    return decide(case | changes, shipped())


@pytest.mark.parametrize(
    ("facts", "timers"),
    [
        ({"confirmation_requested_on": "2020-09-01"}, {"confirmation_due_on": "2020-10-09"}),
        # The 30 days end on New Year's Day 2026, and 01-04 is a make-up workday.
        ({"confirmation_requested_on": "2025-12-02"}, {"confirmation_due_on": "2026-01-04"}),
        ({"confirmation_requested_on": "2020-08-31"}, {"confirmation_due_on": None}),
        ({"complaint": {"accepted_on": "2025-05-30"}}, {"transfer_due_on": None}),
        ({"complaint": {"accepted_on": "2025-06-03"}}, {"transfer_due_on": "2025-06-17"}),
        (
            {"complaint": {"materials_received_on": "2025-09-01"}},
            {"result_due_on": "2025-10-09", "result_max_on": "2025-12-01"},
        ),
        ({"complaint": {"submitted_on": "2025-09-29"}}, {"review_due_on": "2025-10-20"}),
    ],
)
def test_clocks_run_by_the_rules_of_their_day(
    facts: dict[str, Any], timers: dict[str, str | None]
) -> None:
    found = judged(SILENT | {"facts": facts})["timers"]

    assert {name: found[name] for name in timers} == timers


@pytest.mark.parametrize(
    ("debtor", "creditor", "due_on"),
    [
        ("LARGE", "SMALL", "2026-01-19"),
        (None, "SMALL", "2026-01-19"),
        ("MEDIUM", "SMALL", None),
        ("MILITARY", "SMALL", None),
        ("LARGE", "LARGE", None),
    ],
)
def test_confirmation_has_a_limit_where_the_regulation_may_bind(
    debtor: str | None, creditor: str, due_on: str | None
) -> None:
    case = SILENT | {"debtor": {"kind": debtor}, "creditor": {"size": creditor}}

    asked = judged(with_facts(case, confirmation_requested_on="2025-12-20"), as_of="2026-01-20")

    assert asked["timers"]["confirmation_due_on"] == due_on
    assert ("R-CONFIRM-30" in asked["flags"]) is (due_on is not None)


def test_a_due_day_of_an_unpublished_year_is_provisional() -> None:
    late = with_facts(SILENT, delivered_on="2026-11-02")

    assert judged(late)["flags"] == ["calendar_provisional"]
    assert judged(with_facts(SILENT, delivered_on="2026-11-01"))["flags"] == []


def test_the_stalled_settlement_is_told_after_thirty_days() -> None:
    case = signed(with_contract(SILENT, settlement="PERIODIC"), "2025-07-01")

    assert judged(case, as_of="2025-07-31")["flags"] == []
    assert judged(case, as_of="2025-08-01")["flags"] == ["SETTLEMENT_CONFIRMATION_STALLED"]
