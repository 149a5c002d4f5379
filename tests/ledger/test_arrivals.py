"""What the notifier reports as arrived is an event of what it was about: once, and honest."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.ids import new_id
from services.ledger.log.service import seal
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn, invoice, opened

AT = "2026-11-30T16:30:00.123456Z"


@pytest.fixture
def told(supplier: Client, contract: str) -> dict[str, Any]:
    """The event of a receivable, sealed, as the notifier reads it."""
    receivable_id = opened(supplier, invoice(contract))
    with db.transaction() as session:
        seal(session)
    events = supplier.get("/v1/events").json()["events"]
    [event] = [one for one in events if one["subject_id"] == receivable_id]
    return dict(event)


def arrival(event: dict[str, Any], **changes: str) -> dict[str, str]:
    return {
        "message_id": str(new_id()),
        "event_id": event["id"],
        "party_id": str(BUYER),
        "stage": "MAIL_ACCEPTED",
        "at": AT,
        **changes,
    }


def report(client: Client, *arrivals: dict[str, str]) -> Any:
    return client.post("/v1/message-arrivals", json={"arrivals": arrivals})


def test_an_arrival_is_an_event_of_what_the_notice_was_about_for_both_parties(
    ledger: SignIn, supplier: Client, told: dict[str, Any]
) -> None:
    mail, shown = arrival(told), arrival(told, stage="SHOWN", party_id=str(SUPPLIER))
    answer = report(ledger("service", None), mail, shown)
    assert (answer.status_code, answer.json()) == (200, {"recorded": 2, "refused": {}})
    with db.transaction() as session:
        seal(session)

    for client in (supplier, ledger("core_enterprise", BUYER)):
        events = client.get("/v1/events").json()["events"]
        found = {one["data"]["stage"]: one for one in events if one["type"] == "message.delivered"}
        assert found.keys() == {"MAIL_ACCEPTED", "SHOWN"}
        told_of = found["MAIL_ACCEPTED"]
        assert told_of["subject_id"] == told["subject_id"]
        assert (told_of["debtor_id"], told_of["creditor_id"]) == (str(BUYER), str(SUPPLIER))
        assert (told_of["actor"], told_of["occurred_at"]) == ("", AT)
        assert told_of["data"]["channel"] == "email"
        assert told_of["data"]["delivered_at"] == AT
        assert told_of["data"]["event_id"] == told["id"]
        assert "不证明收件人已收到或阅读" in told_of["data"]["meaning"]
        assert found["SHOWN"]["data"]["channel"] == "inbox"
    strangers = ledger("core_enterprise", STRANGER).get("/v1/events").json()["events"]
    assert {one["type"] for one in strangers} == {"party.registered"}


def test_reported_again_it_is_there_once_and_a_further_stage_is_another(
    ledger: SignIn, told: dict[str, Any]
) -> None:
    service, mail = ledger("service", None), arrival(told)
    later = {**mail, "at": "2026-12-01T00:00:00Z"}
    assert report(service, mail, mail).json()["recorded"] == 1
    assert report(service, later, arrival(told)).json()["recorded"] == 1
    assert report(service, {**mail, "stage": "READ"}).json()["recorded"] == 1

    counts = "SELECT count(*), min(occurred_at)::date::varchar FROM events WHERE type = :type"
    with db.transaction() as session:
        found = session.connection().execute(text(counts), {"type": "message.delivered"}).one()
        # The first report of an instant stands.
        assert tuple(found) == (3, "2026-11-30")
        assert seal(session) > 0


def test_a_report_that_was_lost_before_its_commit_is_taken_when_it_comes_again(
    ledger: SignIn, told: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, mail = ledger("service", None), arrival(told)
    with monkeypatch.context() as patched:
        patched.setattr("sqlmodel.Session.commit", _killed)
        assert report(service, mail).status_code == 500
    assert report(service, mail).json()["recorded"] == 1
    assert report(service, mail).json()["recorded"] == 0


def _killed(_: object) -> None:
    raise RuntimeError("the process is gone")


def test_what_never_was_or_told_someone_else_is_refused_and_the_rest_recorded(
    ledger: SignIn, told: dict[str, Any]
) -> None:
    unknown = arrival(told, event_id=str(uuid4()))
    another = arrival(told, party_id=str(STRANGER))
    answer = report(ledger("service", None), unknown, another, arrival(told)).json()

    assert answer["recorded"] == 1
    assert answer["refused"] == {
        unknown["message_id"]: "EVENT_UNKNOWN",
        another["message_id"]: "PARTY_NOT_TOLD",
    }


@pytest.mark.parametrize(
    ("role", "party_id"),
    [
        ("core_enterprise", BUYER),
        ("supplier", SUPPLIER),
        ("platform", STRANGER),
        ("regulator", None),
        ("operator", None),
    ],
)
def test_nobody_but_the_service_says_what_arrived(
    ledger: SignIn, told: dict[str, Any], role: str, party_id: UUID | None
) -> None:
    answer = report(ledger(role, party_id), arrival(told))

    assert (answer.status_code, answer.json()["code"]) == (403, "NOT_ALLOWED")
    with db.transaction() as session:
        types = session.connection().execute(text("SELECT DISTINCT type FROM events")).scalars()
        assert "message.delivered" not in set(types)


def test_a_report_of_nothing_or_of_an_unknown_stage_is_refused(
    ledger: SignIn, told: dict[str, Any]
) -> None:
    service = ledger("service", None)
    assert report(service).status_code == 422
    assert report(service, arrival(told, stage="RECEIVED")).status_code == 422
    assert report(service, arrival(told, at="2026-11-30T16:30:00")).status_code == 422
