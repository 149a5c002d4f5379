"""Deliveries over HTTP: listed, looked at, and asked for again."""

from typing import Any
from uuid import UUID

from services.ledger.ids import new_id
from tests.ledger.conftest import Client
from tests.webhooks.conftest import House, made, refused
from tests.webhooks.receiver import Receiver, answer


def test_deliveries_are_listed_page_by_page_with_their_attempts(
    house: House, supplier: Client, receiver: Receiver
) -> None:
    address = f"/v1/webhooks/{made(supplier, url=receiver.url, types=['confirmation.*'])['id']}"
    house.tell(5)
    house.work()
    receiver.answering = answer(500, b"<b>no</b>")
    house.tell(2)
    house.work()

    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = supplier.get(f"{address}/deliveries", params={"limit": 3, "cursor": cursor}).json()
        if not cursor:  # What comes after the first page was read moves none of the others.
            house.tell(1)
            house.work()
        found += page["items"]
        cursor = page["next"]
    assert [one["state"] for one in found] == ["WAITING"] * 2 + ["DELIVERED"] * 5
    positions = [one["position"] for one in found]
    assert positions == sorted(set(positions), reverse=True)
    assert {one["webhook_id"] for one in found} < set(receiver.ids)
    waiting = supplier.get(f"{address}/deliveries", params={"state": "WAITING"}).json()["items"]
    assert waiting[1:] == found[:2]
    detail = supplier.get(f"{address}/deliveries/{found[0]['id']}").json()
    assert [(one["outcome"], one["status"]) for one in detail["tried"]] == [("REFUSED", 500)]
    assert detail["tried"][0]["answer"] == "<b>no</b>"
    assert detail["due_at"] is not None
    for query in ({"state": "LOST"}, {"limit": 0}, {"limit": 201}):
        refused(supplier.get(f"{address}/deliveries", params=query), 422, "REQUEST_INVALID")


def test_the_cursor_of_deliveries_is_of_one_endpoint_and_one_filter(
    house: House, supplier: Client, receiver: Receiver
) -> None:
    both = [made(supplier, url=receiver.url, types=["confirmation.*"])["id"] for _ in range(2)]
    mine, other = (f"/v1/webhooks/{one}/deliveries" for one in both)
    house.tell(2)
    house.work()
    cursor = supplier.get(mine, params={"limit": 1}).json()["next"]

    (last,) = supplier.get(mine, params={"limit": 1, "cursor": cursor}).json()["items"]
    assert last == supplier.get(mine).json()["items"][1]
    made_up = ("1", cursor[:-1], cursor[:-2] + "AA")
    for address, more in (
        (other, {"cursor": cursor}),
        (mine, {"cursor": cursor, "state": "DELIVERED"}),
        *((mine, {"cursor": one}) for one in made_up),
    ):
        refused(supplier.get(address, params=more), 422, "CURSOR_INVALID")


def test_replays_are_asked_for_by_id_and_by_range(
    house: House, supplier: Client, receiver: Receiver
) -> None:
    identifier = made(supplier, url=receiver.url, types=["confirmation.*"])["id"]
    address = f"/v1/webhooks/{identifier}"
    house.tell(3)
    house.work()
    newest = house.endpoint(UUID(identifier)).position
    body = {"id": str(new_id()), "after": newest - 2, "through": newest}
    for _ in range(2):
        replay = supplier.post(f"{address}/replays", json=body)
        assert replay.status_code == 202, replay.text
    other = {**body, "after": newest - 1}
    refused(supplier.post(f"{address}/replays", json=other), 409, "ID_REUSED")
    for after, through in ((5, 5), (6, 5), (0, newest + 100)):
        wrong = {"after": after, "through": through}
        refused(supplier.post(f"{address}/replays", json=wrong), 422, "WEBHOOK_RANGE_INVALID")
    house.work()
    assert len(receiver.got) == 5

    (one, *_) = supplier.get(f"{address}/deliveries").json()["items"]
    assert supplier.post(f"{address}/deliveries/{one['id']}/replay").status_code == 202
    assert supplier.post(f"{address}/pings").status_code == 202
    house.later(minutes=5)  # What is asked for over HTTP is due at the real time.
    house.work()
    assert one["webhook_id"] in receiver.ids[5:]
    assert len(receiver.got) == 7
