"""What the law makes of a contract, once: its payment term, and what its clauses are flagged for.

The audit comes before anything is late, and every flag says its article.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.ledger.law.audit import Instrument, audit_clauses, audit_instrument
from services.ledger.law.civil_code import last_day_of_months
from services.ledger.law.due import due_of
from services.ledger.law.rates import decide_rates
from services.ledger.law.rule import NOTICE
from services.ledger.law.rules import rule_of_flag
from services.ledger.law.terms import TermsDecision, decide_terms
from services.ledger.law.trace import flag_step
from services.ledger.law.values import Almanac
from services.ledger.orders.terms import Clauses, Size, clauses_of, facts_of, known_size


def decide_contract(
    terms: Mapping[str, Any],
    size: Size,
    almanac: Almanac,
    *,
    signed_on: date,
    debtor_kind: str,
    subject: str,
    settlement: str,
    domestic: bool,
) -> dict[str, Any]:
    """Decide what a contract says, and audit it, as the contract's columns keep it.

    Raises:
        LprMissingError: a rate was agreed and the LPR at signing is not in the almanac.
    """
    facts = facts_of(
        terms,
        signed_on=signed_on,
        debtor_kind=debtor_kind,
        creditor_size=known_size(size.word),
        settlement=settlement,
        domestic=domestic,
    )
    evidence = size.evidence or {}
    clauses = clauses_of(
        terms,
        signed_on=signed_on,
        debtor_kind=debtor_kind,
        subject=subject,
        declared=evidence.get("declared", True),
    )
    controlled = bool(evidence.get("controlled_by_large"))
    clauses = clauses._replace(controlled_by_large=controlled)
    decided = decide_terms(facts, almanac)
    flags = audit_terms(clauses, decided, almanac)
    return {
        "applies": decided.applies,
        "reason": decided.reason,
        "regime": decided.regime,
        "start_rule": decided.start_rule,
        "inspection_days": decided.inspection_days,
        "due_term_days": decided.term_days,
        "due_term_months": decided.term_months,
        "due_cap_days": decided.cap_days,
        "rolls": decided.roll_rest_days,
        "flags": flags,
        "trace": [dict(item._asdict()) for item in decided.trace],
        "audit": findings_of(flags, decided.regime),
    }


def audit_terms(clauses: Clauses, decided: TermsDecision, almanac: Almanac) -> list[str]:
    """Return the flags of a contract that can be told from the contract alone, each once.

    Raises:
        LprMissingError: a rate was agreed and the LPR at signing is not in the almanac.
    """
    flags = list(decided.flags)
    flags += decide_rates(clauses.rate, decided, almanac).flags
    asked = bool(clauses.audit.deposits) and decided.applies == "true"
    limits = almanac.limits.on(clauses.rate.signed_on) if asked else None
    flags += audit_clauses(clauses.audit, decided, as_of=None, limits=limits)
    controlled = clauses.controlled_by_large and decided.applies == "true"
    flags += ["CONTROLLED_BY_LARGE"] if controlled else []
    flags += _tenor_flags(clauses, decided, almanac)
    return list(dict.fromkeys(flags))


def _tenor_flags(clauses: Clauses, decided: TermsDecision, almanac: Almanac) -> list[str]:
    """Judge an agreed tenor as if goods and instrument were handed over on the day of signing.

    No later day is kinder: an instrument that then matures after the due day stretches the term
    whenever it is handed over once the term has started.
    """
    if clauses.instrument is None:
        return []
    signed_on = clauses.rate.signed_on
    matures_on = last_day_of_months(signed_on, term_months=clauses.instrument.months)
    due = due_of(signed_on, decided, almanac.calendar, almanac.settings)
    if signed_on < almanac.limits.rows[0].valid_from:
        # Before the first cap of any kind there was none that a tenor could exceed.
        return []
    instrument = Instrument(clauses.instrument.kind, signed_on, matures_on)
    due_on = None if due is None else due.on
    return audit_instrument(instrument, decided, due_on=due_on, limits=almanac.limits)


def findings_of(flags: list[str], governing: str) -> list[dict[str, Any]]:
    """Return what a contract's flags rest on, as it is stored: rule, article, text, confidence."""
    return [
        {
            "flag": flag,
            **flag_step(flag, governing)._asdict(),
            "confidence": rule_of_flag(flag, governing).confidence,
            "notice_zh": NOTICE,
        }
        for flag in flags
    ]
