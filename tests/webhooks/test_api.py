"""Webhooks over HTTP: who keeps which, what is refused, and what is never shown again."""

from typing import Any

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import NotAllowedError, Viewer
from services.ledger.ids import new_id
from services.ledger.parties import keys
from services.ledger.webhooks import queries, service
from tests.ledger.conftest import Client, SignIn
from tests.webhooks.conftest import BUYER, SUPPLIER, URL, House, made, refused
from tests.webhooks.receiver import Receiver, answer


def test_a_secret_is_shown_once_and_kept_sealed(supplier: Client) -> None:
    body = {"id": str(new_id()), "url": URL, "types": ["receivable.*", "payment.allocated"]}
    first = supplier.post("/v1/webhooks", json=body)
    assert first.status_code == 201, first.text
    assert first.headers["cache-control"] == "no-store"
    one = first.json()
    assert one["secret"].startswith("whsec_")
    assert one["types"] == ["payment.allocated", "receivable.*"]

    again = supplier.post("/v1/webhooks", json=body)
    assert (again.status_code, again.json()["secret"]) == (200, None)
    assert again.json()["url"] == URL
    address = f"/v1/webhooks/{one['id']}"
    rotated = supplier.post(f"{address}/secrets", json={"signature": "v1a"})
    assert rotated.status_code == 201, rotated.text
    assert rotated.json()["secret"].startswith("whpk_")

    shown = supplier.get(address).json()
    assert [secret["signature"] for secret in shown["secrets"]] == ["v1a", "v1"]
    assert shown["secrets"][0]["public_key"] == rotated.json()["secret"]
    assert shown["secrets"][1]["ends_at"] is not None
    for read in (supplier.get(address).text, supplier.get("/v1/webhooks").text):
        assert one["secret"] not in read
    assert "a-canary-in-an-address" not in everything_kept()
    assert one["secret"].removeprefix("whsec_") not in everything_kept()


def everything_kept() -> str:
    """Every row of every table, as text (R-29)."""
    tables = "SELECT quote_ident(relname) FROM pg_stat_user_tables WHERE schemaname = 'public'"
    with db.transaction() as session:
        run = session.connection().execute
        names = list(run(text(tables)).scalars())
        assert "webhook_endpoints" in names
        kept = [run(text(f"SELECT string_agg(t::text, ' ') FROM {name} t")) for name in names]
        return " ".join(str(one.scalar()) for one in kept)


@pytest.mark.parametrize("role", ["operator", "regulator", "service"])
def test_only_parties_keep_webhooks(supplier: Client, ledger: SignIn, role: str) -> None:
    identifier = made(supplier)["id"]
    other = ledger(role, None)
    refused(other.post("/v1/webhooks", json={"url": URL}), 403, "NOT_ALLOWED")
    refused(other.get("/v1/webhooks"), 403, "NOT_ALLOWED")
    refused(other.get(f"/v1/webhooks/{identifier}"), 403, "NOT_ALLOWED")


