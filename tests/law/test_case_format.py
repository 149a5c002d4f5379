"""What is not in the fixed format is refused, with the field's name, in two languages."""

from datetime import date, timedelta
from decimal import Decimal
from time import process_time
from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.errors import LedgerError
from services.ledger.law.case import decide, explain

PLAIN = {"signed_on": "2025-06-10", "debtor": {"kind": "LARGE"}, "creditor": {"size": "SMALL"}}
PAID = {"on": "2025-09-01", "amount": "1.00"}
LINE = {"kind": "PROGRESS", "amount": "1.00", "due_on": "2025-09-30"}
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"signed_on": None}, "CASE_INVALID", "signed_on"),
    ({"signed_on": "2025-02-29"}, "CASE_INVALID", "signed_on"),
    ({"signed_on": "20250610"}, "CASE_INVALID", "signed_on"),
    ({"signed_on": "2025-W24-2"}, "CASE_INVALID", "signed_on"),
    ({"signed_on": "9999-12-31"}, "CASE_INVALID", "signed_on"),
    ({"as_of": 20250610}, "CASE_INVALID", "as_of"),
    ({"colour": "red"}, "CASE_INVALID", "colour"),
    ({"debtor": "LARGE"}, "CASE_INVALID", "debtor"),
    ({"debtor": {"kind": "HUGE"}}, "CASE_INVALID", "debtor.kind"),
    ({"debtor": {"kind": ["LARGE"]}}, "CASE_INVALID", "debtor.kind"),
    ({"creditor": {"industry": "魔法", "employees": 3}}, "INDUSTRY_UNKNOWN", "creditor.industry"),
    ({"creditor": {"industry": "13", "employees": 3}}, "INDUSTRY_UNKNOWN", "creditor.industry"),
    ({"creditor": {"industry": 17}}, "INDUSTRY_UNKNOWN", "creditor.industry"),
    ({"creditor": {"industry": 3912}}, "INDUSTRY_UNKNOWN", "creditor.industry"),
    ({"creditor": {"industry": 2, "employees": 2.5}}, "CASE_INVALID", "creditor.employees"),
    ({"contract": {"term_days": -1}}, "CASE_INVALID", "contract.term_days"),
    ({"contract": {"term_days": True}}, "CASE_INVALID", "contract.term_days"),
    ({"contract": {"term_days": "60"}}, "CASE_INVALID", "contract.term_days"),
    ({"contract": {"term_months": 40_000}}, "CASE_INVALID", "contract.term_months"),
    ({"contract": {"term_days": 60, "term_months": 2}}, "CASE_INVALID", "contract.term_months"),
    ({"contract": {"day_basis": 364}}, "CASE_INVALID", "contract.day_basis"),
    (
        {"contract": {"agreed_annual_rate_percent": "NaN"}},
        "CASE_INVALID",
        "contract.agreed_annual_rate_percent",
    ),
    ({"facts": {"amount": 100}}, "CASE_INVALID", "facts.amount"),
    ({"facts": {"amount": 100.5}}, "CASE_INVALID", "facts.amount"),
    ({"facts": {"amount": "-1.00"}}, "CASE_INVALID", "facts.amount"),
    ({"facts": {"amount": "1.001"}}, "AMOUNT_INVALID", "facts.amount"),
    (
        {"facts": {"payments": [PAID, {"on": "2025-09-01"}]}},
        "CASE_INVALID",
        "facts.payments[1].amount",
    ),
    ({"facts": {"payments": PAID}}, "CASE_INVALID", "facts.payments"),
    (
        {"facts": {"amount": "1.00", "disputed": [{"amount": "1.01"}]}},
        "CASE_INVALID",
        "facts.disputed",
    ),
    (
        {"facts": {"disputed": [{"amount": "1.00", "from": "2025-09-02", "to": "2025-09-01"}]}},
        "CASE_INVALID",
        "facts.disputed[0].to",
    ),
    (
        {"facts": {"instrument": {"kind": "BILL", "handed_on": "2025-09-02"}}},
        "CASE_INVALID",
        "facts.instrument.matures_on",
    ),
    ({"facts": {"interrupted_on": ["yesterday"]}}, "CASE_INVALID", "facts.interrupted_on[0].on"),
    ({"contract": {"lines": [LINE] * 61}}, "CASE_INVALID", "contract.lines"),
    (
        {"contract": {"lines": [LINE] * 2}, "facts": {"payments": [PAID] * 201}},
        "CASE_INVALID",
        "facts.payments",
    ),
    ({"facts": {"costs": [PAID | {"kind": "LAWYER"}] * 101}}, "CASE_INVALID", "facts.costs"),
]


