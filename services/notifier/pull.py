"""Reading the ledger's log. The log is the truth; a hint only says that looking is worth it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2

from services.events import Event, EventPage
from services.notifier.config import Settings

_PAGE = 500
log = logging.getLogger("notifier.pull")


class LogGapError(Exception):
    """The ledger left out a position: going on would leave somebody untold for ever."""


@contextmanager
def ledger(config: Settings) -> Iterator[httpx2.Client]:
    """Give a client that asks the ledger as the notifier."""
    with httpx2.Client(
        base_url=config.notifier_ledger_url,
        headers={"Authorization": f"Bearer {config.notifier_ledger_key}"},
        timeout=httpx2.Timeout(10, connect=3),
        trust_env=False,
    ) as client:
        yield client


def events_after(config: Settings, position: int) -> list[Event]:
    """Return the sealed events after a position, at most one window of them, in order.

    Raises:
        httpx2.HTTPError: the ledger cannot be reached or refuses; the next tick asks again.
        LogGapError: the positions do not follow each other.
    """
    events: list[Event] = []
    with ledger(config) as client:
        while True:
            after = position + len(events)
            limit = min(_PAGE, config.notifier_window - len(events))
            answer = client.get("/v1/events", params={"after": after, "limit": limit})
            answer.raise_for_status()
            page = EventPage.model_validate_json(answer.content)
            for expected, event in enumerate(page.events, after + 1):
                if event.position != expected:
                    raise LogGapError(
                        f"Expected event {expected}, the ledger sent {event.position}."
                    )
            events += page.events
            if not page.events or not page.has_more or len(events) >= config.notifier_window:
                return events


def newest_checkpoint(config: Settings) -> str:
    """Return what the log last signed of itself; empty if the ledger does not say.

    Whoever keeps an e-mail with it can hold the ledger to it. No e-mail waits for it.
    """
    try:
        with ledger(config) as client:
            answer = client.get("/v1/checkpoints", params={"limit": 1})
            answer.raise_for_status()
            return str(answer.json()["checkpoints"][0]["note"])
    except (httpx2.HTTPError, ValueError, LookupError, TypeError) as error:
        log.warning("the ledger gave no checkpoint: %s", error)
        return ""
