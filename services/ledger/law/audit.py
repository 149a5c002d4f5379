"""The audit of a contract's terms and instruments, before or after anything is late."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from services.ledger.law import decree_728, decree_802, notice_77, regime
from services.ledger.law.terms import TermsDecision
from services.ledger.law.values import Limits, LimitTable

BILL = "BILL"
ECERT = "ECERT"
OTHER_INSTRUMENT = "OTHER"


class Deposit(NamedTuple):
    """A deposit a contract asks for."""

    kind: str
    """BID, PERFORMANCE, QUALITY, MIGRANT_WAGES are lawful (Art. 13); any other word is not."""
    cash_only: bool = False
    ended_on: date | None = None
    returned_on: date | None = None
    percent: Decimal | None = None
    """Of the price, or for BID of the estimate."""


class AuditFacts(NamedTuple):
    """The clauses that are audited beside the term."""

    debtor_kind: str | None
    subject: str | None = None
    noncash: bool = False
    noncash_clause: bool = False
    noncash_consent: bool = True
    audit_condition: bool = False
    deposits: tuple[Deposit, ...] = ()
    delay_reasons: tuple[str, ...] = ()
    declared: bool = True
    retained_percent: Fraction | None = None
    """What the payment plan retains until a warranty ends, percent of the price."""


class Instrument(NamedTuple):
    """A bill, certificate or other instrument given instead of money."""

    kind: str
    handed_on: date
    matures_on: date


def audit_clauses(
    facts: AuditFacts,
    terms: TermsDecision,
    *,
    as_of: date | None,
    limits: Limits | None = None,
) -> list[str]:
    """Return the flags of the clauses: decree 802 Arts. 11 to 14 (728: 10 to 13), 3.

    Args:
        limits: those in force at signing, for what a deposit may come to; None: not asked.
    """
    if terms.applies != "true":
        return []
    flags = []
    if facts.noncash and not facts.noncash_clause:
        flags.append("NONCASH_NO_CLAUSE")
    if facts.noncash and not facts.noncash_consent:
        flags.append("NONCASH_FORCED_REVIEW")
    if facts.audit_condition and _audit_is_suspect(facts.debtor_kind, terms.regime):
        flags.append("R-AUDIT")
    flags += _deposit_flags(facts, as_of)
    if limits is not None and _deposit_is_high(facts, limits):
        flags.append("R-DEPOSIT-RATIO")
    if not decree_802.BANNED_EXCUSES.isdisjoint(facts.delay_reasons):
        flags.append("R-EXCUSE")
    if not facts.declared:
        flags.append("SME_NOT_DECLARED")
    return flags


def audit_instrument(
    instrument: Instrument,
    terms: TermsDecision,
    *,
    due_on: date | None,
    limits: LimitTable,
    ecert_cap: str = "IN_FORCE",
) -> list[str]:
    """Return the flags of an instrument: 变相延长付款期限, tenors by the day it was handed over.

    The tenors bind whoever signs bills and certificates, inside the Regulation or not.

    Args:
        ecert_cap: the reading of ECERT_2026, what was announced on 2026-09-14.
    """
    flags = []
    bound = terms.applies == "true" and is_noncash(instrument)
    if bound and due_on is not None and instrument.matures_on > due_on:
        flags.append("NONCASH_EXTENDS_TERM")
    in_force = limits.on(instrument.handed_on)
    handed_on, matures_on = instrument.handed_on, instrument.matures_on
    hard_months = in_force.ecert_hard_months
    if ecert_cap == "SIX_MONTHS" and handed_on >= regime.ECERT_CUT_ANNOUNCED_ON:
        hard_months = in_force.ecert_soft_months
    if instrument.kind == ECERT:
        flags += notice_77.tenor_flags(
            handed_on=handed_on,
            matures_on=matures_on,
            soft_months=in_force.ecert_soft_months,
            hard_months=hard_months,
        )
    months = in_force.bill_months
    if instrument.kind == BILL and months is not None:
        longer = notice_77.is_longer(handed_on, matures_on, months=months)
        flags += ["BILL_TENOR"] if longer else []
    return flags


def is_noncash(instrument: Instrument | None) -> bool:
    """Say whether Art. 11 (728: 10) speaks of an instrument on the day it was handed over.

    The Regulation of 2020 names 商业汇票等; 应收账款电子凭证 are named since 2025-06-01.
    """
    if instrument is None:
        return False
    return instrument.kind != ECERT or instrument.handed_on >= regime.DECREE_802_FROM


def _audit_is_suspect(debtor_kind: str | None, governing: str) -> bool:
    """Arts. 12 / 11 bind 机关、事业单位和国有大型企业; private large enterprises are not named."""
    if debtor_kind not in regime.PUBLIC_BODIES and debtor_kind != "LARGE_SOE":
        return False
    if governing == regime.R2025:
        return decree_802.audit_condition_is_suspect()
    return decree_728.audit_condition_is_suspect(agreed_in_contract=True)


def _deposit_flags(facts: AuditFacts, as_of: date | None) -> Iterable[str]:
    """Arts. 13 / 12. The four kinds bind in 工程建设; cash-only and late return always."""
    works = facts.subject == "WORKS"
    if works and any(each.kind not in decree_802.FOUR_DEPOSITS for each in facts.deposits):
        yield "R-DEPOSIT-TYPE"
    if any(each.cash_only for each in facts.deposits):
        yield "R-DEPOSIT-CASH"
    # "及时" has no number of days: whatever is kept on a later day is shown for review.
    if as_of is not None and any(
        each.ended_on is not None
        and each.ended_on < as_of
        and (each.returned_on is None or each.returned_on > as_of)
        for each in facts.deposits
    ):
        yield "R-DEPOSIT-RETURN"


def _deposit_is_high(facts: AuditFacts, limits: Limits) -> bool:
    """Art. 13: "比例、方式应当符合…规定"; the numbers are dated limits (工程建设)."""
    if facts.subject != "WORKS":
        return False
    most = {
        "BID": limits.bid_deposit_percent,
        "PERFORMANCE": limits.performance_deposit_percent,
        "QUALITY": limits.quality_deposit_percent,
    }
    asked = [(each.kind, Fraction(each.percent)) for each in facts.deposits if each.percent]
    if facts.retained_percent is not None:
        asked.append(("QUALITY", facts.retained_percent))
    return any(
        limit is not None and percent > limit
        for limit, percent in ((most.get(kind), percent) for kind, percent in asked)
    )
