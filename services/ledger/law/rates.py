"""Which rates a contract allows for late payment: every defensible reading, side by side."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.ledger.law import decree_728, decree_802, regime
from services.ledger.law.interest import NO_RATE, Rate, daily_rate, yearly_rate
from services.ledger.law.reply_2024_11 import court_rate
from services.ledger.law.terms import TermsDecision
from services.ledger.law.values import Almanac

RATE_BELOW_LPR = "RATE_BELOW_LPR"
READINGS = ("statutory", "agreed", "court", "floor", "void_clause")


class RateFacts(NamedTuple):
    """What the contract says about late interest."""

    signed_on: date
    debtor_kind: str | None
    annual_percent: Decimal | None = None
    daily_percent: Decimal | None = None
    day_basis: int | None = None


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
    if terms.applies != "true":
        return RatesDecision(agreed=agreed, governing="agreed" if agreed else None)
    statutory = decree_802 if terms.regime == regime.R2025 else decree_728
    default = Rate(*statutory.DAILY_RATE)
    struck_out = (
        decree_728.PAY_WHEN_PAID in terms.flags and facts.debtor_kind in regime.LARGE_ENTERPRISES
    )
    if agreed is None and not struck_out:
        return RatesDecision(statutory=default, governing="statutory")
    lpr = almanac.lpr.on(facts.signed_on)
    assert lpr is not None, "every regulated contract was signed after the first LPR"
    court = court_rate(lpr, day_basis=basis) if struck_out else None
    if agreed is None:
        by_court = settings.pay_when_paid_rate == "COURT"
        return RatesDecision(
            statutory=default,
            court=court,
            governing="court" if by_court else "statutory",
            lpr_percent=lpr,
        )
    if decree_802.rate_meets_floor(
        yearly=(agreed.numerator * basis, agreed.denominator),
        lpr_yearly=_ratio(lpr),
    ):
        return RatesDecision(agreed=agreed, governing="agreed", lpr_percent=lpr)
    by_floor = settings.rate_below_lpr == "FLOOR"
    return RatesDecision(
        agreed=agreed,
        court=court,
        floor=yearly_rate(lpr, day_basis=basis),
        void_clause=default,
        governing="floor" if by_floor else "void_clause",
        flags=(RATE_BELOW_LPR,),
        lpr_percent=lpr,
    )


def _agreed(facts: RateFacts, basis: int) -> Rate | None:
    if facts.annual_percent is not None:
        return yearly_rate(facts.annual_percent, day_basis=basis)
    if facts.daily_percent is not None:
        return daily_rate(facts.daily_percent)
    return None


def _ratio(percent: Decimal) -> tuple[int, int]:
    numerator, denominator = percent.as_integer_ratio()
    return numerator, denominator * 100
