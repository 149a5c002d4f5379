"""What the notifier does when it wakes: read the log, plan, send."""

import logging
import time

import httpx2
from pydantic import ValidationError

from services.notifier.config import TURN_NANOSECONDS, Settings
from services.notifier.db import transaction
from services.notifier.delivery import deliver_due
from services.notifier.planning import plan, position
from services.notifier.pull import LogGapError, events_after
from services.notifier.reporting import report

log = logging.getLogger("notifier")


def pull_and_plan(config: Settings) -> int:
    """Plan what the ledger has sealed and we have not seen; return the messages planned.

    The ledger is asked outside any transaction, so that a slow answer locks nobody.
    """
    planned, before = 0, -1
    ends_at = time.monotonic_ns() + TURN_NANOSECONDS
    while True:
        with transaction(config.database_url) as session:
            after = position(session)
        if after == before:
            return planned  # Someone else holds the cursor, or has set it back.
        before = after
        events = events_after(config, after)
        if events:
            with transaction(config.database_url) as session:
                planned += plan(session, events, config)
        if len(events) < config.notifier_window or time.monotonic_ns() > ends_at:
            return planned


def catch_up(config: Settings) -> int:
    """Pull, plan and send what is due; return the messages planned.

    A ledger that does not answer keeps nobody from getting what is already planned.
    """
    planned = 0
    try:
        planned = pull_and_plan(config)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("the ledger does not answer: %s", error)
    except (LogGapError, ValidationError):
        log.exception("the ledger's log cannot be read; nothing after the cursor is planned")
    deliver_due(config)
    return planned


def tell_ledger(config: Settings) -> int:
    """Report what arrived; return how many arrivals the ledger answered for.

    A ledger that does not answer loses nothing: what it was not told waits.
    """
    try:
        return report(config)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("the ledger cannot be told what arrived: %s", error)
    except ValidationError:
        log.exception("the ledger's answer to what arrived cannot be read")
    return 0
