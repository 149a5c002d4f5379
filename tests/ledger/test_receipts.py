import threading
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.events import DATA
from services.ledger import db
from services.ledger.access import OPERATOR, NotAllowedError, Viewer
from services.ledger.arrears.reasoning import reason
from services.ledger.arrears.service import assess
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.orders.models import Contract, Order
from services.ledger.orders.service import Arrival, place_order, receipt_id, receive
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.receipts import spread
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_contract, a_receivable, acting_for, an_opening
from tests.ledger.test_assessment import announced, now

DAY = date(2025, 7, 9)
DUE = date(2025, 9, 8)


def an_order(session: Session, contract: Contract) -> UUID:
    order = Order(
        id=new_id(),
        contract_id=contract.id,
        reference="PO-1",
        placed_on=date(2025, 6, 20),
        amount_fen=1_000_00,
        currency="CNY",
    )
    return place_order(session, OPERATOR, order).id


def happened(
    session: Session,
    order_id: UUID,
    kind: str = "DELIVERED",
    *,
    on: date = DAY,
    reference: str = "GR-1",
    viewer: Viewer = OPERATOR,
) -> int:
    found = receive(session, viewer, Arrival(reference, kind, on, (order_id,)))
    return spread(session, [found])


def naming(session: Session, contract: Contract, *references: str, **more: Any) -> Claim:
    ids = tuple(receipt_id(contract.debtor_id, reference) for reference in references)
    return a_receivable(session, contract, delivered_on=None, receipt_ids=ids, **more)


def due_on(session: Session, claim: Claim) -> date | None:
    return get_visible(session, OPERATOR, claim.id).due_on


def same_buyer(session: Session, contract: Contract) -> Contract:
    other = a_contract(session)
    session.connection().execute(
        text("UPDATE contracts SET debtor_id = :buyer WHERE id = :id"),
        {"buyer": contract.debtor_id, "id": other.id},
    )
    session.refresh(other)
    return other


def test_a_receipt_of_another_supplier_starts_no_term(session: Session) -> None:
    contract = a_contract(session)
    other = same_buyer(session, contract)
    others_order = an_order(session, other)
    before = naming(session, contract, "GR-1")

    assert happened(session, others_order) == 0

    after = naming(session, contract, "GR-1")
    assert (due_on(session, before), due_on(session, after)) == (None, None)
    assert happened(session, an_order(session, contract)) == 2
    assert (due_on(session, before), due_on(session, after)) == (DUE, DUE)


def test_a_supplier_cannot_move_the_term_of_another(session: Session) -> None:
    contract = a_contract(session)
    other = same_buyer(session, contract)
    order_id, others_order = an_order(session, contract), an_order(session, other)
    claim = naming(session, contract, "GR-1")
    happened(session, order_id)
    rival = acting_for(other.creditor_id, "supplier")

    happened(session, others_order, on=date(2025, 12, 1), viewer=rival)

    assert due_on(session, claim) == DUE


def test_a_receipt_of_another_buyer_starts_no_term(session: Session) -> None:
    contract = a_contract(session)
    stranger = a_contract(session)
    order_id = an_order(session, stranger)
    foreign = receipt_id(stranger.debtor_id, "GR-1")
    claim = a_receivable(session, contract, delivered_on=None, receipt_ids=(foreign,))

    assert happened(session, order_id) == 0
    assert due_on(session, claim) is None


@pytest.mark.parametrize("role", ["regulator", "service"])
def test_who_only_reads_records_no_receipt(session: Session, role: str) -> None:
    order_id = an_order(session, a_contract(session))
    reader = Viewer(name=role, role=role, party_id=None)

    with pytest.raises(NotAllowedError):
        happened(session, order_id, viewer=reader)

    assert session.connection().execute(text("SELECT count(*) FROM receipts")).scalar_one() == 0


@pytest.mark.parametrize(
    ("kind", "event"), [("DELIVERED", "order.delivered"), ("ACCEPTED", "order.accepted")]
)
def test_the_same_receipt_again_is_told_once(session: Session, kind: str, event: str) -> None:
    contract = a_contract(session)
    orders = (an_order(session, contract), an_order(session, contract))

    for order_ids in (orders[:1], orders[:1], orders):
        receive(session, OPERATOR, Arrival("GR-1", kind, DAY, order_ids))

    assert sorted(str(subject) for subject, _ in announced(session, event)) == sorted(
        str(order_id) for order_id in orders
    )


def test_a_due_day_that_a_receipt_moves_is_told_and_one_it_leaves_is_not(session: Session) -> None:
    contract = a_contract(session)
    order_id = an_order(session, contract)
    claim = naming(session, contract, "GR-1")

    happened(session, order_id)
    happened(session, order_id)
    happened(session, order_id, "ACCEPTED")
    happened(session, order_id, "CANCELLED", on=date(2025, 7, 20))

    told = announced(session, "receivable.term_changed")
    assert [(subject, data["due_on"]) for subject, data in told] == [
        (claim.id, "2025-09-08"),
        (claim.id, None),
    ]
    assert told[0][1]["invoice_number"] == claim.invoice_number
    for _, data in told:
        DATA["receivable.term_changed"].model_validate(data)


