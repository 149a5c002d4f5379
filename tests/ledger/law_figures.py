"""What the law's Python makes of a receivable of a random book, to hold the database to it."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import NamedTuple

from services.ledger.law.audit import AuditFacts
from services.ledger.law.case_facts import Complaint
from services.ledger.law.case_input import Case
from services.ledger.law.due import roll
from services.ledger.law.interest import Claim, Dispute, Payment, accrue
from services.ledger.law.judge import judge
from services.ledger.law.start import StartDecision, StartFacts, inspection_ends_on, start_of_term
from services.ledger.law.terms import TermsDecision, decide_terms
from services.ledger.law.values import Almanac
from services.ledger.orders.terms import clauses_of, facts_of, known_size
from tests.ledger.law_book import AS_OF, KNOWN_AT, Made, Movement


class Figures(NamedTuple):
    """What Python and SQL are to agree about; no interest: no rate applies."""

    start_on: date | None
    due_on: date | None
    days_overdue: int
    undisputed_fen: int
    interest_fen: int | None


def figures(
    made: Made, almanac: Almanac, *, as_of: date = AS_OF, paid: Sequence[Payment] = ()
) -> Figures:
    """Return what the pure engine makes of a receivable, as of a day, known at `KNOWN_AT`."""
    case = _case(made, as_of, paid)
    terms = decide_terms(case.contract, almanac, trace=False)
    starts = [_start(facts, terms, almanac) for facts in _receipts(made, as_of)]
    facts = StartFacts()
    if starts and all(start.start_on is not None for _, start in starts):
        facts, _ = max(starts, key=lambda pair: pair[1].start_on or date.min)
    judged = judge(case._replace(start=facts), almanac, spans=False)
    assert case.amount_fen is not None
    if judged.due is None or judged.late is None:
        claim = Claim(case.amount_fen, as_of, case.payments, case.disputes, case.credits)
        open_fen = accrue(claim, judged.rates.governing_rate, as_of=as_of).undisputed_fen
        none = None if judged.rates.governing is None else 0
        return Figures(judged.start.start_on, None, 0, open_fen, none)
    interest = dict(judged.accruals).get(judged.rates.governing or "")
    return Figures(
        judged.start.start_on,
        judged.due.on,
        judged.days_overdue,
        judged.late.undisputed_fen,
        None if interest is None else interest.interest_fen,
    )


def _case(made: Made, as_of: date, paid: Sequence[Payment]) -> Case:
    contract = made.contract
    terms = contract.terms
    known = [each for each in made.movements if each.known_at <= KNOWN_AT and each.on <= as_of]
    clauses = clauses_of(
        terms,
        signed_on=contract.signed_on,
        debtor_kind=contract.debtor_kind,
        subject="GOODS",
        declared=True,
    )
    facts = facts_of(
        terms,
        signed_on=contract.signed_on,
        debtor_kind=contract.debtor_kind,
        creditor_size=known_size(contract.creditor_size),
        settlement=contract.settlement,
        domestic=contract.reason != "FOREIGN_PARTY",
    )
    if made.agreed_due_on is not None:
        facts = facts._replace(
            due_on=made.agreed_due_on, term_days=None, term_months=None, pay_when_paid=False
        )
    payments = (Payment(each.on, each.amount_fen) for each in known if each.debit == "cash")
    credits_ = (each for each in known if each.debit in {"supply", "written_off"})
    return Case(
        contract=facts,
        rate=clauses.rate,
        audit=AuditFacts(contract.debtor_kind),
        start=StartFacts(),
        subject="GOODS",
        principal_first=True,
        amount_fen=made.face_fen,
        disputes=tuple(_disputes(known)),
        payments=(*payments, *paid),
        credits=tuple(Payment(each.on, each.amount_fen) for each in credits_),
        instrument=None,
        requested_on=None,
        confirmed_on=None,
        complaint=Complaint(),
        interruptions=(),
        as_of=as_of,
    )


def _disputes(known: Sequence[Movement]) -> Iterator[Dispute]:
    """Yield what was in dispute day by day; an answer dated before its dispute leaves none."""
    changes: dict[date, int] = {}
    for each in known:
        sign = (each.debit == "disputed") - (each.credit == "disputed")
        if sign:
            changes[each.on] = changes.get(each.on, 0) + sign * each.amount_fen
    days = sorted(changes)
    disputed_fen = 0
    for day, following in zip_longest(days, days[1:]):
        disputed_fen += changes[day]
        if disputed_fen > 0:
            yield Dispute(disputed_fen, day, following)


def _receipts(made: Made, as_of: date) -> Iterator[StartFacts]:
    counted = [each for each in made.facts if each.since_on <= as_of and each.known_at <= KNOWN_AT]
    named = [each for each in made.named if each.since_on <= as_of and each.known_at <= KNOWN_AT]
    for receipt_id in {each.receipt_id for each in counted} | {each.receipt_id for each in named}:
        mine = [each for each in counted if each.receipt_id == receipt_id]
        gone = [each for each in mine if each.kind == "CANCELLED"]
        if gone:
            until = (max(each.on for each in gone), max(each.known_at for each in gone))
            mine = [each for each in mine if (each.on, each.known_at) > until]
        days = {
            kind: max((each.on for each in mine if each.kind == kind), default=None)
            for kind in ("DELIVERED", "ACCEPTED", "REJECTED", "SETTLEMENT_CONFIRMED")
        }
        yield StartFacts(*days.values())._replace(invoiced_on=made.issued_on)


def _start(
    facts: StartFacts, terms: TermsDecision, almanac: Almanac
) -> tuple[StartFacts, StartDecision]:
    settings = almanac.settings
    days, delivered_on = terms.inspection_days, facts.delivered_on
    if settings.inspection_end == "ROLL" and days is not None and delivered_on is not None:
        ends_on = inspection_ends_on(delivered_on, inspection_days=days)
        rolled_on = roll(ends_on, almanac.calendar, settings).on
        terms = terms._replace(inspection_days=(rolled_on - delivered_on).days)
    return facts, start_of_term(facts, terms, settings=settings, trace=False)
