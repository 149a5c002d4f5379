"""Which rates a contract allows for late payment: every defensible reading, side by side.

An agreed 违约金 (民法典 585) is a rate, a sum owed once, or a rate with an upper limit. A sum and a
limit are weighed against the floor once it is known how late the payment is (`outruns`).
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law import decree_728, decree_802, regime
from services.ledger.law.interest import NO_RATE, Rate, daily_rate, yearly_rate
from services.ledger.law.reply_2024_11 import court_rate, published_rate
from services.ledger.law.terms import TermsDecision
from services.ledger.law.values import Almanac

RATE_BELOW_LPR = "RATE_BELOW_LPR"
PENALTY_HIGH_REVIEW = "PENALTY_HIGH_REVIEW"
_TIMES_LPR = 4
READINGS = ("statutory", "agreed", "court", "floor", "void_clause")


class RateFacts(NamedTuple):
    """What the contract says about late interest."""

    signed_on: date
    debtor_kind: str | None
    annual_percent: Decimal | None = None
    daily_percent: Decimal | None = None
    day_basis: int | None = None
    penalty_percent: Decimal | None = None
    """A sum owed once for being late, percent of the amount."""
    cap_percent: Decimal | None = None
    """The most that agreed interest and penalty may come to, percent of the amount."""


class RatesDecision(NamedTuple):
    """One rate a day per reading, None where the reading does not exist."""

    statutory: Rate | None = None
    agreed: Rate | None = None
    court: Rate | None = None
    floor: Rate | None = None
    void_clause: Rate | None = None
    governing: str | None = None
    """The reading whose allocation the shown balance follows; None: no interest."""
    flags: tuple[str, ...] = ()
    lpr_percent: Decimal | None = None

    @property
    def governing_rate(self) -> Rate:
        """Return the rate of the governing reading."""
        return NO_RATE if self.governing is None else getattr(self, self.governing) or NO_RATE

    def items(self) -> Iterator[tuple[str, Rate]]:
        """Yield the readings that exist."""
        for name in READINGS:
            rate = getattr(self, name)
            if rate is not None:
                yield name, rate


def decide_rates(facts: RateFacts, terms: TermsDecision, almanac: Almanac) -> RatesDecision:
    """Decide the readings (decree 802 Art. 17; 728 Art. 15; 法释 (2024) 11号 Art. 2).

    No rate agreed: 0.05 % a day, and the LPR beside it where a large enterprise's pay-when-paid
    clause was struck out. An agreed rate counts; below the 1-year LPR at signing the floor and
    the void clause (0.05 % a day) stand beside it, since the text states no consequence. Outside
    the Regulation only what was agreed.

    Raises:
        LprMissingError: the LPR at signing is needed and is not in the almanac.
    """
    settings = almanac.settings
    basis = facts.day_basis or int(settings.day_basis)
    agreed = _agreed(facts, basis)
    if not regime.is_tried(terms.applies, terms.reason, gate_unknown=settings.gate_unknown):
        return RatesDecision(agreed=agreed, governing="agreed" if agreed else None)
    default = _statutory(facts, terms, almanac, basis)
    struck_out = (
        decree_728.PAY_WHEN_PAID in terms.flags and facts.debtor_kind in regime.LARGE_ENTERPRISES
    )
    if agreed is None and not struck_out:
        return RatesDecision(statutory=default, governing="statutory")
    lpr = almanac.lpr.on(facts.signed_on)
    assert lpr is not None, "every regulated contract was signed after the first LPR"
    court = _court(facts, almanac, lpr, basis) if struck_out else None
    if agreed is None:
        by_court = settings.pay_when_paid_rate == "COURT"
        return RatesDecision(
            statutory=default,
            court=court,
            governing="court" if by_court else "statutory",
            lpr_percent=lpr,
        )
    by_amount = agreed.flat is not None or agreed.cap is not None
    flags = (PENALTY_HIGH_REVIEW,) if not by_amount and _is_high(agreed, default) else ()
    lawful = RatesDecision(agreed=agreed, governing="agreed", flags=flags, lpr_percent=lpr)
    # What a sum owed once comes to a year is known only with the days late.
    if agreed.flat is not None or decree_802.rate_meets_floor(
        yearly=(agreed.numerator * basis, agreed.denominator),
        lpr_yearly=_ratio(lpr),
    ):
        return lawful
    below = below_floor(lawful, facts, terms, almanac)
    return below if court is None else below._replace(court=court)


def below_floor(
    lawful: RatesDecision, facts: RateFacts, terms: TermsDecision, almanac: Almanac
) -> RatesDecision:
    """Return the readings of an agreement that comes to less than the LPR at signing."""
    assert lawful.lpr_percent is not None
    basis = facts.day_basis or int(almanac.settings.day_basis)
    by_floor = almanac.settings.rate_below_lpr == "FLOOR"
    return lawful._replace(
        floor=yearly_rate(lawful.lpr_percent, day_basis=basis),
        void_clause=_statutory(facts, terms, almanac, basis),
        governing="floor" if by_floor else "void_clause",
        flags=(RATE_BELOW_LPR,),
    )


def _statutory(facts: RateFacts, terms: TermsDecision, almanac: Almanac, basis: int) -> Rate:
    """Art. 17 / 15; reading REDUCTION: at most four times the LPR at signing."""
    version = decree_802 if terms.regime == regime.R2025 else decree_728
    default = Rate(*version.DAILY_RATE)
    if almanac.settings.statutory_reduction == "NONE":
        return default
    lpr = almanac.lpr.on(facts.signed_on)
    assert lpr is not None
    four = yearly_rate(lpr * _TIMES_LPR, day_basis=basis)
    return four if _exceeds(default, four) else default


def _court(facts: RateFacts, almanac: Almanac, lpr: Decimal, basis: int) -> Rate:
    if almanac.settings.court_lpr == "AS_PUBLISHED":
        return published_rate(almanac.lpr, facts.signed_on, lpr, day_basis=basis)
    return court_rate(lpr, day_basis=basis)


def _is_high(agreed: Rate, default: Rate) -> bool:
    """合同编通则解释 65: "违约金超过造成的损失的百分之三十的，…一般可以认定为过分高于造成的损失".

    Reading: the loss is measured by what the Regulation gives where nothing was agreed.
    """
    return _exceeds(agreed, _far_above(default))


def measure_of_loss(facts: RateFacts, terms: TermsDecision, almanac: Almanac) -> Rate:
    """Return the rate above which an agreed penalty is generally far above the loss (65)."""
    basis = facts.day_basis or int(almanac.settings.day_basis)
    return _far_above(_statutory(facts, terms, almanac, basis))


def _far_above(loss: Rate) -> Rate:
    return Rate(loss.numerator * 13, loss.denominator * 10)


def _exceeds(one: Rate, other: Rate) -> bool:
    return one.numerator * other.denominator > other.numerator * one.denominator


def _agreed(facts: RateFacts, basis: int) -> Rate | None:
    agreed = None
    if facts.annual_percent is not None:
        agreed = yearly_rate(facts.annual_percent, day_basis=basis)
    elif facts.daily_percent is not None:
        agreed = daily_rate(facts.daily_percent)
    if facts.penalty_percent is not None:
        agreed = (agreed or NO_RATE)._replace(flat=_ratio(facts.penalty_percent))
    if agreed is not None and facts.cap_percent is not None:
        agreed = agreed._replace(cap=_ratio(facts.cap_percent))
    return agreed


def _ratio(percent: Decimal) -> tuple[int, int]:
    numerator, denominator = percent.as_integer_ratio()
    return numerator, denominator * 100
