from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError
from services.ledger.errors import NotFoundError, ReusedIdError
from services.ledger.ids import new_id
from services.ledger.payments.service import AllocationError, OverpaidError, Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.opening import InvoiceClaimedError, open_receivable
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for, an_opening

DAY = date(2025, 7, 20)


def pay(session: Session, claim: Claim, fen: int, **changes: object) -> bool:
    paid = Paid(
        id=new_id(),
        reference="P-1",
        amount_fen=fen,
        currency=claim.currency,
        on=DAY,
        method="",
        allocations={claim.id: fen},
    )
    return record_payment(session, OPERATOR, replace(paid, **changes))  # type: ignore[arg-type]


def act(claim: Claim, fen: int) -> service.Act:
    return service.Act(id=new_id(), receivable_id=claim.id, on=DAY, amount_fen=fen, reason="数量")


def again(session: Session, claim: Claim) -> Claim:
    return get_visible(session, OPERATOR, claim.id)


def test_a_large_buyers_silent_contract_is_due_sixty_days_after_delivery(session: Session) -> None:
    claim = a_receivable(session)

    # E1: 2025-07-09 + 60 = Sunday 2025-09-07, rolled to Monday.
    assert (claim.start_on, claim.due_on) == (date(2025, 7, 9), date(2025, 9, 8))
    assert claim.lifecycle == "submitted"


def test_what_the_buyer_opens_itself_is_confirmed(session: Session) -> None:
    contract = a_contract(session)
    opening = an_opening(contract)

    open_receivable(session, acting_for(contract.debtor_id), opening)

    assert get_visible(session, OPERATOR, opening.id).lifecycle == "confirmed"


def test_the_same_receivable_sent_again_opens_nothing(session: Session) -> None:
    contract = a_contract(session)
    opening = an_opening(contract)

    assert open_receivable(session, OPERATOR, opening) is None
    session.commit()
    known = open_receivable(session, OPERATOR, opening)

    assert known is not None
    assert known.id == opening.id


def test_an_id_is_not_used_for_other_facts(session: Session) -> None:
    contract = a_contract(session)
    opening = an_opening(contract)
    open_receivable(session, OPERATOR, opening)
    session.commit()

    with pytest.raises(ReusedIdError, match=r"already names a receivable of 1000\.00"):
        open_receivable(session, OPERATOR, replace(opening, face_fen=2))


def test_an_invoice_is_claimed_once_over_all_parties(session: Session) -> None:
    first, second = a_contract(session), a_contract(session)
    opening = an_opening(first)
    open_receivable(session, OPERATOR, opening)
    session.commit()

    other = replace(opening, id=new_id(), contract_id=second.id)
    with pytest.raises(InvoiceClaimedError):
        open_receivable(session, OPERATOR, other)


def test_a_stranger_sees_no_receivable(session: Session) -> None:
    claim = a_receivable(session)
    stranger = acting_for(a_party(session))

    with pytest.raises(NotFoundError):
        get_visible(session, stranger, claim.id)


def test_a_part_confirmed_leaves_the_remainder_disputed(session: Session) -> None:
    claim = a_receivable(session)

    after = service.confirm(session, acting_for(claim.debtor_id), act(claim, 800_00))

    assert (after.receivable_fen, after.disputed_fen) == (800_00, 200_00)
    assert after.confirmed_on == DAY


def test_only_the_buyer_confirms(session: Session) -> None:
    claim = a_receivable(session)

    with pytest.raises(NotAllowedError):
        service.confirm(session, acting_for(claim.creditor_id, "supplier"), act(claim, 1))
    with pytest.raises(NotAllowedError):
        service.confirm(session, OPERATOR, act(claim, 1))


def test_confirming_twice_under_one_id_is_one_confirmation(session: Session) -> None:
    claim = a_receivable(session)
    confirmation = act(claim, 1_000_00)
    buyer = acting_for(claim.debtor_id)

    service.confirm(session, buyer, confirmation)
    service.confirm(session, buyer, confirmation)
    with pytest.raises(service.AlreadyConfirmedError):
        service.confirm(session, buyer, act(claim, 1_000_00))


def test_an_overpayment_is_refused(session: Session) -> None:
    claim = a_receivable(session)

    with pytest.raises(OverpaidError, match=r"1000.01 exceeds the 1000.00 owed"):
        pay(session, claim, 1_000_01)


def test_a_payment_that_does_not_add_up_is_refused(session: Session) -> None:
    claim = a_receivable(session)

    with pytest.raises(AllocationError):
        pay(session, claim, 5, amount_fen=6)


def test_the_same_payment_posts_once_and_another_under_its_id_is_refused(session: Session) -> None:
    claim = a_receivable(session)
    payment_id = new_id()

    assert pay(session, claim, 300_00, id=payment_id)
    assert not pay(session, claim, 300_00, id=payment_id)
    with pytest.raises(ReusedIdError):
        pay(session, claim, 400_00, id=payment_id)
    assert again(session, claim).open_fen == 700_00


def test_a_payment_above_the_free_part_shrinks_the_dispute(session: Session) -> None:
    claim = a_receivable(session)
    service.dispute(session, acting_for(claim.debtor_id), act(claim, 200_00))

    pay(session, claim, 900_00)

    after = again(session, claim)
    assert (after.receivable_fen, after.disputed_fen) == (0, 100_00)


def test_each_party_ends_a_dispute_only_against_itself(session: Session) -> None:
    claim = a_receivable(session)
    buyer, supplier = acting_for(claim.debtor_id), acting_for(claim.creditor_id, "supplier")
    service.dispute(session, buyer, act(claim, 200_00))

    with pytest.raises(NotAllowedError):
        service.resolve(session, supplier, act(claim, 100_00), upheld=True)
    service.resolve(session, buyer, act(claim, 100_00), upheld=True)
    after = service.resolve(session, supplier, act(claim, 100_00), upheld=False)

    assert (after.receivable_fen, after.disputed_fen, after.open_fen) == (900_00, 0, 900_00)


def test_a_credit_note_lowers_what_is_free_and_no_more(session: Session) -> None:
    claim = a_receivable(session)
    supplier = acting_for(claim.creditor_id, "supplier")

    with pytest.raises(service.ExceedsError):
        service.credit(session, supplier, act(claim, 1_000_01))
    after = service.credit(session, supplier, act(claim, 1_00))

    assert after.open_fen == 999_00


def test_the_database_refuses_a_balance_below_zero(session: Session) -> None:
    claim = a_receivable(session)

    with pytest.raises(Exception, match="budget_is_kept"):
        session.connection().execute(
            text("UPDATE balances SET receivable_fen = -1 WHERE receivable_id = :id"),
            {"id": claim.id},
        )
