"""Inboxes and numbers over HTTP, for whoever has the key."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from services.notifier import api, db
from services.notifier.config import Settings
from services.notifier.service import catch_up
from tests.notifier.fakes import CREDITOR, DEBTOR, FakeLedger, overdue

_KEY = {"Authorization": "Bearer key of the console"}


@pytest.fixture
def client(
    config: Settings, ledger: FakeLedger, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """A client of a notifier that told of three overdue receivables."""
    for number in range(3):
        ledger.append(overdue(number))
    catch_up(config)
    for module in (api, db):
        monkeypatch.setattr(module, "settings", lambda: config)
    with TestClient(api.app) as client:
        yield client


def positions(client: TestClient, **query: object) -> list[int]:
    params = {"party_id": str(DEBTOR)} | {key: str(value) for key, value in query.items()}
    answer = client.get("/v1/inbox", params=params, headers=_KEY).json()
    return [message["event_position"] for message in answer["messages"]]


def test_without_the_key_there_is_nothing(client: TestClient) -> None:
    for method, path in (
        ("GET", f"/v1/inbox?party_id={DEBTOR}"),
        ("POST", f"/v1/inbox/{DEBTOR}/read?party_id={DEBTOR}"),
        ("POST", f"/v1/inbox/seen?party_id={DEBTOR}&up_to=9"),
        ("PUT", f"/v1/recipients/{DEBTOR}/muted"),
        ("GET", "/v1/messages"),
        ("POST", "/v1/messages/retry"),
    ):
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}):
            answer = client.request(method, path, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["code"] == "NOT_SIGNED_IN"


def test_a_notifier_without_a_key_lets_nobody_in(
    client: TestClient, config: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyless = config.model_copy(update={"notifier_api_key": ""})
    monkeypatch.setattr(api, "settings", lambda: keyless)
    assert client.get("/v1/messages", headers={"Authorization": "Bearer "}).status_code == 401


def test_an_inbox_is_read_newest_first_or_from_a_position_on(client: TestClient) -> None:
    assert positions(client) == [5, 4, 3]
    assert positions(client, limit=2) == [5, 4]
    assert positions(client, before=4) == [3]
    assert positions(client, after=3) == [4, 5]


def test_read_and_seen_are_recorded_the_first_time_and_only_in_ones_own_inbox(
    client: TestClient,
) -> None:
    mine, other = {"party_id": str(DEBTOR)}, {"party_id": str(CREDITOR)}
    inbox = client.get("/v1/inbox", params=mine, headers=_KEY).json()
    path = f"/v1/inbox/{inbox['messages'][0]['id']}/read"
    assert inbox["unread"] == 3
    assert client.post(path, params=other, headers=_KEY).status_code == 404

    first = client.post(path, params=mine, headers=_KEY).json()
    again = client.post(path, params=mine, headers=_KEY).json()

    assert first["read_at"] is not None
    assert again == first
    seen = client.post("/v1/inbox/seen", params=mine | {"up_to": "4"}, headers=_KEY)
    assert seen.json() == {"seen": 2}
    assert client.get("/v1/inbox", params=mine, headers=_KEY).json()["unread"] == 2
    assert client.get("/v1/inbox", params=other, headers=_KEY).json()["unread"] == 3


def test_the_numbers_say_what_was_told(client: TestClient) -> None:
    assert client.get("/v1/messages", headers=_KEY).json() == {
        "position": 5,
        "messages": {"inbox": {"delivered": 6}, "email": {"sent": 6}},
        "mails": {"sent": 6},
        "unread_events": 0,
        "arrivals": {"waiting": 6},
    }
    health = client.get("/healthz").json()
    assert health == {"ok": True, "position": 5, "oldest_due_seconds": 0, "unread_events": 0}


def test_a_muted_type_is_one_there_is_and_of_a_known_party(client: TestClient) -> None:
    path = f"/v1/recipients/{DEBTOR}/muted"
    wanted = {"types": ["receivable.overdue"]}
    assert client.put(path, json=wanted, headers=_KEY).json() == wanted
    wrong = client.put(path, json={"types": ["moon.landed"]}, headers=_KEY)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "TYPE_UNKNOWN")
    unknown = path.replace(str(DEBTOR), str(DEBTOR)[::-1])
    assert client.put(unknown, json=wanted, headers=_KEY).status_code in {404, 422}
    assert client.post("/v1/messages/retry", headers=_KEY).json() == {"retried": 0}
