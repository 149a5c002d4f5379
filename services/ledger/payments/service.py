"""Record a payment and set it against receivables; no money is ever parked on a claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import PaymentAllocated, ReceivableSettled
from services.ledger.access import NotAllowedError, Viewer
from services.ledger.errors import LedgerError, ReusedIdError
from services.ledger.journal.models import PRINCIPAL
from services.ledger.journal.service import Move, record
from services.ledger.log.service import Entry
from services.ledger.money import format_fen
from services.ledger.payments.allocation import Divided, shares
from services.ledger.policy import between
from services.ledger.receivables.queries import Claim, lock_several, not_found

ORDER: Final = ("receivable", "assigned", "reserved", "disputed")
"""Money for the principal goes to what is owed and free first; only what is left shrinks a claim or
a dispute."""
assert set(ORDER) == set(PRINCIPAL)


class OverpaidError(LedgerError):
    """A payment above what is owed."""

    code = "PAYMENT_EXCEEDS_OPEN"
    status = 409


class AllocationError(LedgerError):
    """Allocations that do not add up to the payment, or mix debtors or currencies."""

    code = "ALLOCATION_INVALID"


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment: under the caller's id, with what of it pays which receivable, in fen."""

    id: UUID
    reference: str
    amount_fen: int
    currency: str
    on: date
    method: str
    allocations: Mapping[UUID, int]


_INSERT: Final = text(
    """
    INSERT INTO payments (id, debtor_id, reference, amount_fen, currency, "on", method, known_at)
    VALUES (:id, :debtor_id, :reference, :amount_fen, :currency, :on, :method, now())
    """
)
_BEFORE: Final = text(
    """
    SELECT p.debtor_id, p.amount_fen, p.currency, p."on", p.reference, p.method,
      coalesce(jsonb_object_agg(a.receivable_id, a.fen) FILTER (WHERE a.fen IS NOT NULL), '{}')
        AS allocations
    FROM payments p LEFT JOIN (
      SELECT receivable_id, sum(amount_fen)::bigint AS fen FROM postings
      WHERE cause = :id AND debit = 'cash' GROUP BY receivable_id) a ON true
    WHERE p.id = :id GROUP BY p.id
    """
)


def record_payment(session: Session, viewer: Viewer, paid: Paid, request_id: str = "") -> bool:
    """Post a payment against its receivables; return False if it was recorded before.

    The receivables are locked first, so that two payments arriving together are weighed one after
    the other. A payment dated back is weighed against all that is known, not the balance of its
    day.

    Raises:
        NotFoundError: a receivable the viewer may not see.
        AllocationError, OverpaidError, ReusedIdError, NotAllowedError: see there.
    """
    viewer.require("payments.record")
    if sum(paid.allocations.values()) != paid.amount_fen:
        raise AllocationError(
            f"The allocations add up to {format_fen(sum(paid.allocations.values()))}, the payment"
            f" is {format_fen(paid.amount_fen)}; they must be equal.",
            f"分配合计{format_fen(sum(paid.allocations.values()))}，"
            f"付款金额{format_fen(paid.amount_fen)}；两者必须相等。",
            field="allocations",
        )
    claims = lock_several(session, viewer, list(paid.allocations))
    if len(claims) != len(paid.allocations):
        raise not_found()
    if _recorded_before(session, viewer, paid):
        return False
    debtor_id = _one_debtor(paid, claims)
    divided = shares(session, claims, paid.allocations, on=paid.on)
    _may_record(viewer, claims, divided, debtor_id)
    moves: list[Move] = []
    entries: list[Entry] = []
    for receivable_id, went in divided.items():
        claim = claims[receivable_id]
        moves += _moves(paid, claim, went)
        entries += _entries(paid, claim, went, viewer)
    session.connection().execute(
        _INSERT,
        {
            "id": paid.id,
            "debtor_id": debtor_id,
            "reference": paid.reference,
            "amount_fen": paid.amount_fen,
            "currency": paid.currency,
            "on": paid.on,
            "method": paid.method,
        },
    )
    record(session, moves, entries, request_id)
    return True


def _may_record(
    viewer: Viewer,
    claims: Mapping[UUID, Claim],
    divided: Mapping[UUID, Divided],
    debtor_id: UUID,
) -> None:
    """A buyer records what it paid; a supplier what reached it, not what is a platform's."""
    for claim in claims.values():
        viewer.require("payments.record", between(claim))
    if viewer.party_id in {None, debtor_id}:
        return
    for receivable_id, went in divided.items():
        claim = claims[receivable_id]
        own_fen = claim.receivable_fen + claim.disputed_fen
        if own_fen < went.principal_fen and not went.unapplied_fen:
            raise NotAllowedError(
                f"Of invoice {claim.invoice_number} only {format_fen(own_fen)} is the supplier's;"
                " the rest is offered or assigned, and the payer records it.",
                f"发票{claim.invoice_number}仅{format_fen(own_fen)}属于供应商；其余已申请融资或已转让，"
                "由付款方登记。",
            )


