"""What follows lateness, made with few words: claims of interest, complaints and their steps."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.arrears import complaints, interest
from services.ledger.arrears.complaint_states import (
    CREDITOR,
    STEPS,
    Step,
)
from services.ledger.arrears.complaints import Filing
from services.ledger.arrears.complaints_queries import Wanted
from services.ledger.arrears.complaints_queries import complaints as listed
from services.ledger.arrears.interest import Asked, Waiver
from services.ledger.clock import now
from services.ledger.ids import new_id
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables.queries import Claim, get_visible
from tests.ledger.make import a_contract, a_receivable, acting_for

MILLION = 1_000_000_00
DUE = date(2025, 10, 9)
AUTHORITY = Viewer(name="工信厅", role="regulator", party_id=None, regions=("",))
FILED = date(2025, 9, 26)


def late(session: Session, **terms: Any) -> Claim:
    """E15: 1,000,000 delivered on 2025-08-02, due on 2025-10-09."""
    contract = a_contract(session, **terms)
    delivered = date(2025, 8, 2)
    return a_receivable(
        session, contract, face_fen=MILLION, delivered_on=delivered, opened_on=delivered
    )


def asked(claim: Claim, until_on: date, **changes: object) -> Asked:
    plain = Asked(new_id(), claim.id, "statutory", until_on, until_on)
    return replace(plain, **changes)  # type: ignore[arg-type]


def claimed(session: Session, claim: Claim, until_on: date, **changes: object) -> Asked:
    one = asked(claim, until_on, **changes)
    supplier = acting_for(claim.creditor_id, "supplier")
    assert interest.claim_interest(session, supplier, one)
    return one


def give_up(session: Session, claim: Claim, on: date, **changes: object) -> bool:
    waiver = replace(Waiver(new_id(), claim.id, on), **changes)  # type: ignore[arg-type]
    return interest.waive(session, acting_for(claim.creditor_id, "supplier"), waiver)


def pay(session: Session, claim: Claim, fen: int, on: date) -> None:
    paid = Paid(new_id(), "P-1", fen, "CNY", on, "", {claim.id: fen})
    assert record_payment(session, OPERATOR, paid)


def owed(session: Session, claim: Claim) -> tuple[int, int]:
    """Return what is open of the principal, and of claimed interest."""
    found = get_visible(session, OPERATOR, claim.id)
    return found.open_fen, found.interest_fen


def filing(claim: Claim, on: date = FILED, **changes: Any) -> Filing:
    plain = Filing(new_id(), claim.id, on, None, "货款逾期未付")
    return replace(plain, **changes)


def creditor(claim: Claim) -> Viewer:
    return acting_for(claim.creditor_id, "supplier")


def filed(session: Session, claim: Claim, on: date = FILED) -> UUID:
    one = filing(claim, on)
    assert complaints.file(session, creditor(claim), one)
    return one.id


def taken(claim: Claim, complaint_id: UUID, kind: str, on: date, **more: Any) -> Step:
    rule = STEPS[kind]
    given = {"text": "说明" if rule.needs_text else "", "reason": next(iter(rule.reasons), "")}
    return Step(new_id(), claim.id, complaint_id, kind, on, **{**given, **more})


def go(
    session: Session, claim: Claim, complaint_id: UUID, kind: str, on: date, **more: Any
) -> None:
    by = creditor(claim) if STEPS[kind].by == CREDITOR else AUTHORITY
    assert complaints.step(session, by, taken(claim, complaint_id, kind, on, **more))


def stands(session: Session, claim: Claim, as_of: date = date.max) -> RowMapping:
    (row,) = listed(session, AUTHORITY, Wanted(receivable=claim.id), as_of=as_of, known_at=now())
    return row


def handled(session: Session, claim: Claim) -> UUID:
    """E16: accepted on 2025-09-29, materials received on 2025-10-20."""
    one = filed(session, claim)
    go(session, claim, one, "ACCEPTED", date(2025, 9, 29))
    go(session, claim, one, "TRANSFERRED", date(2025, 10, 17))
    go(session, claim, one, "RECEIVED", date(2025, 10, 20))
    return one
