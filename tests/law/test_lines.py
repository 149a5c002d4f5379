"""Instalments and retention: each line its own due day, its own lateness, its own interest."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.almanac import shipped
from services.ledger.errors import LedgerError
from services.ledger.law.case import decide, explain
from services.ledger.law.interest import Payment, Rate
from services.ledger.law.lines import Share, accrue_lines, share_out

ALMANAC = shipped()
# 30 % when signed, 60 % thirty days after delivery, 10 % thirty days after the warranty.
PLAN = [
    {"kind": "ADVANCE", "share_percent": "30", "due_on": "2025-07-15"},
    {"kind": "PROGRESS", "share_percent": "60", "term_days": 30, "starts": "DELIVERY"},
    {"kind": "RETENTION", "share_percent": "10", "term_days": 30, "starts": "WARRANTY_END"},
]
CASE: dict[str, Any] = {
    "signed_on": "2025-07-01",
    "debtor": {"kind": "LARGE"},
    "creditor": {"size": "SMALL"},
    "subject": "GOODS",
    "contract": {"lines": PLAN},
    "facts": {"delivered_on": "2025-08-04", "amount": "1000000.00"},
    "as_of": "2025-09-30",
}


def case(*, lines: object = None, contract: object = None, **facts: object) -> dict[str, Any]:
    terms = CASE["contract"] | (contract or {}) | ({"lines": lines} if lines else {})
    return CASE | {"contract": terms, "facts": CASE["facts"] | facts}


def judged(given: dict[str, Any]) -> Any:
    return decide(given, ALMANAC)


def of_lines(found: Any, key: str) -> list[Any]:
    return [line[key] for line in found["lines"]]


def test_every_line_has_its_own_due_day_lateness_and_interest() -> None:
    found = judged(CASE)

    assert of_lines(found, "amount") == ["300000.00", "600000.00", "100000.00"]
    # 08-04 + 30 is Wednesday 09-03; the warranty has not ended.
    assert of_lines(found, "due_on") == ["2025-07-15", "2025-09-03", None]
    assert of_lines(found, "days_overdue") == [77, 27, 0]
    assert of_lines(found, "overdue_undisputed") == ["300000.00", "600000.00", "0.00"]
    # 300 000 × 0.0005 × 77 = 11 550; 600 000 × 0.0005 × 27 = 8 100.
    assert [line["interest"]["statutory"] for line in found["lines"]] == [
        "11550.00",
        "8100.00",
        "0.00",
    ]
    assert (found["due_on"], found["days_overdue"]) == ("2025-07-15", 77)
    assert found["overdue_undisputed"] == "900000.00"
    assert found["interest"]["statutory"] == "19650.00"
    assert sum(span["days"] for span in found["interest"]["spans"]) == 77 + 27


def test_retention_falls_due_after_the_warranty_and_is_not_capped() -> None:
    late = case(warranty_ends_on="2026-08-04") | {"as_of": "2026-09-30"}

    # 08-04 + 30 is Thursday 09-03.
    assert of_lines(judged(late), "due_on")[2] == "2026-09-03"
    assert of_lines(judged(late), "days_overdue")[2] == 27
    plan = [
        {"kind": "FINAL", "share_percent": "97"},
        {"kind": "RETENTION", "share_percent": "3", "term_months": 24, "starts": "DELIVERY"},
    ]
    for debtor in ("GOV", "LARGE"):
        kept = judged(case(lines=plan) | {"debtor": {"kind": debtor}})
        assert of_lines(kept, "due_on")[1] == "2027-08-04"
        assert "60" not in str(kept["flags"])


def test_the_cap_of_a_public_body_binds_a_line_that_is_price() -> None:
    plan = [
        {"kind": "PROGRESS", "amount": "400000.00", "term_days": 20, "starts": "DELIVERY"},
        {"kind": "FINAL", "term_days": 120, "starts": "DELIVERY"},
    ]
    found = judged(case(lines=plan) | {"debtor": {"kind": "GOV"}})

    # 08-04 + 20 is Sunday 08-24; + 60 is Friday 10-03, in the holiday to 10-08.
    assert of_lines(found, "due_on") == ["2025-08-25", "2025-10-09"]
    assert of_lines(found, "flags") == [[], ["GOV_TERM_OVER_60"]]
    assert of_lines(found, "amount") == ["400000.00", "600000.00"]
    found = judged(case(lines=plan))
    # A large enterprise's long term counts: 08-04 + 120 is Tuesday 12-02.
    assert of_lines(found, "due_on") == ["2025-08-25", "2025-12-02"]
    assert found["flags"] == ["TERM_OVER_60_REVIEW"]
    assert of_lines(found, "benchmark_due_on") == [None, "2025-10-09"]


def test_a_payment_goes_to_what_fell_due_first_unless_it_says_where() -> None:
    # On 09-10 line 1 is 57 days late: 8 550 of interest; 400 000 - 308 550 = 91 450 is left.
    # Line 2 is 7 days late: 2 100 of interest, so 89 350 goes to its principal.
    found = judged(case(payments=[{"on": "2025-09-10", "amount": "400000.00"}]))
    assert of_lines(found, "overdue_undisputed") == ["0.00", "510650.00", "0.00"]

    named = judged(case(payments=[{"on": "2025-09-10", "amount": "400000.00", "line": 2}]))
    # 400 000 - 2 100 = 397 900 to the principal of line 2.
    assert of_lines(named, "overdue_undisputed") == ["300000.00", "202100.00", "0.00"]


def test_what_is_paid_before_anything_is_due_goes_to_the_earliest_line() -> None:
    found = judged(case(payments=[{"on": "2025-07-02", "amount": "350000.00"}]))

    assert of_lines(found, "overdue_undisputed") == ["0.00", "550000.00", "0.00"]
    assert of_lines(found, "days_overdue") == [0, 27, 0]


def test_overpaying_leaves_nothing_owed() -> None:
    found = judged(case(payments=[{"on": "2025-07-02", "amount": "2000000.00"}]))

    assert (found["days_overdue"], found["overdue_undisputed"]) == (0, "0.00")


def test_a_dispute_of_one_line_leaves_the_others_overdue() -> None:
    found = judged(case(disputed=[{"amount": "600000.00", "line": 2}]))

    assert of_lines(found, "days_overdue") == [77, 0, 0]
    spread = judged(case(disputed=[{"amount": "100000.00"}]))
    assert of_lines(spread, "overdue_undisputed") == ["270000.00", "540000.00", "0.00"]


def test_limitation_of_instalments_runs_from_the_last_of_them() -> None:
    plan = [
        {"kind": "PROGRESS", "share_percent": "50", "due_on": "2025-07-15"},
        {"kind": "FINAL", "share_percent": "50", "due_on": "2025-12-15"},
    ]
    assert judged(case(lines=plan))["limitation_ends_on"] is None
    later = case(lines=plan) | {"as_of": "2026-01-15"}
    assert judged(later)["limitation_ends_on"] == "2028-12-15"


def test_the_reasoning_names_every_line() -> None:
    found = explain(CASE, ALMANAC)

    told = [step["text_zh"] for step in found["trace"] if step["rule"] == "R-LINES"]  # type: ignore[attr-defined]
    assert ["预付款" in told[0], "进度款" in told[1], "质量保证金" in told[2]] == [True] * 3
    assert decide(CASE, ALMANAC) == found | {"readings": [], "trace": []}


def test_works_that_retain_more_than_three_percent_are_flagged() -> None:
    plan = [{"kind": "FINAL"}, {"kind": "RETENTION", "share_percent": "3", "term_days": 14}]
    lawful = case(lines=plan) | {"subject": "WORKS"}
    plan = [{"kind": "FINAL"}, {"kind": "RETENTION", "share_percent": "3.01", "term_days": 14}]
    high = case(lines=plan) | {"subject": "WORKS"}

    assert judged(lawful)["flags"] == []
    assert judged(high)["flags"] == ["R-DEPOSIT-RATIO"]
    assert judged(high | {"subject": "GOODS"})["flags"] == []


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "contract.lines"),
        ({}, "contract.lines"),
        ([{"kind": "FINAL", "amount": "1.00"}], "contract.lines"),
        ([{"kind": "FINAL"}, {"kind": "PROGRESS"}], "contract.lines"),
        ([{"share_percent": "100"}], "contract.lines[0].kind"),
        ([{"kind": "BONUS"}], "contract.lines[0].kind"),
        ([{"kind": "FINAL", "share_percent": "101"}], "contract.lines[0].share_percent"),
        ([{"kind": "FINAL", "share_percent": "0"}], "contract.lines[0].share_percent"),
        (
            [{"kind": "FINAL", "share_percent": "100", "amount": "1.00"}],
            "contract.lines[0].share_percent",
        ),
        ([{"kind": "RETENTION", "share_percent": "100"}], "contract.lines[0].due_on"),
        ([{"kind": "ADVANCE", "starts": "SIGNING"}], "contract.lines[0].due_on"),
        ([{"kind": "FINAL", "term_days": 1, "due_on": "2025-08-01"}], "contract.lines[0].due_on"),
        ([{"kind": "FINAL", "starts": "SUNRISE"}], "contract.lines[0].starts"),
    ],
)
def test_a_plan_that_says_too_much_or_too_little_is_refused(lines: object, field: str) -> None:
    given = CASE | {"contract": {"lines": lines}}

    with pytest.raises(LedgerError) as refusal:
        decide(given, ALMANAC)

    assert (refusal.value.code, refusal.value.field) == ("CASE_INVALID", field)


def test_a_payment_for_a_line_that_is_not_there_is_refused() -> None:
    with pytest.raises(LedgerError) as refusal:
        judged(case(payments=[{"on": "2025-09-10", "amount": "1.00", "line": 4}]))

    assert refusal.value.field == "facts.payments[0].line"


DAYS = st.dates(date(2025, 7, 1), date(2025, 12, 31))


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_shares_add_up_and_none_is_more_than_a_fen_short(amount: int, weights: list[int]) -> None:
    given_out = share_out(amount, weights)

    if sum(weights):
        assert sum(given_out) == amount
        exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
        heavy = max(i for i, weight in enumerate(weights) if weight)
        for i, (fen, part) in enumerate(zip(given_out, exact, strict=True)):
            assert fen >= part if i == heavy else 0 <= part - fen < 1


def paid(least: int) -> st.SearchStrategy[Payment]:
    return st.builds(Payment, DAYS, st.integers(least, 10**9), st.none())


@st.composite
def plans(draw: st.DrawFn) -> list[Share]:
    amounts = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=4))
    return [Share(fen, draw(st.none() | DAYS), (), ()) for fen in amounts]


@given(plans(), st.lists(paid(1), max_size=4), DAYS)
@settings(deadline=None, max_examples=50)
def test_no_money_is_lost_between_the_lines(
    shares: list[Share], payments: list[Payment], as_of: date
) -> None:
    found = accrue_lines(shares, payments, Rate(5, 10_000), as_of=as_of, principal_first=False)

    received = sum(payment.amount_fen for payment in payments if payment.on <= as_of)
    whole = sum(share.amount_fen for share in shares)
    left = sum(one.principal_fen for one in found)
    interest = sum(one.interest_paid_fen for one in found)
    assert received == whole - left + interest + sum(one.unapplied_fen for one in found)
    assert all(one.interest_paid_fen <= one.interest_fen for one in found)


@given(plans(), st.lists(paid(2), min_size=1), DAYS)
@settings(deadline=None, max_examples=50)
def test_a_payment_split_on_one_day_changes_no_line(
    shares: list[Share], payments: list[Payment], as_of: date
) -> None:
    first, *rest = payments
    half = first.amount_fen // 2
    two = [Payment(first.on, half), Payment(first.on, first.amount_fen - half)]

    def lines(received: list[Payment]) -> object:
        return accrue_lines(shares, received, Rate(5, 10_000), as_of=as_of, principal_first=False)

    assert lines(payments) == lines([*rest, *two])


@given(plans(), st.lists(paid(1), max_size=4), DAYS, DAYS)
@settings(deadline=None, max_examples=50)
def test_a_later_day_shows_no_line_less_late(
    shares: list[Share], payments: list[Payment], one: date, other: date
) -> None:
    early, late = (
        accrue_lines(shares, payments, Rate(5, 10_000), as_of=on, principal_first=False)
        for on in sorted((one, other))
    )

    for before, after in zip(early, late, strict=True):
        assert before.days_overdue <= after.days_overdue
        assert before.interest_fen <= after.interest_fen


@given(st.integers(1, 10**9), DAYS, st.lists(paid(1)), DAYS)
@settings(deadline=None, max_examples=50)
def test_one_line_is_the_claim_itself(
    fen: int, due_on: date, payments: list[Payment], as_of: date
) -> None:
    text = f"{fen // 100}.{fen % 100:02d}"
    received = [
        {
            "on": each.on.isoformat(),
            "amount": f"{each.amount_fen // 100}.{each.amount_fen % 100:02d}",
        }
        for each in payments
    ]
    facts = {"delivered_on": "2025-07-09", "amount": text, "payments": received}
    plain = CASE | {
        "contract": {"due_on": due_on.isoformat()},
        "facts": facts,
        "as_of": as_of.isoformat(),
    }
    line = {"kind": "FINAL", "due_on": due_on.isoformat()}
    as_line = plain | {"contract": {"lines": [line]}}

    whole, alone = decide(plain, ALMANAC), decide(as_line, ALMANAC)
    del alone["lines"]

    assert alone == whole
