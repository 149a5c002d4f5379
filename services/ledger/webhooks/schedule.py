"""When a message is tried again, and when an endpoint is left alone: numbers, no clock."""

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

DELAYS_SECONDS: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Before each attempt, after the one before: Standard Webhooks 1.0.0, over three days."""
MOST_TRIES: Final = len(DELAYS_SECONDS)
_JITTER_PERCENT: Final = 20
LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
DISABLED_AFTER: Final = timedelta(days=5)
"""An endpoint where nothing has arrived for so long is switched off,"""
DISABLING_FAILURES: Final = MOST_TRIES
"""if at least so many attempts failed: as many as one message gets."""
_REST_SECONDS: Final = 5
_LONGEST_REST_SECONDS: Final = 300
_RESTS_FROM: Final = 3


def next_try(
    message_id: UUID, *, tries: int, at: datetime, not_before: datetime | None = None
) -> datetime | None:
    """Return when to try a message again after its attempts have failed; None: never.

    Up to a fifth is added to each wait, by the message and attempt, so that what failed together
    does not come back together.

    Args:
        message_id: of the message.
        tries: attempts so far, at least one.
        at: when the last one failed.
        not_before: what the receiver asked for.
    """
    assert tries >= 1
    if tries >= MOST_TRIES:
        return None
    seconds = DELAYS_SECONDS[tries]
    chance = int.from_bytes(hashlib.sha256(message_id.bytes + tries.to_bytes(2)).digest()[:4])
    jitter_ms = seconds * 10 * _JITTER_PERCENT * chance >> 32
    due = at + timedelta(seconds=seconds, milliseconds=jitter_ms)
    if not_before is None:
        return due
    return max(due, min(not_before, at + LONGEST_RETRY_AFTER))


def rests_until(
    *, failures: int, at: datetime, not_before: datetime | None = None
) -> datetime | None:
    """Return until when an endpoint that seems to be down is left alone; None: it is not.

    Without it every message that waits would be tried, and wait for its time limit, one by one.

    Args:
        failures: attempts that failed in a row, this one included.
        at: when the last one failed.
        not_before: what the receiver asked for; it is taken at its word for the longest rest.
    """
    asked = min(not_before, at + timedelta(seconds=_LONGEST_REST_SECONDS)) if not_before else at
    if failures >= _RESTS_FROM:
        seconds = min(_REST_SECONDS << min(failures - _RESTS_FROM, 10), _LONGEST_REST_SECONDS)
        asked = max(asked, at + timedelta(seconds=seconds))
    return asked if asked > at else None


def is_given_up(*, failures: int, failing_since: datetime, at: datetime) -> bool:
    """Say whether an endpoint has failed for so long that it is switched off."""
    return failures >= DISABLING_FAILURES and at - failing_since >= DISABLED_AFTER
