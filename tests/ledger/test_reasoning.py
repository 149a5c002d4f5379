"""The reasoning of a receivable: the pure law on the book's facts, and the book, are one."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.arrears.case_facts import NotYetOpenedError
from services.ledger.arrears.queries import overdue
from services.ledger.arrears.reasoning import NOTES, reason
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.ids import new_id
from services.ledger.law.case import explain
from services.ledger.money import format_fen
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.notice import import_almanac
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.term import project
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for
from tests.ledger.test_receivables import act, pay
from tests.ledger.test_term import CONTRACTS

AT = datetime(2099, 1, 1, tzinfo=UTC)
FIRST = date(2025, 7, 9)
FACE = 1_000_00
DAYS = st.integers(0, 200).map(lambda days: FIRST + timedelta(days=days))
ACTS = ("pay", "confirm", "dispute", "uphold", "withdraw", "credit", "request")
LIFE = st.lists(st.tuples(DAYS, st.sampled_from(ACTS), st.integers(1, FACE)), max_size=7)
STATED = st.fixed_dictionaries(
    {},
    optional={
        "delivered_on": DAYS,
        "accepted_on": DAYS,
        "settlement_confirmed_on": DAYS,
        "agreed_due_on": DAYS,
    },
)
KINDS = ("DELIVERED", "ACCEPTED", "SETTLEMENT_CONFIRMED", "REJECTED", "CANCELLED")
RECEIPTS = st.lists(
    st.dictionaries(st.sampled_from(KINDS), DAYS, min_size=1, max_size=4), max_size=3
)


def now(session: Session) -> datetime:
    instant: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return instant


def reasoned(session: Session, claim: Claim, as_of: date, known_at: datetime = AT) -> Any:
    return reason(session, OPERATOR, claim.id, as_of=as_of, known_at=known_at)


def live(session: Session, claim: Claim, life: list[tuple[date, str, int]]) -> list[date]:
    """Let things happen in the order of their days; return the days a dispute was upheld."""
    buyer, supplier = acting_for(claim.debtor_id), acting_for(claim.creditor_id, "supplier")
    upheld = []
    for day, name, fen in sorted(life):
        done = replace(act(claim, fen), on=day)
        try:
            match name:
                case "pay":
                    paid = Paid(new_id(), "P", fen, "CNY", day, "", {claim.id: fen})
                    record_payment(session, OPERATOR, paid)
                case "confirm":
                    service.confirm(session, buyer, done)
                case "dispute":
                    service.dispute(session, buyer, done)
                case "uphold":
                    service.resolve(session, buyer, done, upheld=True)
                    upheld.append(day)
                case "withdraw":
                    service.resolve(session, supplier, done, upheld=False)
                case "credit":
                    service.credit(session, supplier, done)
                case _:
                    service.request_confirmation(session, supplier, done)
        except LedgerError:
            continue
    return upheld


def arrive(session: Session, claim: Claim, receipts: list[dict[str, date]]) -> None:
    """State what happened to receipts of a receivable, as `spread` copies it."""
    for facts in receipts:
        document = new_id()
        for kind, on in facts.items():
            session.connection().execute(
                text(
                    'INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on,'
                    " known_at) VALUES (:id, :fact, :document, :kind, :on, :on, clock_timestamp())"
                ),
                {"id": claim.id, "fact": new_id(), "document": document, "kind": kind, "on": on},
            )
    project(session, [str(claim.id)])


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CONTRACTS, STATED, RECEIPTS, LIFE, DAYS)
def test_the_reasoning_and_the_book_give_the_same_days_and_amounts(
    session: Session,
    agreed: dict[str, Any],
    stated: dict[str, date],
    receipts: list[dict[str, date]],
    life: list[tuple[date, str, int]],
    as_of: date,
) -> None:
    point = session.begin_nested()
    contract = a_contract(session, **agreed)
    claim = a_receivable(session, contract, **{"delivered_on": None, **stated})
    arrive(session, claim, receipts)
    upheld = live(session, claim, life)

    found = reasoned(session, claim, as_of)
    rows = overdue(session, OPERATOR, as_of=as_of, known_at=AT, limit=1000)

    book, result = found["book"], found["result"]
    assert (book["due_on"] is not None and book["days_overdue"] > 0) == bool(rows)
    assert [row.undisputed_fen for row in rows] == (
        [int(book["undisputed"].replace(".", ""))] if rows else []
    )
    assert result["start_on"] == (book["start_on"] and book["start_on"].isoformat())
    assert result["due_on"] == (book["due_on"] and book["due_on"].isoformat())
    # On the very day a dispute is decided the law counts no day yet: interest falls on what
    # was undisputed at the end of the day before.
    if as_of not in upheld:
        late = [row for row in rows if row.undisputed_fen]
        amounts = [format_fen(row.undisputed_fen) for row in late] or ["0.00"]
        assert [result["overdue_undisputed"]] == amounts
        assert all(result["days_overdue"] == row.days_overdue for row in late)
    assert result["applies"] == {"true": True, "false": False}.get(contract.applies, "unknown")
    assert result["regime"] == contract.regime
    again = explain(json.loads(json.dumps(found["case"])), shipped())
    assert {**again, "trace": None} == {**result, "trace": None}
    point.rollback()


def test_a_reasoning_names_its_facts_articles_and_other_readings(session: Session) -> None:
    claim = a_receivable(session)
    pay(session, claim, 400_00)

    found = reasoned(session, claim, date(2025, 9, 18))

    result = found["result"]
    assert (result["due_on"], result["days_overdue"]) == ("2025-09-08", 10)
    assert result["overdue_undisputed"] == "600.00"
    assert result["interest"]["statutory"] == "3.00"
    rules = [step["rule"] for step in result["trace"]]
    assert rules[:3] == ["R-SIZE", "R-GATE", "R-TERM-LARGE-DEFAULT"]
    assert {"R-ROLL", "R-INT-DEFAULT"} <= set(rules)
    assert all(step["article"] and step["text_zh"] and step["text_en"] for step in result["trace"])
    assert "O1" in {reading["id"] for reading in result["readings"]}
    facts = found["facts"]
    assert facts["receivable"]["face"] == "1000.00"
    assert [(row["debit"], row["amount"]) for row in facts["movements"]] == [
        ("receivable", "1000.00"),
        ("cash", "400.00"),
    ]
    assert [row["decides"] for row in facts["receipts"]] == [True]
    assert "不构成法律认定" in found["note"]


def test_of_several_receipts_the_last_decides_and_all_are_shown(session: Session) -> None:
    claim = a_receivable(session, delivered_on=None)
    days = (date(2025, 8, 1), date(2025, 7, 20))
    arrive(session, claim, [{"DELIVERED": day} for day in days])

    found = reasoned(session, claim, date(2025, 9, 1))

    assert found["result"]["start_on"] == found["case"]["facts"]["delivered_on"] == "2025-08-01"
    receipts = [(row["delivered_on"], row["decides"]) for row in found["facts"]["receipts"]]
    assert receipts == [(days[1], False), (days[0], True)]
    assert [note["id"] for note in found["notes"]] == ["SEVERAL_RECEIPTS"]

    arrive(session, claim, [{"REJECTED": days[0]}])
    waiting = reasoned(session, claim, date(2025, 9, 1))
    assert (waiting["result"]["start_on"], waiting["book"]["due_on"]) == (None, None)


def test_a_late_payment_reduces_the_principal_and_interest_first_is_shown_beside(
    session: Session,
) -> None:
    claim = a_receivable(session)
    live(session, claim, [(date(2025, 10, 8), "pay", 400_00)])

    found = reasoned(session, claim, date(2025, 10, 18))

    assert found["result"]["overdue_undisputed"] == found["book"]["undisputed"] == "600.00"
    (reading,) = [one for one in found["result"]["readings"] if one["id"] == "ALLOCATION"]
    assert reading["chosen"] == "PRINCIPAL_FIRST"
    # 1000.00 for 30 days at 0.05 % is 15.00, which interest first would take.
    assert reading["alternatives"][0]["result"]["overdue_undisputed"] == "615.00"
    assert [note["id"] for note in found["notes"]] == ["PRINCIPAL_AS_POSTED"]
    (step,) = [one for one in found["result"]["trace"] if one["rule"] == "R-ALLOCATE"]
    assert "按入账先抵本金" in step["text_zh"]
    assert "agreed" not in step["text_en"].rpartition("(")[2]

    agreed = a_receivable(session, a_contract(session, principal_first=True))
    live(session, agreed, [(date(2025, 10, 8), "pay", 400_00)])
    said = reasoned(session, agreed, date(2025, 10, 18))
    assert said["notes"] == []
    assert any("按约定先抵本金" in step["text_zh"] for step in said["result"]["trace"])


def test_an_agreed_day_counts_before_its_term_has_started(session: Session) -> None:
    claim = a_receivable(session, delivered_on=None, agreed_due_on=date(2025, 9, 6))

    found = reasoned(session, claim, date(2025, 9, 10))

    assert (found["book"]["due_on"], found["book"]["days_overdue"]) == (date(2025, 9, 8), 2)
    assert found["case"]["contract"]["due_on"] == "2025-09-06"
    assert (found["result"]["due_on"], found["result"]["days_overdue"]) == ("2025-09-08", 2)
    assert (found["result"]["start_on"], found["notes"]) == (None, [])


def test_what_a_contract_was_audited_for_comes_back_in_the_reasoning(session: Session) -> None:
    said: dict[str, Any] = {
        "noncash": True,
        "noncash_consent": False,
        "deposits": [{"kind": "QUALITY", "cash_only": True}],
        "delay_reasons": ["INTERNAL_PROCESS", "FINAL_AUDIT"],
        "agreed_annual_rate_percent": "1.5",
        "pay_in_proportion": True,
    }
    contract = a_contract(session, **said)
    claim = a_receivable(session, contract)

    assert set(contract.flags) <= set(reasoned(session, claim, FIRST)["result"]["flags"])
    assert {"PAY_WHEN_PAID", "R-EXCUSE", "RATE_BELOW_LPR"} <= set(contract.flags)


def test_an_unanswered_request_for_confirmation_is_flagged(session: Session) -> None:
    claim = a_receivable(session)
    live(session, claim, [(date(2025, 7, 10), "request", 0)])
    late = date(2025, 8, 12)
    told = "SELECT data ->> 'answer_due_on' FROM events WHERE type = 'confirmation.requested'"

    # 07-10 + 30 is a Saturday: the debtor is told the same day as the flag waits for.
    assert session.connection().execute(text(told)).scalar_one() == "2025-08-11"
    assert "R-CONFIRM-30" not in reasoned(session, claim, date(2025, 8, 11))["result"]["flags"]
    assert "R-CONFIRM-30" in reasoned(session, claim, late)["result"]["flags"]
    live(session, claim, [(date(2025, 8, 1), "confirm", FACE)])
    assert "R-CONFIRM-30" not in reasoned(session, claim, late)["result"]["flags"]


def test_yesterdays_reasoning_comes_out_again_whatever_is_learned(session: Session) -> None:
    claim = a_receivable(session)
    at, day = now(session), date(2025, 12, 1)
    before = json.dumps(reasoned(session, claim, day, at), default=str)

    pay(session, claim, 500_00)
    limits = b"kind,date,value,source\nlimit:large_default_days,2025-06-01,10,x\n"
    import_almanac(session, OPERATOR, limits, name="a.csv", today=day)

    assert json.dumps(reasoned(session, claim, day, at), default=str) == before
    after = reasoned(session, claim, day, now(session))
    assert after["result"]["overdue_undisputed"] == "500.00"
    # The contract was decided before the cap was corrected, and stays as it was decided.
    assert after["result"]["due_on"] == "2025-09-08"
    assert after["almanac_version"] == 1


def test_a_receivable_is_not_reasoned_about_before_it_was_in_the_book(session: Session) -> None:
    before = datetime(2025, 12, 1, tzinfo=UTC)
    claim = a_receivable(session)

    for as_of, known_at in ((FIRST - timedelta(days=1), AT), (FIRST, before)):
        with pytest.raises(NotYetOpenedError, match="was not in the book"):
            reasoned(session, claim, as_of, known_at)


def test_a_stranger_learns_nothing(session: Session) -> None:
    claim = a_receivable(session)
    stranger = acting_for(a_party(session, kind="LARGE"))

    for asked in (claim.id, UUID(int=1)):
        with pytest.raises(NotFoundError, match="No such receivable"):
            reason(session, stranger, asked, as_of=FIRST, known_at=AT)


def test_every_note_has_both_languages() -> None:
    assert all(note.text_zh and note.text_en for note in NOTES.values())
