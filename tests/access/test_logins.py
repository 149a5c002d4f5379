"""The other side is told which party did something, not which of its people."""

import json
from datetime import date
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import OPERATOR, Viewer
from services.ledger.arrears import complaints
from services.ledger.arrears.complaint_states import Step
from services.ledger.credentials import COOKIE
from services.ledger.financing.exporting import reserve
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.log import queries as log_queries
from services.ledger.log.queries import page_after
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables.opening import open_receivable
from services.ledger.receivables.queries import get_visible
from services.ledger.webhooks.delivering import body_of
from tests.access.making import a_key, client_of, rows
from tests.approvals.people import arrive
from tests.arrears.late import filed
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_contract, an_opening
from tests.proof.conftest import sign_the_log

LOGINS = {
    "core_enterprise": "zhang.san@buyer.example",
    "supplier": "li.si@supplier.example",
    "regulator": "wang.wu@province.example",
}
FAR = date(2199, 1, 1)


class Deal:
    """A late receivable that each side's people had a hand in, and one that was offered."""

    def __init__(self) -> None:
        with db.transaction() as session:
            contract = a_contract(session)
            self.parties = {
                "core_enterprise": contract.debtor_id,
                "supplier": contract.creditor_id,
            }
            buyer, supplier = (self.of(role) for role in self.parties)
            claim = an_opening(contract, number="LATE-1")
            open_receivable(session, supplier, claim)
            offered = an_opening(contract, number="OFFERED-1", agreed_due_on=FAR)
            open_receivable(session, buyer, offered)
            paid = Paid(new_id(), "P", 1, "CNY", date(2025, 7, 20), "", {claim.id: 1})
            record_payment(session, buyer, paid)
            register_platform(session, OPERATOR, code="PF-1", name="平台")
            reserve(session, supplier, platform="PF-1", as_of=date(2025, 7, 15))
            self.id, self.offered_id = claim.id, offered.id
            self.complaint_id = self._complained(session, claim.id)
        sign_the_log()

    def of(self, role: str) -> Viewer:
        regions = ("",) if role == "regulator" else None
        return Viewer(LOGINS[role], role, self.parties.get(role), regions=regions)

    def _complained(self, session: Session, receivable_id: UUID) -> UUID:
        claim = get_visible(session, OPERATOR, receivable_id)
        complaint = filed(session, claim)
        for kind, by, day, text in (
            ("SUPPLEMENT_ASKED", "regulator", 27, "请补充合同"),
            ("SUPPLEMENTED", "supplier", 27, "已补充"),
            ("ACCEPTED", "regulator", 28, ""),
            ("TRANSFERRED", "regulator", 28, "转有关部门"),
            ("RECEIVED", "regulator", 29, ""),
            ("RESPONDENT_ASKED", "regulator", 29, "请说明"),
        ):
            on = date(2025, 9, day)
            step = Step(new_id(), receivable_id, complaint, kind, on, text=text)
            complaints.step(session, self.of(by), step)
        return complaint


@pytest.fixture
def deal(ledger: SignIn) -> Deal:
    return Deal()


def told(client: TestClient, deal: Deal) -> dict[str, str]:
    """Return all that somebody is told of it, by where."""
    of = f"/v1/receivables/{deal.id}"
    found = {}
    for path in (
        "/v1/events?limit=1000",
        f"{of}/history",
        f"/v1/receivables/{deal.offered_id}/history",
        f"{of}/complaints/{deal.complaint_id}",
        f"{of}/proof?disclose=true",
        f"/console/receivables/{deal.id}",
        f"{of.replace('/v1', '/console')}/complaints/{deal.complaint_id}",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.text
    return found


def somebody(deal: Deal, role: str) -> TestClient:
    """Return a client of one more person of a party, at the API and at the console."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    person = arrive(app, deal.parties.get(role), role=role, with_phone=False)
    token = person.client.headers["authorization"].removeprefix("Bearer ")
    person.client.cookies.set(COOKIE, token)
    return person.client


def check_what_is_told(deal: Deal) -> None:
    for role, others in (
        ("core_enterprise", ("supplier", "regulator")),
        ("supplier", ("core_enterprise", "regulator")),
    ):
        said = told(somebody(deal, role), deal)
        with db.transaction() as session:
            page = page_after(session, deal.of(role), after=0, limit=500)
        said["webhook"] = b"".join(map(body_of, page.events)).decode()
        for where, text in said.items():
            for other in others:
                assert LOGINS[other] not in text, (role, other, where)
        assert LOGINS[role] in said["/v1/events?limit=1000"]
        assert LOGINS[role] in said[f"/v1/receivables/{deal.id}/history"]
        assert LOGINS[role] in said[f"/console/receivables/{deal.id}"]


def test_a_login_is_told_to_its_own_party_and_of_others_the_party_is(deal: Deal) -> None:
    check_what_is_told(deal)
    history = json.loads(
        client_of(a_key("supplier", deal.parties["supplier"]).token)
        .get(f"/v1/receivables/{deal.id}/history")
        .text
    )
    (paid,) = (one for one in history if one["type"] == "payment.allocated")
    (name,) = rows("SELECT name FROM parties WHERE id = :id", id=deal.parties["core_enterprise"])
    assert paid["actor"] == ""
    assert paid["actor_party_id"] == str(deal.parties["core_enterprise"])
    assert paid["actor_party_name"] == name.name
    assert name.name in told(somebody(deal, "supplier"), deal)[f"/console/receivables/{deal.id}"]


def test_what_is_offered_is_told_with_the_party_that_offered_it(deal: Deal) -> None:
    (event,) = rows("SELECT * FROM events WHERE type = 'receivable.exported'")
    assert event.actor_party_id == deal.parties["supplier"]


def test_whoever_is_of_no_party_is_told(deal: Deal) -> None:
    events = client_of(a_key("operator").token).get("/v1/events", params={"limit": 1000}).text
    assert all(login in events for login in LOGINS.values())


def test_a_rule_that_names_everybody_is_found(deal: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(log_queries, "names_actor", lambda *_, **__: True)

    with pytest.raises(AssertionError):
        check_what_is_told(deal)
