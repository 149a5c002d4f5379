"""The notice of six departments, 银发 (2025) 77号, in force 2025-06-15: e-certificates.

Its full text was not at hand; article 11 is quoted from the press and the central bank's wording.
"""

from datetime import date

from services.ledger.law.civil_code import last_day_of_months

ECERT_TENOR = "ECERT_TENOR"
ECERT_TENOR_OVER_LIMIT = "ECERT_TENOR_OVER_LIMIT"


def tenor_flags(
    *, handed_on: date, matures_on: date, soft_months: int | None, hard_months: int | None
) -> tuple[str, ...]:
    """Art. 11: "付款期限原则上应在6个月以内，最长不超过1年".

    Reading: both limits end on the corresponding day (民法典 202). None: not limited that day.
    """
    flags = []
    if soft_months is not None and is_longer(handed_on, matures_on, months=soft_months):
        flags.append(ECERT_TENOR)
    if hard_months is not None and is_longer(handed_on, matures_on, months=hard_months):
        flags.append(ECERT_TENOR_OVER_LIMIT)
    return tuple(flags)


def is_longer(handed_on: date, matures_on: date, *, months: int) -> bool:
    """Say whether an instrument runs longer than so many months."""
    return matures_on > last_day_of_months(handed_on, term_months=months)
