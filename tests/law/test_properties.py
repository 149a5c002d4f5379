"""What must hold for every case, not only for the worked ones."""

import json
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.almanac import shipped
from services.ledger.law.case import decide, explain
from services.ledger.law.due import due_of
from services.ledger.law.interest import Claim, Dispute, Payment, Rate, accrue
from services.ledger.law.rules import flags_known
from services.ledger.law.sme_standard import Indicators, tier
from services.ledger.law.start import StartFacts, start_of_term
from services.ledger.law.terms import START_RULES, ContractFacts, TermsDecision, decide_terms

ALMANAC = shipped()
DUE = date(2025, 10, 9)
DAYS = st.dates(date(2025, 8, 1), date(2026, 9, 30))
AMOUNTS = st.integers(1, 10**9)
PAYMENTS = st.lists(st.builds(Payment, DAYS, AMOUNTS, st.none()), max_size=5)
RATES = st.sampled_from([Rate(5, 10_000), Rate(69, 2_000_000), Rate(3, 36_000), Rate(0, 1)])


@st.composite
def disputes(draw: st.DrawFn) -> Dispute:
    from_on = draw(st.none() | DAYS)
    to_on = draw(st.none() | st.dates(from_on or date(2025, 8, 1), date(2026, 10, 30)))
    return Dispute(draw(AMOUNTS), from_on, to_on)


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    return Claim(
        draw(AMOUNTS),
        DUE,
        draw(PAYMENTS),
        draw(st.lists(disputes(), max_size=3)),
        draw(st.lists(st.builds(Payment, DAYS, AMOUNTS, st.none()), max_size=2)),
        draw(st.booleans()),
    )


@given(claims(), RATES, DAYS, DAYS)
def test_a_later_day_never_shows_fewer_days_overdue_or_less_interest(
    claim: Claim, rate: Rate, one: date, other: date
) -> None:
    early, late = (accrue(claim, rate, as_of=day) for day in sorted((one, other)))

    assert early.days_overdue <= late.days_overdue
    assert early.interest_fen <= late.interest_fen


@given(claims(), RATES, DAYS, st.data())
def test_a_payment_split_in_two_on_one_day_changes_nothing(
    claim: Claim, rate: Rate, as_of: date, data: st.DataObject
) -> None:
    if not claim.payments or claim.payments[0].amount_fen < 2:
        return
    first, *rest = claim.payments
    part = data.draw(st.integers(1, first.amount_fen - 1))
    two = [Payment(first.on, part), Payment(first.on, first.amount_fen - part)]

    split = accrue(claim._replace(payments=[*rest, *two]), rate, as_of=as_of, spans=True)

    assert split == accrue(claim, rate, as_of=as_of, spans=True)


@given(claims(), RATES, DAYS)
def test_spans_add_up(claim: Claim, rate: Rate, as_of: date) -> None:
    found = accrue(claim, rate, as_of=as_of, spans=True)

    assert sum(span.interest_fen for span in found.spans) == found.interest_fen
    assert all(span.days == (span.to_on - span.from_on).days + 1 for span in found.spans)
    assert sum(span.days for span in found.spans) <= found.days_overdue


@given(claims(), RATES, DAYS)
@settings(max_examples=60)
def test_interest_by_spans_equals_a_day_by_day_sum(claim: Claim, rate: Rate, as_of: date) -> None:
    principal = max(0, claim.amount_fen)
    exact, paid_interest = Fraction(0), 0
    ratio = Fraction(rate.numerator, rate.denominator)
    day = date(2025, 7, 31)
    while day < as_of:
        disputed = sum(
            each.amount_fen
            for each in claim.disputes
            if (each.from_on is None or each.from_on <= day)
            and (each.to_on is None or day < each.to_on)
        )
        if day >= claim.due_on:
            exact += ratio * max(0, principal - disputed)
        day += timedelta(days=1)
        for credit in claim.credits:
            if credit.on == day:
                principal = max(0, principal - credit.amount_fen)
        for payment in claim.payments:
            if payment.on == day:
                owed = int(exact + Fraction(1, 2)) - paid_interest
                left = payment.amount_fen
                if claim.principal_first:
                    principal, left = principal - min(left, principal), left - min(left, principal)
                    paid_interest += min(left, owed)
                else:
                    to_interest = min(left, owed)
                    paid_interest += to_interest
                    principal -= min(left - to_interest, principal)

    found = accrue(claim, rate, as_of=as_of)

    assert (found.interest_fen, found.principal_fen) == (int(exact + Fraction(1, 2)), principal)


@given(st.integers(1, 10**13), st.integers(1, 3000))
def test_a_single_span_rounds_half_up_as_decimals_do(amount_fen: int, days: int) -> None:
    claim = Claim(amount_fen, DUE)

    found = accrue(claim, Rate(5, 10_000), as_of=DUE + timedelta(days=days))

    exact = Decimal(amount_fen) * days * 5 / 10_000
    assert found.interest_fen == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


CONTRACTS = st.builds(
    ContractFacts,
    signed_on=st.dates(date(2019, 1, 1), date(2026, 6, 30)),
    debtor_kind=st.sampled_from(["GOV", "INSTITUTION", "LARGE", "LARGE_SOE", "SMALL", None]),
    creditor_size=st.sampled_from(["LARGE", "MEDIUM", "SMALL", "MICRO", None]),
    settlement=st.sampled_from(sorted(START_RULES)),
    term_days=st.none() | st.integers(0, 200),
    term_months=st.none(),
    pay_when_paid=st.booleans(),
    inspection_days=st.none() | st.integers(0, 60),
    domestic=st.booleans(),
    rest_days_roll=st.none() | st.booleans(),
    due_on=st.none() | st.dates(date(2025, 8, 1), date(2026, 12, 31)),
    retention=st.booleans(),
)


