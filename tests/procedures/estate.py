"""A buyer, a supplier and a platform with one of everything, and strangers who have their own.

Whatever these three write holds a word that nobody else may ever read.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from httpx2 import Response

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.financing.platforms import register_platform
from services.ledger.ids import new_id
from services.ledger.law.uscc import check_character
from services.ledger.parties.service import Registration, register
from services.ledger.webhooks import planning
from tests.approvals.people import arrive
from tests.ledger.conftest import SignIn
from tests.procedures.house import seal_all

CANARY = "KANARI7731"
FAR = "2199-01-01"
_BASE = "91310000MA1FL0001"
_CODE = _BASE + check_character(_BASE)
_FILE = f"统一社会信用代码,名称,类型\n{CANARY},错,大型企业\n".encode()


def done(answer: Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


def _party(name: str, kind: str = "LARGE", **identifiers: str) -> UUID:
    party_id = new_id()
    one = Registration(id=party_id, name=name, kind=kind, identifiers=identifiers)
    with db.transaction() as session:
        register(session, OPERATOR, one)
    return party_id


@dataclass
class Estate:
    """What there is, by the names that paths and bodies have for it."""

    known: dict[str, str]
    buyer: TestClient
    supplier: TestClient
    platform: TestClient
    debtor: UUID
    creditor: UUID
    financier: UUID


def _trade(buyer: TestClient, supplier: TestClient, word: str, ids: dict[str, str]) -> str:
    """Make a contract, an order, a receipt and a late receivable, and return the contract."""
    terms = {"reference": word, "signed_on": "2025-06-10"}
    parties = {name: ids[name] for name in ("debtor_id", "creditor_id")}
    contract, _ = (
        done(buyer.post("/v1/contracts", json={**terms, **parties, "reference": f"{word}{n}"}))[
            "id"
        ]
        for n in range(2)
    )
    order = {"contract_id": contract, "reference": word, "placed_on": "2025-06-20"}
    ids["order_id"] = done(buyer.post("/v1/orders", json=order))["id"]
    receipt = {"reference": word, "on": "2025-07-09"}
    received = done(buyer.post(f"/v1/orders/{ids['order_id']}/acceptances", json=receipt))
    ids |= {"contract_id": contract, "receipt_id": received["receipt_id"]}
    ids["receivable_id"] = _invoice(supplier, contract, f"{word}-1", delivered_on="2025-07-09")
    hook = {"url": f"https://{word}.example.com/x", "description": word}
    ids["webhook_id"] = done(supplier.post("/v1/webhooks", json={**hook, "after": 0}))["id"]
    return str(contract)


def _invoice(client: TestClient, contract: str, number: str, **more: Any) -> str:
    body = {
        "contract_id": contract,
        "invoice_kind": "OTHER",
        "invoice_number": number,
        "issued_on": "2025-07-10",
        "amount": "1000.00",
        **more,
    }
    return str(done(client.post("/v1/receivables", json=body))["id"])


def _late(supplier: TestClient, known: dict[str, str], receivable_id: str, word: str) -> None:
    """State all that is stated of a late payment."""
    of = f"/v1/receivables/{receivable_id}"
    suit = {"kind": "SUIT", "reference": word, "text": word}
    complaint = {"text": word, "no_proceedings": True}
    interest = {"reading": "statutory", "until_on": "2025-12-31"}
    claims = done(supplier.post(f"{of}/interest-claims", json=interest))["claims"]
    known["claim_id"] = claims[0]["id"]
    known["complaint_id"] = done(supplier.post(f"{of}/complaints", json=complaint))["id"]
    known["fact_id"] = done(supplier.post(f"{of}/interruptions", json=suit))["id"]


def _financed(estate: Estate, contract: str, party: UUID) -> None:
    """Let two receivables be offered, each by itself, and two more be eligible."""
    with db.transaction() as session:
        register_platform(session, OPERATOR, code="PF-1", name="平台", party_id=party)
    for number in range(2, 6):
        _invoice(
            estate.buyer,
            contract,
            f"{CANARY}-{number}",
            agreed_due_on=FAR,
            delivered_on="2025-07-09",
        )
        if number < 4:
            made = done(estate.supplier.post("/v1/exports", json={"platform": "PF-1"}))
            estate.known.setdefault("reference", made["reference"])


def _kept(estate: Estate, app: Any) -> None:
    """Make what a party keeps for itself: an account, an import, a proposal, deliveries."""
    account = {"holder": CANARY, "bank": CANARY, "number": "6222020200012347731"}
    path = f"/v1/parties/{estate.creditor}/repayment-accounts"
    estate.known["account_id"] = done(estate.supplier.post(path, json=account))[0]["id"]
    file = {"file": (f"企业{CANARY}.csv", _FILE)}
    sent = estate.supplier.post("/v1/imports", files=file, data={"profile": "standard"})
    estate.known["import_id"] = done(sent)["id"]
    checker = arrive(app, estate.debtor, "checker", with_phone=False)
    estate.known["user_id"] = str(checker.viewer.user_id)
    for name in ("other_id", "receivable_id"):
        path = f"/v1/receivables/{estate.known[name]}/confirmation"
        waits = estate.buyer.post(path, json={"reason": CANARY})
        assert waits.status_code == 202, waits.text
        estate.known["proposal_id"] = waits.json()["proposal"]
    seal_all()
    planning.catch_up(now)
    hook = f"/v1/webhooks/{estate.known['webhook_id']}/deliveries"
    estate.known["delivery_id"] = done(estate.supplier.get(hook))["items"][0]["id"]
    events = done(estate.supplier.get("/v1/events"))["events"]
    position = next(one["position"] for one in events if one["type"] == "receivable.opened")
    estate.known["position"] = str(position)


def an_estate(ledger: SignIn) -> tuple[Estate, dict[str, tuple[str, UUID]]]:
    """Return the estate, and the roles and parties of those who are strangers to it."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    debtor, platform = (_party(f"{CANARY}{name}") for name in "甲丙")
    creditor = _party(f"{CANARY}乙", "SMALL", USCC=_CODE)
    known = {"debtor_id": str(debtor), "creditor_id": str(creditor), "party_id": str(creditor)}
    known["identifier"] = _CODE
    buyer, supplier = ledger("core_enterprise", debtor), ledger("supplier", creditor)
    parties = {"debtor": debtor, "creditor": creditor, "financier": platform}
    estate = Estate(known, buyer, supplier, ledger("platform", platform), **parties)
    contract = _trade(buyer, supplier, CANARY, known)
    known["other_id"] = _invoice(supplier, contract, f"{CANARY}-9", delivered_on="2025-07-09")
    for name in ("other_id", "receivable_id"):
        _late(supplier, known, known[name], CANARY)
    _financed(estate, contract, platform)
    _kept(estate, app)
    own_buyer, own_platform = _party("丁"), _party("己")
    own_supplier = _party("戊", "SMALL")
    own = {"debtor_id": str(own_buyer), "creditor_id": str(own_supplier)}
    seller = ledger("supplier", own_supplier)
    _trade(ledger("core_enterprise", own_buyer), seller, "own", own)
    _late(seller, own, own["receivable_id"], "own")
    seal_all()
    estate.known |= {f"own_{name}": value for name, value in own.items()}
    strangers = {
        "core_enterprise": ("core_enterprise", own_buyer),
        "supplier": ("supplier", own_supplier),
        "platform": ("platform", own_platform),
    }
    return estate, strangers
