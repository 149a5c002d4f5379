"""The day before, the day and the day after: what SQL computes with is decided here."""

from datetime import date

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.calendar import Calendar
from services.ledger.law.civil_code import Debt, allocate_to_debts
from services.ledger.law.due import Due, due_of
from services.ledger.law.limitation import Interruption, limitation_ends_on
from services.ledger.law.start import StartFacts, start_of_term
from services.ledger.law.terms import ContractFacts, TermsDecision, decide_terms

ALMANAC = shipped()


def day(text: str) -> date:
    return date.fromisoformat(text)


def due(terms: TermsDecision, start: str) -> Due:
    found = due_of(day(start), terms, ALMANAC.calendar)
    assert found is not None
    return found


def a_contract(signed: str, debtor: str = "LARGE", **terms: object) -> TermsDecision:
    facts = ContractFacts(day(signed), debtor, "SMALL")
    return decide_terms(facts._replace(**terms), ALMANAC)  # type: ignore[arg-type]  # test shorthand


@pytest.mark.parametrize(
    ("signed", "regime", "term_days"),
    [
        ("2020-08-31", "PRE2020", None),
        ("2020-09-01", "R2020", None),
        ("2025-05-31", "R2020", None),
        ("2025-06-01", "R2025", 60),
        ("2025-06-02", "R2025", 60),
    ],
)
def test_the_version_at_signing_gives_a_silent_large_contract_its_term(
    signed: str, regime: str, term_days: int | None
) -> None:
    terms = a_contract(signed)

    assert (terms.regime, terms.term_days) == (regime, term_days)


@pytest.mark.parametrize(
    ("agreed", "flagged", "counted"),
    [(59, False, "2025-09-08"), (60, False, "2025-09-08"), (61, True, "2025-09-08")],
)
def test_a_public_bodys_term_is_capped_at_60_days(agreed: int, flagged: int, counted: str) -> None:
    terms = a_contract("2025-06-20", "GOV", term_days=agreed)

    # 2025-07-10 + 59 is Sunday 09-07, which rolls to the same Monday as + 60.
    assert due(terms, "2025-07-10").on == day(counted)
    assert ("GOV_TERM_OVER_60" in terms.flags) == flagged


@pytest.mark.parametrize(("agreed", "flagged"), [(60, False), (61, True)])
def test_a_large_enterprises_long_term_counts_and_is_flagged(agreed: int, flagged: int) -> None:
    terms = a_contract("2025-07-01", term_days=agreed, rest_days_roll=False)

    assert due(terms, "2025-07-14").on == date.fromordinal(day("2025-07-14").toordinal() + agreed)
    assert ("TERM_OVER_60_REVIEW" in terms.flags) == flagged


def test_months_end_on_the_corresponding_day_or_the_months_end() -> None:
    terms = a_contract("2025-07-01", term_months=1, rest_days_roll=False)

    assert due(terms, "2026-01-31").on == day("2026-02-28")
    assert due(terms, "2028-01-31").on == day("2028-02-29")
    assert due(terms, "2025-12-15").on == day("2026-01-15")


def test_two_months_of_a_public_body_end_at_the_earlier_of_202_and_60_days() -> None:
    terms = a_contract("2025-07-01", "GOV", term_months=2, rest_days_roll=False)

    # 07-01 + 2 months is 62 days, so 60 days come first; 12-31 + 2 months is 59 days.
    assert due(terms, "2025-07-01").on == day("2025-08-30")
    assert due(terms, "2025-12-31").on == day("2026-02-28")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"debtor_kind": "MEDIUM"}, "DEBTOR_IS_SME"),
        ({"debtor_kind": "MILITARY"}, "DEBTOR_MILITARY"),
        ({"debtor_kind": "INDIVIDUAL"}, "DEBTOR_INDIVIDUAL"),
        ({"creditor_size": "LARGE"}, "CREDITOR_NOT_SME"),
        ({"domestic": False}, "FOREIGN_PARTY"),
        ({"signed_on": date(2020, 8, 31)}, "SIGNED_BEFORE_2020"),
    ],
)
def test_outside_the_regulation_the_agreed_term_counts_as_it_is(
    facts: dict[str, object], reason: str
) -> None:
    terms = a_contract("2025-07-01", "GOV", term_days=90, **facts)

    assert (terms.applies, terms.reason) == ("false", reason)
    assert (terms.term_days, terms.cap_days, terms.flags) == (90, None, ())


def test_a_contract_between_foreigners_does_not_roll_over_chinese_rest_days() -> None:
    terms = a_contract("2025-07-01", domestic=False, term_days=30)

    assert due(terms, "2025-09-01").on == day("2025-10-01")


def test_an_unknown_size_gets_no_default_and_no_cap() -> None:
    terms = a_contract("2025-07-01", "GOV", creditor_size=None)

    assert (terms.applies, terms.has_term) == ("unknown", False)


