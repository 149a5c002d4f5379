"""What Celery runs for the proof: the tree follows the sealed events, and is signed."""

from typing import Final

from celery import shared_task

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.db import transaction
from services.ledger.proof import queries, service
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import signers

APART_SECONDS: Final = 20
"""Checkpoints are at least so far apart; with a tick, far less than the minute promised."""
_BATCH: Final = 20_000
_BATCHES: Final = 5
"""Batches of one tick, a transaction each: a backlog must not keep the checkpoint waiting."""


@shared_task(name="proof.tick")
def tick() -> int:
    """Make leaves of what was sealed, sign if it is time, and return how many leaves were new."""
    suite = SUITES[settings().ledger_log_suite]
    added = 0
    for _ in range(_BATCHES):
        with transaction() as session:
            batch = service.grow(session, suite, limit=_BATCH)
        added += batch
        if batch < _BATCH:
            break
    with transaction() as session:
        newest = queries.checkpoints(session)
        at = now()
        if not newest or int(at.timestamp()) - newest[0].signed_at >= APART_SECONDS:
            service.checkpoint(session, signers(settings()), at=at)
    return added
