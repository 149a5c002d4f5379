"""What the book of a receivable must do, said a second time and as simply as can be.

Everything is dated today. Amounts are fen. An act either changes the model or raises `Refused`
with the status and the code the ledger must answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

DUE_ON = date(2025, 9, 8)
"""Of what was delivered on 2025-07-09 without a day agreed: 60 days (民法典, 728号 第八条)."""
STATES = {
    "submitted": {"submitted", "confirmed", "closed"},
    "confirmed": {"confirmed", "closed"},
    # Interest is claimed for days before the payment, also once the principal is paid.
    "closed": {"closed", "submitted", "confirmed"},
}


class Refused(Exception):  # noqa: N818 (an answer, not an error)
    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code


def _at_most(fen: int, most_fen: int) -> None:
    if fen > most_fen:
        raise Refused(409, "AMOUNT_EXCEEDS")


@dataclass
class Offer:
    """A part reserved for a platform, until it is answered for good."""

    reference: str
    fen: int
    state: str = "WAITING"


@dataclass
class Book:
    id: UUID
    number: str
    face: int
    confirmed: bool
    late: bool
    free: int = 0
    disputed: int = 0
    reserved: int = 0
    assigned: int = 0
    interest: int = 0
    costs: int = 0
    """Costs of enforcement that were claimed, and neither paid nor withdrawn."""
    claimed: dict[UUID, int] = field(default_factory=dict)
    """The costs that may still be withdrawn, by their ids."""
    interest_days: int = 0
    """Days after the due day that interest is claimed for."""
    offers: list[Offer] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    state: str = "submitted"

    def __post_init__(self) -> None:
        self.free = self.face
        self.told.append("receivable.opened")
        if self.confirmed:  # by the buyer, who opened it
            self.told.append("receivable.confirmed")
        self.state = self.lifecycle

    @property
    def open(self) -> int:
        return self.free + self.disputed + self.reserved + self.assigned

    @property
    def owed(self) -> int:
        return self.open + self.interest + self.costs

    @property
    def lifecycle(self) -> str:
        if self.owed == 0:
            return "closed"
        return "confirmed" if self.confirmed else "submitted"

    def request(self) -> None:
        if self.confirmed:
            raise Refused(409, "ALREADY_CONFIRMED")
        self.told.append("confirmation.requested")

    def confirm(self, fen: int | None) -> None:
        """Of the whole if None; of nothing, a rejection."""
        if self.confirmed:
            raise Refused(409, "ALREADY_CONFIRMED")
        if not self.free:
            raise Refused(409, "NOTHING_TO_CONFIRM")
        fen = self.free if fen is None else fen
        _at_most(fen, self.free)
        self.disputed += self.free - fen
        self.free = fen
        self.confirmed = fen > 0
        self.told.append("receivable.confirmed")

    def dispute(self, fen: int) -> None:
        _at_most(fen, self.free)
        self.free -= fen
        self.disputed += fen
        self.told.append("receivable.disputed")

    def resolve(self, fen: int, outcome: str) -> None:
        _at_most(fen, self.disputed)
        self.disputed -= fen
        self.free += fen if outcome == "upheld" else 0
        self.told.append("dispute.resolved")

    def credit(self, fen: int) -> None:
        _at_most(fen, self.free)
        self.free -= fen
        self.told.append("receivable.credited")

    def claim_interest(self, days: int) -> None:
        """By 802号 第十七条: 万分之五 a day of the face, which nothing lowered before today."""
        if self.assigned:
            raise Refused(409, "INTEREST_OF_HOLDER")
        if not self.late:
            raise Refused(409, "NO_INTEREST")
        if days <= self.interest_days:
            raise Refused(409, "INTEREST_OVERLAPS")
        fen = _interest(self.face, days) - _interest(self.face, self.interest_days)
        if not fen:
            raise Refused(409, "NO_INTEREST")
        self.interest += fen
        self.interest_days = days
        self.told.append("receivable.interest_claimed")

    def waive(self, fen: int) -> None:
        _at_most(fen, self.interest)
        self.interest -= fen
        self.told.append("receivable.interest_waived")

    def claim_costs(self, one: UUID, fen: int) -> None:
        """民法典 561: what enforcement costs comes before interest and principal."""
        if not self.owed:
            raise Refused(409, "NOTHING_OWED")
        self.costs += fen
        self.claimed[one] = fen
        self.told.append("receivable.costs_claimed")

    def withdraw_costs(self, one: UUID) -> None:
        """What is not paid of all costs is given up, up to these; each once."""
        fen = min(self.claimed.get(one, 0), self.costs)
        if not fen:
            raise Refused(409, "FACT_ENDED")
        del self.claimed[one]
        self.costs -= fen
        self.told.append("receivable.costs_withdrawn")

    def offer(self, reference: str) -> None:
        self.offers.append(Offer(reference, self.free))
        self.reserved += self.free
        self.free = 0
        self.told.append("receivable.exported")

    def answer(self, offer: Offer, state: str) -> None:
        """What was paid meanwhile has used the offer up; of several, the others keep theirs."""
        if offer.state == state:
            return
        if offer.state in {"FINANCED", "REFUSED"}:
            raise Refused(409, "ANSWER_DOES_NOT_FIT")
        waiting = {"WAITING", "PENDING"}
        others = sum(o.fen for o in self.offers if o is not offer and o.state in waiting)
        held = self.reserved if state == "FINANCED" else max(0, self.reserved - others)
        fen = min(offer.fen, held)
        offer.state = state
        if state == "FINANCED":
            self.reserved -= fen
            self.assigned += fen
            self.told.append("receivable.financed")
        elif state == "REFUSED":
            self.reserved -= fen
            self.free += fen
            self.told.append("receivable.refused")

    def take(self, fen: int) -> None:
        """Money goes to costs, interest, then what is free, financed, offered, disputed."""
        for account in ("costs", "interest", "free", "assigned", "reserved", "disputed"):
            part = min(fen, getattr(self, account))
            setattr(self, account, getattr(self, account) - part)
            fen -= part
        assert fen == 0
        self.told.append("payment.allocated")
        if self.owed == 0:
            self.told.append("receivable.settled")


def _interest(face: int, days: int) -> int:
    return (face * 5 * days * 2 + 10_000) // 20_000


def pay(parts: Mapping[UUID, int], books: Mapping[UUID, Book], *, role: str) -> None:
    """Set one payment against several; it is refused as a whole."""
    taken = [(books[one], fen) for one, fen in parts.items()]
    over = any(fen > book.owed for book, fen in taken)
    if role == "supplier":
        for book, fen in taken:
            principal = fen - min(fen, book.costs + book.interest)
            if book.free + book.disputed < principal <= book.open:
                raise Refused(403, "NOT_ALLOWED")
    if over:
        raise Refused(409, "PAYMENT_EXCEEDS_OPEN")
    for book, fen in taken:
        book.take(fen)
