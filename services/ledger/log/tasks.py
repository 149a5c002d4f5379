"""What Celery runs for the log: sealing, and a word to the notifier that something was sealed."""

import logging
from typing import Final

from celery import current_app, shared_task
from kombu.exceptions import OperationalError

from services.ledger import idempotency
from services.ledger.db import transaction
from services.ledger.log import service

_BATCH: Final = 20_000
_HINT_SECONDS: Final = 10
log = logging.getLogger("ledger.log")


@shared_task(name="log.seal")
def seal() -> int:
    """Seal all that waits, a batch a transaction, and return how many events were sealed."""
    sealed = 0
    while True:
        with transaction() as session:
            batch = service.seal(session, limit=_BATCH)
        sealed += batch
        if batch < _BATCH:
            break
    if sealed:
        hint_notifier()
    return sealed


@shared_task(name="log.forget_answers")
def forget_answers() -> int:
    """Forget what writes under an Idempotency-Key were answered more than seven days ago."""
    with transaction(long=True) as session:
        return idempotency.forget(session)


def hint_notifier() -> None:
    """Tell the notifier to look now; it looks every few seconds anyway, so a lost hint is none."""
    try:
        current_app.send_task(
            "notifier.catch_up",
            queue="notifier",
            expires=_HINT_SECONDS,
            ignore_result=True,
            retry=False,
        )
    except OperationalError as error:
        log.warning("the notifier was not told: %s", error)
