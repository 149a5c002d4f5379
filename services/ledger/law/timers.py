"""The clocks that events start: confirmation (确权) and complaints, by the day of the event."""

from datetime import date
from typing import NamedTuple

from services.ledger.law.calendar import Rolled
from services.ledger.law.civil_code import last_day
from services.ledger.law.due import roll
from services.ledger.law.values import Almanac


class Timers(NamedTuple):
    """Last day of each clock, or None where none runs."""

    confirmation_due_on: date | None = None
    transfer_due_on: date | None = None
    result_due_on: date | None = None
    result_max_on: date | None = None
    provisional: bool = False
    """An unpublished year had a say in one of them."""
    review_due_on: date | None = None
    """Last day for the authority to say whether it accepts a complaint."""


NO_TIMERS = Timers()


def timers_of(
    almanac: Almanac,
    *,
    requested_on: date | None = None,
    submitted_on: date | None = None,
    accepted_on: date | None = None,
    materials_received_on: date | None = None,
) -> Timers:
    """Decree 802 Art. 16(2): "30日内确认"; Art. 25: "10个工作日", "30日", "最长不超过90日".

    Before it was accepted a complaint is reviewed within 10 working days (工信部企业 (2021) 224号).

    Reading ADMIN_PERIODS: periods in days roll over rest days (民法典 203) unless set otherwise.
    A clock that the rules of its day did not know does not run.
    """
    found: list[Rolled | None] = []
    limits = almanac.limits
    rolls = almanac.settings.administrative_periods == "ROLL"
    asked = limits.on(requested_on).confirmation_days if requested_on else None
    found.append(_after(requested_on, asked, almanac, rolls=True))
    transfer_days = limits.on(accepted_on).transfer_working_days if accepted_on else None
    found.append(_after_working_days(accepted_on, transfer_days, almanac))
    received = limits.on(materials_received_on) if materials_received_on else None
    both = (received.result_days, received.result_max_days) if received else (None, None)
    found += [_after(materials_received_on, days, almanac, rolls=rolls) for days in both]
    review_days = limits.on(submitted_on).review_working_days if submitted_on else None
    found.append(_after_working_days(submitted_on, review_days, almanac))
    confirmation, transfer, result, longest, review = (each.on if each else None for each in found)
    provisional = any(each.provisional for each in found if each)
    return Timers(confirmation, transfer, result, longest, provisional, review)


def _after_working_days(day: date | None, count: int | None, almanac: Almanac) -> Rolled | None:
    if day is None or count is None:
        return None
    return almanac.calendar.add_working_days(day, count)


def _after(day: date | None, days: int | None, almanac: Almanac, *, rolls: bool) -> Rolled | None:
    if day is None or days is None:
        return None
    end_on = last_day(day, term_days=days)
    if not rolls:
        return Rolled(end_on, provisional=False)
    return roll(end_on, almanac.calendar, almanac.settings)
