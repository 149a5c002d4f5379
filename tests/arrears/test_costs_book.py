"""Claimed costs of enforcement in the book: before interest and principal (民法典 561), proved."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.almanac import shipped
from services.ledger.arrears import facts, interest_queries
from services.ledger.arrears.facts import (
    CostsUnshownError,
    FactEndedError,
    NothingOwedError,
    Stated,
)
from services.ledger.arrears.reasoning import reason
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.law.case import explain
from services.ledger.log import queries as log
from services.ledger.payments.service import OverpaidError
from services.ledger.receivables.queries import Claim, get_visible
from tests.arrears.late import MILLION, claimed, late, pay
from tests.ledger.make import acting_for

DAY = date(2025, 11, 18)
FEE = Stated(new_id(), new_id(), "COSTS", DAY, "LITIGATION", 5_000_00, text="（2025）浙01民初7号")


def charge(session: Session, claim: Claim, fen: int = 5_000_00, on: date = DAY) -> Stated:
    one = replace(FEE, id=new_id(), receivable_id=claim.id, amount_fen=fen, on=on)
    assert facts.state(session, acting_for(claim.creditor_id, "supplier"), one)
    return one


def withdraw(session: Session, claim: Claim, of: Stated, *, role: str = "supplier") -> bool:
    end = Stated(new_id(), claim.id, "ENDED", DAY, fact_id=of.id)
    who = claim.creditor_id if role == "supplier" else claim.debtor_id
    return facts.state(session, acting_for(who, role), end)


def owed(session: Session, claim: Claim) -> tuple[int, int, int]:
    """Return the costs, the interest and the principal that are open."""
    found = get_visible(session, OPERATOR, claim.id)
    return found.costs_fen, found.interest_fen, found.open_fen


def told(session: Session, claim: Claim, kind: str) -> list[dict[str, str]]:
    return [
        one["data"] for one in log.of_subject(session, OPERATOR, claim.id) if one["type"] == kind
    ]


def test_a_payment_goes_to_costs_then_interest_then_the_principal(session: Session) -> None:
    claim = late(session)
    claimed(session, claim, DAY)
    charge(session, claim)
    assert owed(session, claim) == (5_000_00, 20_000_00, MILLION)

    pay(session, claim, 4_000_00, DAY)
    assert owed(session, claim) == (1_000_00, 20_000_00, MILLION)
    pay(session, claim, 296_000_00, DAY)

    assert owed(session, claim) == (0, 0, 725_000_00)
    first, second = told(session, claim, "payment.allocated")
    assert (first["costs"], first["costs_open"], first["interest"]) == (
        "4000.00",
        "1000.00",
        "0.00",
    )
    assert (second["costs"], second["interest"], second["still_open"]) == (
        "1000.00",
        "20000.00",
        "725000.00",
    )
    assert verify(session) == []
    # The law over the same facts, in one case, comes to the same.
    case = reason(session, OPERATOR, claim.id, as_of=DAY, known_at=now())["case"]
    case["contract"]["principal_first"] = False
    on = DAY.isoformat()
    case["facts"]["costs"] = [{"on": on, "amount": "5000.00", "kind": "LITIGATION"}]
    case["facts"]["payments"] = [{"on": on, "amount": one} for one in ("4000.00", "296000.00")]
    found = explain(case, shipped())
    assert found["costs"] == {"claimed": "5000.00", "paid": "5000.00", "open": "0.00"}
    assert found["overdue_undisputed"] == "725000.00"


def test_who_agreed_that_the_principal_comes_first_pays_costs_with_what_is_left(
    session: Session,
) -> None:
    claim = late(session, principal_first=True)
    claimed(session, claim, DAY)
    charge(session, claim)

    pay(session, claim, MILLION + 6_000_00, DAY)

    assert owed(session, claim) == (0, 19_000_00, 0)
    assert get_visible(session, OPERATOR, claim.id).lifecycle != "closed"
    pay(session, claim, 19_000_00, DAY)
    assert get_visible(session, OPERATOR, claim.id).lifecycle == "closed"
    assert len(told(session, claim, "receivable.settled")) == 1


def test_costs_take_nothing_of_a_payment_before_they_were_claimed(session: Session) -> None:
    claim = late(session)
    charge(session, claim)

    pay(session, claim, 10_000_00, date(2025, 11, 17))

    assert owed(session, claim) == (5_000_00, 0, MILLION - 10_000_00)
    with pytest.raises(OverpaidError, match=r"5000\.00 of costs"):
        pay(session, claim, MILLION, DAY)


def test_what_is_not_paid_of_a_cost_is_withdrawn_by_who_claimed_it(session: Session) -> None:
    claim = late(session)
    fee, second = charge(session, claim), charge(session, claim, 300_00)
    pay(session, claim, 4_000_00, DAY)

    with pytest.raises(NotAllowedError):
        withdraw(session, claim, fee, role="core_enterprise")
    assert withdraw(session, claim, fee)

    # 1,300.00 were open; the fee was for more than that.
    assert owed(session, claim) == (0, 0, MILLION)
    with pytest.raises(FactEndedError, match="nothing of them is left"):
        withdraw(session, claim, second)
    with pytest.raises(FactEndedError):
        withdraw(session, claim, fee)
    (given_up,) = told(session, claim, "receivable.costs_withdrawn")
    assert (given_up["amount"], given_up["costs_open"]) == ("1300.00", "0.00")
    assert verify(session) == []


def test_the_report_of_interest_shows_costs_beside_it_and_shows_costs_alone(
    session: Session,
) -> None:
    claim, other = late(session), late(session)
    claimed(session, claim, DAY)
    fee = charge(session, claim)
    charge(session, other, 7_00)
    pay(session, claim, 4_000_00, DAY)
    withdraw(session, claim, fee)

    def amounts(rows: Sequence[RowMapping]) -> list[list[int]]:
        return [[int(row[name]) for name in interest_queries.AMOUNTS] for row in rows]

    asked: dict[str, Any] = {"as_of": DAY, "known_at": now()}
    rows = interest_queries.report(session, OPERATOR, **asked, after=UUID(int=0), limit=9)
    first = [MILLION, 20_000_00, 0, 0, 20_000_00, 5_000_00, 1_000_00, 4_000_00, 0]
    second = [MILLION, 0, 0, 0, 0, 7_00, 0, 0, 7_00]
    assert sorted(amounts(rows)) == [second, first]
    assert amounts(interest_queries.totals(session, OPERATOR, **asked)) == [
        [one + two for one, two in zip(first, second, strict=True)]
    ]
    asked["as_of"] = DAY - timedelta(days=1)
    assert interest_queries.totals(session, OPERATOR, **asked) == []


def test_costs_are_the_creditors_to_claim_with_what_shows_them(session: Session) -> None:
    claim = late(session)
    one = replace(FEE, receivable_id=claim.id)
    supplier = acting_for(claim.creditor_id, "supplier")

    with pytest.raises(NotAllowedError):
        facts.state(session, acting_for(claim.debtor_id), one)
    with pytest.raises(CostsUnshownError):
        facts.state(session, supplier, replace(one, text=""))
    assert facts.state(session, supplier, one)
    assert not facts.state(session, supplier, one)
    assert owed(session, claim) == (5_000_00, 0, MILLION)

    pay(session, claim, MILLION + 5_000_00, DAY)
    with pytest.raises(NothingOwedError):
        charge(session, claim)


def test_the_reasoning_shows_costs_apart_as_known_then(session: Session) -> None:
    claim = late(session)
    before = now()
    charge(session, claim)
    pay(session, claim, 1_000_00, DAY)

    def found(**asked: object) -> tuple[str, str, list[str]]:
        said = reason(session, OPERATOR, claim.id, as_of=DAY, **{"known_at": now(), **asked})  # type: ignore[arg-type]
        return said["book"]["costs"], said["book"]["undisputed"], [n["id"] for n in said["notes"]]

    assert found() == ("4000.00", "1000000.00", ["COSTS_APART"])
    assert found(known_at=before) == ("0.00", "1000000.00", [])


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("UPDATE arrears_facts SET amount_fen = 1 WHERE kind = 'COSTS'", "costs"),
        ("DELETE FROM postings WHERE debit = 'costs'", "balances"),
        ("DELETE FROM arrears_facts WHERE kind = 'ENDED'", "costs"),
        ("UPDATE balances SET costs_fen = costs_fen + 1", "balances"),
    ],
)
def test_verify_finds_costs_that_were_tampered_with(
    session: Session, damage: str, check: str
) -> None:
    claim = late(session)
    charge(session, claim, 300_00)
    withdraw(session, claim, charge(session, claim))
    assert verify(session) == []

    session.connection().execute(text(damage))

    assert check in {finding.check for finding in verify(session)}