def test_a_receipt_that_is_named_and_not_delivered_holds_the_start(session: Session) -> None:
    contract = a_contract(session)
    order_id = an_order(session, contract)
    claim = naming(session, contract, "GR-1", "GR-2")
    stated = a_receivable(session, contract, receipt_ids=(receipt_id(contract.debtor_id, "GR-2"),))

    happened(session, order_id)
    assert (due_on(session, claim), due_on(session, stated)) == (None, None)
    known = reason(session, OPERATOR, claim.id, as_of=DAY, known_at=now(session))
    assert [one["start_on"] for one in known["facts"]["receipts"]] == [None, DAY]
    assert known["book"]["start_on"] is None
    happened(session, order_id, reference="GR-2", on=date(2025, 7, 19))

    for each in (claim, stated):
        assert get_visible(session, OPERATOR, each.id).start_on == date(2025, 7, 19)
    assert verify(session) == []


def test_a_start_that_moves_no_due_day_is_not_told(session: Session) -> None:
    contract = a_contract(session)
    claim = naming(session, contract, "GR-1", agreed_due_on=date(2025, 8, 1))

    happened(session, an_order(session, contract))

    assert get_visible(session, OPERATOR, claim.id).start_on == DAY
    assert announced(session, "receivable.term_changed") == []


def test_what_a_late_receipt_makes_overdue_is_announced(session: Session) -> None:
    contract = a_contract(session)
    order_id = an_order(session, contract)
    claim = naming(session, contract, "GR-1")
    # What was told when the receivable was opened is out of sight of the next assessment.
    session.connection().execute(
        text("UPDATE events SET recorded_at = :long_ago"),
        {"long_ago": datetime(2020, 1, 1, tzinfo=UTC)},
    )
    first = assess(session, as_of=date(2025, 12, 1), at=now(session))
    assert first.newly_overdue == 0

    happened(session, order_id)
    done = assess(session, as_of=date(2025, 12, 2), at=now(session))

    assert done.newly_overdue == 1
    ((subject, data),) = announced(session)
    assert (subject, data["due_on"]) == (claim.id, "2025-09-08")


class Other:
    """A second transaction, on a thread of its own, that is to wait for the first."""

    def __init__(self, work: Any) -> None:
        self.problems: list[BaseException] = []
        self._work = work
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            with db.transaction() as session:
                self._work(session)
        except BaseException as problem:  # noqa: BLE001 (told by the test)
            self.problems.append(problem)

    def start(self) -> None:
        self._thread.start()
        self._thread.join(timeout=1)

    def join(self) -> None:
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()
        assert self.problems == []


@pytest.fixture
def contract(ledger: SignIn) -> Contract:
    ledger("operator", None)
    with db.transaction() as session:
        made = a_contract(session)
        session.expunge(made)
    return made


def test_a_receipt_told_while_its_invoice_is_recorded_is_not_missed(contract: Contract) -> None:
    with db.transaction() as session:
        order_id = an_order(session, contract)
    telling = Other(lambda session: happened(session, order_id))
    with db.transaction() as session:
        claim = naming(session, contract, "GR-1")
        telling.start()
    telling.join()

    with db.transaction() as session:
        assert due_on(session, claim) == DUE
        assert verify(session) == []


@pytest.mark.parametrize("carried", [True, False])
def test_an_invoice_recorded_while_its_receipt_is_told_does_not_miss_it(
    contract: Contract, *, carried: bool
) -> None:
    with db.transaction() as session:
        order_id = an_order(session, contract)
    ids = (receipt_id(contract.debtor_id, "GR-1"),)
    opening = an_opening(contract, delivered_on=None, receipt_ids=ids)
    supplier = acting_for(contract.creditor_id, "supplier")
    recording = Other(lambda session: open_receivable(session, supplier, opening))
    with db.transaction() as session:
        found = receive(session, OPERATOR, Arrival("GR-1", "DELIVERED", DAY, (order_id,)))
        if carried:
            spread(session, [found])
        recording.start()
    recording.join()

    with db.transaction() as session:
        assert get_visible(session, OPERATOR, opening.id).due_on == DUE
        assert verify(session) == []


def test_two_receipts_of_one_invoice_told_at_once_both_count(contract: Contract) -> None:
    later = date(2025, 7, 19)
    with db.transaction() as session:
        order_id = an_order(session, contract)
        claim = naming(session, contract, "GR-1", "GR-2")
    telling = Other(lambda session: happened(session, order_id, reference="GR-2"))
    with db.transaction() as session:
        happened(session, order_id, on=later)
        telling.start()
    telling.join()

    with db.transaction() as session:
        assert get_visible(session, OPERATOR, claim.id).start_on == later
        assert verify(session) == []
