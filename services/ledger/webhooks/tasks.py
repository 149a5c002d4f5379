"""What Celery runs for webhooks: a tick that plans, and wakes threads that send.

The threads outlive the tick, so that one slow receiver delays neither the next tick nor others.
"""

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Final
from uuid import UUID

from celery import shared_task

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.db import transaction
from services.ledger.webhooks import delivering, planning
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.sending import Sender

_THREADS: Final = 16
_FORGOTTEN: Final = 10_000
log = logging.getLogger("ledger.webhooks")


class Couriers:
    """Threads that send: each serves one endpoint at a time, and few the same one."""

    def __init__(self, sender: Sender, *, threads: int = _THREADS) -> None:
        self.sender = sender
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="webhooks")
        self.serving: Counter[UUID] = Counter()
        self.lock = Lock()

    def wake(self, endpoint_id: UUID) -> bool:
        """Have one more thread serve an endpoint, unless enough do or will."""
        with self.lock:
            if self.serving[endpoint_id] >= delivering.LANES:
                return False
            self.serving[endpoint_id] += 1
        self.pool.submit(self._serve, endpoint_id)
        return True

    def _serve(self, endpoint_id: UUID) -> None:
        try:
            delivering.serve(endpoint_id, self.sender, now)
        except Exception:
            # What it had claimed becomes free again by itself.
            log.exception("sending to webhook %s broke off", endpoint_id)
        finally:
            with self.lock:
                self.serving[endpoint_id] -= 1
                if not self.serving[endpoint_id]:
                    del self.serving[endpoint_id]


@cache
def couriers() -> Couriers:
    """Return the threads of this process, made when it first has something to send."""
    return Couriers(Sender(Rules.of(settings())))


@shared_task(name="webhooks.tick")
def tick() -> int:
    """Plan, wake threads where something is due, and return how many were woken."""
    planning.catch_up(now)
    with transaction() as session:
        endpoints = delivering.due(session, at=now())
    return sum(couriers().wake(one) for one in endpoints)


@shared_task(name="webhooks.forget")
def forget() -> int:
    """Delete what was settled long ago and return how many deliveries that were."""
    forgotten = 0
    while True:
        with transaction() as session:
            batch = planning.forget(session, at=now(), limit=_FORGOTTEN)
        forgotten += batch
        if batch < _FORGOTTEN:
            return forgotten
