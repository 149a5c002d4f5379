"""What Celery runs for files: looking at them and taking them in, one at a time."""

from typing import Final
from uuid import UUID

from celery import shared_task

from services.ledger.db import transaction
from services.ledger.intake import jobs

_LONGEST_SECONDS: Final = 1800
"""A run this long outlives the broker's patience and is handed out again; the second finds the row
locked and gives up."""


@shared_task(name="imports.tick")
def tick() -> int:
    """Ask for the work on every file that waits; return how many there are."""
    with transaction() as session:
        ids = jobs.waiting(session)
    for import_id in ids:
        work.apply_async(kwargs={"import_id": str(import_id)}, expires=10)
    return len(ids)


@shared_task(name="imports.work", soft_time_limit=_LONGEST_SECONDS, time_limit=_LONGEST_SECONDS)
def work(*, import_id: str) -> str | None:
    """Work on one file; return its state then, None if there is nothing to do or not now.

    The attempt is counted in a transaction of its own, so that it counts also if this one dies.
    """
    with transaction() as session:
        ours = jobs.begin(session, UUID(import_id))
    if not ours:
        return None
    with transaction(long=True) as session:
        return jobs.work(session, UUID(import_id))