def test_to_a_stranger_there_is_no_webhook(
    house: House, supplier: Client, stranger: Client, receiver: Receiver
) -> None:
    receiver.answering = answer(500)
    identifier = made(supplier, url=receiver.url, types=["confirmation.*"])["id"]
    house.tell()
    house.work()
    address = f"/v1/webhooks/{identifier}"
    (one,) = supplier.get(f"{address}/deliveries").json()["items"]
    asked: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "", None),
        ("PATCH", "", {"description": "mine"}),
        ("DELETE", "", None),
        ("POST", "/secrets", {}),
        ("POST", "/pings", None),
        ("POST", "/replays", {"after": 0, "through": 1}),
        ("GET", "/deliveries", None),
        ("GET", f"/deliveries/{one['id']}", None),
        ("POST", f"/deliveries/{one['id']}/replay", None),
    ]
    nothing = f"/v1/webhooks/{new_id()}"
    for method, path, body in asked:
        answers = [
            stranger.request(method, where + path, json=body) for where in (address, nothing)
        ]
        for answered in answers:
            refused(answered, 404, "NOT_FOUND")
        known, unknown = (
            {k: v for k, v in got.json().items() if k != "request_id"} for got in answers
        )
        assert known == unknown
    mine = made(stranger)["id"]
    borrowed = f"/v1/webhooks/{mine}/deliveries/{one['id']}"
    refused(stranger.get(borrowed), 404, "NOT_FOUND")
    refused(stranger.post(f"{borrowed}/replay"), 404, "NOT_FOUND")
    assert len(stranger.get("/v1/webhooks").json()) == 1
    # Nor is it told by an id that is taken.
    taken = stranger.post("/v1/webhooks", json={"id": identifier, "url": URL})
    refused(taken, 409, "CONFLICT")
    assert supplier.get(address).json()["description"] == ""


def test_the_same_party_in_another_role_keeps_others(supplier: Client, ledger: SignIn) -> None:
    identifier = made(supplier)["id"]
    buyer = ledger("core_enterprise", SUPPLIER)
    refused(buyer.get(f"/v1/webhooks/{identifier}"), 404, "NOT_FOUND")


@pytest.mark.parametrize(("duty", "may"), [("administrator", True), ("maker", False), ("", False)])
def test_of_a_partys_people_its_administrator_keeps_webhooks(duty: str, *, may: bool) -> None:
    person = Viewer("x", "supplier", SUPPLIER, user_id=new_id(), duty=duty)
    if may:
        assert queries.check_keeps(person) == SUPPLIER
        return
    with pytest.raises(NotAllowedError):
        queries.check_keeps(person)


