from typing import Any
from uuid import UUID

from sqlalchemy import text as sql

from services.ledger import db
from services.ledger.ids import new_id
from services.ledger.insight.verify import verify
from services.ledger.log.service import seal
from tests.ledger.conftest import STRANGER, Client, SignIn, invoice, opened


def test_an_order_becomes_a_receivable_that_is_confirmed_paid_and_closed(
    buyer: Client, supplier: Client, contract: str
) -> None:
    order = buyer.post(
        "/v1/orders",
        json={"contract_id": contract, "reference": "PO-1", "placed_on": "2025-06-20"},
    ).json()
    receipt = buyer.post(
        f"/v1/orders/{order['id']}/acceptances", json={"reference": "GR-1", "on": "2025-07-09"}
    ).json()
    receivable_id = opened(
        supplier,
        invoice(
            contract,
            order_id=order["id"],
            delivered_on=None,
            receipt_ids=[receipt["receipt_id"]],
        ),
    )
    path = f"/v1/receivables/{receivable_id}"
    assert supplier.get(path).json()["due_on"] == "2025-09-08"

    asked = supplier.post(f"{path}/confirmation-requests", json={})
    assert asked.status_code == 200, asked.text
    part = buyer.post(f"{path}/confirmation", json={"amount": "800.00", "reason": "数量不符"})
    assert part.json()["disputed"] == "200.00"
    supplier.post(f"{path}/resolutions", json={"amount": "200.00", "outcome": "withdrawn"})
    paid = buyer.post(
        "/v1/payments",
        json={
            "reference": "P-1",
            "amount": "800.00",
            "allocations": [{"receivable_id": receivable_id, "amount": "800.00"}],
        },
    )
    assert paid.status_code == 201, paid.text
    assert supplier.get(path).json()["lifecycle"] == "closed"
    told = [event["type"] for event in supplier.get(f"{path}/history").json()]
    assert told == [
        "receivable.opened",
        "confirmation.requested",
        "receivable.confirmed",
        "dispute.resolved",
        "payment.allocated",
        "receivable.settled",
    ]
    with db.transaction() as session:
        assert verify(session) == []


def test_a_cancelled_receipt_restarts_the_clock_when_it_is_repeated(
    buyer: Client, supplier: Client, contract: str
) -> None:
    order = buyer.post(
        "/v1/orders",
        json={"contract_id": contract, "reference": "PO-1", "placed_on": "2025-06-20"},
    ).json()

    def happened(what: str, day: str) -> Any:
        path = f"/v1/orders/{order['id']}/{what}"
        return buyer.post(path, json={"reference": "GR-1", "on": day}).json()

    receipt = happened("acceptances", "2025-07-09")
    receivable_id = opened(
        supplier,
        invoice(contract, delivered_on=None, receipt_ids=[receipt["receipt_id"]]),
    )
    path = f"/v1/receivables/{receivable_id}"
    assert happened("cancellations", "2025-07-20")["receivables"] == 1
    assert supplier.get(path).json()["due_on"] is None
    happened("acceptances", "2025-08-16")

    assert supplier.get(path).json()["start_on"] == "2025-08-16"


def test_to_a_stranger_a_receivable_does_not_exist(
    ledger: SignIn, supplier: Client, contract: str
) -> None:
    receivable_id = opened(supplier, invoice(contract))
    stranger = ledger("core_enterprise", STRANGER)

    hidden = stranger.get(f"/v1/receivables/{receivable_id}")
    absent = stranger.get(f"/v1/receivables/{new_id()}")

    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() | {"request_id": ""} == absent.json() | {"request_id": ""}
    assert stranger.get("/v1/receivables").json()["items"] == []
    assert stranger.post("/v1/receivables", json=invoice(contract)).status_code == 404


def test_nobody_asks_without_signing_in(operator: Client) -> None:
    answer = operator.get("/v1/receivables", headers={"authorization": "Bearer wrong"})

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "NOT_SIGNED_IN"


def test_a_batch_says_of_each_confirmation_what_became_of_it(
    buyer: Client, supplier: Client, contract: str
) -> None:
    first = opened(supplier, invoice(contract))
    items = [{"receivable_id": first}, {"receivable_id": str(new_id())}, {"receivable_id": first}]

    results = buyer.post("/v1/confirmations", json={"items": items}).json()

    assert [result["code"] for result in results] == ["", "NOT_FOUND", "ALREADY_CONFIRMED"]
    assert buyer.get(f"/v1/receivables/{first}").json()["lifecycle"] == "confirmed"


def test_events_come_in_one_gapless_order_to_those_they_concern(
    ledger: SignIn, supplier: Client, contract: str
) -> None:
    opened(supplier, invoice(contract))
    everything = ledger("service", None)
    with db.transaction() as session:
        # Four keys, three parties, the contract, the receivable.
        assert seal(session) == 9

    whole = everything.get("/v1/events", params={"limit": 3}).json()
    rest = everything.get("/v1/events", params={"after": whole["next"]}).json()

    positions = [event["position"] for event in whole["events"] + rest["events"]]
    assert positions == list(range(1, 10))
    assert (whole["has_more"], rest["has_more"]) == (True, False)
    stranger = ledger("core_enterprise", STRANGER)
    seen = stranger.get("/v1/events").json()["events"]
    assert [event["type"] for event in seen] == ["party.registered"]


