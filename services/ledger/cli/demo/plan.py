"""What happens in the demo's year: contracts, orders, deliveries, invoices. Pure; no database."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from services.ledger.cli.demo.dice import between, chance, pick
from services.ledger.cli.demo.people import BUYERS, SUPPLIERS, Somebody
from services.ledger.ids import id_of

DAYS: Final = 425
"""Fourteen months."""
_ORDERS: Final = 430
_PUBLIC: Final = frozenset({"GOV", "INSTITUTION"})
_WAN_FEN: Final = 10_000_00


@dataclass(frozen=True)
class PlannedContract:
    """A framework contract between a buyer and a supplier."""

    id: UUID
    reference: str
    buyer: Somebody
    supplier: Somebody
    signed_on: date
    subject: str
    settlement: str
    terms: dict[str, Any]

    @property
    def usual_days(self) -> int:
        """How long this buyer usually takes, about what the law allows."""
        days: int = self.terms.get("term_days", 60)
        return min(days, 60)


@dataclass(frozen=True)
class PlannedOrder:
    """An order and when it was placed."""

    id: UUID
    number: int
    contract: PlannedContract
    placed_on: date
    amount_fen: int
    deliveries: int


@dataclass(frozen=True)
class PlannedInvoice:
    """One delivery of an order and the invoice for it."""

    id: UUID
    key: str
    order: PlannedOrder
    receipt: str
    delivered_on: date
    accepted_on: date
    repeated_on: date | None
    """The acceptance was cancelled, and made again on this day."""
    issued_on: date
    number: str
    face_fen: int

    @property
    def reported_on(self) -> date:
        """The day the supplier records it: the receipt is in order by then."""
        started_on = self.repeated_on or self.accepted_on
        return max(started_on, self.issued_on) + timedelta(days=between(0, 3, "told", self.key))


def contracts(today: date) -> list[PlannedContract]:
    """Return the contracts: one or two buyers for each supplier."""
    start = today - timedelta(days=DAYS)
    made = []
    for index, supplier in enumerate(SUPPLIERS):
        first = index % len(BUYERS)
        second = (first + between(1, len(BUYERS) - 1, "second", index)) % len(BUYERS)
        for buyer in {first, second} if chance(60, "two", index) else {first}:
            key = f"{index}-{buyer}"
            made.append(
                PlannedContract(
                    id=id_of("demo", "contract", key),
                    reference=f"框架-{buyer + 1:02d}-{index + 1:03d}",
                    buyer=BUYERS[buyer],
                    supplier=supplier,
                    signed_on=start - timedelta(days=between(3, 160, "signed", key)),
                    subject=pick(("GOODS", "GOODS", "GOODS", "SERVICES"), "subject", key),
                    settlement=pick(("ON_DELIVERY", "ACCEPTANCE", "ACCEPTANCE"), "settle", key),
                    terms=_terms(BUYERS[buyer].kind, key),
                )
            )
    return made


def _terms(buyer_kind: str, key: str) -> dict[str, Any]:
    """Return terms as they are found: most lawful, some too long, some 背靠背, some silent."""
    terms: dict[str, Any] = {"inspection_days": pick((7, 10, 15), "inspection", key)}
    if buyer_kind in _PUBLIC:
        return terms if chance(25, "silent", key) else {**terms, "term_days": 30}
    if chance(10, "back to back", key):
        return {**terms, "pay_when_paid": True}
    return {**terms, "term_days": pick((30, 45, 60, 60, 60, 90), "term", key)}


def orders(today: date) -> list[PlannedOrder]:
    """Return the orders, the earliest first."""
    start = today - timedelta(days=DAYS)
    agreed = contracts(today)
    return [
        PlannedOrder(
            id=id_of("demo", "order", number),
            number=number,
            contract=pick(agreed, "contract", number),
            placed_on=start + timedelta(days=number * (DAYS - 12) // _ORDERS),
            amount_fen=_amount_fen(number),
            deliveries=pick((1, 1, 2, 2, 3, 4), "deliveries", number),
        )
        for number in range(_ORDERS)
    ]


def _amount_fen(number: int) -> int:
    """Return an order's amount: many small ones, a few large ones."""
    low, high = pick(((1, 8), (1, 8), (5, 40), (5, 40), (30, 260)), "size", number)
    wan = between(low * _WAN_FEN, high * _WAN_FEN, "amount", number)
    return wan if chance(50, "cents", number) else wan // 100_00 * 100_00 + 100_00


def invoices(today: date) -> list[PlannedInvoice]:
    """Return the invoices of all that is delivered by today."""
    found = [invoice for order in orders(today) for invoice in _of_order(order, order.placed_on)]
    return [invoice for invoice in found if invoice.reported_on <= today]


def _of_order(order: PlannedOrder, after: date) -> list[PlannedInvoice]:
    made = []
    left_fen = order.amount_fen
    for part in range(order.deliveries):
        key = f"{order.number}-{part}"
        after += timedelta(days=between(4, 20, "delivered", key))
        accepted_on = after + timedelta(days=between(0, 6, "accepted", key))
        last = part == order.deliveries - 1
        face_fen = left_fen if last else order.amount_fen // order.deliveries
        left_fen -= face_fen
        issued_on = accepted_on + timedelta(days=between(0, 4, "issued", key))
        repeated = timedelta(days=between(5, 12, "again", key))
        made.append(
            PlannedInvoice(
                id=id_of("demo", "receivable", key),
                key=key,
                order=order,
                receipt=f"GR-{order.number:05d}-{part + 1}",
                delivered_on=after,
                accepted_on=accepted_on,
                repeated_on=accepted_on + repeated if chance(2, "cancelled", key) else None,
                issued_on=issued_on,
                number=f"{issued_on:%y}332{order.number * 10 + part:015d}",
                face_fen=face_fen,
            )
        )
    return made
