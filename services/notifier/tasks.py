"""What Celery runs. The tasks carry nothing: what is to be done is in the database."""

from celery import shared_task

from services.notifier import delivery, service
from services.notifier.config import settings


@shared_task(name="notifier.catch_up")
def catch_up() -> None:
    """Read the ledger's log, plan and send. Sent by beat, and by the ledger as a hint."""
    service.catch_up(settings())


@shared_task(name="notifier.deliver")
def deliver() -> None:
    """Send what is due; several may run side by side."""
    delivery.deliver_due(settings())


@shared_task(name="notifier.report")
def report() -> None:
    """Tell the ledger which notices arrived."""
    service.tell_ledger(settings())