def _recorded_before(session: Session, viewer: Viewer, paid: Paid) -> bool:
    row = session.connection().execute(_BEFORE, {"id": paid.id}).one_or_none()
    if row is None:
        return False
    allocations = {UUID(key): fen for key, fen in row.allocations.items()}
    known = (row.amount_fen, row.currency, row.on, row.reference, row.method, allocations)
    stated = (paid.amount_fen, paid.currency, paid.on, paid.reference, paid.method)
    if known != (*stated, dict(paid.allocations)):
        # A payment may be to several suppliers: its sum is the payer's alone to know.
        english, chinese = "another payment", "另一笔付款"
        if viewer.sees_all or viewer.party_id == row.debtor_id:
            english = f"a payment of {format_fen(row.amount_fen)} on {row.on}"
            chinese = f"{row.on}金额{format_fen(row.amount_fen)}的付款"
        raise ReusedIdError(
            f"The id {paid.id} already names {english}; send this one under an id of its own.",
            f"编号{paid.id}已用于{chinese}；本笔付款请使用新编号。",
            field="id",
        )
    return True


def _one_debtor(paid: Paid, claims: Mapping[UUID, Claim]) -> UUID:
    debtors = {claim.debtor_id for claim in claims.values()}
    currencies = {claim.currency for claim in claims.values()} | {paid.currency}
    if len(debtors) != 1 or len(currencies) != 1:
        raise AllocationError(
            f"One payment is of one debtor in one currency; this names {len(debtors)} debtors and"
            f" {', '.join(sorted(currencies))}.",
            f"一笔付款只能属于一个付款方、一种币种；此处涉及{len(debtors)}个付款方、"
            f"币种{'、'.join(sorted(currencies))}。",
            field="allocations",
        )
    return debtors.pop()


def _moves(paid: Paid, claim: Claim, went: Divided) -> list[Move]:
    if went.unapplied_fen:
        raise _overpaid(claim, went)
    moves = [
        Move(claim.id, "cash", "costs", went.costs_fen, paid.on, paid.id),
        Move(claim.id, "cash", "interest", went.interest_fen, paid.on, paid.id),
    ]
    left_fen = went.principal_fen
    for account in ORDER:
        part_fen = min(left_fen, getattr(claim, f"{account}_fen"))
        moves.append(Move(claim.id, "cash", account, part_fen, paid.on, paid.id))
        left_fen -= part_fen
    return moves


def _overpaid(claim: Claim, went: Divided) -> OverpaidError:
    amount = format_fen(sum(went))
    owed = format_fen(sum(went) - went.unapplied_fen)
    english, chinese = "", ""
    if claim.interest_fen or claim.costs_fen:
        interest, costs = format_fen(went.interest_fen), format_fen(went.costs_fen)
        english = f" (with {interest} of interest and {costs} of costs claimed by that day)"
        chinese = f"（含截至该日已主张的利息{interest}、费用{costs}）"
    return OverpaidError(
        f"A payment of {amount} exceeds the {owed} owed{english} on invoice"
        f" {claim.invoice_number}; allocate at most that.",
        f"付款{amount}超过发票{claim.invoice_number}尚欠的{owed}{chinese}；请至多分配该金额。",
        field="allocations",
    )


def _entries(paid: Paid, claim: Claim, went: Divided, viewer: Viewer) -> list[Entry]:
    named = {"invoice_number": claim.invoice_number, "currency": claim.currency}
    still_open_fen = claim.open_fen - went.principal_fen
    interest_open_fen = claim.interest_fen - went.interest_fen
    costs_open_fen = claim.costs_fen - went.costs_fen
    data = [
        PaymentAllocated(
            payment_reference=paid.reference,
            amount=format_fen(sum(went)),
            still_open=format_fen(still_open_fen),
            paid_on=paid.on,
            interest=format_fen(went.interest_fen),
            interest_open=format_fen(interest_open_fen),
            costs=format_fen(went.costs_fen),
            costs_open=format_fen(costs_open_fen),
            **named,
        ),
        *(
            []
            if still_open_fen + interest_open_fen + costs_open_fen
            else [ReceivableSettled(settled_on=paid.on, **named)]
        ),
    ]
    return [
        Entry(claim.id, item, viewer.name, viewer.party_id, claim.debtor_id, claim.creditor_id)
        for item in data
    ]
