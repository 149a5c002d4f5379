"""An id sent again: the same content is answered as before, other content is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.errors import ReusedIdError
from services.ledger.ids import new_id
from services.ledger.orders.models import Order
from services.ledger.orders.service import (
    Agreement,
    place_order,
    receipt_id,
    register_contract,
)
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.opening import open_receivable
from tests.ledger.conftest import BUYER, STRANGER, Client, SignIn
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for, an_opening
from tests.ledger.test_assessment import announced
from tests.ledger.test_receipts import DUE, an_order, happened
from tests.ledger.test_retries import act

DAY = date(2025, 7, 9)
OTHER_DAY = date(2025, 7, 8)


@pytest.mark.parametrize(
    "change",
    [
        {"delivered_on": OTHER_DAY},
        {"delivered_on": None},
        {"accepted_on": DAY},
        {"settlement_confirmed_on": DAY},
        {"receipt_ids": (new_id(),)},
    ],
)
def test_an_opening_that_states_other_days_or_receipts_is_refused(
    session: Session, change: dict[str, Any]
) -> None:
    contract = a_contract(session)
    opening = an_opening(contract)
    supplier = acting_for(contract.creditor_id, "supplier")
    assert open_receivable(session, supplier, opening) is None

    again = open_receivable(session, supplier, opening)
    assert again is not None
    assert again.id == opening.id
    with pytest.raises(ReusedIdError):
        open_receivable(session, supplier, replace(opening, **change))


def test_what_is_told_later_keeps_nobody_from_sending_an_opening_again(session: Session) -> None:
    contract = a_contract(session)
    receipts = tuple(receipt_id(contract.debtor_id, name) for name in ("GR-1", "GR-2"))
    opening = an_opening(contract, receipt_ids=receipts)
    supplier = acting_for(contract.creditor_id, "supplier")
    open_receivable(session, supplier, opening)
    happened(session, an_order(session, contract))
    later = text(
        """WITH fact AS (
             INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
             VALUES (:id, :fact, :id, 'ACCEPTED', :on, :on, now() + interval '1 hour'))
           INSERT INTO receivable_receipts (receivable_id, receipt_id, since_on, known_at)
           VALUES (:id, :fact, :on, now() + interval '1 hour')"""
    )
    session.connection().execute(later, {"id": opening.id, "fact": new_id(), "on": DAY})

    assert open_receivable(session, supplier, opening) is not None
    assert open_receivable(session, supplier, replace(opening, receipt_ids=receipts[::-1]))
    with pytest.raises(ReusedIdError):
        open_receivable(session, supplier, replace(opening, receipt_ids=receipts[:1]))


def test_the_opened_event_has_the_due_day_that_a_named_receipt_gives(session: Session) -> None:
    contract = a_contract(session)
    happened(session, an_order(session, contract))
    named = (receipt_id(contract.debtor_id, "GR-1"),)

    claim = a_receivable(session, contract, delivered_on=None, receipt_ids=named)
    stated = a_receivable(session, contract)

    assert announced(session, "receivable.opened") == [
        (
            one.id,
            {
                "invoice_number": one.invoice_number,
                "currency": "CNY",
                "face": "1000.00",
                "due_on": DUE.isoformat(),
            },
        )
        for one in (claim, stated)
    ]


def _agreement(session: Session, **changes: Any) -> Agreement:
    return Agreement(
        **{
            "id": new_id(),
            "reference": "合同-1",
            "debtor_id": a_party(session, kind="LARGE"),
            "creditor_id": a_party(session),
            "signed_on": date(2025, 6, 10),
            "subject": "GOODS",
            "settlement": "ON_DELIVERY",
            "terms": {"term_days": 30},
            **changes,
        }
    )


@pytest.mark.parametrize(
    "change",
    [
        {"reference": "合同-2"},
        {"subject": "WORKS"},
        {"debtor_kind": "GOV"},
        {"creditor_size": "MICRO"},
        {"creditor": {"size": "SMALL", "source": "GOVERNMENT"}},
        {"terms": {"term_days": 31}},
    ],
)
def test_a_contract_of_other_kinds_sizes_or_terms_is_refused(
    session: Session, change: dict[str, Any]
) -> None:
    agreed = _agreement(session)
    register_contract(session, OPERATOR, agreed, shipped())

    again = register_contract(session, OPERATOR, agreed, shipped())
    said = replace(agreed, debtor_kind="LARGE", creditor_size="SMALL")
    assert register_contract(session, OPERATOR, said, shipped()).id == again.id == agreed.id
    with pytest.raises(ReusedIdError):
        register_contract(session, OPERATOR, replace(agreed, **change), shipped())


def test_a_contract_without_the_evidence_it_was_registered_with_is_refused(
    session: Session,
) -> None:
    agreed = _agreement(session, creditor={"size": "SMALL", "source": "GOVERNMENT"})
    register_contract(session, OPERATOR, agreed, shipped())

    assert register_contract(session, OPERATOR, agreed, shipped()).id == agreed.id
    with pytest.raises(ReusedIdError):
        register_contract(session, OPERATOR, replace(agreed, creditor=None), shipped())


@pytest.mark.parametrize("change", [{"currency": "USD"}, {"amount_fen": 1}])
def test_an_order_in_another_currency_or_amount_is_refused(
    session: Session, change: dict[str, Any]
) -> None:
    contract = a_contract(session)
    facts: dict[str, Any] = {
        "id": new_id(),
        "contract_id": contract.id,
        "reference": "PO-1",
        "placed_on": DAY,
        "amount_fen": 100_00,
        "currency": "CNY",
    }
    place_order(session, OPERATOR, Order(**facts))

    assert place_order(session, OPERATOR, Order(**facts)).id == facts["id"]
    with pytest.raises(ReusedIdError):
        place_order(session, OPERATOR, Order(**facts | change))


def test_a_payment_by_another_method_is_refused(session: Session) -> None:
    claim = a_receivable(session)
    paid = Paid(new_id(), "P-1", 1_00, "CNY", DAY, "转账", {claim.id: 1_00})
    record_payment(session, OPERATOR, paid)

    assert not record_payment(session, OPERATOR, paid)
    with pytest.raises(ReusedIdError):
        record_payment(session, OPERATOR, replace(paid, method="支票"))


def test_rejecting_a_debt_of_which_nothing_is_owed_is_refused(session: Session) -> None:
    claim = a_receivable(session)
    supplier, buyer = acting_for(claim.creditor_id, "supplier"), acting_for(claim.debtor_id)
    service.credit(session, supplier, act(claim, 1_000_00))

    with pytest.raises(service.NothingToConfirmError, match="nothing to answer"):
        service.confirm(session, buyer, act(claim))

    stated = session.connection().execute(
        text("SELECT count(*) FROM confirmations WHERE receivable_id = :id"), {"id": claim.id}
    )
    assert stated.scalar_one() == 0


def test_a_rejection_sent_again_is_answered_and_a_second_one_is_refused(session: Session) -> None:
    claim = a_receivable(session)
    buyer, rejected = acting_for(claim.debtor_id), act(claim)
    service.confirm(session, buyer, rejected)

    assert service.confirm(session, buyer, rejected).disputed_fen == 1_000_00
    with pytest.raises(service.NothingToConfirmError):
        service.confirm(session, buyer, act(claim))


def test_an_id_that_is_taken_does_not_say_whose_it_is(ledger: SignIn, operator: Client) -> None:
    stranger = ledger("core_enterprise", STRANGER)

    answer = stranger.post(
        "/v1/parties", json={"id": str(BUYER), "name": "旁人丙", "kind": "LARGE"}
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "ID_REUSED")
    assert "大型企业甲" not in answer.text
