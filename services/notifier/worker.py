"""The Celery application. Redis may lose or repeat what it likes: beat asks again in 5 seconds."""

import logging

from celery import Celery

from services.notifier.config import settings

_TICK_SECONDS = 5
_VISIBILITY_SECONDS = 120

logging.getLogger("httpx2").setLevel(logging.WARNING)  # Or every tick is a line.

app = Celery("notifier", broker=settings().redis_url, include=["services.notifier.tasks"])
app.conf.update(
    task_default_queue="notifier",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=True,
    task_ignore_result=True,
    # Far below the visibility timeout, or Redis hands the same task to a second worker.
    task_soft_time_limit=50,
    task_time_limit=_VISIBILITY_SECONDS // 2,
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    # Less than an installation waits before it kills; an e-mail in hand is done by then.
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
    },
    enable_utc=True,
    beat_schedule={
        name: {
            "task": name,
            "schedule": _TICK_SECONDS,
            # A tick that waited longer than two others says nothing new.
            "options": {"queue": "notifier", "expires": 2 * _TICK_SECONDS},
        }
        # Catching up sends too; a second sender goes on while the ledger is slow to answer.
        for name in ("notifier.catch_up", "notifier.deliver", "notifier.report")
    },
)
