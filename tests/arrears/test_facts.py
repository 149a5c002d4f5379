"""Facts about late payment: who states them, and what the law makes of them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.arrears import facts
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.service import ExceedsError
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for

HANDED = date(2025, 9, 5)
INSTRUMENT: dict[str, Any] = {
    "word": "ECERT",
    "amount_fen": 600_00,
    "until_on": date(2026, 3, 5),
}


def a_fact(claim: Claim, kind: str, on: date, **more: Any) -> Stated:
    return Stated(new_id(), claim.id, kind, on, **more)


def by_creditor(session: Session, claim: Claim, kind: str, on: date, **more: Any) -> Stated:
    stated = a_fact(claim, kind, on, **more)
    assert facts.state(session, acting_for(claim.creditor_id, "supplier"), stated)
    return stated


def by_debtor(session: Session, claim: Claim, kind: str, on: date, **more: Any) -> Stated:
    stated = a_fact(claim, kind, on, **more)
    assert facts.state(session, acting_for(claim.debtor_id), stated)
    return stated


def result(session: Session, claim: Claim, as_of: date, **more: Any) -> dict[str, Any]:
    instant = more.get("known_at") or now()
    found = reason(session, OPERATOR, claim.id, as_of=as_of, known_at=instant)
    answer: dict[str, Any] = found["result"]
    return answer


def is_lapsed(session: Session, claim: Claim, as_of: date) -> bool:
    return "R-LIMIT-3Y" in result(session, claim, as_of)["flags"]


@pytest.mark.parametrize("kind", ["DEMAND", "ACKNOWLEDGEMENT", "AGREEMENT"])
def test_what_interrupts_limitation_begins_it_anew(session: Session, kind: str) -> None:
    claim = a_receivable(session)  # due on 2025-09-08: three years end on 2028-09-08
    state = by_creditor if kind == "DEMAND" else by_debtor
    assert is_lapsed(session, claim, date(2028, 12, 1))

    state(session, claim, kind, date(2026, 6, 1))

    assert not is_lapsed(session, claim, date(2028, 12, 1))
    assert is_lapsed(session, claim, date(2029, 6, 2))


def test_a_suit_stops_limitation_until_it_ends(session: Session) -> None:
    claim = a_receivable(session)
    suit = by_creditor(session, claim, "SUIT", date(2026, 6, 1))
    assert not is_lapsed(session, claim, date(2032, 1, 1))

    by_creditor(session, claim, "ENDED", date(2027, 6, 1), fact_id=suit.id)

    assert not is_lapsed(session, claim, date(2030, 6, 1))
    assert is_lapsed(session, claim, date(2030, 6, 2))


def test_what_was_not_known_then_does_not_count_then(session: Session) -> None:
    claim = a_receivable(session)
    before = now()
    by_creditor(session, claim, "DEMAND", date(2026, 6, 1))

    then = result(session, claim, date(2028, 12, 1), known_at=before)

    assert "R-LIMIT-3Y" in then["flags"]


def test_each_party_speaks_for_itself(session: Session) -> None:
    claim = a_receivable(session)

    for kind in ("DEMAND", "SUIT", "ARBITRATION"):
        with pytest.raises(NotAllowedError, match="Only the supplier"):
            by_debtor(session, claim, kind, HANDED)
    for kind in ("ACKNOWLEDGEMENT", "AGREEMENT", "DELAY_REASON"):
        with pytest.raises(NotAllowedError, match="Only the buyer"):
            by_creditor(session, claim, kind, HANDED)
    with pytest.raises(NotAllowedError):
        facts.state(session, OPERATOR, a_fact(claim, "DEMAND", HANDED))
    stranger = acting_for(a_party(session), "supplier")
    with pytest.raises(NotFoundError):
        facts.state(session, stranger, a_fact(claim, "DEMAND", HANDED))


def test_the_same_fact_again_is_recorded_once(session: Session) -> None:
    claim = a_receivable(session)
    supplier = acting_for(claim.creditor_id, "supplier")
    stated = by_creditor(session, claim, "DEMAND", HANDED, word="函-1")

    assert not facts.state(session, supplier, stated)
    with pytest.raises(ReusedIdError):
        facts.state(session, supplier, replace(stated, word="函-2"))
    assert len(facts.facts(session, claim.id)) == 1


def test_an_instrument_that_matures_late_is_flagged_until_it_is_given_back(
    session: Session,
) -> None:
    claim = a_receivable(session)
    instrument = by_debtor(session, claim, "INSTRUMENT", HANDED, **INSTRUMENT)

    flags = result(session, claim, date(2025, 9, 20))["flags"]
    assert {"NONCASH_NO_CLAUSE", "NONCASH_EXTENDS_TERM", "settled_by_instrument"} <= set(flags)

    by_creditor(session, claim, "ENDED", date(2025, 9, 25), fact_id=instrument.id)
    assert "settled_by_instrument" in result(session, claim, date(2025, 9, 24))["flags"]
    assert "settled_by_instrument" not in result(session, claim, date(2025, 9, 25))["flags"]


def test_of_several_instruments_the_case_has_the_last_to_mature(session: Session) -> None:
    claim = a_receivable(session)
    by_debtor(session, claim, "INSTRUMENT", HANDED, **INSTRUMENT)
    sooner = {**INSTRUMENT, "amount_fen": 1_00, "word": "BILL", "until_on": date(2025, 9, 6)}
    by_debtor(session, claim, "INSTRUMENT", HANDED, **sooner)

    found = reason(session, OPERATOR, claim.id, as_of=date(2025, 9, 20), known_at=now())

    assert found["case"]["facts"]["instrument"]["kind"] == "ECERT"
    assert [note["id"] for note in found["notes"]] == ["SEVERAL_INSTRUMENTS"]


def test_instruments_are_not_for_more_than_is_owed(session: Session) -> None:
    claim = a_receivable(session)
    by_debtor(session, claim, "INSTRUMENT", HANDED, **INSTRUMENT)

    with pytest.raises(ExceedsError, match=r"exceeds the 400\.00 owed and not covered"):
        by_debtor(session, claim, "INSTRUMENT", HANDED, **{**INSTRUMENT, "amount_fen": 400_01})


def test_only_what_can_end_ends_once_and_not_before_it_began(session: Session) -> None:
    claim = a_receivable(session)
    demand = by_creditor(session, claim, "DEMAND", HANDED)
    suit = by_creditor(session, claim, "SUIT", HANDED)

    with pytest.raises(facts.FactEndedError, match="DEMAND has no end"):
        by_creditor(session, claim, "ENDED", HANDED, fact_id=demand.id)
    with pytest.raises(facts.FactEndedError, match="began on 2025-09-05"):
        by_creditor(session, claim, "ENDED", date(2025, 9, 4), fact_id=suit.id)
    by_creditor(session, claim, "ENDED", HANDED, fact_id=suit.id)
    with pytest.raises(facts.FactEndedError, match="ended on 2025-09-05"):
        by_creditor(session, claim, "ENDED", HANDED, fact_id=suit.id)
    with pytest.raises(NotFoundError):
        by_creditor(session, claim, "ENDED", HANDED, fact_id=new_id())


def test_a_banned_reason_is_flagged_unless_the_contract_allows_it(session: Session) -> None:
    plain = a_receivable(session)
    agreed = a_receivable(session, a_contract(session, delay_reasons=["FINAL_AUDIT"]))
    for claim in (plain, agreed):
        by_debtor(session, claim, "DELAY_REASON", HANDED, word="FINAL_AUDIT")

    assert "R-EXCUSE" in result(session, plain, HANDED)["flags"]
    assert "R-EXCUSE" not in result(session, agreed, HANDED)["flags"]


def test_nothing_is_demanded_of_what_is_paid(session: Session) -> None:
    claim = a_receivable(session)
    paid = Paid(new_id(), "P-1", claim.face_fen, "CNY", HANDED, "", {claim.id: claim.face_fen})
    record_payment(session, OPERATOR, paid)

    with pytest.raises(facts.NothingOwedError):
        by_creditor(session, claim, "DEMAND", HANDED)
