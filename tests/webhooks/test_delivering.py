"""From the log to the receiver: everything, at least once, to whom it belongs."""

import json
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from services.events import ReceivableSettled
from services.ledger import db
from services.ledger.webhooks import planning, replaying, rotating, service
from tests.ledger.conftest import Client, SignIn
from tests.ledger.make import acting_for
from tests.webhooks.conftest import BUYER, ME, STRANGER, SUPPLIER, House
from tests.webhooks.receiver import Got, NotGenuineError, Receiver, a_receiver, answer, verify


def seconds(house: House) -> int:
    return int(house.at.timestamp())


@pytest.mark.parametrize("scheme", ["v1", "v1a"])
def test_an_event_arrives_signed_and_just_as_the_log_has_it(
    house: House, operator: Client, ledger: SignIn, receiver: Receiver, scheme: str
) -> None:
    endpoint, secret = house.register(receiver.url, scheme="v1" if scheme == "v1" else "v1a")
    (event,) = house.tell()

    assert house.work() == 1

    (got,) = receiver.got
    verify(secret, got.headers, got.body, clock=seconds(house))
    client = ledger("supplier", SUPPLIER)
    log = client.get("/v1/events", params={"limit": 1000}).json()["events"]
    assert json.loads(got.body) in log
    assert json.loads(got.body)["id"] == str(event)
    assert len(got.body) < 20_000
    assert house.states(endpoint) == {"DELIVERED": 1}
    assert house.work() == 0


def test_a_party_is_sent_its_own_events_and_of_those_what_it_wants(
    house: House, receiver: Receiver
) -> None:
    with a_receiver() as strangers, a_receiver() as wanting_all:
        house.register(receiver.url)
        house.register(strangers.url, acting_for(STRANGER, "supplier"))
        house.register(wanting_all.url, types=())
        mine = house.tell(3)
        house.tell(2, creditor=BUYER)
        settled = house.tell(1, data=ReceivableSettled())
        house.work()

        assert {json.loads(one.body)["id"] for one in receiver.got} == {str(one) for one in mine}
        assert strangers.got == []
        all_mine = {json.loads(one.body)["id"] for one in wanting_all.got}
        assert {str(one) for one in mine + settled} < all_mine


def test_the_same_message_has_the_same_id_and_each_endpoint_its_own(
    house: House, receiver: Receiver
) -> None:
    receiver.answering = answer(500)
    for _ in range(2):
        house.register(receiver.url)
    house.tell()
    house.work()
    house.later(seconds=7)
    house.work()

    assert len(receiver.got) == 4
    assert len(set(receiver.ids)) == 2
    stamps = {one.headers["webhook-timestamp"] for one in receiver.got}
    assert len(stamps) == 2  # Of the attempt, not of the event.


def test_a_new_endpoint_starts_now_or_where_it_says(house: House, receiver: Receiver) -> None:
    house.tell(3)
    with a_receiver() as from_the_start:
        house.register(receiver.url)
        house.register(from_the_start.url, after=0)
        house.tell(2)
        house.work()
        assert len(receiver.got) == 2
        assert len(from_the_start.got) == 5


def test_during_a_rotation_both_signatures_are_sent_until_the_old_one_ends(
    house: House, receiver: Receiver
) -> None:
    endpoint, old = house.register(receiver.url)
    with db.transaction() as session:
        made = rotating.rotate(
            session, ME, endpoint, scheme="v1a", overlap=timedelta(hours=24), at=house.at
        )
    house.tell()
    house.work()
    house.later(hours=23)
    house.tell()
    house.work()
    for got in receiver.got:
        at = int(got.headers["webhook-timestamp"])
        verify(old, got.headers, got.body, clock=at)
        verify(made.shown, got.headers, got.body, clock=at)

    house.later(hours=1)
    house.tell()
    house.work()
    got = receiver.got[-1]
    verify(made.shown, got.headers, got.body, clock=seconds(house))
    with pytest.raises(NotGenuineError):
        verify(old, got.headers, got.body, clock=seconds(house))
    assert " " not in got.headers["webhook-signature"]


