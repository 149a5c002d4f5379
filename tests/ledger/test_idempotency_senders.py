"""A key is its sender's, its route's and its content's alone (R-06)."""

from datetime import timedelta
from typing import Any

import pytest

from services.ledger import db, idempotency
from services.ledger.access import Viewer
from services.ledger.clock import now
from services.ledger.identification import start_session
from services.ledger.ids import new_id
from services.ledger.parties import keys
from services.ledger.receivables import api, opening
from services.ledger.receivables.opening import open_receivable
from tests.access.making import a_key, client_of
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn, opened
from tests.ledger.test_idempotency import CREDITED, claim, count, keyed, unnamed
from tests.web.signing import a_user

__all__ = ["claim"]


def held(sender: Client, claim: str) -> str:
    """Return what is in dispute after a sender's 10.00, always sent alike and under one key."""
    body = {"amount": "10.00", "reason": "数量"}
    answer = sender.post(f"/v1/receivables/{claim}/disputes", json=body, headers=keyed("same"))
    assert "idempotent-replayed" not in answer.headers, answer.text
    return str(answer.json().get("disputed", answer.json().get("code")))


def somebody(login: str) -> Client:
    """Return what a person of the buyer sends by the API."""
    user_id = a_user(login, "core_enterprise", party_id=BUYER)
    with db.transaction() as session:
        return client_of(start_session(session, user_id, at=now()))


@pytest.fixture
def senders(buyer: Client) -> list[Client]:
    """Two machines and two people of one party."""
    erp = client_of(a_key("core_enterprise", BUYER).token)
    return [buyer, erp, somebody("zhang"), somebody("li")]


def everybody_is_one(_: Viewer) -> str:
    """Of no party, so that row-level security, which goes by it, refuses all but the machine."""
    return "everybody"


def a_party_is_one(viewer: Viewer) -> str:
    return f"{viewer.role}/{viewer.party_id}/everybody"


def test_a_key_is_of_its_sender_alone(senders: list[Client], claim: str) -> None:
    assert [held(one, claim) for one in senders] == ["10.00", "20.00", "30.00", "40.00"]


