"""The fixed case format, read into facts. Unknown keys, floats and impossible days are refused.

Beyond the published keys it takes:

``debtor``    ``domestic``
``creditor``  ``domestic``, ``declared``, ``source`` SELF|GOVERNMENT|STATISTICS,
              ``controlled_by_large``
``contract``  ``due_on``; ``lines`` [{``kind`` ADVANCE|PROGRESS|FINAL|RETENTION, ``share_percent``
              or ``amount``, ``due_on`` | ``term_days`` | ``term_months``, ``starts``
              SIGNING|DELIVERY|ACCEPTANCE|SETTLEMENT|WARRANTY_END or ``starts_on``}];
              ``framework_signed_on``, ``pay_in_proportion``, ``penalty_percent``,
              ``penalty_cap_percent``, ``rest_days_roll``, ``noncash_consent``, ``deposits``
              [{``kind``, ``percent``, ``cash_only``, ``ended_on``, ``returned_on``}]
``facts``     ``credits`` as payments, ``invoiced_on``, ``warranty_ends_on``, ``confirmed_on``,
              ``interrupted_on``, ``interruptions`` [{``on``, ``kind``, ``ended_on``}],
              ``delay_reasons``, ``costs`` [{``on``, ``amount``, ``kind``, ``note``}]; ``line`` in
              payments, credits and disputes; ``instructed_on`` in
              payments; ``submitted_on`` in the complaint
"""

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from services.ledger.law.audit import AuditFacts, Instrument, is_noncash
from services.ledger.law.case_contract import (
    CONTRACT_KEYS,
    CREDITOR_KEYS,
    SIZES,
    SOURCES,
    Sized,
    read_clauses,
    read_contract,
    read_lines,
    read_rate,
    read_size,
)
from services.ledger.law.case_facts import (
    FACT_KEYS,
    Complaint,
    Events,
    read_events,
    read_moves,
    read_start,
)
from services.ledger.law.case_fields import Fields
from services.ledger.law.costs import Cost
from services.ledger.law.interest import Dispute, Payment
from services.ledger.law.limitation import Interruption
from services.ledger.law.lines import RETENTION, Line
from services.ledger.law.rates import RateFacts
from services.ledger.law.sme_standard import UNDETERMINED, SizeStandard
from services.ledger.law.start import StartFacts
from services.ledger.law.terms import ContractFacts

__all__ = ["KINDS", "SIZES", "SUBJECTS", "Case", "read_case"]

_CASE = frozenset({"signed_on", "debtor", "creditor", "subject", "contract", "facts", "as_of"})
_DEBTOR = frozenset({"kind", "domestic"})
KINDS = frozenset(
    {
        "GOV",
        "INSTITUTION",
        "FISCAL_GROUP",
        "LARGE_SOE",
        "LARGE",
        "MEDIUM",
        "SMALL",
        "MICRO",
        "INDIVIDUAL",
        "MILITARY",
    }
)
SUBJECTS = frozenset({"GOODS", "WORKS", "SERVICES"})


class Case(NamedTuple):
    """A case, read."""

    contract: ContractFacts
    rate: RateFacts
    audit: AuditFacts
    start: StartFacts
    subject: str | None
    principal_first: bool
    amount_fen: int | None
    disputes: tuple[Dispute, ...]
    payments: tuple[Payment, ...]
    credits: tuple[Payment, ...]
    instrument: Instrument | None
    requested_on: date | None
    confirmed_on: date | None
    complaint: Complaint
    interruptions: tuple[Interruption, ...]
    as_of: date | None
    lines: tuple[Line, ...] = ()
    instructed: tuple[Payment, ...] = ()
    """The payments by the day they were instructed, where one of them says so (O8)."""
    warranty_ends_on: date | None = None
    framework_signed_on: date | None = None
    controlled_by_large: bool = False
    size_contradicted: bool = False
    """A size stated by the creditor itself that its own figures do not give."""
    costs: tuple[Cost, ...] = ()
    sized: Sized = Sized(UNDETERMINED)


def read_case(values: object, sizes: SizeStandard) -> Case:
    """Read a case.

    Raises:
        CaseError: a key, type, word or day that the format does not have; ``field`` names it.
        AmountError: an amount that is no plain decimal.
    """
    case = Fields(values, "", _CASE)
    signed_on = case.needed_day("signed_on")
    debtor, terms = case.part("debtor", _DEBTOR), case.part("contract", CONTRACT_KEYS)
    creditor, facts = case.part("creditor", CREDITOR_KEYS), case.part("facts", FACT_KEYS)
    kind = debtor.word("kind", KINDS)
    subject = case.word("subject", SUBJECTS)
    sized = read_size(creditor, sizes)
    source = creditor.word("source", SOURCES)
    amount_fen = facts.fen("amount")
    lines = read_lines(terms, amount_fen)
    if lines and amount_fen is None and all(line.amount_fen for line in lines):
        amount_fen = sum(line.amount_fen for line in lines)
    moved = read_moves(facts, amount_fen, len(lines))
    events = read_events(facts)
    contract = read_contract(signed_on, kind, sized.size, terms)
    if not (debtor.flag("domestic", default=True) and creditor.flag("domestic", default=True)):
        contract = contract._replace(domestic=False)
    return Case(
        contract,
        read_rate(signed_on, kind, terms),
        _audit(AuditFacts(kind, subject), terms, creditor, events, _retained(lines, amount_fen)),
        read_start(facts),
        subject,
        terms.flag("principal_first"),
        amount_fen,
        moved.disputes,
        moved.payments,
        moved.credits,
        events.instrument,
        events.requested_on,
        events.confirmed_on,
        events.complaint,
        events.interruptions,
        case.day("as_of"),
        lines,
        moved.instructed,
        events.warranty_ends_on,
        terms.day("framework_signed_on"),
        creditor.flag("controlled_by_large"),
        _is_contradicted(sized, source),
        moved.costs,
        sized,
    )


def _audit(
    facts: AuditFacts,
    terms: Fields,
    creditor: Fields,
    events: Events,
    retained_percent: Fraction | None,
) -> AuditFacts:
    facts = read_clauses(facts, terms)
    if events.instrument is not None or events.delay_reasons or retained_percent is not None:
        facts = facts._replace(
            noncash=facts.noncash or is_noncash(events.instrument),
            delay_reasons=events.delay_reasons,
            retained_percent=retained_percent,
        )
    if creditor.flag("declared", default=True):
        return facts
    return facts._replace(declared=False)


def _is_contradicted(sized: Sized, source: str | None) -> bool:
    """Whether the figures give another size, and no authority found the one that is stated."""
    stated_itself = source not in {"GOVERNMENT", "STATISTICS"}
    return sized.by_figures not in {None, UNDETERMINED, sized.size} and stated_itself


def _retained(lines: tuple[Line, ...], amount_fen: int | None) -> Fraction | None:
    """Return the share of the price that is retained until a warranty ends, percent.

    A case of the retained money alone says nothing of the price.
    """
    kept_fen = sum(line.amount_fen for line in lines if line.kind == RETENTION)
    if not kept_fen or not amount_fen or kept_fen == amount_fen:
        return None
    return Fraction(kept_fen * 100, amount_fen)
