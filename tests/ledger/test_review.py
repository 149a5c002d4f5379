"""Holes that a review found, each closed by what its test guards."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.financing.exporting import NothingEligibleError, reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.insight.queries import summary
from services.ledger.insight.verify import verify
from services.ledger.receivables import service
from services.ledger.receivables.identity import InvoiceNumberError, check_number
from tests.ledger.conftest import STRANGER, SUPPLIER, Client, SignIn, invoice, opened
from tests.ledger.make import acting_for
from tests.ledger.test_financing import (
    AT,
    DAY,
    answer,
    confirmed,
    export,
    now_of,
    paid,
    take,
)
from tests.ledger.test_receivables import act


@pytest.fixture(autouse=True)
def _platform(request: pytest.FixtureRequest) -> None:
    if "session" in request.fixturenames:
        register_platform(
            request.getfixturevalue("session"), OPERATOR, code="PLATFORM-A", name="融资平台甲"
        )


def test_what_came_back_is_in_no_export_dated_before_it_came_back(session: Session) -> None:
    claim = confirmed(session)
    first = export(session, DAY + timedelta(days=2)).reference
    take(session, first, answer(claim, "REFUSED"))

    with pytest.raises(NothingEligibleError):
        export(session, DAY + timedelta(days=1))
    assert now_of(session, claim).receivable_fen == 1_000_00

    export(session, DAY + timedelta(days=3))
    after = now_of(session, claim)
    assert (after.receivable_fen, after.reserved_fen) == (0, 1_000_00)
    assert verify(session) == []


def test_a_refusal_frees_no_other_platforms_part(session: Session) -> None:
    claim = confirmed(session)
    buyer = acting_for(claim.debtor_id)
    service.dispute(session, buyer, act(claim, 400_00))
    first = export(session, DAY + timedelta(days=9)).reference
    service.resolve(session, buyer, act(claim, 400_00), upheld=True)
    export(session, DAY + timedelta(days=9))
    paid(session, claim, 500_00, DAY + timedelta(days=9))

    take(session, first, answer(claim, "REFUSED"))

    after = now_of(session, claim)
    assert (after.receivable_fen, after.reserved_fen) == (100_00, 400_00)


def test_a_supplier_offers_only_its_own_claims(session: Session) -> None:
    own, foreign = confirmed(session), confirmed(session)
    supplier = acting_for(own.creditor_id, "supplier")

    made = reserve(session, supplier, platform="PLATFORM-A", currency="CNY", as_of=DAY)

    assert made.count == 1
    assert now_of(session, foreign).reserved_fen == 0
    with pytest.raises(NotAllowedError):
        reserve(session, acting_for(own.debtor_id), platform="PLATFORM-A", as_of=DAY)


def test_a_payment_dated_before_a_hold_leaves_no_day_below_zero(session: Session) -> None:
    claim = confirmed(session)
    export(session, DAY + timedelta(days=5))
    paid(session, claim, 600_00, DAY)

    (seen,) = summary(session, OPERATOR, as_of=DAY + timedelta(days=1), known_at=AT).currencies

    assert (seen.open_fen, seen.reserved_fen, seen.eligible_fen) == (400_00, 0, 400_00)


def test_a_tax_invoice_is_not_sent_as_another_document() -> None:
    with pytest.raises(InvoiceNumberError):
        check_number("OTHER", "", "2531 2000000000000001", issued_on=DAY)
    check_number("OTHER", "", "invoice receipt:318", issued_on=DAY)


def test_a_digital_invoice_was_not_numbered_after_its_issue() -> None:
    check_number("DIGITAL", "", "25312000000000000001", issued_on=date(2025, 1, 1))
    with pytest.raises(InvoiceNumberError, match="given in 2025, after the issue on 2024-12-31"):
        check_number("DIGITAL", "", "25312000000000000001", issued_on=date(2024, 12, 31))


@pytest.mark.parametrize("field", ["delivered_on", "accepted_on", "settlement_confirmed_on"])
@pytest.mark.parametrize("day", ["9999-12-31", "2198-01-01", "0001-01-01"])
def test_no_day_that_has_not_come_and_none_out_of_range_is_taken(
    supplier: Client, contract: str, field: str, day: str
) -> None:
    answer = supplier.post("/v1/receivables", json=invoice(contract, **{field: day}))

    assert answer.status_code == 422
    assert supplier.get("/v1/receivables").json()["items"] == []


def test_nobody_exports_a_past_day_over_http_nor_a_day_to_come(
    operator: Client, ledger: SignIn, buyer: Client, contract: str
) -> None:
    opened(buyer, invoice(contract, agreed_due_on="2199-01-01"))
    operator.post("/v1/platforms", json={"code": "PLATFORM-A", "name": "甲"})
    supplier = ledger("supplier", SUPPLIER)

    def asked(client: Client, day: str) -> int:
        body = {"platform": "PLATFORM-A", "as_of": day}
        return client.post("/v1/exports", json=body).status_code

    assert asked(supplier, "2025-08-01") == 403
    assert asked(operator, "2025-08-01") == 403
    assert asked(supplier, str(date(2199, 1, 1))) == 422
    assert asked(ledger("supplier", STRANGER), "2025-08-01") == 403