def by_sql_arithmetic(terms: TermsDecision, start_on: date) -> date | None:
    """The arithmetic that set-based SQL does from the stored columns."""
    ends = [
        start_on + timedelta(days=n) for n in (terms.term_days, terms.cap_days) if n is not None
    ]
    if terms.term_months is not None:
        month = start_on.month - 1 + terms.term_months
        first = date(start_on.year + month // 12, month % 12 + 1, 1)
        length = ((first + timedelta(days=31)).replace(day=1) - first).days
        ends.append(first + timedelta(days=min(start_on.day, length) - 1))
    ends += [] if terms.due_on is None else [terms.due_on]
    if not ends:
        return None
    end = min(ends)
    while terms.roll_rest_days and ALMANAC.calendar.is_rest(end):
        end += timedelta(days=1)
    return end


@given(CONTRACTS, st.none() | st.integers(0, 30), DAYS)
@settings(max_examples=300)
def test_the_stored_terms_give_every_due_day(
    contract: ContractFacts, months: int | None, start_on: date
) -> None:
    if months is not None:
        contract = contract._replace(term_days=None, term_months=months)
    terms = decide_terms(contract, ALMANAC, trace=False)

    due = due_of(start_on, terms, ALMANAC.calendar)

    assert (due and due.on) == by_sql_arithmetic(terms, start_on)
    if due is not None and terms.roll_rest_days:
        assert not ALMANAC.calendar.is_rest(due.on)


@given(CONTRACTS, DAYS, st.none() | DAYS)
def test_acceptance_never_starts_later_than_the_inspection_period_ends(
    contract: ContractFacts, delivered_on: date, accepted_on: date | None
) -> None:
    contract = contract._replace(settlement="ACCEPTANCE", inspection_days=20)
    terms = decide_terms(contract, ALMANAC, trace=False)

    start = start_of_term(StartFacts(delivered_on, accepted_on), terms).start_on

    assert start is not None
    assert start <= delivered_on + timedelta(days=20)


FIGURES = st.integers(0, 300_000)
TIERS = ["MICRO", "SMALL", "MEDIUM", "LARGE"]


@given(st.integers(0, 15), st.tuples(FIGURES, FIGURES, FIGURES), st.integers(0, 2), FIGURES)
def test_the_tier_is_monotone_in_each_indicator(
    row: int, figures: tuple[int, int, int], which: int, more: int
) -> None:
    raised = [n + more if i == which else n for i, n in enumerate(figures)]
    before, after = (
        tier(ALMANAC.sizes.rows[row], Indicators(*(Decimal(n) for n in numbers)))
        for numbers in (figures, raised)
    )

    assert TIERS.index(before) <= TIERS.index(after)


TERMS: list[dict[str, Any]] = [
    {},
    {"term_days": 45},
    {"term_days": 90},
    {"term_months": 2},
    {"due_on": "2025-12-31"},
    {"agreed_annual_rate_percent": "2.9", "day_basis": 360},
    {"agreed_daily_rate_percent": "0.03", "inspection_days": 10},
    {"agreed_daily_rate_percent": "0.1", "penalty_cap_percent": "5"},
    {"penalty_percent": "2"},
]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    def day() -> str:
        return draw(DAYS).isoformat()

    def money() -> str:
        return f"{draw(st.integers(1, 10**9))}.{draw(st.integers(0, 99)):02d}"

    kind = draw(st.sampled_from(["GOV", "FISCAL_GROUP", "LARGE_SOE", "LARGE", "MICRO", "MILITARY"]))
    facts: dict[str, Any] = {
        name: day()
        for name in ("delivered_on", "accepted_on", "rejected_on", "settlement_confirmed_on")
        if draw(st.booleans())
    }
    facts["amount"] = money()
    facts["payments"] = [
        {"on": day(), "amount": facts["amount"] if draw(st.booleans()) else money()}
        for _ in range(draw(st.integers(0, 3)))
    ]
    contract: dict[str, Any] = {
        "settlement": draw(st.sampled_from(sorted(START_RULES))),
        "pay_when_paid": draw(st.booleans()),
        "noncash": draw(st.booleans()),
        "audit_condition": draw(st.booleans()),
    }
    contract |= draw(st.sampled_from(TERMS))
    return {
        "signed_on": draw(st.dates(date(2019, 1, 1), date(2026, 9, 30))).isoformat(),
        "debtor": {"kind": kind},
        "creditor": {"size": draw(st.sampled_from(["LARGE", "SMALL", "MICRO", "UNDETERMINED"]))},
        "subject": draw(st.sampled_from(["GOODS", "WORKS", "SERVICES"])),
        "contract": contract,
        "facts": facts,
        "as_of": day(),
    }


@given(cases())
@settings(max_examples=150, deadline=None)
def test_any_case_is_answered_the_same_with_and_without_its_reasons(case: dict[str, Any]) -> None:
    explained = explain(case, ALMANAC)

    assert decide(case, ALMANAC) == explained | {"readings": [], "trace": []}
    assert json.loads(json.dumps(explained)) == explained
    assert set(explained["flags"]) <= flags_known()  # type: ignore[call-overload]
    assert explained["trace"]


@given(cases(), st.integers(1, 400))
@settings(max_examples=300, deadline=None)
def test_a_case_asked_later_is_never_less_late(case: dict[str, Any], later: int) -> None:
    then = (date.fromisoformat(case["as_of"]) + timedelta(days=later)).isoformat()

    before, after = decide(case, ALMANAC), decide(case | {"as_of": then}, ALMANAC)

    assert int(str(before["days_overdue"])) <= int(str(after["days_overdue"]))
