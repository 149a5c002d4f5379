"""What a contract's terms mean before anything is delivered: the decision that SQL computes with.

For every contract, regulated or not, with ``start`` from `start.start_of_term`::

    raw = min over the non-null of due_on, start + term_days, start + term_months (202),
          start + cap_days
    due = roll_forward(raw) if roll_rest_days else raw

Rolling keeps order, so the earliest raw day rolled is the earliest of the rolled days.
"""

from datetime import date
from typing import NamedTuple

from services.ledger.law import decree_728, decree_802, regime
from services.ledger.law.term import Agreed, Term, as_agreed
from services.ledger.law.trace import Step, step
from services.ledger.law.values import Almanac, Limits

DELIVERY = "DELIVERY"
ACCEPTANCE = "ACCEPTANCE"
SETTLEMENT = "SETTLEMENT"
START_RULES = {
    "ON_DELIVERY": DELIVERY,
    "ACCEPTANCE": ACCEPTANCE,
    "PROGRESS": SETTLEMENT,
    "PERIODIC": SETTLEMENT,
}
"""Decree 802 Arts. 9(1)(2), 10, 9(4): which event starts the term, by settlement mode."""


class ContractFacts(NamedTuple):
    """A contract at signing. Sizes are snapshots; later growth changes nothing (Art. 3)."""

    signed_on: date
    debtor_kind: str | None
    """GOV, INSTITUTION, FISCAL_GROUP, LARGE_SOE, LARGE, MEDIUM, SMALL, MICRO, INDIVIDUAL,
    MILITARY; None or another word: not known."""
    creditor_size: str | None
    """LARGE, MEDIUM, SMALL, MICRO, INDIVIDUAL; None or another word: not known."""
    settlement: str = "ON_DELIVERY"
    term_days: int | None = None
    term_months: int | None = None
    pay_when_paid: bool = False
    """Also for pay-in-proportion: payment waits for a third party's."""
    inspection_days: int | None = None
    domestic: bool = True
    """Both parties are established in mainland China."""
    rest_days_roll: bool | None = None
    """What the contract says about rest days (民法典 204); None: nothing."""
    due_on: date | None = None
    """A day that was agreed as such; then days, months and clauses that wait say nothing."""
    retention: bool = False
    """Money lawfully kept back until a warranty ends (Art. 13), which is no term for the price."""


class TermsDecision(NamedTuple):
    """What SQL needs to compute any due date under the contract, and why it is so."""

    applies: str
    """"true", "false" or "unknown": whether the Regulation covers the contract."""
    reason: str
    """Why: REGULATED, FOREIGN_PARTY, DEBTOR_IS_SME, CREDITOR_NOT_SME, CREDITOR_UNKNOWN, ..."""
    regime: str
    flags: tuple[str, ...]
    term_days: int | None
    term_months: int | None
    cap_days: int | None
    start_rule: str
    inspection_days: int | None
    roll_rest_days: bool
    trace: tuple[Step, ...] = ()
    due_on: date | None = None
    """A day that was agreed as such."""

    @property
    def cited(self) -> str:
        """The regime whose articles bind the debtor to what is cited; outside all, the contract."""
        return regime.PRE2020 if self.applies == "false" else self.regime

    @property
    def has_term(self) -> bool:
        """Whether any day can be counted to once the term has started."""
        return not (self.term_days is self.term_months is self.cap_days is None)


def decide_terms(facts: ContractFacts, almanac: Almanac, *, trace: bool = True) -> TermsDecision:
    """Decide a contract's payment term by the version in force at signing.

    Outside the Regulation, or when it cannot be told (GATE), the agreed term counts as it is,
    without default or cap. Rest days roll where the parties are in China, since 民法典 203 then
    governs the period, regulated or not; for foreign parties the Chinese calendar says nothing.
    What the contract says about rest days always comes first (204).
    """
    governing = regime.regime_at(facts.signed_on)
    return _decide(facts, almanac, governing=governing, trace=trace)


def advisory_terms(facts: ContractFacts, almanac: Almanac) -> TermsDecision:
    """Decide the same contract as if decree 802 governed it, for the TRANSITION reading."""
    return _decide(facts, almanac, governing=regime.R2025, trace=False)