@pytest.mark.parametrize(("change", "code", "field"), REFUSED)
def test_a_case_outside_the_format_is_refused(
    change: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(LedgerError) as refusal:
        explain(PLAIN | change, shipped())

    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert refusal.value.english
    assert refusal.value.chinese


def test_thousands_of_disputes_and_payments_are_weighed_in_one_pass() -> None:
    days = [(date(2025, 8, 1) + timedelta(days=n)).isoformat() for n in range(5_000)]
    facts = {
        "delivered_on": "2025-07-09",
        "amount": "5000.00",
        "disputed": [{"amount": "1.00", "from": day} for day in days],
        "payments": [{"amount": "0.01", "on": day} for day in days],
    }
    case = PLAIN | {"facts": facts, "as_of": "2040-01-01"}
    started = process_time()

    decide(case, shipped())
    decide(case | {"contract": {"lines": [LINE | {"amount": "5000.00"}]}}, shipped())

    assert process_time() - started < 5


@pytest.mark.parametrize("case", [None, [], "case", 1])
def test_a_case_that_is_no_object_is_refused(case: Any) -> None:
    with pytest.raises(LedgerError, match="must be an object"):
        explain(case, shipped())


def test_a_rate_may_be_a_decimal_as_json_is_read() -> None:
    case = PLAIN | {"contract": {"agreed_annual_rate_percent": Decimal("1.5")}}

    assert decide(case, shipped())["flags"] == ["RATE_BELOW_LPR"]


def test_a_case_with_nothing_but_a_day_is_unknown() -> None:
    found = decide({"signed_on": "2025-06-10"}, shipped())

    assert (found["applies"], found["creditor_size"]) == ("unknown", "UNDETERMINED")
    assert (found["due_on"], found["days_overdue"]) == (None, 0)


def test_a_rate_that_was_published_after_the_series_ends_must_be_imported() -> None:
    case = PLAIN | {"contract": {"agreed_annual_rate_percent": "3"}}

    assert decide(case | {"signed_on": "2026-10-19"}, shipped())["flags"] == []
    with pytest.raises(LedgerError, match="Import the publications since 2026-09-20") as refusal:
        decide(case | {"signed_on": "2026-10-20"}, shipped())
    assert refusal.value.code == "LPR_MISSING"


@pytest.mark.parametrize(
    ("creditor", "size"),
    [
        ({"industry": "工业", "employees": 1000, "revenue_wan": "40000"}, "LARGE"),
        ({"industry": "C", "employees": 1000, "revenue_wan": "39999.99"}, "MEDIUM"),
        ({"industry": "3511", "employees": 300, "revenue_wan": "2000"}, "MEDIUM"),
        ({"industry": 2, "employees": 299, "revenue_wan": "2000"}, "SMALL"),
        ({"industry": "INDUSTRY", "employees": 19, "revenue_wan": "99999"}, "MICRO"),
        ({"industry": "G5920", "employees": 199, "revenue_wan": 30000}, "MEDIUM"),
        ({"industry": "G5910", "employees": 199, "revenue_wan": 30000}, "SMALL"),
        ({"industry": "H61", "employees": 100, "revenue_wan": 2000}, "MEDIUM"),
        ({"industry": "G59", "employees": 100, "revenue_wan": 2000}, "UNDETERMINED"),
        ({"industry": "G53", "employees": 100, "revenue_wan": 2000}, "UNDETERMINED"),
        ({"industry": "J66", "employees": 100, "revenue_wan": 2000}, "UNDETERMINED"),
        ({"industry": "P83", "employees": 100, "revenue_wan": 2000}, "UNDETERMINED"),
        ({"industry": "工业", "employees": 250}, "UNDETERMINED"),
        ({"industry": "工业", "employees": 10}, "MICRO"),
        ({"industry": "M73", "employees": 300}, "LARGE"),
        ({"size": "LARGE", "industry": "工业", "employees": 10}, "LARGE"),
    ],
)
def test_the_size_at_signing_comes_from_the_standard(creditor: dict[str, Any], size: str) -> None:
    assert decide(PLAIN | {"creditor": creditor}, shipped())["creditor_size"] == size


def with_facts(**facts: object) -> dict[str, Any]:
    return PLAIN | {"facts": {"delivered_on": "2025-07-09"} | facts, "as_of": "2026-06-30"}


@pytest.mark.parametrize(
    ("case", "flag", "raised"),
    [
        (with_facts(confirmation_requested_on="2026-05-29"), "R-CONFIRM-30", True),
        (with_facts(confirmation_requested_on="2026-06-01"), "R-CONFIRM-30", False),
        (
            with_facts(confirmation_requested_on="2026-05-01", confirmed_on="2026-05-31"),
            "R-CONFIRM-30",
            False,
        ),
        (with_facts(delay_reasons=["INTERNAL_PROCESS"]), "R-EXCUSE", True),
        (with_facts(delay_reasons=["QUALITY"]), "R-EXCUSE", False),
        (with_facts() | {"contract": {"audit_condition": True}}, "R-AUDIT", False),
        (
            with_facts() | {"debtor": {"kind": "LARGE_SOE"}, "contract": {"audit_condition": True}},
            "R-AUDIT",
            True,
        ),
        (
            with_facts()
            | {
                "signed_on": "2025-05-31",
                "debtor": {"kind": "GOV"},
                "contract": {"audit_condition": True},
            },
            "R-AUDIT",
            False,
        ),
        (
            with_facts() | {"subject": "WORKS", "contract": {"deposits": [{"kind": "GOODWILL"}]}},
            "R-DEPOSIT-TYPE",
            True,
        ),
        (
            with_facts() | {"contract": {"deposits": [{"kind": "QUALITY", "cash_only": True}]}},
            "R-DEPOSIT-CASH",
            True,
        ),
        (
            with_facts()
            | {"contract": {"deposits": [{"kind": "QUALITY", "ended_on": "2026-06-29"}]}},
            "R-DEPOSIT-RETURN",
            True,
        ),
        (with_facts() | {"contract": {"noncash": True}}, "NONCASH_NO_CLAUSE", True),
        (
            with_facts() | {"contract": {"noncash": True, "noncash_clause": True}},
            "NONCASH_NO_CLAUSE",
            False,
        ),
        (
            with_facts(
                instrument={
                    "kind": "BILL",
                    "handed_on": "2025-08-01",
                    "matures_on": "2026-02-02",
                }
            ),
            "BILL_TENOR",
            True,
        ),
        (
            with_facts(
                instrument={
                    "kind": "应收账款电子凭证",
                    "handed_on": "2025-06-15",
                    "matures_on": "2026-06-16",
                }
            ),
            "ECERT_TENOR_OVER_LIMIT",
            True,
        ),
        (
            with_facts(
                instrument={
                    "kind": "ECERT",
                    "handed_on": "2025-06-14",
                    "matures_on": "2026-06-16",
                }
            ),
            "ECERT_TENOR",
            False,
        ),
        (
            with_facts() | {"creditor": {"size": "SMALL", "declared": False}},
            "SME_NOT_DECLARED",
            True,
        ),
        (with_facts() | {"as_of": "2028-09-09"}, "R-LIMIT-3Y", True),
        (with_facts() | {"as_of": "2028-09-08"}, "R-LIMIT-3Y", False),
        (
            with_facts(interrupted_on=["2026-01-01"]) | {"as_of": "2028-09-09"},
            "R-LIMIT-3Y",
            False,
        ),
    ],
)
def test_a_flag_is_raised_where_its_rule_says_and_nowhere_else(
    case: dict[str, Any],
    flag: str,
    raised: bool,  # noqa: FBT001 - a table of cases
) -> None:
    found = explain(case, shipped())

    assert (flag in str(found["flags"])) is raised
    assert ("仅供核查，不构成法律认定" in str(found["trace"])) is bool(found["flags"])
