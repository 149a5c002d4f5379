"""What Celery runs for people and keys: what has ended is taken away."""

from celery import shared_task

from services.ledger.clock import now
from services.ledger.db import transaction
from services.ledger.parties.sessions import sweep


@shared_task(name="parties.sweep")
def sweep_ended() -> int:
    """Take away what has ended; return how many rows. A repeated run finds nothing."""
    with transaction() as session:
        return sweep(session, at=now())
