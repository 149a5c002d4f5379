"""When a term starts: delivery, acceptance, the end of the inspection period, settlement."""

from datetime import date
from typing import NamedTuple

from services.ledger.law import civil_code
from services.ledger.law.settings import RECOMMENDED, Settings
from services.ledger.law.terms import ACCEPTANCE, DELIVERY, TermsDecision
from services.ledger.law.trace import Step, step

REJECTED = "REJECTED"
STALLED = "SETTLEMENT_CONFIRMATION_STALLED"


class StartFacts(NamedTuple):
    """What happened to one delivery. Each day is None while it has not happened."""

    delivered_on: date | None = None
    accepted_on: date | None = None
    rejected_on: date | None = None
    """Rejected with reasons."""
    settlement_confirmed_on: date | None = None
    agreed_on: date | None = None
    """The day an instalment's own period starts by agreement, whatever happened else."""
    invoiced_on: date | None = None


class StartDecision(NamedTuple):
    """When the term starts, by which rule, or None while it has not."""

    start_on: date | None
    rule: str
    flags: tuple[str, ...] = ()
    trace: tuple[Step, ...] = ()


def start_of_term(
    facts: StartFacts,
    terms: TermsDecision,
    *,
    settings: Settings = RECOMMENDED,
    trace: bool = True,
) -> StartDecision:
    """Decide when a term starts (decree 802 Arts. 9, 10; 728 Arts. 8, 9).

    Outside the Regulation the agreed mode says the same, and 民法典 621 deems what was not
    objected to within the inspection period to conform. The answer does not look at today:
    without acceptance the term starts at the end of the inspection period at the latest, even
    while that day is still to come.
    """
    if facts.agreed_on is not None:
        decision = StartDecision(facts.agreed_on, "R-START-AGREED")
    elif terms.start_rule == DELIVERY:
        decision = _delivery(facts, settings)
    elif terms.start_rule == ACCEPTANCE:
        decision = _acceptance(facts, terms.inspection_days, settings)
    else:
        decision = _settlement(facts, settings)
    if settings.invoice_condition == "FROM_INVOICE":
        decision = _after_invoice(decision, facts.invoiced_on)
    if not trace:
        return decision
    shown = ", ".join(f"{name}={day}" for name, day in _days(facts) if day is not None)
    outcome = f"{shown or '-'} → start_on={decision.start_on or '-'}"
    return decision._replace(trace=(step(decision.rule, terms.cited, outcome=outcome),))


def inspection_ends_on(delivered_on: date, *, inspection_days: int) -> date:
    """Art. 10: "约定的检验或者验收期限届满之日".

    Reading INSPECTION_END: counted by 201 and not rolled over rest days; rolling would lengthen
    the wait that the article means to end.
    """
    return civil_code.last_day(delivered_on, term_days=inspection_days)


def _days(facts: StartFacts) -> tuple[tuple[str, date | None], ...]:
    return (
        ("delivered_on", facts.delivered_on),
        ("accepted_on", facts.accepted_on),
        ("rejected_on", facts.rejected_on),
        ("settlement_confirmed_on", facts.settlement_confirmed_on),
        ("agreed_on", facts.agreed_on),
        ("invoiced_on", facts.invoiced_on),
    )


def _after_invoice(decision: StartDecision, invoiced_on: date | None) -> StartDecision:
    """O7, the other reading: the debtor may wait for the invoice (民法典 526 先履行抗辩)."""
    if decision.start_on is None or invoiced_on is None:
        return decision
    return decision._replace(start_on=max(decision.start_on, invoiced_on))


def _delivery(facts: StartFacts, settings: Settings) -> StartDecision:
    """Art. 9(1)(2): "自货物、工程、服务交付之日起".

    Reading O4: what was accepted was delivered; without a delivery record, which services seldom
    have, the acceptance document shows the day.
    """
    start_on = facts.delivered_on
    if start_on is None and settings.service_delivery == "ACCEPTANCE_DOCUMENT":
        start_on = facts.accepted_on
    rejected = facts.rejected_on is not None and facts.accepted_on is None
    return StartDecision(start_on, "R-START-DELIVERY", (REJECTED,) if rejected else ())


def _acceptance(
    facts: StartFacts, inspection_days: int | None, settings: Settings
) -> StartDecision:
    """Art. 10: "自检验或者验收合格之日起算"; "拖延…的，…自…期限届满之日起算".

    Reading: a rejection within the period (or without one) stops the start until the goods are
    accepted after it; a rejection after the period is late and stops nothing. Reading O2: with no
    agreed period nothing starts by itself.
    """
    ends_on = None
    if facts.delivered_on is not None and inspection_days is not None:
        ends_on = inspection_ends_on(facts.delivered_on, inspection_days=inspection_days)
    accepted_on, rejected_on = facts.accepted_on, facts.rejected_on
    in_time = rejected_on is not None and (ends_on is None or rejected_on <= ends_on)
    if in_time and (accepted_on is None or (rejected_on is not None and accepted_on > rejected_on)):
        if accepted_on is None:
            return StartDecision(None, "R-START-REJECTED", (REJECTED,))
        return StartDecision(accepted_on, "R-START-ACCEPTANCE")
    if accepted_on is not None and (ends_on is None or accepted_on <= ends_on):
        return StartDecision(accepted_on, "R-START-ACCEPTANCE")
    if ends_on is not None:
        return StartDecision(ends_on, "R-START-INSPECTION")
    if settings.no_inspection_period == "DELIVERY":
        return StartDecision(facts.delivered_on, "R-START-DELIVERY")
    return StartDecision(None, "R-START-INSPECTION")


def _settlement(facts: StartFacts, settings: Settings) -> StartDecision:
    """Art. 9(4): "自双方确认结算金额之日起算". Reading O3: unconfirmed, it has not started."""
    start_on = facts.settlement_confirmed_on
    if start_on is not None:
        return StartDecision(start_on, "R-START-SETTLEMENT")
    if settings.settlement_stalled == "DELIVERY":
        start_on = facts.delivered_on
    return StartDecision(start_on, "R-START-SETTLEMENT", (STALLED,))
