"""What a step says: the facts it rests on, and the article that gave the result."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from tests.law.cases import E4, E7, E8, signed, with_contract, with_facts

ALMANAC = shipped()


def steps(case: dict[str, Any]) -> dict[str, Any]:
    found: Any = explain(case, ALMANAC)
    return {step["rule"]: step for step in found["trace"]}


@pytest.mark.parametrize(
    ("creditor", "english", "chinese"),
    [
        ({"size": "SMALL"}, "creditor_size=SMALL as stated", "债权人规模=小型 按声明或认定"),
        (
            {"industry": "C3912", "employees": 250, "revenue_wan": "30000"},
            "industry 2 工业: employees=250, revenue_wan=30000 → creditor_size=SMALL",
            "行业 2 工业: 从业人员（人）=250, 营业收入（万元）=30000 → 债权人规模=小型",
        ),
        (
            {"industry": "P", "employees": 5},
            "industry not in the standard: employees=5 → creditor_size=UNDETERMINED",
            "行业未列入划型标准: 从业人员（人）=5 → 债权人规模=未能确定",
        ),
        (
            {"size": "SMALL", "industry": "M", "employees": 300},
            "industry 16 其他未列明行业: employees=300 → LARGE; creditor_size=SMALL as stated",
            "行业 16 其他未列明行业: 从业人员（人）=300 → 大型; 债权人规模=小型 按声明或认定",
        ),
        ({}, "creditor_size=UNDETERMINED", "债权人规模=未能确定"),
    ],
)
def test_the_size_shows_what_it_rests_on(
    creditor: dict[str, Any], english: str, chinese: str
) -> None:
    step = steps(E7 | {"creditor": creditor})["R-SIZE"]

    assert f"({english})" in step["text_en"]
    assert f"（{chinese}）" in step["text_zh"]


def test_the_cap_in_days_is_cited_where_it_ends_before_the_months() -> None:
    two_months = with_contract(E7, term_months=2)

    # 08-02 + 60 is 10-01, a day before the two months end.
    assert "R-MONTHS" in steps(two_months)
    capped = steps(two_months | {"debtor": {"kind": "GOV"}})
    assert "R-MONTHS" not in capped
    assert "last day 2025-10-01" in capped["R-COUNT"]["text_en"]


@pytest.mark.parametrize(
    ("debtor", "signed_on", "article"),
    [
        ("LARGE", "2025-06-18", "保障中小企业款项支付条例（国令第802号）第十条"),
        ("LARGE", "2025-05-31", "保障中小企业款项支付条例（国令第728号）第九条"),
        # Neither Regulation speaks of a small buyer, nor of a contract before both.
        ("SMALL", "2025-06-18", "民法典第六百二十一条第一款"),
        ("LARGE", "2020-08-31", "民法典第六百二十一条第一款"),
    ],
)
def test_a_start_is_cited_from_what_governs_the_contract(
    debtor: str, signed_on: str, article: str
) -> None:
    case = with_facts(signed(E4, signed_on), delivered_on="2025-08-04")

    assert steps(case | {"debtor": {"kind": debtor}})["R-START-INSPECTION"]["article"] == article


@pytest.mark.parametrize(
    ("signed_on", "article"),
    [
        ("2025-06-10", "保障中小企业款项支付条例（国令第802号）第十五条"),
        ("2025-05-10", "民法典第五百零九条"),
    ],
)
def test_no_claim_is_split_by_an_article_that_came_after_its_contract(
    signed_on: str, article: str
) -> None:
    disputed = with_contract(signed(E8, signed_on), term_days=60)

    assert steps(disputed)["R-SPLIT"]["article"] == article


@pytest.mark.parametrize(
    ("asked_on", "article"),
    [
        ("2025-05-31", "保障中小企业款项支付条例（国令第728号）第十四条"),
        ("2025-06-01", "保障中小企业款项支付条例（国令第802号）第十六条第二款"),
    ],
)
def test_a_duty_is_cited_by_the_day_of_its_event(asked_on: str, article: str) -> None:
    case = with_facts(signed(E7, "2024-01-02"), confirmation_requested_on=asked_on)
    found: Any = explain(case | {"as_of": "2026-01-05"}, ALMANAC)

    cited = [step["article"] for step in found["trace"] if step["rule"] == "R-CONFIRM-30"]
    assert cited == [article, article]