def _decide(
    facts: ContractFacts, almanac: Almanac, *, governing: str, trace: bool
) -> TermsDecision:
    gate = regime.gate(
        regime=governing,
        debtor_kind=facts.debtor_kind,
        creditor_size=facts.creditor_size,
        domestic=facts.domestic,
    )
    agreed = _agreed(facts, almanac)
    tried = regime.is_tried(*gate, gate_unknown=almanac.settings.gate_unknown)
    by_contract = facts.retention and almanac.settings.retention_term == "AS_AGREED"
    if by_contract and not agreed.third_party:
        term = as_agreed(agreed)
    elif tried:
        in_force = max(facts.signed_on, regime.DECREE_802_FROM)
        day = in_force if governing == regime.R2025 else facts.signed_on
        term = _regulated(
            facts, agreed, almanac, governing=governing, limits=almanac.limits.on(day)
        )
    else:
        term = _unregulated(agreed, gate.reason)
    rolls = facts.domestic if facts.rest_days_roll is None else facts.rest_days_roll
    flags = term.flags
    start_rule = START_RULES[facts.settlement]
    if start_rule == ACCEPTANCE and facts.inspection_days is None and gate.applies == "true":
        flags = (*flags, "INSPECTION_PERIOD_MISSING")
    decision = TermsDecision(
        gate.applies,
        gate.reason,
        governing,
        flags,
        term.days,
        term.months,
        term.cap_days,
        start_rule,
        facts.inspection_days if start_rule == ACCEPTANCE else None,
        rolls,
        due_on=facts.due_on,
    )
    return decision._replace(trace=_steps(decision, term)) if trace else decision


def _agreed(facts: ContractFacts, almanac: Almanac) -> Agreed:
    days, months = facts.term_days, facts.term_months
    if facts.due_on is not None:
        return Agreed(None, None, facts.pay_when_paid, facts.due_on)
    if months is not None and almanac.settings.month_terms == "THIRTY_DAYS":
        days, months = months * 30, None
    return Agreed(days, months, facts.pay_when_paid)


def _regulated(
    facts: ContractFacts, agreed: Agreed, almanac: Almanac, *, governing: str, limits: Limits
) -> Term:
    settings = almanac.settings
    if agreed.third_party and settings.pay_when_paid_term == "AGREED_TERM" and _names_days(agreed):
        waiting = agreed._replace(third_party=False)
        term = _regulated(facts, waiting, almanac, governing=governing, limits=limits)
        flags = (decree_728.PAY_WHEN_PAID, *term.flags)
        return term._replace(flags=flags, rules=("R-PWP", *term.rules))
    if facts.debtor_kind in regime.PUBLIC_BODIES:
        assert limits.gov_default_days is not None
        assert limits.gov_cap_days is not None
        is_2025 = governing == regime.R2025
        decide = decree_802.public_body_term if is_2025 else decree_728.public_body_term
        return decide(
            agreed,
            default_days=limits.gov_default_days,
            cap_days=limits.gov_cap_days,
            settings=settings,
        )
    if governing == regime.R2020:
        return decree_728.large_enterprise_term(agreed)
    assert limits.large_default_days is not None
    assert limits.large_review_days is not None
    return decree_802.large_enterprise_term(
        agreed,
        default_days=limits.large_default_days,
        review_days=limits.large_review_days,
        settings=settings,
    )


def _names_days(agreed: Agreed) -> bool:
    return agreed.days is not None or agreed.months is not None


def _unregulated(agreed: Agreed, reason: str) -> Term:
    term = as_agreed(agreed)
    if agreed.third_party and reason == "SIGNED_BEFORE_2020":
        # The reply's reach to earlier contracts is not stated: shown for review, no more.
        return term._replace(flags=(decree_728.PAY_WHEN_PAID,), rules=("R-PWP", *term.rules))
    return term


def _steps(decision: TermsDecision, term: Term) -> tuple[Step, ...]:
    gate = step("R-GATE", decision.regime, outcome=f"{decision.applies}: {decision.reason}")
    steps = [gate]
    steps += [step(rule, decision.regime, outcome=_term_text(decision)) for rule in term.rules]
    if not decision.roll_rest_days:
        steps.append(step("R-NO-ROLL", decision.regime))
    if "INSPECTION_PERIOD_MISSING" in decision.flags:
        steps.append(step("R-START-INSPECTION", decision.regime, outcome="inspection_days: -"))
    return tuple(steps)


def _term_text(decision: TermsDecision) -> str:
    parts = (
        ("due_on", decision.due_on),
        ("term_days", decision.term_days),
        ("term_months", decision.term_months),
        ("cap_days", decision.cap_days),
    )
    known = [f"{name}={value}" for name, value in parts if value is not None]
    return ", ".join(known) or "no term"
