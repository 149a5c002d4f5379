"""What happened in a case: payments, disputes, instruments, complaints, interruptions."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from services.ledger.law.audit import BILL, ECERT, OTHER_INSTRUMENT, Instrument
from services.ledger.law.case_fields import Fields, refuse
from services.ledger.law.costs import KINDS as COSTS
from services.ledger.law.costs import Cost
from services.ledger.law.interest import Dispute, Payment, most_disputed_fen
from services.ledger.law.limitation import KINDS as INTERRUPTIONS
from services.ledger.law.limitation import Interruption
from services.ledger.law.start import StartFacts

FACT_KEYS = frozenset(
    {
        "delivered_on",
        "accepted_on",
        "rejected_on",
        "settlement_confirmed_on",
        "invoiced_on",
        "warranty_ends_on",
        "amount",
        "disputed",
        "payments",
        "credits",
        "costs",
        "instrument",
        "confirmation_requested_on",
        "confirmed_on",
        "complaint",
        "interrupted_on",
        "interruptions",
        "delay_reasons",
    }
)
_DISPUTED = frozenset({"amount", "from", "to", "line"})
_PAID = frozenset({"on", "amount", "line", "instructed_on"})
_CREDITED = frozenset({"on", "amount", "line"})
_COSTS = frozenset({"on", "amount", "kind", "note"})
_INSTRUMENT = frozenset({"kind", "handed_on", "matures_on"})
_COMPLAINT = frozenset({"submitted_on", "accepted_on", "materials_received_on"})
_INTERRUPTED = frozenset({"on", "kind", "ended_on"})

_MOST_PAID_OF_LINES = 200
_MOST_COSTS = 100
_MOST_CREDITS = 1_000

_ECERT_WORDS = ("CERT", "VOUCHER", "凭证")
_BILL_WORDS = ("BILL", "DRAFT", "ACCEPTANCE", "汇票")


class Complaint(NamedTuple):
    """A complaint to the authority and what became of it."""

    submitted_on: date | None = None
    accepted_on: date | None = None
    materials_received_on: date | None = None


class Moved(NamedTuple):
    """What moved the balance."""

    payments: tuple[Payment, ...] = ()
    credits: tuple[Payment, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    instructed: tuple[Payment, ...] = ()
    """The payments by the day they were instructed, where one of them says so (O8)."""
    costs: tuple[Cost, ...] = ()


class Events(NamedTuple):
    """What else was done about the claim."""

    instrument: Instrument | None = None
    requested_on: date | None = None
    """The creditor asked for confirmation (确权)."""
    confirmed_on: date | None = None
    complaint: Complaint = Complaint()
    interruptions: tuple[Interruption, ...] = ()
    delay_reasons: tuple[str, ...] = ()
    warranty_ends_on: date | None = None


_NO_MOVES = Moved()
_NO_EVENTS = Events()
_MOVES = frozenset({"payments", "credits", "disputed", "costs"})
_EVENTS = frozenset(
    {
        "instrument",
        "confirmation_requested_on",
        "confirmed_on",
        "complaint",
        "interrupted_on",
        "interruptions",
        "delay_reasons",
        "warranty_ends_on",
    }
)


def read_start(facts: Fields) -> StartFacts:
    """Return the days that can start a term."""
    return StartFacts(
        facts.day("delivered_on"),
        facts.day("accepted_on"),
        facts.day("rejected_on"),
        facts.day("settlement_confirmed_on"),
        None,
        facts.day("invoiced_on"),
    )


def read_moves(facts: Fields, amount_fen: int | None, lines: int) -> Moved:
    """Return payments, credits, disputes and costs.

    Args:
        lines: how many instalments the contract has, for what names one of them.
    """
    if facts.none_of(_MOVES):
        return _NO_MOVES
    disputes = facts.items("disputed", _DISPUTED, _dispute)
    _refuse_disputes_above(amount_fen, disputes, facts)
    payments = facts.items("payments", _PAID, _payment)
    credits_ = facts.items("credits", _CREDITED, _payment, most=_MOST_CREDITS)
    for name, listed in (("payments", payments), ("credits", credits_), ("disputed", disputes)):
        _refuse_other_lines(facts.path(name), listed, lines)
    if lines > 1:
        facts.refuse_more("payments", len(payments), _MOST_PAID_OF_LINES)
    costs = facts.items("costs", _COSTS, _cost, most=_MOST_COSTS)
    return Moved(payments, credits_, disputes, _as_instructed(facts, payments), costs)


def read_events(facts: Fields) -> Events:
    """Return what was done about the claim beside paying it."""
    if facts.none_of(_EVENTS):
        return _NO_EVENTS
    return Events(
        _instrument(facts),
        facts.day("confirmation_requested_on"),
        facts.day("confirmed_on"),
        _complaint(facts),
        _interruptions(facts),
        facts.words("delay_reasons"),
        facts.day("warranty_ends_on"),
    )


def _dispute(each: Fields) -> Dispute:
    from_on, to_on = each.day("from"), each.day("to")
    if from_on is not None and to_on is not None and to_on < from_on:
        raise refuse(each.path("to"), "lies before `from`.", "早于“from”。")
    return Dispute(each.needed_fen("amount"), from_on, to_on, each.counted("line"))


def _refuse_disputes_above(
    amount_fen: int | None, disputes: tuple[Dispute, ...], facts: Fields
) -> None:
    if amount_fen is None:
        return
    if most_disputed_fen(disputes) > amount_fen:
        raise refuse(
            facts.path("disputed"),
            "more is disputed at once than the amount.",
            "同时争议的金额超过应付金额。",
        )


def _refuse_other_lines(path: str, listed: Iterable[Payment | Dispute], lines: int) -> None:
    for i, each in enumerate(listed):
        if each.line is not None and each.line > lines:
            raise refuse(
                f"{path}[{i}].line",
                f"{each.line} is none of the {lines} lines of the contract.",
                f"合同只有{lines}期，没有第{each.line}期。",
            )


def _payment(each: Fields) -> Payment:
    return Payment(each.needed_day("on"), each.needed_fen("amount"), each.counted("line"))


def _cost(each: Fields) -> Cost:
    kind = each.needed_word("kind", COSTS)
    return Cost(each.needed_day("on"), each.needed_fen("amount"), kind, each.word("note") or "")


def _as_instructed(facts: Fields, payments: tuple[Payment, ...]) -> tuple[Payment, ...]:
    if not payments:
        return ()
    instructed = facts.items("payments", _PAID, _instructed)
    return () if instructed == payments else instructed


def _instructed(each: Fields) -> Payment:
    paid, instructed_on = _payment(each), each.day("instructed_on")
    if instructed_on is None:
        return paid
    if instructed_on > paid.on:
        raise refuse(each.path("instructed_on"), "lies after `on`.", "晚于“on”。")
    return paid._replace(on=instructed_on)


def _complaint(facts: Fields) -> Complaint:
    if not facts.has("complaint"):
        return Complaint()
    given = facts.part("complaint", _COMPLAINT)
    return Complaint(
        given.day("submitted_on"), given.day("accepted_on"), given.day("materials_received_on")
    )


def _instrument(facts: Fields) -> Instrument | None:
    if not facts.has("instrument"):
        return None
    given = facts.part("instrument", _INSTRUMENT)
    handed_on, matures_on = given.needed_day("handed_on"), given.needed_day("matures_on")
    if matures_on < handed_on:
        raise refuse(given.path("matures_on"), "lies before `handed_on`.", "早于“handed_on”。")
    word = (given.word("kind") or "").upper()
    # Art. 11 names bills and e-certificates "等": every other instrument is non-cash as well.
    kind = OTHER_INSTRUMENT
    if any(part in word for part in _ECERT_WORDS):
        kind = ECERT
    elif any(part in word for part in _BILL_WORDS):
        kind = BILL
    return Instrument(kind, handed_on, matures_on)


def _interruptions(facts: Fields) -> tuple[Interruption, ...]:
    """Return what interrupted limitation; plain days are demands."""
    found = []
    for i, value in enumerate(facts.values("interrupted_on")):
        one = Fields({"on": value}, f"{facts.path('interrupted_on')}[{i}].", _INTERRUPTED)
        found.append(Interruption(one.needed_day("on")))
    return (*found, *facts.items("interruptions", _INTERRUPTED, _interruption))


def _interruption(each: Fields) -> Interruption:
    on, ended_on = each.needed_day("on"), each.day("ended_on")
    kind = each.needed_word("kind", INTERRUPTIONS)
    if ended_on is not None and ended_on < on:
        raise refuse(each.path("ended_on"), "lies before `on`.", "早于“on”。")
    return Interruption(on, kind, ended_on)
