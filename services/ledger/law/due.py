"""The last day on which payment is on time."""

from datetime import date
from typing import NamedTuple

from services.ledger.law.calendar import Calendar, Rolled
from services.ledger.law.civil_code import last_day, last_day_of_months
from services.ledger.law.settings import RECOMMENDED, Settings
from services.ledger.law.terms import TermsDecision


class Due(NamedTuple):
    """The due day, the day before rolling, and whether an unpublished year had a say."""

    on: date
    raw_on: date
    provisional: bool


def due_of(
    start_on: date | None,
    terms: TermsDecision,
    calendar: Calendar,
    settings: Settings = RECOMMENDED,
) -> Due | None:
    """Return the due day of a term that started, or None while there is none.

    The earliest of an agreed day, start + days (201), start + months (202) and start + cap,
    rolled (203) where the terms roll. SQL computes the same from the stored columns. An agreed day
    counts before the term has started; only the cap needs the start.
    """
    raw_on = terms.due_on
    if start_on is not None and terms.has_term:
        days = terms.term_days
        if terms.cap_days is not None and (days is None or terms.cap_days < days):
            days = terms.cap_days
        if days is not None:
            by_days = last_day(start_on, term_days=days)
            raw_on = by_days if raw_on is None else min(raw_on, by_days)
        if terms.term_months is not None:
            by_month = last_day_of_months(start_on, term_months=terms.term_months)
            raw_on = by_month if raw_on is None else min(raw_on, by_month)
    if raw_on is None:
        return None
    agreed_as_such = settings.agreed_day == "AS_AGREED" and raw_on == terms.due_on
    if not terms.roll_rest_days or agreed_as_such:
        return Due(raw_on, raw_on, provisional=False)
    rolled = roll(raw_on, calendar, settings)
    return Due(rolled.on, raw_on, rolled.provisional)


def roll(day: date, calendar: Calendar, settings: Settings) -> Rolled:
    """Roll a day by the chosen reading of O1."""
    if settings.rest_days == "ALL":
        return calendar.roll_forward(day)
    return calendar.roll_announced(day)
