"""The Celery application of the ledger: beat only ticks, and PostgreSQL knows what is to be done.

Redis may lose or repeat what it likes: the next tick asks again, and every task does nothing when
there is nothing left to do.
"""

import logging
from typing import Final

from celery import Celery
from celery.signals import after_setup_logger

from services.ledger.config import settings

_SEAL_SECONDS: Final = 1
_PROVE_SECONDS: Final = 2
_FORGET_SECONDS: Final = 3_600
_ASSESS_SECONDS: Final = 600
_IMPORT_SECONDS: Final = 2
_WEBHOOK_SECONDS: Final = 1
_VISIBILITY_SECONDS: Final = 120

app = Celery(
    "ledger",
    broker=settings().redis_url,
    include=[
        "services.ledger.log.tasks",
        "services.ledger.arrears.tasks",
        "services.ledger.proof.tasks",
        "services.ledger.intake.tasks",
        "services.ledger.webhooks.tasks",
        "services.ledger.approvals.tasks",
        "services.ledger.parties.tasks",
    ],
)
app.conf.update(
    task_default_queue="ledger",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=True,
    task_ignore_result=True,
    # Far below the visibility timeout, or Redis hands the same task to a second worker.
    task_soft_time_limit=_VISIBILITY_SECONDS // 2 - 5,
    task_time_limit=_VISIBILITY_SECONDS // 2,
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    # Less than an installation waits before it kills.
    worker_soft_shutdown_timeout=10,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": _VISIBILITY_SECONDS,
        "unacked_restore_throttle": 1,
        "unacked_restore_interval": 5,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "health_check_interval": 25,
        # Of a hint that finds no broker; workers and beat wait for it by rules of their own.
        "connect_retries_timeout": 1,
    },
    enable_utc=True,
    beat_schedule={
        name: {
            "task": name,
            "schedule": seconds,
            # A tick that waited longer than two others says nothing new.
            "options": {"queue": "ledger", "expires": 2 * seconds},
        }
        for name, seconds in (
            ("log.seal", _SEAL_SECONDS),
            ("log.forget_answers", _FORGET_SECONDS),
            ("proof.tick", _PROVE_SECONDS),
            ("arrears.tick", _ASSESS_SECONDS),
            ("imports.tick", _IMPORT_SECONDS),
            ("webhooks.tick", _WEBHOOK_SECONDS),
            ("webhooks.forget", _FORGET_SECONDS),
            ("approvals.expire", _FORGET_SECONDS),
            ("parties.sweep", _FORGET_SECONDS),
        )
    },
)


@after_setup_logger.connect
def _leave_out_ticks(**_: object) -> None:
    """Keep lines that say "a second has passed" out of the logs; failures are errors and stay."""
    for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).setLevel(logging.WARNING)
