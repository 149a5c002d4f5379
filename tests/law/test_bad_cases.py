"""Whatever is thrown at the case format: an answer, or a refusal that names the field."""

import copy
import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.almanac import shipped
from services.ledger.errors import LedgerError
from services.ledger.law.case import decide, explain

ALMANAC = shipped()
FULL: dict[str, Any] = {
    "signed_on": "2025-06-10",
    "debtor": {"kind": "GOV", "domestic": True},
    "creditor": {
        "size": "SMALL",
        "source": "SELF",
        "industry": "C35",
        "employees": 250,
        "revenue_wan": "30000",
        "assets_wan": "1",
        "declared": True,
        "domestic": True,
        "controlled_by_large": False,
    },
    "subject": "WORKS",
    "contract": {
        "term_days": 45,
        "term_months": None,
        "due_on": None,
        "lines": [{"kind": "FINAL", "share_percent": "100", "starts": "DELIVERY"}],
        "framework_signed_on": "2025-01-01",
        "pay_when_paid": False,
        "pay_in_proportion": False,
        "settlement": "ON_DELIVERY",
        "inspection_days": 10,
        "agreed_annual_rate_percent": "3.45",
        "agreed_daily_rate_percent": None,
        "penalty_percent": "1",
        "penalty_cap_percent": "5",
        "day_basis": 365,
        "noncash": True,
        "noncash_clause": True,
        "noncash_consent": True,
        "audit_condition": False,
        "principal_first": False,
        "rest_days_roll": True,
        "deposits": [{"kind": "QUALITY", "percent": "3", "ended_on": "2026-01-01"}],
    },
    "facts": {
        "delivered_on": "2025-07-09",
        "accepted_on": "2025-07-12",
        "rejected_on": None,
        "settlement_confirmed_on": None,
        "invoiced_on": "2025-07-20",
        "warranty_ends_on": "2026-07-09",
        "amount": "1000.00",
        "disputed": [{"amount": "10.00", "from": "2025-09-01", "to": "2025-09-09", "line": 1}],
        "payments": [{"on": "2025-09-01", "amount": "5.00", "instructed_on": "2025-08-31"}],
        "credits": [{"on": "2025-09-01", "amount": "5.00"}],
        "costs": [
            {"on": "2025-09-01", "amount": "2.00", "kind": "NOTARY", "note": "公证费发票1"},
        ],
        "instrument": {"kind": "BILL", "handed_on": "2025-09-02", "matures_on": "2026-02-02"},
        "confirmation_requested_on": "2025-08-01",
        "confirmed_on": "2025-08-09",
        "complaint": {"submitted_on": "2025-10-01", "accepted_on": "2025-10-09"},
        "interrupted_on": ["2026-01-01"],
        "interruptions": [{"on": "2026-02-01", "kind": "SUIT", "ended_on": "2026-03-01"}],
        "delay_reasons": ["INTERNAL_PROCESS"],
    },
    "as_of": "2026-06-30",
}


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place of a case, the case itself left out."""
    inner: list[tuple[str | int, ...]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        inner.append((*path, key))
        if isinstance(value[key], dict | list):
            inner += paths(value[key], (*path, key))
    return inner


def with_value(place: tuple[str | int, ...], value: object) -> dict[str, Any]:
    case: Any = copy.deepcopy(FULL)
    inner = case
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return case  # type: ignore[no-any-return]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**5000),
    st.floats(),
    st.decimals(allow_nan=True),
    st.text(max_size=30),
    st.sampled_from(
        [
            "NaN", "Infinity", "-1", "1e9", "1,000.00", "１２３", "2025-02-30", "0000-00-00",
            "9999-12-31", "1899-12-31", "2200-01-01", "", " ", "\ud800", "1.001", "9" * 400,
            "2025-06-10T00:00:00", "ON_DELIVERY", "LARGE", "0.00", "\x00",
        ]
    ),
    st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
    st.just(b"bytes"),
    st.just(object()),
)  # fmt: skip


def refused(case: dict[str, Any]) -> LedgerError | None:
    """Return the refusal of a case, or None for an answer that is plain JSON."""
    try:
        found = explain(case, ALMANAC)
    except LedgerError as refusal:
        return refusal
    assert decide(case, ALMANAC) == found | {"readings": [], "trace": []}
    json.dumps(found).encode("utf-8")
    return None


@given(st.sampled_from(paths(FULL)), JUNK)
@settings(max_examples=250, deadline=None)
def test_junk_in_any_place_is_answered_or_refused_with_the_field(
    place: tuple[str | int, ...], junk: object
) -> None:
    refusal = refused(with_value(place, junk))

    if refusal is not None:
        assert refusal.code
        assert refusal.english
        assert refusal.chinese != refusal.english
        assert refusal.field is not None or refusal.code in {"LPR_MISSING", "LIMIT_MISSING"}
        for said in (refusal.english, refusal.chinese, refusal.field or ""):
            said.encode("utf-8")


@pytest.mark.parametrize(
    "place",
    [("creditor", "industry"), ("contract", "term_days"), ("facts", "amount"), ("as_of",)],
)
def test_a_number_too_long_to_write_is_refused(place: tuple[str | int, ...]) -> None:
    refusal = refused(with_value(place, 10**5000))

    assert refusal is not None
    assert refusal.field == ".".join(map(str, place))


@given(st.sampled_from(paths(FULL)), st.text(max_size=8) | st.just("\ud800"))
@settings(max_examples=150, deadline=None)
def test_an_unknown_key_in_any_object_is_refused_by_its_path(
    place: tuple[str | int, ...], key: str
) -> None:
    inner: Any = FULL
    for step in place:
        inner = inner[step]
    if not isinstance(inner, dict) or key in inner or (place == ("facts",) and key == "amount"):
        return
    case = with_value(place, inner | {key: 1})

    with pytest.raises(LedgerError) as refusal:
        decide(case, ALMANAC)

    assert refusal.value.field is not None
    refusal.value.english.encode("utf-8")
    assert refusal.value.code in {"CASE_INVALID", "AMOUNT_INVALID", "INDUSTRY_UNKNOWN"}


@given(st.sets(st.sampled_from(paths(FULL)), max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_fact_may_be_left_out(places: set[tuple[str | int, ...]]) -> None:
    case: Any = copy.deepcopy(FULL)
    for place in sorted(places, key=len, reverse=True):
        inner = case
        for step in place[:-1]:
            inner = inner[step]
        if isinstance(inner, dict):
            inner.pop(place[-1], None)

    refusal = refused(case)

    assert refusal is None or refusal.field is not None


def test_the_whole_format_at_once_is_answered() -> None:
    case = with_value(("contract", "term_days"), 45)
    found: Any = explain(case, ALMANAC)

    assert found["applies"] is True
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("place", "value", "field"),
    [
        (("as_of",), "2025-02-30", "as_of"),
        (("debtor",), [], "debtor"),
        (("facts", "amount"), 100.5, "facts.amount"),
        (("facts", "amount"), Decimal("100.5"), "facts.amount"),
        (("facts", "amount"), "NaN", "facts.amount"),
        (("facts", "amount"), "0.00", "facts.amount"),
        (("facts", "amount"), "9" * 14, "facts.amount"),
        (("facts", "payments", 0), {}, "facts.payments[0].on"),
        (("facts", "payments", 0, "amount"), 5, "facts.payments[0].amount"),
        (("facts", "payments", 0, "amount"), "-5.00", "facts.payments[0].amount"),
        (("facts", "payments", 0, "on"), "2025-9-1", "facts.payments[0].on"),
        (("facts", "payments", 0, "line"), 0, "facts.payments[0].line"),
        (("facts", "disputed"), {}, "facts.disputed"),
        (("facts", "disputed", 0, "amount"), "1000.01", "facts.disputed"),
        (("facts", "complaint"), "yes", "facts.complaint"),
        (("facts", "delay_reasons", 0), 1, "facts.delay_reasons[0]"),
        (("facts", "interruptions", 0, "kind"), "SHOUTED", "facts.interruptions[0].kind"),
        (("facts", "instrument", "matures_on"), "2025-09-01", "facts.instrument.matures_on"),
        (("contract", "term_months"), 2, "contract.term_months"),
        (("contract", "due_on"), "2025-09-01", "contract.due_on"),
        (("contract", "agreed_daily_rate_percent"), "0.1", "contract.agreed_daily_rate_percent"),
        (("contract", "penalty_percent"), math.nan, "contract.penalty_percent"),
        (("contract", "penalty_percent"), "1e3", "contract.penalty_percent"),
        (("contract", "day_basis"), 364, "contract.day_basis"),
        (("contract", "noncash"), "yes", "contract.noncash"),
        (("creditor", "employees"), "2.5", "creditor.employees"),
        (("creditor", "industry"), "C99", "creditor.industry"),
        (("creditor", "industry"), "F13", "creditor.industry"),
        (("creditor", "revenue_wan"), -1, "creditor.revenue_wan"),
    ],
)  # fmt: skip
def test_a_refusal_names_its_field(place: tuple[str | int, ...], value: object, field: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        decide(with_value(place, value), ALMANAC)

    assert refusal.value.field == field


def test_a_cap_of_nothing_is_refused() -> None:
    case = {"signed_on": "2025-06-10", "contract": {"penalty_cap_percent": "5"}}

    with pytest.raises(LedgerError) as refusal:
        decide(case, ALMANAC)

    assert refusal.value.field == "contract.penalty_cap_percent"


def test_a_rate_written_as_a_json_number_counts_as_it_is_written() -> None:
    def interest(rate: object) -> object:
        terms = {"agreed_annual_rate_percent": rate, "term_days": 30}
        facts = {"delivered_on": "2025-07-09", "amount": "500000.00"}
        case = {
            "signed_on": "2025-06-10",
            "debtor": {"kind": "LARGE"},
            "creditor": {"size": "SMALL"},
            "contract": terms,
            "facts": facts,
            "as_of": "2025-12-31",
        }
        return decide(case, ALMANAC)["interest"]

    assert interest(3.45) == interest("3.45") == interest(Decimal("3.450"))
