"""Each command that may need approval: proposed, left undone, done by another person's word."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.approvals import queries
from services.ledger.approvals.gate import ApprovalNeededError
from services.ledger.clock import today
from services.ledger.financing import answering, exporting, platforms
from services.ledger.financing import service as financing
from services.ledger.ids import new_id
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.service import Act
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person, waits
from tests.approvals.test_http import proposed, refused
from tests.ledger.conftest import SignIn
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for
from tests.web.conftest import now_of
from tests.web.signing import log_of, rows


def disputed(claim: Claim) -> None:
    with db.transaction() as session:
        buyer = acting_for(claim.debtor_id)
        act = Act(new_id(), claim.id, today(), 600_00, "数量不符")
        service.confirm(session, buyer, act)


def test_the_end_of_a_dispute_waits_for_a_checker(
    seller: Person, second_seller: Person, claim: Claim
) -> None:
    disputed(claim)
    body = {"amount": "400.00", "outcome": "withdrawn"}

    shown = waits(seller.client.post(f"/v1/receivables/{claim.id}/resolutions", json=body))
    assert shown["facts"]["outcome"] == "withdrawn"
    assert now_of(claim).disputed_fen == 400_00

    assert second_seller.approve(shown).json()["state"] == "APPROVED"
    assert now_of(claim).disputed_fen == 0


def test_a_credit_note_waits_for_a_checker(
    seller: Person, second_seller: Person, claim: Claim
) -> None:
    body = {"amount": "100.00", "reason": "红字发票1", "on": today().isoformat()}

    shown = waits(seller.client.post(f"/v1/receivables/{claim.id}/credits", json=body))
    assert shown["facts"]["on"] == today().isoformat()
    assert now_of(claim).open_fen == 1_000_00

    assert second_seller.approve(shown).json()["state"] == "APPROVED"
    assert now_of(claim).open_fen == 900_00


def a_platform(*, party: bool = False) -> Any:
    with db.transaction() as session:
        party_id = a_party(session) if party else None
        platforms.register_platform(session, OPERATOR, code="PT", name="平台", party_id=party_id)
    return party_id


@pytest.fixture
def eligible(ledger: SignIn) -> Claim:
    """A receivable of 1,000.00, confirmed, delivered and not due yet."""
    with db.transaction() as session:
        contract = a_contract(session, signed_on=today() - timedelta(days=9))
        days = {
            name: today() - timedelta(days=3) for name in ("issued_on", "opened_on", "delivered_on")
        }
        made = a_receivable(session, contract, **days)
        act = Act(new_id(), made.id, today(), made.face_fen)
        service.confirm(session, acting_for(made.debtor_id), act)
    return made


def test_an_offer_reserves_nothing_until_a_checker_approves(
    person: Arrive, eligible: Claim
) -> None:
    a_platform()
    maker, checker = (
        person(eligible.creditor_id, duty, role="supplier") for duty in ("maker", "checker")
    )

    shown = waits(maker.client.post("/v1/exports", json={"platform": "PT"}))
    assert (shown["amount"], shown["facts"]["rows"]) == ("1000.00", "1")
    assert now_of(eligible).reserved_fen == 0
    assert rows("SELECT 1 FROM exports UNION ALL SELECT 1 FROM claims") == []

    assert checker.approve(shown).json()["state"] == "APPROVED"
    assert now_of(eligible).reserved_fen == 1_000_00


def test_an_offer_of_another_sum_than_was_approved_is_stale(
    person: Arrive, eligible: Claim
) -> None:
    a_platform()
    maker, checker = (
        person(eligible.creditor_id, duty, role="supplier") for duty in ("maker", "checker")
    )
    shown = waits(maker.client.post("/v1/exports", json={"platform": "PT"}))
    with db.transaction() as session:
        act = Act(new_id(), eligible.id, today(), 1_00, "短少")
        service.dispute(session, acting_for(eligible.debtor_id), act)

    refused(checker.approve(shown), 409, "APPROVAL_STALE")
    assert rows("SELECT 1 FROM exports") == []


def test_an_answer_of_a_platform_waits_for_its_checker(
    person: Arrive, eligible: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform_id = a_platform(party=True)
    with db.transaction() as session:
        export = exporting.reserve(session, OPERATOR, platform="PT", as_of=today())
    told = answering.Answered(
        eligible.invoice_number, eligible.issued_on, 1_000_00, "", "FINANCED", 900_00, ""
    )
    maker, checker = (person(platform_id, duty, role="platform") for duty in ("maker", "checker"))

    def take_in(session: Any, viewer: Any, stream: Any, *, on: Any, request_id: str) -> Any:
        assert stream.read() == b"file"
        return answering.take_in(session, viewer, reference=export.reference, answers=[told], on=on)

    monkeypatch.setattr(financing, "read_answer_file", take_in)

    shown = waits(maker.client.post("/v1/exports/answers", files={"file": b"file"}))
    assert (shown["amount"], shown["facts"]["FINANCED"]) == ("900.00", "1")
    assert now_of(eligible).assigned_fen == 0
    assert base64.b64encode(b"file") not in rows("SELECT arguments FROM approval_proposals")[0][0]

    assert checker.approve(shown).json()["state"] == "APPROVED"
    assert now_of(eligible).assigned_fen == 1_000_00


LIMIT = "limit:settlement_stalled_days,2026-01-01,15,内部口径"
ACCOUNT = {"holder": "小企业乙", "bank": "中国银行杭州分行", "number": "6222020200012345678"}


def test_another_account_to_be_paid_to_waits_for_a_checker_and_is_in_no_event(
    seller: Person, second_seller: Person, person: Arrive, claim: Claim
) -> None:
    path = f"/v1/parties/{claim.creditor_id}/repayment-accounts"

    shown = waits(seller.client.post(path, json=ACCOUNT))
    assert shown["facts"]["account"] == "****5678"
    assert seller.get(path) == []

    assert second_seller.approve(shown).json()["state"] == "APPROVED"
    (account,) = seller.get(path)
    assert (account["holder"], account["account"]) == ("小企业乙", "****5678")
    ((_, told),) = log_of("account.changed")
    assert told["account"] == "****5678"
    everything = rows(
        "SELECT 1 FROM events WHERE data::text LIKE '%6222020200012345678%' UNION ALL"
        " SELECT 1 FROM approval_proposals WHERE facts::text LIKE '%6222020200012345678%'"
        " OR position('6222020200012345678'::bytea IN arguments) > 0"
    )
    assert everything == []
    debtor = person(claim.debtor_id, "maker")
    assert debtor.get(path) == [account]
    refused(debtor.client.post(path, json=ACCOUNT), 404, "NOT_FOUND")


def test_an_account_is_changed_at_once_where_no_duties_are_divided(
    seller: Person, claim: Claim
) -> None:
    path = f"/v1/parties/{claim.creditor_id}/repayment-accounts"
    body = {**ACCOUNT, "id": str(new_id())}

    answers = [seller.client.post(path, json=body) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    other = seller.client.post(path, json={**body, "number": "6222020200012340000"})
    refused(other, 409, "ID_REUSED")


def test_the_almanac_over_http_takes_two_operators(
    person: Arrive, ledger: SignIn, claim: Claim
) -> None:
    first, second = (person(None, role="operator") for _ in range(2))
    content = "kind,date,value,source\nreading:O1,2026-01-01,ALTERNATIVE,内部决定\n"
    fault = first.client.post("/v1/almanac/imports", json={"name": "a.csv", "content": content})
    refused(fault, 422, "ALMANAC_FILE_INVALID")
    good = {"name": "a.csv", "content": f"kind,date,value,source\n{LIMIT}\n"}
    refused(
        ledger("core_enterprise", claim.debtor_id).post("/v1/almanac/imports", json=good),
        403,
        "NOT_ALLOWED",
    )

    shown = waits(first.client.post("/v1/almanac/imports", json=good))
    assert shown["facts"]["rows"] == "limit 1"
    assert rows("SELECT 1 FROM almanac_imports") == []
    refused(first.approve(shown), 403, "APPROVAL_OWN")

    assert second.approve(shown).json()["state"] == "APPROVED"
    assert len(rows("SELECT 1 FROM almanac_imports")) == 1
    again = first.client.post("/v1/almanac/imports", json=good)
    assert (again.status_code, again.json()["known"]) == (200, True)


def test_what_a_buyer_with_a_checker_records_itself_is_not_thereby_confirmed(
    ledger: SignIn, claim: Claim, checker: Person
) -> None:
    erp = ledger("core_enterprise", claim.debtor_id)
    body = {
        "contract_id": str(claim.contract_id),
        "invoice_number": "25312000000000000009",
        "issued_on": "2025-07-10",
        "amount": "1000.00",
        "delivered_on": "2025-07-09",
    }
    opened = erp.post("/v1/receivables", json=body)
    assert opened.status_code == 201, opened.text

    one = f"/v1/receivables/{opened.json()['id']}"
    assert erp.get(one).json()["lifecycle"] == "submitted"
    assert log_of("receivable.confirmed") == []
    shown = waits(erp.post(f"{one}/confirmation", json={}))
    assert checker.approve(shown).json()["state"] == "APPROVED"
    assert erp.get(one).json()["lifecycle"] == "confirmed"


def test_a_service_that_is_called_around_the_edges_is_refused(
    maker: Person, checker: Person, claim: Claim
) -> None:
    assert checker
    act = Act(new_id(), claim.id, today(), 1_000_00)
    with db.transaction() as session, pytest.raises(ApprovalNeededError):
        service.confirm(session, maker.viewer, act)
    assert now_of(claim).confirmed_on is None


def test_arguments_are_sealed(maker: Person, checker: Person, claim: Claim) -> None:
    assert checker
    shown = proposed(maker, claim, reason="只有审批人可读")
    with db.transaction() as session:
        assert queries.get(session, maker.viewer, shown["proposal"])
    ((sealed,),) = rows("SELECT arguments FROM approval_proposals")
    assert "只有审批人可读".encode() not in bytes(sealed)