def test_a_replay_sends_again_under_the_same_ids(house: House, receiver: Receiver) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(4)
    house.work()
    first = receiver.ids
    with db.transaction() as session:
        newest = service.head(session)
        one = replaying.Range(newest - 4, newest - 2)
        replay = replaying.replay(session, ME, endpoint, one, replay_id=endpoint)
        again = replaying.replay(session, ME, endpoint, one, replay_id=endpoint)
        assert replay.id == again.id
    house.work()
    assert receiver.ids == first + first[:2]
    sql = "SELECT id FROM webhook_deliveries ORDER BY position DESC LIMIT 1"
    ((delivery,),) = house.rows(sql)
    with db.transaction() as session:
        replaying.replay_one(session, ME, endpoint, delivery, at=house.at)
    house.work()
    assert receiver.ids == [*first, *first[:2], first[3]]
    assert house.states(endpoint) == {"DELIVERED": 4}


def test_a_replay_brings_what_was_before_the_endpoint(house: House, receiver: Receiver) -> None:
    before = house.tell(3)
    endpoint, _ = house.register(receiver.url)
    house.work()
    assert receiver.got == []
    with db.transaction() as session:
        everything = replaying.Range(0, service.head(session))
        replaying.replay(session, ME, endpoint, everything, replay_id=endpoint)
    house.work()
    assert [json.loads(one.body)["id"] for one in receiver.got] == [str(one) for one in before]


def test_a_ping_goes_the_way_of_all_events_and_to_its_endpoint_only(
    house: House, receiver: Receiver
) -> None:
    with a_receiver() as other:
        endpoint, secret = house.register(receiver.url)
        house.register(other.url, types=())
        with db.transaction() as session:
            replaying.ping(session, ME, endpoint)
        house.work()
        (got,) = receiver.got
        verify(secret, got.headers, got.body, clock=seconds(house))
        assert json.loads(got.body)["type"] == "webhook.pinged"
        assert json.loads(got.body)["subject_id"] == str(endpoint)
        assert "webhook.pinged" not in {json.loads(one.body)["type"] for one in other.got}


def test_what_a_party_may_not_see_any_more_is_not_sent(house: House, receiver: Receiver) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(2)
    planning.catch_up(house.clock)
    house.rows(
        "UPDATE events SET creditor_id = NULL WHERE id IN (SELECT event_id FROM"
        " webhook_deliveries ORDER BY position LIMIT 1) RETURNING id"
    )
    house.work()
    assert len(receiver.got) == 1
    assert house.states(endpoint) == {"DELIVERED": 1, "GIVEN_UP": 1}
    assert house.endpoint(endpoint).failures == 0


def test_a_change_of_address_holds_for_the_very_next_message(
    house: House, receiver: Receiver
) -> None:
    with a_receiver() as new:
        endpoint, _ = house.register(receiver.url)
        house.tell(10)

        def move(to: BaseHTTPRequestHandler, got: Got) -> None:
            if len(receiver.got) == 3:
                house.change(endpoint, url=new.url)
            answer(204)(to, got)

        receiver.answering = move
        house.work()
        assert (len(receiver.got), len(new.got)) == (3, 7)


def test_old_deliveries_are_forgotten_and_what_waits_is_not(
    house: House, receiver: Receiver
) -> None:
    endpoint, _ = house.register(receiver.url)
    house.tell(5)
    house.work()
    receiver.answering = answer(500)
    house.tell(1)
    house.work()
    with db.transaction() as session:
        assert planning.forget(session, at=house.at + timedelta(days=89)) == 0
        assert planning.forget(session, at=house.at + timedelta(days=91), limit=3) == 3
        assert planning.forget(session, at=house.at + timedelta(days=91), limit=3) == 2
    assert house.states(endpoint) == {"WAITING": 1}
