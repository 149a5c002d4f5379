"""What Celery runs for arrears: the assessment of each legal day, once."""

from datetime import date
from typing import Final

from celery import shared_task

from services.ledger import clock
from services.ledger.arrears import service
from services.ledger.db import transaction

_LONGEST_SECONDS: Final = 1800
"""A run this long outlives the broker's patience and is handed out again; the second meets the
first's lock, gives up, and nothing is announced twice."""


@shared_task(name="arrears.tick")
def tick() -> str | None:
    """Ask for the assessment of today if it was not made; return the day asked for.

    Days missed while nothing ran need none of their own: an assessment looks at all that fell due
    since the last one.
    """
    today = clock.today()
    with transaction() as session:
        last = service.last_assessed(session)
    if last is not None and last >= today:
        return None
    assess.delay(day=today.isoformat())
    return today.isoformat()


@shared_task(name="arrears.assess", soft_time_limit=_LONGEST_SECONDS, time_limit=_LONGEST_SECONDS)
def assess(*, day: str) -> int:
    """Assess one ISO day and return how many receivables were announced as overdue.

    The day is an argument, so that a late or repeated run judges the same day.
    """
    with transaction(long=True) as session:
        done = service.assess(session, as_of=date.fromisoformat(day), at=clock.now())
    return done.newly_overdue
