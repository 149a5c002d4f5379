"""Receivers that fail, hang or are gone, and senders that die: nothing is lost, nobody waits."""

import json
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

import pytest
from sqlmodel import Session

from services.ledger import db
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.webhooks import delivering, planning, replaying, service
from services.ledger.webhooks.addresses import Rules
from services.ledger.webhooks.schedule import DELAYS_SECONDS
from services.ledger.webhooks.sending import Answer, Sender
from tests.webhooks.conftest import ME, SUPPLIER, House
from tests.webhooks.receiver import Got, Receiver, a_receiver, answer


def test_a_failing_message_is_tried_by_the_schedule_and_then_given_up(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = answer(500, b"no disk")
    endpoint, _ = house.register(receiver.url)
    house.tell()
    began, tried = house.at, []
    while house.states(endpoint).get("GIVEN_UP", 0) == 0:
        if house.work():
            tried.append(int((house.at - began).total_seconds()))
        house.later(seconds=1 if len(tried) < 3 else 60)
        assert house.at - began < timedelta(days=5)

    assert len(tried) == len(receiver.got) == 10
    assert set(receiver.ids) == {receiver.ids[0]}
    gaps = [later - earlier for earlier, later in pairwise(tried)]
    for gap, delay in zip(gaps, DELAYS_SECONDS[1:], strict=True):
        assert delay <= gap <= delay * 1.2 + 61
    attempts = house.rows("SELECT outcome, status, answer FROM webhook_attempts ORDER BY number")
    assert attempts == [("REFUSED", 500, "no disk")] * 10


def test_a_receiver_that_asks_to_wait_is_waited_for(house: House, receiver: Receiver) -> None:
    receiver.answering = answer(429, retry_after="200")
    house.register(receiver.url)
    house.tell(5)
    assert house.work() == 1  # The others would be refused too.
    house.later(seconds=199)
    assert house.work() == 0
    receiver.answering = answer(204)
    house.later(seconds=2)
    assert house.work() == 5


def test_410_switches_off_at_once_and_everybody_is_told(house: House, receiver: Receiver) -> None:
    receiver.answering = answer(410)
    endpoint, _ = house.register(receiver.url)
    house.tell(3)

    assert house.work() == 1

    found = house.endpoint(endpoint)
    assert (found.disabled_because, found.version) == ("GONE", 2)
    sql = "SELECT data->>'cause', debtor_id FROM events WHERE type = 'webhook.disabled'"
    assert house.rows(sql) == [("GONE", SUPPLIER)]
    house.later(days=1)
    house.tell(2)
    assert house.work() == 0


def test_five_days_of_failing_switch_off_and_nothing_is_lost(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = answer(503)
    endpoint, _ = house.register(receiver.url)
    sent = house.tell(2)
    began = house.at
    while house.endpoint(endpoint).disabled_at is None:
        sent += house.tell() if len(sent) < 12 else []
        house.work()
        house.later(hours=6)
        assert house.at - began < timedelta(days=6)
    assert house.at - began > timedelta(days=5)
    assert house.endpoint(endpoint).disabled_because == "FAILING"
    assert house.rows("SELECT count(*) FROM events WHERE type = 'webhook.disabled'") == [(1,)]
    sent += house.tell(3)
    assert house.work() == 0

    receiver.got.clear()
    receiver.answering = answer(204)
    house.change(endpoint, enabled=True)
    with db.transaction() as session:
        newest = service.head(session)
        given_up = replaying.Range(0, newest, only_given_up=True)
        replaying.replay(session, ME, endpoint, given_up, replay_id=endpoint)
    house.later(days=2)
    house.work()

    assert {json.loads(one.body)["id"] for one in receiver.got} == {str(one) for one in sent}
    assert house.endpoint(endpoint).failures == 0


def test_a_short_failing_switches_nothing_off(house: House, receiver: Receiver) -> None:
    """Two failures six days apart with silence between are not five days of failing."""
    receiver.answering = answer(400)
    endpoint, _ = house.register(receiver.url)
    house.tell()
    house.work()
    house.later(days=6)
    house.work()
    assert house.endpoint(endpoint).failures == 2
    assert house.endpoint(endpoint).disabled_at is None


def test_while_an_endpoint_seems_down_one_message_asks_and_the_others_wait(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = answer(502)
    endpoint, _ = house.register(receiver.url)
    house.tell(50)
    for _ in range(60):
        house.work()
        house.later(seconds=10)
    assert len(receiver.got) < 20

    receiver.answering = answer(204)
    receiver.got.clear()
    house.later(minutes=5)
    house.work()
    # Those that had no try yet go at once; those that had wait for their time.
    assert house.states(endpoint)["DELIVERED"] > 40
    house.later(days=1)
    house.work()
    assert house.states(endpoint) == {"DELIVERED": 50}


def test_a_slow_endpoint_keeps_nobody_waiting(house: House, receiver: Receiver) -> None:
    """R-12: more endpoints that never answer than there are threads for one of them."""
    from services.ledger.webhooks.tasks import Couriers  # noqa: PLC0415 (Celery, after settings)

    hang = threading.Event()

    def never(_: BaseHTTPRequestHandler, __: Got) -> None:
        hang.wait(8)

    couriers = Couriers(Sender(Rules.of(settings()), seconds=6), threads=16)
    with a_receiver() as slow:
        slow.answering = never
        for _ in range(3):
            house.register(slow.url)
        house.register(receiver.url)
        house.tell(40)
        planning.catch_up(now)
        began = time.monotonic()
        for _ in range(5):
            with db.transaction() as session:
                waiting = delivering.due(session, at=now())
            for one in waiting:
                couriers.wake(one)
            time.sleep(0.3)
        took = time.monotonic() - began
        assert len(set(receiver.ids)) == 40
        assert took < 5
        assert len(slow.got) <= 3 * delivering.LANES
        hang.set()
        couriers.pool.shutdown(wait=True)
    assert couriers.serving == {}


def test_few_send_to_one_endpoint_at_a_time(house: House, receiver: Receiver) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(200)
    planning.catch_up(house.clock)
    turns = []
    for _ in range(10):
        with db.transaction() as session:
            turns.append(delivering.take(session, endpoint, at=house.at))
    taken = [turn for turn in turns if turn is not None]
    assert len(taken) == delivering.LANES
    positions = [one.position for turn in taken for one in turn.messages]
    assert len(positions) == len(set(positions)) == 20 * delivering.LANES
    with db.transaction() as session:
        delivering.release(session, taken[0], at=house.at)
    with db.transaction() as session:
        assert delivering.take(session, endpoint, at=house.at) is not None


def test_a_claim_of_the_dead_ends_and_counts_for_nothing_then(
    house: House, receiver: Receiver
) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(2)
    planning.catch_up(house.clock)
    with db.transaction() as session:
        dead = delivering.take(session, endpoint, at=house.at)
    assert dead is not None
    assert house.work() == 0
    house.at += delivering.CLAIMED
    assert house.work() == 2
    late = Answer("REFUSED", 1, 500)
    with db.transaction() as session:
        at, position = house.at, dead.messages[0].position
        assert not delivering.settle(session, dead, position, late, at=at, began_at=at)
    assert house.states(endpoint) == {"DELIVERED": 2}
    assert house.endpoint(endpoint).failures == 0


def test_what_nobody_takes_does_not_pile_up_without_end(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "MOST_WAITING", 20)
    monkeypatch.setattr(planning, "_PAGE", 10)
    receiver.answering = answer(503)
    endpoint, _ = house.register(receiver.url)
    house.tell(100)
    house.work()
    assert 20 <= house.states(endpoint)["WAITING"] < 30  # The last page planned reaches beyond it.

    receiver.answering = answer(204)
    for _ in range(20):
        house.later(days=1)
        house.work()
    assert house.states(endpoint) == {"DELIVERED": 100}


def test_of_a_tick_that_dies_nothing_is_half_planned(house: House, receiver: Receiver) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(7)
    with Session(db.engine()) as session:
        planning.plan(session, endpoint, at=house.at)
        session.rollback()
    assert house.states(endpoint) == {}
    assert house.work() == 7
    assert house.work() == 0
