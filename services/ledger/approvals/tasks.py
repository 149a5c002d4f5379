"""What Celery runs for approvals: proposals that nobody decided in time end."""

from celery import shared_task

from services.ledger.approvals import service
from services.ledger.db import transaction


@shared_task(name="approvals.expire")
def expire() -> int:
    """End what has expired and return how many; a batch a transaction."""
    ended = 0
    while True:
        with transaction(long=True) as session:
            batch = service.expire(session)
        ended += batch
        if not batch:
            return ended