def test_a_write_that_was_answered_is_there_for_any_other_connection(
    supplier: Client, contract: str
) -> None:
    statement = "SELECT count(*) FROM receivables WHERE id = %s"
    with db.engine().connect() as other:
        for number in range(50):
            body = invoice(contract, invoice_number=f"2531200000000000{number:04d}")
            receivable_id = opened(supplier, body)
            found = other.exec_driver_sql(statement, (UUID(receivable_id),))
            assert found.scalar_one() == 1
            other.rollback()


def test_the_reports_speak_of_any_day(supplier: Client, contract: str) -> None:
    opened(supplier, invoice(contract))

    late = supplier.get("/v1/reports/overdue", params={"as_of": "2199-01-01"}).json()
    before = supplier.get("/v1/reports/summary", params={"as_of": "2020-01-01"}).json()
    ageing = supplier.get("/v1/reports/ageing", params={"as_of": "2199-01-01"}).json()

    assert late["totals"][0]["undisputed"] == "1000.00"
    assert late["rows"][0]["flag"] == "待拖欠审核"
    assert before["currencies"] == []
    assert [band["open"] for band in ageing["bands"]] == ["1000.00"]


def test_an_operator_assesses_and_verifies_and_others_may_not(
    operator: Client, supplier: Client, contract: str
) -> None:
    opened(supplier, invoice(contract))

    assert operator.post("/v1/assessments", json={}).json()["newly_overdue"] == 1
    assert operator.get("/v1/verification").json() == []
    assert supplier.post("/v1/assessments", json={}).status_code == 403
    assert supplier.get("/v1/verification").status_code == 403


def test_an_export_is_made_fetched_and_answered(
    operator: Client, buyer: Client, supplier: Client, ledger: SignIn, contract: str
) -> None:
    body = invoice(contract, agreed_due_on="2199-01-01")
    opened(buyer, body)
    known = {"code": "PLATFORM-A", "name": "融资平台甲", "party_id": str(STRANGER)}
    operator.post("/v1/platforms", json=known)
    platform = ledger("platform", STRANGER)

    made = supplier.post("/v1/exports", json={"platform": "PLATFORM-A"}).json()
    path = f"/v1/exports/{made['reference']}"
    file = platform.get(f"{path}/file", params={"format": "csv"})

    assert made["total"] == "1000.00"
    assert made["states"] == [{"state": "RESERVED", "count": 1, "amount": "1000.00"}]
    assert "25312000000000000001" in file.content.decode("utf-8-sig")
    again = supplier.post("/v1/exports", json={"platform": "PLATFORM-A"})
    assert (again.status_code, again.json()["code"]) == (409, "NOTHING_ELIGIBLE")
    bomb = platform.post(
        "/v1/exports/answers", files={"file": ("a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>')}
    )
    assert (bomb.status_code, bomb.json()["code"]) == (422, "XML_DOCTYPE")


def test_a_case_is_judged_over_http(supplier: Client) -> None:
    case = {
        "signed_on": "2025-06-10",
        "debtor": {"kind": "LARGE"},
        "creditor": {"size": "SMALL"},
        "facts": {"delivered_on": "2025-07-09"},
    }

    assert supplier.post("/v1/law/explain", json=case).json()["due_on"] == "2025-09-08"
    bad = supplier.post("/v1/law/explain", json={**case, "colour": "red"})
    assert (bad.status_code, bad.json()["code"]) == (422, "CASE_INVALID")
    assert len(supplier.get("/v1/law/rules").json()) > 20


def test_the_gauges_count_what_row_level_security_hides_from_who_asks(
    supplier: Client, contract: str
) -> None:
    opened(supplier, invoice(contract))
    hook = supplier.post("/v1/webhooks", json={"url": "https://erp.example.com/x"})
    with db.transaction() as session:
        sealed = seal(session)
        off = "UPDATE webhook_endpoints SET disabled_because = 'GONE', disabled_at = now()"
        session.connection().execute(sql(off))

    text = supplier.get("/metrics", headers={"authorization": ""}).text

    assert hook.status_code == 201
    assert sealed > 0
    assert f"ledger_events_sealed {sealed}\n" in text
    assert "ledger_webhooks_switched_off 1\n" in text


def test_the_gauges_count_work_and_tell_no_amounts(operator: Client) -> None:
    text = operator.get("/metrics").text

    # Three parties, and the operator's own key.
    assert "ledger_events_unsealed 4\n" in text


def test_events_are_narrowed_by_type_and_subject(supplier: Client, contract: str) -> None:
    claim = opened(supplier, invoice(contract))
    opened(supplier, invoice(contract, invoice_number="25312000000000000002"))
    with db.transaction() as session:
        seal(session)

    def found(**only: str) -> list[tuple[str, str]]:
        answer = supplier.get("/v1/events", params=only)
        assert answer.status_code == 200, answer.text
        return [(one["type"], one["subject_id"]) for one in answer.json()["events"]]

    assert found(type="receivable.opened", subject_id=claim) == [("receivable.opened", claim)]
    assert len(found(type="receivable.*")) == 2
    assert ("contract.registered", contract) in found()
    assert found(type="contract.*", subject_id=claim) == []
    refused = supplier.get("/v1/events", params={"type": "receivable"})
    assert (refused.status_code, refused.json()["code"]) == (422, "EVENT_TYPE_UNKNOWN")
