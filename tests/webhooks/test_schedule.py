"""The schedule: laws of its numbers."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.ledger.webhooks.schedule import (
    DELAYS_SECONDS,
    DISABLED_AFTER,
    DISABLING_FAILURES,
    LONGEST_RETRY_AFTER,
    MOST_TRIES,
    is_given_up,
    next_try,
    rests_until,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ids = st.uuids()
waits = st.none() | st.integers(0, 10**6).map(lambda seconds: AT + seconds * SECOND)


def test_a_message_is_tried_ten_times_over_three_days() -> None:
    at, tries = AT, 1
    while (due := next_try(UUID(int=7), tries=tries, at=at)) is not None:
        at, tries = due, tries + 1
    assert tries == MOST_TRIES == 10
    assert timedelta(seconds=sum(DELAYS_SECONDS)) == timedelta(hours=75, minutes=35, seconds=5)
    assert timedelta(hours=75, minutes=35) < at - AT < timedelta(hours=91)


@given(ids, st.integers(1, MOST_TRIES - 1), waits)
def test_a_wait_is_the_schedules_and_up_to_a_fifth_more_and_never_less_than_asked(
    message: UUID, tries: int, asked: datetime | None
) -> None:
    due = next_try(message, tries=tries, at=AT, not_before=asked)
    assert due is not None
    delay = DELAYS_SECONDS[tries] * SECOND
    assert due - AT >= delay
    if asked is None or asked <= AT + delay:
        assert due - AT <= delay * 1.2
    else:
        assert due >= min(asked, AT + LONGEST_RETRY_AFTER)
        assert due - AT <= max(delay * 1.2, LONGEST_RETRY_AFTER)
    assert due == next_try(message, tries=tries, at=AT, not_before=asked)


@given(ids)
def test_after_the_last_try_there_is_none(message: UUID) -> None:
    assert next_try(message, tries=MOST_TRIES, at=AT) is None


def test_what_failed_together_does_not_come_back_together() -> None:
    found = {next_try(UUID(int=n), tries=2, at=AT) for n in range(200)}
    assert len(found) > 190


@given(st.integers(1, 10**6), waits)
def test_an_endpoint_rests_longer_and_longer_but_never_long(
    failures: int, asked: datetime | None
) -> None:
    rest = rests_until(failures=failures, at=AT, not_before=asked)
    more = rests_until(failures=failures + 1, at=AT, not_before=asked)
    assert rest is None or AT < rest <= AT + timedelta(minutes=5)
    assert (more or AT) >= (rest or AT)
    assert (rest is None) == (failures < 3 and (asked is None or asked <= AT))


@given(st.integers(1, 1000), st.integers(0, 10 * 86_400))
def test_only_much_failing_for_long_switches_off(failures: int, seconds: int) -> None:
    since = AT - seconds * SECOND
    expected = failures >= DISABLING_FAILURES and seconds * SECOND >= DISABLED_AFTER
    assert is_given_up(failures=failures, failing_since=since, at=AT) is expected
