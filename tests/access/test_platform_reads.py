"""A platform learns of what it was offered: events, proofs, webhooks, and the list of exports."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR, Viewer
from services.ledger.clock import now, today
from services.ledger.financing.answering import take_in
from services.ledger.financing.platforms import register_platform
from services.ledger.insight.verify import verify
from services.ledger.log import queries
from services.ledger.receivables.queries import get_visible
from services.ledger.webhooks import planning
from tests.access.country import get
from tests.access.making import a_key, appointed, client_of, rows
from tests.ledger.conftest import (
    STRANGER,
    Client,
    SignIn,
    buyer,
    contract,
    invoice,
    ledger,
    opened,
    operator,
    supplier,
)
from tests.ledger.make import a_party
from tests.ledger.test_financing import answer
from tests.proof.conftest import sign_the_log

__all__ = ["buyer", "contract", "ledger", "operator", "supplier"]
OFFERED = {"platform.registered", "receivable.exported", "export.delivered", "receivable.financed"}
OFFERED |= {"receivable.refused"}
ITS_OWN = {"party.registered", "webhook.added"}


@dataclass
class Market:
    """Two exports of one receivable each to one platform, fetched and answered; and another."""

    platform: TestClient
    other: TestClient
    references: list[str]
    """The latest last."""


@pytest.fixture
def market(buyer: Client, supplier: Client, contract: str, ledger: SignIn) -> Market:
    with db.transaction() as session:
        other = a_party(session, kind="FINANCIER")
        for code, party in (("PF-1", STRANGER), ("PF-2", other)):
            register_platform(session, OPERATOR, code=code, name=code, party_id=party)
    platform = ledger("platform", STRANGER)
    hook = {"url": "https://platform.example.com/x", "after": 0}
    assert platform.post("/v1/webhooks", json=hook).status_code == 201
    references = []
    for number, state in (("1", "FINANCED"), ("2", "REFUSED")):
        body = invoice(contract, invoice_number=f"2531200000000000000{number}")
        claim = opened(buyer, body | {"agreed_due_on": "2199-01-01"})
        made = supplier.post("/v1/exports", json={"platform": "PF-1"})
        assert made.status_code == 201, made.text
        references.append(made.json()["reference"])
        path = f"/v1/exports/{references[-1]}/file"
        assert [platform.get(path).status_code for _ in range(2)] == [200, 200]
        _answered(references[-1], claim, state)
    sign_the_log()
    return Market(platform, ledger("platform", other), references)


def _answered(reference: str, claim: str, state: str) -> None:
    viewer = Viewer(name="bank", role="platform", party_id=STRANGER)
    with db.transaction() as session:
        said = answer(get_visible(session, OPERATOR, UUID(claim)), state)
        take_in(session, viewer, reference=reference, answers=[said], on=today())


def events(client: TestClient) -> dict[int, str]:
    found = get(client, "/v1/events", limit=1000)["events"]
    return {one["position"]: one["type"] for one in found}


def _of_itself(own: dict[int, str]) -> set[int]:
    return {position for position, type_ in own.items() if type_ in ITS_OWN}


def check_that_it_learns(market: Market) -> None:
    own = events(market.platform)
    assert {*own.values()} - ITS_OWN == OFFERED
    assert sorted(own.values()).count("export.delivered") == 2  # each file once, fetched twice
    others = events(market.other)
    assert list(others.values()) == ["party.registered", "platform.registered"]
    for position in own.keys() - _of_itself(own):
        assert market.platform.get(f"/v1/events/{position}/proof").status_code == 200
        assert market.other.get(f"/v1/events/{position}/proof").status_code == 404


def test_a_platform_reads_and_proves_what_it_was_offered_and_no_other_does(market: Market) -> None:
    check_that_it_learns(market)


def test_the_supplier_reads_that_its_export_was_fetched(market: Market, supplier: Client) -> None:
    assert list(events(supplier).values()).count("export.delivered") == 2


def test_a_log_that_goes_by_debtor_and_creditor_alone_is_found(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    forgets = queries._OF_PARTY.text.replace("CAST(:offered_to AS uuid)", "NULL")
    assert forgets != queries._OF_PARTY.text
    monkeypatch.setattr(queries, "_OF_PARTY", text(forgets))

    with pytest.raises(AssertionError):
        check_that_it_learns(market)


def planned() -> set[str]:
    return {row.type for row in rows("SELECT DISTINCT type FROM webhook_deliveries")}


def test_its_webhooks_are_sent_them_and_verify_misses_one_that_was_not_planned(
    market: Market,
) -> None:
    planning.catch_up(now)

    assert planned() == OFFERED | ITS_OWN
    with db.transaction() as session:
        assert verify(session) == []
    rows("DELETE FROM webhook_deliveries WHERE type = 'receivable.exported' RETURNING 1")
    with db.transaction() as session:
        (found,) = verify(session)
    assert "receivable.exported was never planned" in str(found)


def test_verify_finds_a_position_that_is_not_as_of_its_platform(market: Market) -> None:
    taken = "UPDATE sealed SET platform_id = NULL WHERE platform_id IS NOT NULL RETURNING 1"
    assert rows(taken)

    with db.transaction() as session:
        assert "not as of its platform" in str(verify(session))


def listed(client: TestClient, **query: Any) -> list[str]:
    return [one["reference"] for one in get(client, "/v1/exports", **query)["items"]]


def test_exports_are_listed_to_their_platform_and_to_whom_all_of_them_is(
    market: Market, supplier: Client, buyer: Client, ledger: SignIn
) -> None:
    latest_first = market.references[::-1]
    for client in (market.platform, supplier, client_of(a_key("operator").token)):
        assert listed(client) == latest_first
        assert client.get(f"/v1/exports/{latest_first[0]}").status_code == 200
    key = a_key("regulator")
    assert listed(client_of(key.token)) == []
    rows("UPDATE parties SET region = '330100' RETURNING 1")
    appointed(key.prefix, "33")
    assert listed(client_of(key.token)) == latest_first
    for stranger in (market.other, buyer):
        assert listed(stranger) == []
        assert stranger.get(f"/v1/exports/{latest_first[0]}").status_code == 404


def test_the_list_goes_on_where_the_page_before_ended(market: Market, supplier: Client) -> None:
    first = get(market.platform, "/v1/exports", limit=1)
    second = get(market.platform, "/v1/exports", limit=1, cursor=first["next"])

    assert [one["reference"] for one in (*first["items"], *second["items"])] == [
        *market.references[::-1]
    ]
    assert first["items"][0]["states"] == [{"state": "REFUSED", "count": 1, "amount": "1000.00"}]
    assert second["items"][0]["states"][0]["state"] == "FINANCED"
    assert second["next"] is None
    wrong = market.platform.get("/v1/events", params={"cursor": first["next"]})
    assert wrong.status_code == 422