def test_a_due_day_in_an_unpublished_year_is_provisional() -> None:
    terms = a_contract("2025-07-01", term_days=60)

    assert due(terms, "2026-11-01") == Due(day("2026-12-31"), day("2026-12-31"), provisional=False)
    # 2027-01-01 is the New Year, 01-02 and 01-03 a weekend; what else rests is not published.
    assert due(terms, "2026-11-02") == Due(day("2027-01-04"), day("2027-01-01"), provisional=True)


def test_make_up_workdays_are_working_days_and_lieu_days_rest() -> None:
    calendar = ALMANAC.calendar

    assert not calendar.is_rest(day("2026-01-04"))
    assert calendar.is_rest(day("2026-01-02"))
    assert calendar.roll_forward(day("2025-10-01")).on == day("2025-10-09")
    assert calendar.add_working_days(day("2025-09-29"), 10).on == day("2025-10-20")


def test_the_rows_for_a_table_agree_with_rolling() -> None:
    rows = list(ALMANAC.calendar.rows(day("2026-12-30"), day("2027-01-02")))

    assert [(r.rest, r.next_workday.isoformat(), r.provisional) for r in rows] == [
        (False, "2026-12-30", False),
        (False, "2026-12-31", False),
        (True, "2027-01-04", True),
        (True, "2027-01-04", True),
    ]


def test_a_rest_day_of_an_unpublished_year_is_refused_by_the_calendar() -> None:
    with pytest.raises(AssertionError, match="2027"):
        Calendar(years=[2026], rest_days=[day("2027-01-01")], announced=[])


@pytest.mark.parametrize(
    ("accepted", "rejected", "start", "rule"),
    [
        ("2025-08-12", None, "2025-08-12", "R-START-ACCEPTANCE"),
        ("2025-08-19", None, "2025-08-19", "R-START-ACCEPTANCE"),
        ("2025-08-20", None, "2025-08-19", "R-START-INSPECTION"),
        (None, None, "2025-08-19", "R-START-INSPECTION"),
        (None, "2025-08-19", None, "R-START-REJECTED"),
        (None, "2025-08-20", "2025-08-19", "R-START-INSPECTION"),
        ("2025-09-01", "2025-08-15", "2025-09-01", "R-START-ACCEPTANCE"),
    ],
)
def test_acceptance_starts_the_term_and_delay_does_not_stop_it(
    accepted: str | None, rejected: str | None, start: str | None, rule: str
) -> None:
    terms = a_contract("2025-06-18", settlement="ACCEPTANCE", inspection_days=15, term_days=30)
    facts = StartFacts(
        delivered_on=day("2025-08-04"),
        accepted_on=(accepted and day(accepted)) or None,
        rejected_on=(rejected and day(rejected)) or None,
    )

    decision = start_of_term(facts, terms)

    assert (decision.start_on and decision.start_on.isoformat(), decision.rule) == (start, rule)


def test_without_an_inspection_period_nothing_starts_by_itself() -> None:
    terms = a_contract("2025-06-18", settlement="ACCEPTANCE")

    assert "INSPECTION_PERIOD_MISSING" in terms.flags
    assert start_of_term(StartFacts(delivered_on=day("2025-08-04")), terms).start_on is None
    accepted = StartFacts(delivered_on=day("2025-08-04"), accepted_on=day("2025-10-20"))
    assert start_of_term(accepted, terms).start_on == day("2025-10-20")


def test_an_unconfirmed_settlement_has_not_started() -> None:
    terms = a_contract("2025-07-01", settlement="PROGRESS")

    decision = start_of_term(StartFacts(delivered_on=day("2025-09-03")), terms)

    assert decision.start_on is None
    assert decision.flags == ("SETTLEMENT_CONFIRMATION_STALLED",)


def test_a_payment_goes_to_due_instalments_first_then_by_their_days_then_by_shares() -> None:
    debts = [
        Debt(day("2026-03-01"), 100),
        Debt(day("2026-01-01"), 100),
        Debt(day("2026-02-01"), 50),
    ]
    same_day = [
        Debt(day("2026-01-01"), 100),
        Debt(day("2026-01-01"), 50),
        Debt(day("2026-01-01"), 50),
    ]

    assert allocate_to_debts(130, debts, on=day("2026-02-15")) == (0, 100, 30)
    assert allocate_to_debts(300, debts, on=day("2026-02-15")) == (100, 100, 50)
    # 101 fen by 2:1:1 are 50, 25, 25 and one fen left for the first.
    assert allocate_to_debts(101, same_day, on=day("2026-01-02")) == (51, 25, 25)


@pytest.mark.parametrize(
    ("interrupted", "ends"),
    [
        ([], "2028-09-08"),
        (["2026-05-01"], "2029-05-01"),
        (["2025-09-08"], "2028-09-08"),
        (["2028-09-08"], "2031-09-08"),
        (["2028-09-09"], "2028-09-08"),
        (["2028-01-01", "2026-05-01"], "2031-01-01"),
    ],
)
def test_limitation_runs_anew_from_each_interruption_in_time(
    interrupted: list[str], ends: str
) -> None:
    events = [Interruption(day(text)) for text in interrupted]

    assert limitation_ends_on(day("2025-09-08"), interruptions=events) == day(ends)