def test_a_key_that_were_everybodys_is_found(
    senders: list[Client], claim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the second sender is answered what the first was."""
    monkeypatch.setattr(idempotency, "principal", a_party_is_one)

    with pytest.raises(AssertionError, match="idempotent-replayed"):
        test_a_key_is_of_its_sender_alone(senders, claim)


@pytest.fixture
def another_supplier(ledger: SignIn, buyer: Client, contract: str) -> tuple[Client, str]:
    """A second creditor of the buyer, and its contract."""
    parties = {"debtor_id": str(BUYER), "creditor_id": str(STRANGER)}
    agreed = {"reference": "合同-2", "signed_on": "2025-06-10", **parties}
    return ledger("supplier", STRANGER), buyer.post("/v1/contracts", json=agreed).json()["id"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_key_is_of_its_party_alone(
    supplier: Client, contract: str, another_supplier: tuple[Client, str], *, at_once: bool
) -> None:
    """By the one statement for senders that are remembered, and by the ordinary way."""
    other, its_contract = another_supplier
    if at_once:
        opened(supplier, unnamed(contract))
        opened(other, unnamed(its_contract))

    first, second = (
        client.post("/v1/receivables", json=unnamed(of), headers=keyed("same"))
        for client, of in ((supplier, contract), (other, its_contract))
    )

    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert "idempotent-replayed" not in second.headers
    assert count("receivables") == (4 if at_once else 2)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_party_whose_key_were_everybodys_is_found(
    supplier: Client,
    contract: str,
    another_supplier: tuple[Client, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    at_once: bool,
) -> None:
    """The control; what another party stored is not shown even then."""
    for room in (idempotency, opening):
        monkeypatch.setattr(room, "principal", everybody_is_one)

    with pytest.raises(AssertionError, match="FAILED"):
        test_a_key_is_of_its_party_alone(supplier, contract, another_supplier, at_once=at_once)


def test_a_key_is_of_its_role_and_its_route_alone(
    ledger: SignIn, buyer: Client, supplier: Client, claim: str
) -> None:
    body = {"amount": "10.00", "reason": "数量"}
    assert held(buyer, claim) == "10.00"

    path = f"/v1/receivables/{claim}/credits"
    lowered = supplier.post(path, json=body, headers=keyed("same"))

    assert (lowered.status_code, lowered.json()["disputed"]) == (200, "10.00")
    assert "idempotent-replayed" not in lowered.headers
    assert held(ledger("core_enterprise", SUPPLIER), claim) == "NOT_ALLOWED"


def test_the_same_under_another_path_or_query_is_refused(
    buyer: Client, supplier: Client, contract: str, claim: str
) -> None:
    other = opened(supplier, unnamed(contract))
    held(buyer, claim)

    body = {"amount": "10.00", "reason": "数量"}
    paths = [f"/v1/receivables/{other}/disputes", f"/v1/receivables/{claim}/disputes?more=1"]
    answers = [buyer.post(path, json=body, headers=keyed("same")) for path in paths]

    assert [answer.status_code for answer in answers] == [422, 422]
    codes = [answer.json()["code"] for answer in answers]
    assert codes == ["IDEMPOTENCY_KEY_REUSED", "REQUEST_INVALID"]
    assert count(CREDITED) == 1


def test_machines_of_one_name_are_one_sender_so_that_a_new_key_repeats_nothing(
    ledger: SignIn, buyer: Client, claim: str
) -> None:
    """What was sent with a key that was rolled or replaced since is still answered as before."""
    body, path = {"amount": "10.00", "reason": "数量"}, f"/v1/receivables/{claim}/disputes"
    old = a_key("core_enterprise", BUYER)
    with db.transaction() as session:
        key = keys.get(session, old.prefix)
        rolled = keys.roll(session, key, overlap=timedelta(hours=1), at=now(), actor="tests")
    beside = a_key("core_enterprise", BUYER)
    narrow = a_key("core_enterprise", BUYER, scopes=("events:read",))

    answers = [
        client_of(made.token).post(path, json=body, headers=keyed("same"))
        for made in (old, rolled, beside, narrow)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    assert {answer.content for answer in answers[:3]} == {answers[0].content}
    assert ["idempotent-replayed" in answer.headers for answer in answers[:3]] == [0, 1, 1]


def test_machines_of_no_party_are_each_their_own_sender(ledger: SignIn) -> None:
    """Those of one name may be of two authorities."""
    body = {"id": str(new_id()), "name": "大型企业甲", "kind": "LARGE"}

    answers = [
        client_of(a_key().token).post("/v1/parties", json=body, headers=keyed("same"))
        for _ in range(2)
    ]

    assert all(answer.is_success for answer in answers)
    assert not any("idempotent-replayed" in answer.headers for answer in answers)


def test_what_was_opened_by_one_statement_meanwhile_is_replayed_and_not_refused(
    supplier: Client, contract: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ordinary way looked for an answer; then the same is done by the way without a lock."""
    opened(supplier, unnamed(contract))  # by it the sender is remembered
    body, at_once = unnamed(contract), opening.open_at_once
    turns: list[str] = []
    answers: list[Any] = []

    def send() -> None:
        answers.append(supplier.post("/v1/receivables", json=body, headers=keyed("same")))

    async def by_turns(*given: Any) -> bool:
        turns.append("at once")
        return len(turns) > 1 and await at_once(*given)

    def meanwhile(*given: Any) -> Any:
        if not answers:
            send()
        return open_receivable(*given)

    monkeypatch.setattr(api, "open_at_once", by_turns)
    monkeypatch.setattr(api, "open_receivable", meanwhile)
    send()

    inner, outer = answers
    assert (inner.status_code, outer.status_code) == (201, 201), outer.text
    assert inner.content == outer.content
    assert "idempotent-replayed" in outer.headers
    assert count("receivables") == 2
