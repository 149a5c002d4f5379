"""What is done with the planned business, day by day, through the ledger's own services."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.cli.demo.dice import between, chance, pick
from services.ledger.cli.demo.people import FINANCED, Somebody
from services.ledger.cli.demo.plan import PlannedInvoice, PlannedOrder, invoices, orders
from services.ledger.config import settings
from services.ledger.ids import id_of
from services.ledger.orders import service as ordering
from services.ledger.orders.models import Order
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import identity, service
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.opening_rows import Opening
from services.ledger.receivables.queries import get_visible, lock_several

_PAY_DAYS: Final = (3, 8, 13, 18, 23, 28)
_REASONS: Final = ("数量短少", "规格不符", "价格与合同不一致", "质保扣款待核", "验收资料不全")


class Step(NamedTuple):
    """Something done on a day, in the transaction and under the request id it is given."""

    on: date
    do: Callable[[Session, str], Any]


def acting(somebody: Somebody, role: str) -> Viewer:
    """Return someone who acts for a party."""
    return Viewer(name=somebody.name, role=role, party_id=somebody.id)


def _buyer(invoice: PlannedInvoice) -> Viewer:
    return acting(invoice.order.contract.buyer, "core_enterprise")


def _supplier(invoice: PlannedInvoice) -> Viewer:
    return acting(invoice.order.contract.supplier, "supplier")


def steps(today: date) -> list[Step]:
    """Return everything the parties did until today, in the order they did it."""
    planned = invoices(today)
    made = chain(
        (Step(order.placed_on, partial(_place, order)) for order in orders(today)),
        *((*_receipts(one), *_claim(one), *_dispute(one), *_credit(one)) for one in planned),
        _payments(planned),
    )
    return sorted((step for step in made if step.on <= today), key=lambda step: step.on)


def _place(order: PlannedOrder, session: Session, request_id: str) -> None:
    ordering.place_order(
        session,
        acting(order.contract.buyer, "core_enterprise"),
        Order(
            id=order.id,
            contract_id=order.contract.id,
            reference=f"PO-{order.placed_on:%Y}-{order.number:05d}",
            placed_on=order.placed_on,
            amount_fen=order.amount_fen,
            currency="CNY",
        ),
        request_id,
    )


def _receipts(invoice: PlannedInvoice) -> list[Step]:
    happened = [
        ("DELIVERED", invoice.delivered_on, _supplier(invoice)),
        ("ACCEPTED", invoice.accepted_on, _buyer(invoice)),
    ]
    if invoice.repeated_on:
        cancelled_on = invoice.accepted_on + timedelta(days=2)
        happened += [
            ("CANCELLED", cancelled_on, _buyer(invoice)),
            ("DELIVERED", invoice.repeated_on, _supplier(invoice)),
            ("ACCEPTED", invoice.repeated_on, _buyer(invoice)),
        ]
    return [Step(on, partial(_receive, invoice, kind, on, who)) for kind, on, who in happened]


def _receive(
    invoice: PlannedInvoice, kind: str, on: date, who: Viewer, session: Session, request_id: str
) -> None:
    arrival = ordering.Arrival(invoice.receipt, kind, on, (invoice.order.id,))
    ordering.receive(session, who, arrival, request_id)


def _claim(invoice: PlannedInvoice) -> list[Step]:
    """The supplier records its claim and asks; the buyer confirms it, or leaves it lying."""
    asked_on = invoice.reported_on + timedelta(days=between(0, 2, "asked", invoice.key))
    made = [Step(invoice.reported_on, partial(_open, invoice))]
    if chance(2, "unasked", invoice.key):
        return made
    made.append(Step(asked_on, partial(_ask, invoice, asked_on)))
    if not chance(3, "unanswered", invoice.key):
        answered_on = asked_on + timedelta(days=between(1, 22, "answered", invoice.key))
        made.append(Step(answered_on, partial(_confirm, invoice, answered_on)))
    return made


def _open(invoice: PlannedInvoice, session: Session, request_id: str) -> None:
    contract = invoice.order.contract
    named: dict[str, Any] = {"code": "", "number": invoice.number}
    digest = identity.digest(
        settings().ledger_identity_key.encode(),
        kind="DIGITAL",
        creditor_id=contract.supplier.id,
        issued_on=invoice.issued_on,
        **named,
    )
    opening = Opening(
        id=invoice.id,
        contract_id=contract.id,
        invoice_kind="DIGITAL",
        invoice_code="",
        invoice_number=invoice.number,
        issued_on=invoice.issued_on,
        face_fen=invoice.face_fen,
        currency="CNY",
        identity=digest,
        opened_on=invoice.reported_on,
        order_id=invoice.order.id,
        receipt_ids=(ordering.receipt_id(contract.buyer.id, invoice.receipt),),
    )
    open_receivable(session, _supplier(invoice), opening, request_id)


def _act(
    what: str, invoice: PlannedInvoice, on: date, request_id: str, fen: int = 0, reason: str = ""
) -> service.Act:
    act_id = id_of("demo", what, invoice.key)
    return service.Act(act_id, invoice.id, on, fen, reason, request_id)


def _ask(invoice: PlannedInvoice, on: date, session: Session, request_id: str) -> None:
    act = _act("ask", invoice, on, request_id)
    service.request_confirmation(session, _supplier(invoice), act)


def _confirm(invoice: PlannedInvoice, on: date, session: Session, request_id: str) -> None:
    """Confirm in full mostly; in part in seven cases of a hundred, not at all in two."""
    owed_fen = get_visible(session, _buyer(invoice), invoice.id).receivable_fen
    fen, reason = owed_fen, ""
    if chance(7, "part", invoice.key):
        fen = fen * between(60, 95, "share", invoice.key) // 100
    elif chance(2, "rejected", invoice.key):
        fen = 0
    if fen < owed_fen:
        reason = pick(_REASONS, "reason", invoice.key)
    act = _act("confirm", invoice, on, request_id, fen, reason)
    service.confirm(session, _buyer(invoice), act)


def _dispute(invoice: PlannedInvoice) -> list[Step]:
    """Four in a hundred are disputed later; most disputes, also those of an answer, end."""
    made = []
    if not _is_financed(invoice) and chance(4, "disputed", invoice.key):
        on = invoice.reported_on + timedelta(days=between(26, 34, "dispute", invoice.key))
        made.append(Step(on, partial(_hold, invoice, on)))
    if chance(70, "ended", invoice.key):
        on = invoice.reported_on + timedelta(days=between(40, 80, "end", invoice.key))
        made.append(Step(on, partial(_end, invoice, on)))
    return made


def _hold(invoice: PlannedInvoice, on: date, session: Session, request_id: str) -> None:
    claim = get_visible(session, _buyer(invoice), invoice.id)
    fen = min(claim.receivable_fen, invoice.face_fen * between(5, 30, "held", invoice.key) // 100)
    if fen and claim.confirmed_on:
        reason = pick(_REASONS, "held", invoice.key)
        act = _act("hold", invoice, on, request_id, fen, reason)
        service.dispute(session, _buyer(invoice), act)


def _end(invoice: PlannedInvoice, on: date, session: Session, request_id: str) -> None:
    """The buyer gives in, or the supplier gives up."""
    claim = get_visible(session, _buyer(invoice), invoice.id)
    upheld = chance(60, "upheld", invoice.key)
    if claim.disputed_fen:
        act = _act("end", invoice, on, request_id, claim.disputed_fen)
        who = _buyer(invoice) if upheld else _supplier(invoice)
        service.resolve(session, who, act, upheld=upheld)


def _credit(invoice: PlannedInvoice) -> list[Step]:
    if _is_financed(invoice) or not chance(3, "credited", invoice.key):
        return []
    on = invoice.reported_on + timedelta(days=between(5, 25, "credit", invoice.key))
    return [Step(on, partial(_lower, invoice, on))]


def _lower(invoice: PlannedInvoice, on: date, session: Session, request_id: str) -> None:
    claim = get_visible(session, _supplier(invoice), invoice.id)
    fen = min(claim.receivable_fen, invoice.face_fen * between(2, 10, "lower", invoice.key) // 100)
    if fen:
        reason = f"红字发票 {invoice.number[:-1]}9"
        act = _act("credit", invoice, on, request_id, fen, reason)
        service.credit(session, _supplier(invoice), act)


def _is_financed(invoice: PlannedInvoice) -> bool:
    return invoice.order.contract.supplier in FINANCED


def _payments(planned: list[PlannedInvoice]) -> list[Step]:
    """Buyers pay on set days of the month, all that is then due to one supplier in one payment."""
    runs: dict[tuple[Somebody, Somebody, date], list[tuple[PlannedInvoice, int]]] = defaultdict(
        list
    )
    for invoice in planned:
        contract = invoice.order.contract
        for on, percent in _shares(invoice):
            runs[contract.buyer, contract.supplier, on].append((invoice, percent))
    return [Step(on, partial(_pay, buyer, on, paid)) for (buyer, _, on), paid in runs.items()]


def _shares(invoice: PlannedInvoice) -> list[tuple[date, int]]:
    """Return when how many percent of what is owed are paid: most on time, some late or never."""
    if chance(4, "never", invoice.key):
        return []
    started_on = invoice.repeated_on or invoice.accepted_on
    due_on = started_on + timedelta(days=invoice.order.contract.usual_days)
    late = chance(18, "late", invoice.key)
    days = between(3, 80, "delay", invoice.key) if late else -between(0, 5, "early", invoice.key)
    first_on = _pay_day(due_on + timedelta(days=days))
    # What a dispute held back, or was not confirmed in time, is paid later, if it was owed.
    rest_on = _pay_day(first_on + timedelta(days=between(25, 90, "rest", invoice.key)))
    return [(first_on, 50 if chance(8, "parts", invoice.key) else 100), (rest_on, 100)]


def _pay_day(day: date) -> date:
    """Return the last of the set days on or before a day."""
    earlier = [number for number in _PAY_DAYS if number <= day.day]
    if earlier:
        return day.replace(day=earlier[-1])
    return (day.replace(day=1) - timedelta(days=1)).replace(day=_PAY_DAYS[-1])


def _pay(
    buyer: Somebody,
    on: date,
    paid: list[tuple[PlannedInvoice, int]],
    session: Session,
    request_id: str,
) -> None:
    """Pay what is confirmed, undisputed and still owed of some invoices, in one payment."""
    who = acting(buyer, "core_enterprise")
    claims = lock_several(session, who, [invoice.id for invoice, _ in paid])
    allocations = {}
    for invoice, percent in paid:
        claim = claims.get(invoice.id)
        if claim is not None and claim.confirmed_on:
            fen = (claim.open_fen - claim.disputed_fen) * percent // 100
            if fen:
                allocations[claim.id] = fen
    if not allocations:
        return
    first = paid[0][0].key
    payment = Paid(
        id=id_of("demo", "payment", first, on),
        reference=f"FK{on:%Y%m%d}{first.replace('-', ''):>06}",
        amount_fen=sum(allocations.values()),
        currency="CNY",
        on=on,
        method=pick(("银行转账", "银行转账", "银行转账", "商业汇票"), "method", first),
        allocations=allocations,
    )
    record_payment(session, who, payment, request_id)