def test_nobody_unknown_gets_in(supplier: Client) -> None:
    anonymous = Client(supplier.app)
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{new_id()}")):
        refused(anonymous.request(method, f"/v1/webhooks{path}"), 401, "NOT_SIGNED_IN")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "http://erp.example.com/"}, "WEBHOOK_URL_REFUSED"),
        ({"url": "https://169.254.169.254/"}, "WEBHOOK_URL_REFUSED"),
        ({"url": "https://erp.example.com:22/"}, "WEBHOOK_URL_REFUSED"),
        ({"url": URL, "types": ["receivable.opend"]}, "WEBHOOK_TYPE_UNKNOWN"),
        ({"url": URL, "types": ["*"]}, "WEBHOOK_TYPE_UNKNOWN"),
        ({"url": URL, "types": ["receivable"]}, "WEBHOOK_TYPE_UNKNOWN"),
        ({"url": ""}, "REQUEST_INVALID"),
        ({}, "REQUEST_INVALID"),
        ({"url": URL, "signature": "v2"}, "REQUEST_INVALID"),
        ({"url": URL, "after": -1}, "REQUEST_INVALID"),
        ({"url": URL, "party_id": str(BUYER)}, "REQUEST_INVALID"),
        ({"url": URL, "disabled_because": ""}, "REQUEST_INVALID"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(
    supplier: Client, body: dict[str, Any], code: str
) -> None:
    refused(supplier.post("/v1/webhooks", json=body), 422, code)
    assert supplier.get("/v1/webhooks").json() == []


def test_an_answer_with_a_secret_is_repeated_and_still_not_kept_in_the_clear(
    supplier: Client,
) -> None:
    keyed = {"idempotency-key": "once"}
    first, again = (
        supplier.post("/v1/webhooks", json={"url": URL}, headers=keyed) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert len(supplier.get("/v1/webhooks").json()) == 1
    kept = everything_kept()
    for secret in (first.json()["secret"], "a-canary-in-an-address"):
        assert secret not in kept
        assert secret.encode().hex() not in kept  # As bytea is shown.


def test_a_change_is_of_what_was_seen(supplier: Client) -> None:
    address = f"/v1/webhooks/{made(supplier)['id']}"
    seen = supplier.get(address).headers["etag"]
    body = {"description": "财务系统", "types": ["payment.*"]}

    first = supplier.patch(address, json=body, headers={"if-match": seen})
    assert first.status_code == 200, first.text
    assert (first.json()["description"], first.json()["types"]) == ("财务系统", ["payment.*"])
    late = supplier.patch(address, json={"enabled": False}, headers={"if-match": seen})
    refused(late, 412, "CHANGED_SINCE")
    again = supplier.get(address).headers["etag"]
    same = supplier.patch(address, json=body, headers={"if-match": again})
    assert same.status_code == 200, same.text
    assert supplier.get(address).headers["etag"] == again
    hostile = supplier.patch(address, json={"url": "https://127.0.0.1.nip.io:22/"})
    refused(hostile, 422, "WEBHOOK_URL_REFUSED")
    off = supplier.patch(address, json={"enabled": False}).json()
    assert (off["enabled"], off["disabled_because"]) == (False, "OWNER")
    for path, sent in (("pings", None), ("replays", {"after": 0, "through": 1})):
        refused(supplier.post(f"{address}/{path}", json=sent), 409, "WEBHOOK_DISABLED")
    on = supplier.patch(address, json={"enabled": True}).json()
    assert (on["enabled"], on["disabled_because"]) == (True, None)


def test_a_party_has_no_more_webhooks_and_secrets_than_anybody_needs(supplier: Client) -> None:
    for _ in range(service.MOST_ENDPOINTS):
        made(supplier)
    refused(supplier.post("/v1/webhooks", json={"url": URL}), 409, "WEBHOOK_TOO_MANY")
    address = f"/v1/webhooks/{supplier.get('/v1/webhooks').json()[0]['id']}"
    for _ in range(4):
        assert supplier.post(f"{address}/secrets", json={}).status_code == 201
    refused(supplier.post(f"{address}/secrets", json={}), 409, "WEBHOOK_TOO_MANY")
    at_once = supplier.post(f"{address}/secrets", json={"overlap_hours": 0})
    assert at_once.status_code == 201
    assert len(supplier.get(address).json()["secrets"]) == 1
    too_long = supplier.post(f"{address}/secrets", json={"overlap_hours": 169})
    refused(too_long, 422, "REQUEST_INVALID")


def test_everything_done_to_a_webhook_is_in_the_log_of_its_party(
    house: House, supplier: Client, stranger: Client
) -> None:
    address = f"/v1/webhooks/{made(supplier)['id']}"
    supplier.patch(address, json={"description": "x"})
    supplier.post(f"{address}/secrets", json={})
    supplier.post(f"{address}/pings")
    assert supplier.delete(address).status_code == 204
    refused(supplier.get(address), 404, "NOT_FOUND")
    house.seal()

    kinds = ["added", "changed", "secret_rotated", "pinged", "removed"]
    for client, expected in ((supplier, [f"webhook.{kind}" for kind in kinds]), (stranger, [])):
        events = client.get("/v1/events").json()["events"]
        assert [one["type"] for one in events if one["type"].startswith("webhook.")] == expected
    assert "a-canary" not in everything_kept()


def test_a_restricted_key_needs_the_scope(supplier: Client) -> None:
    with db.transaction() as session:
        reads, others = (
            keys.add(
                session,
                name=scope,
                role="supplier",
                party_id=SUPPLIER,
                restrictions=keys.Restrictions((scope,)),
                actor="test",
            )
            for scope in ("webhooks:read", "events:read")
        )
    for key, reading in ((reads, 200), (others, 403)):
        client = Client(supplier.app, headers={"authorization": f"Bearer {key.token}"})
        assert client.get("/v1/webhooks").status_code == reading
        refused(client.post("/v1/webhooks", json={"url": URL}), 403, "KEY_RESTRICTED")
