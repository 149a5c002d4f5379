"""A small book with a row of every kind that `verify` looks at, sealed and signed."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.arrears import facts
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.service import assess
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.financing.answering import take_in
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.log.service import seal
from services.ledger.orders.models import Order
from services.ledger.orders.service import Arrival, place_order, receive
from services.ledger.parties import keys, scopes
from services.ledger.payments.accounts import Account, Change, change_account
from services.ledger.proof import service as proof
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import signers
from services.ledger.receivables.notice import import_almanac
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.service import (
    Act,
    confirm,
    credit,
    dispute,
    request_confirmation,
    resolve,
)
from tests.approvals.acting import a_rule, approve, propose
from tests.approvals.people import a_user
from tests.arrears.late import claimed, filed, give_up, go, late, pay
from tests.ledger.make import a_contract, a_receivable, acting_for, an_opening
from tests.ledger.test_financing import answer

DAY = date(2025, 7, 15)
ALMANAC = "kind,date,value,source\nlimit:settlement_stalled_days,2026-01-01,15,内部\n".encode()


@dataclass(frozen=True)
class WholeBook:
    """What tests change something of."""

    financed: UUID
    """Offered and financed in full; opened by its debtor, for an order that was delivered."""
    reserved: UUID
    """Offered, and the platform has not answered."""
    late: UUID
    """Overdue and announced, with claimed interest and costs, a demand, a payment, a complaint."""
    answered: UUID
    """Asked for, confirmed in part; disputed, upheld, withdrawn and credited since."""
    approved: UUID
    """Confirmed as two people wanted it: the proposal, not the receivable."""
    export: UUID
    contract: UUID
    """Of the export and of what was offered in it."""


def whole_book(session: Session) -> WholeBook:
    register_platform(session, OPERATOR, code="PLATFORM-A", name="融资平台甲")
    financed, reserved, export, contract = _offered(session)
    own = _late(session), _answered(session), _approved(session)
    _who_comes_in(session)
    made = WholeBook(financed, reserved, *own, export, contract)
    assess(session, as_of=date(2025, 12, 31), at=now())
    seal(session)
    proof.grow(session, SUITES[settings().ledger_log_suite])
    assert proof.checkpoint(session, signers(settings()), at=now())
    return made


def _who_comes_in(session: Session) -> None:
    """A key that is restricted, a regulator's appointment, and an import of the almanac."""
    restricted = keys.Restrictions(scopes=("arrears:read",))
    key = keys.add(
        session,
        name="authority",
        role="regulator",
        party_id=None,
        restrictions=restricted,
        actor="tests",
    )
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    scopes.appoint(
        session, OPERATOR, key.prefix, region="33", area="arrears", from_on=first, until_on=last
    )
    import_almanac(session, OPERATOR, ALMANAC, name="a.csv", today=first)


def _offered(session: Session) -> tuple[UUID, UUID, UUID, UUID]:
    contract = a_contract(session)
    buyer = acting_for(contract.debtor_id)
    order = Order(
        id=new_id(),
        contract_id=contract.id,
        reference="PO-1",
        placed_on=date(2025, 6, 20),
        amount_fen=1_000_00,
        currency="CNY",
    )
    place_order(session, buyer, order)
    receive(session, buyer, Arrival("GRN-1", "DELIVERED", date(2025, 7, 9), (order.id,)))
    one, other = an_opening(contract, order_id=order.id), an_opening(contract)
    for opening in (one, other):
        open_receivable(session, buyer, opening)
    export = reserve(session, OPERATOR, platform="PLATFORM-A", currency="CNY", as_of=DAY)
    told = answer(get_visible(session, OPERATOR, one.id), "FINANCED")
    take_in(session, OPERATOR, reference=export.reference, answers=(told,), on=DAY)
    account = Account("小企业乙", "某银行", "6222020200012345678")
    supplier = acting_for(contract.creditor_id, "supplier")
    change = Change(new_id(), contract.creditor_id, account, None)
    change_account(session, supplier, change, today=DAY)
    return one.id, other.id, export.id, contract.id


def _late(session: Session) -> UUID:
    claim = late(session)
    claimed(session, claim, date(2025, 11, 18))
    claimed(session, claim, date(2025, 12, 31))
    give_up(session, claim, date(2026, 1, 5), amount_fen=1_00)
    pay(session, claim, 100_000_00, date(2026, 1, 6))
    demand = Stated(new_id(), claim.id, "DEMAND", date(2025, 11, 1))
    facts.state(session, acting_for(claim.creditor_id, "supplier"), demand)
    cost = Stated(new_id(), claim.id, "COSTS", date(2026, 1, 7), "LAWYER", 300_00, text="发票")
    facts.state(session, acting_for(claim.creditor_id, "supplier"), cost)
    complaint = filed(session, claim, date(2025, 11, 20))
    for kind, day in (("ACCEPTED", 24), ("TRANSFERRED", 25), ("RECEIVED", 26)):
        go(session, claim, complaint, kind, date(2025, 11, day))
    return claim.id


def _act(claim: Claim, fen: int = 0) -> Act:
    return Act(new_id(), claim.id, DAY, fen, "短少")


def _answered(session: Session) -> UUID:
    claim = a_receivable(session)
    buyer = acting_for(claim.debtor_id)
    supplier = acting_for(claim.creditor_id, "supplier")
    request_confirmation(session, supplier, _act(claim))
    confirm(session, buyer, _act(claim, 600_00))
    dispute(session, buyer, _act(claim, 100_00))
    resolve(session, buyer, _act(claim, 300_00), upheld=True)
    resolve(session, supplier, _act(claim, 50_00), upheld=False)
    credit(session, supplier, _act(claim, 20_00))
    return claim.id


def _approved(session: Session) -> UUID:
    claim = a_receivable(session)
    maker, checker = (a_user(session, claim.debtor_id, duty) for duty in ("maker", "checker"))
    a_rule(session, claim.debtor_id)
    proposal = propose(session, maker, claim)
    approve(session, checker, proposal)
    return proposal.id


def unguarded(session: Session) -> None:
    """Take the constraints away that refuse most of this: whoever owns the tables can."""
    session.connection().execute(text(_WITHOUT_CONSTRAINTS))


_WITHOUT_CONSTRAINTS = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conname, conrelid::regclass AS held FROM pg_constraint
    WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
  LOOP EXECUTE 'ALTER TABLE ' || one.held || ' DROP CONSTRAINT ' || quote_ident(one.conname);
  END LOOP;
END $$
"""
