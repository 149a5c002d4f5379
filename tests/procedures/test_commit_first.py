"""R-09: when a 2xx leaves, what it answers can be read by anyone else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import edges
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.identification import act
from services.ledger.ids import new_id
from services.ledger.intake.tasks import work
from services.ledger.parties.service import Registration, register
from services.ledger.problems import LedgerApi
from services.ledger.webhooks import planning
from tests.ledger.conftest import BUYER, SUPPLIER, SignIn
from tests.procedures.house import a_platform, invoice_number, seal_all
from tests.procedures.machine import answer_file
from tests.procedures.model import Book, Offer
from tests.procedures.witness import WRITES, Witness

CHANGES_NOTHING = {"POST /v1/law/explain", "POST /v1/simulations"}
ELSEWHERE = {
    # Acts of people with a second factor, and of the notifier and witnesses; their session is the
    # one dependency that this file tries.
    "POST /v1/approvals/{proposal_id}/approval",
    "POST /v1/approvals/{proposal_id}/rejection",
    "POST /v1/approvals/{proposal_id}/withdrawal",
    "POST /v1/approvals/decisions",
    "POST /v1/approval-rules",
    "POST /v1/approval-substitutes",
    "POST /v1/checkpoints/{size}/cosignatures",
    "POST /v1/message-arrivals",
    "POST /v1/almanac/imports",
}
Sent = tuple[str, str, dict[str, Any]]


class Parties:
    """Clients of a buyer, a supplier and others through a witness, one request at a time."""

    def __init__(self, witness: Witness, http: TestClient, tokens: dict[str, str]) -> None:
        self.witness, self.http, self.tokens = witness, http, tokens
        self.done: set[str] = set()

    def post(
        self, who: str, route: str, body: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        method = more.pop("method", "POST")
        sent: dict[str, Any] = {"json": body} if body is not None else {}
        if "file" in more:
            sent = {"files": {"file": more.pop("file")}, "data": more.pop("data", {})}
        headers = {"authorization": f"Bearer {self.tokens[who]}"}
        path = route.format(**more)
        answer = self.http.request(method, path, headers=headers, **sent)
        assert answer.status_code < 300, (path, answer.text)
        self.done.add(f"{method} {route}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def opened(self, **changes: Any) -> str:
        body = {
            "contract_id": self.contract,
            "invoice_number": invoice_number(),
            "issued_on": "2025-07-10",
            "amount": "1000.00",
            "delivered_on": "2025-07-09",
            **changes,
        }
        one: str = self.post("supplier", "/v1/receivables", body)["id"]
        assert self.witness.row("receivables", UUID(one))
        return one

    @property
    def contract(self) -> str:
        if not hasattr(self, "_contract"):
            body = {
                "reference": "合同-1",
                "debtor_id": str(BUYER),
                "creditor_id": str(SUPPLIER),
                "signed_on": "2025-06-10",
            }
            self._contract: str = self.post("buyer", "/v1/contracts", body)["id"]
        return self._contract


@contextmanager
def witnessed(app: Any) -> Iterator[tuple[Witness, TestClient]]:
    witness = Witness(app, settings().database_url)
    with TestClient(witness, raise_server_exceptions=False) as http:
        yield witness, http
    witness.close()


@pytest.fixture
def parties(ledger: SignIn, operator: TestClient) -> Iterator[Parties]:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    tokens = {"platform": a_platform()}
    for who, role, party in (
        ("buyer", "core_enterprise", BUYER),
        ("supplier", "supplier", SUPPLIER),
        ("authority", "regulator", None),
        ("operator", "operator", None),
    ):
        header: str = ledger(role, party).headers["authorization"]
        tokens[who] = header.removeprefix("Bearer ")
    with witnessed(app) as (witness, http):
        yield Parties(witness, http, tokens)


def _book(parties: Parties, *, claim: str) -> None:
    of = "/v1/receivables/{receivable_id}"
    named = {"receivable_id": claim}

    def act(who: str, what: str, **body: Any) -> dict[str, Any]:
        return parties.post(who, f"{of}/{what}", body, **named)

    act("supplier", "confirmation-requests")
    act("buyer", "confirmation", amount="900.00", reason="数量不符")
    act("buyer", "resolutions", amount="50.00", outcome="upheld")
    act("buyer", "disputes", amount="10.00", reason="质量")
    act("supplier", "credits", amount="20.00", reason="红字")
    act("supplier", "interest-claims", reading="statutory", until_on="2025-12-31")
    act("supplier", "interest-waivers", amount="0.01")
    act("supplier", "costs", kind="NOTARY", amount="5.00", text="公证费发票")
    act("supplier", "interruptions", kind="DEMAND", reference="催款函-1")
    bill = act("buyer", "instruments", kind="BILL", amount="10.00", matures_on="2199-01-01")
    act("buyer", "delay-reasons", reason="INTERNAL_PROCESS")
    end = f"{of}/arrears-facts/{{fact_id}}/end"
    parties.post("buyer", end, {}, **named, fact_id=bill["id"])
    one = act("supplier", "complaints", text="货款逾期未付", no_proceedings=True)
    parties.post(
        "authority",
        f"{of}/complaints/{{complaint_id}}/steps",
        {"kind": "ACCEPTED"},
        **named,
        complaint_id=one["id"],
    )
    allocations = [{"receivable_id": claim, "amount": "1.00"}]
    paid = {"reference": "P-1", "amount": "1.00", "allocations": allocations}
    payment = parties.post("buyer", "/v1/payments", paid)["id"]
    assert parties.witness.row("payments", UUID(payment))


def _around(parties: Parties) -> None:
    """What is not about one late receivable."""
    new = {"id": str(new_id()), "name": "新企业", "kind": "SMALL"}
    parties.post("operator", "/v1/parties", new)
    assert parties.witness.row("parties", UUID(new["id"]))
    order = {"contract_id": parties.contract, "reference": "PO-1", "placed_on": "2025-06-20"}
    order_id = parties.post("buyer", "/v1/orders", order)["id"]
    assert parties.witness.row("orders", UUID(order_id))
    receipt = {"reference": "GR-1", "on": "2025-07-09"}
    fact = "/v1/orders/{order_id}/{what}"
    parties.post("buyer", fact, receipt, order_id=order_id, what="acceptances")
    address = {"url": "https://example.com/x", "after": 0}
    hook = parties.post("supplier", "/v1/webhooks", address)["id"]
    _replayed(parties, hook)
    parties.post("supplier", "/v1/webhooks/{webhook_id}/secrets", {}, webhook_id=hook)
    parties.post("supplier", "/v1/webhooks/{webhook_id}/pings", webhook_id=hook)
    one = "/v1/webhooks/{webhook_id}"
    parties.post("supplier", one, {"description": "x"}, webhook_id=hook, method="PATCH")
    parties.post("supplier", one, webhook_id=hook, method="DELETE")
    parties.post("operator", "/v1/platforms", {"code": "PLATFORM-B", "name": "融资平台乙"})
    parties.post("operator", "/v1/assessments", {})
    table = ("企业.csv", "统一社会信用代码,名称,类型\nX,错,大型企业\n".encode())
    data = {"profile": "standard"}
    import_id = parties.post("buyer", "/v1/imports", file=table, data=data)["id"]
    work(import_id=import_id)
    parties.post("buyer", "/v1/imports/{import_id}/commit", import_id=import_id)
    assert parties.witness.row("import_jobs", UUID(import_id))
    account = {"holder": "小企业乙", "bank": "中国银行", "number": "6222020200012345678"}
    path = "/v1/parties/{party_id}/repayment-accounts"
    parties.post("supplier", path, account, party_id=SUPPLIER)


def _replayed(parties: Parties, hook: str) -> None:
    """Send what was sent to an address again: one delivery, and a range."""
    seal_all()
    planning.catch_up(now)
    headers = {"authorization": f"Bearer {parties.tokens['supplier']}"}
    of = "/v1/webhooks/{webhook_id}"
    sent = parties.http.get(f"/v1/webhooks/{hook}/deliveries", headers=headers).json()["items"]
    named = {"webhook_id": hook, "delivery_id": sent[0]["id"]}
    parties.post("supplier", f"{of}/deliveries/{{delivery_id}}/replay", **named)
    again = {"after": 0, "through": 1}
    parties.post("supplier", f"{of}/replays", again, webhook_id=hook)


def _financing(parties: Parties) -> None:
    number = invoice_number()
    claim = parties.opened(invoice_number=number, agreed_due_on="2199-01-01")
    batch = {"items": [{"receivable_id": claim}]}
    parties.post("buyer", "/v1/confirmations", batch)
    made = parties.post("supplier", "/v1/exports", {"platform": "PLATFORM-A"})
    book = Book(UUID(claim), number, 1_000_00, confirmed=True, late=False)
    answer = answer_file(Offer(made["reference"], 1_000_00), book, "FINANCED").encode()
    parties.post("platform", "/v1/exports/answers", file=("a.xml", answer))


def test_what_a_2xx_answers_is_there_when_it_leaves(parties: Parties) -> None:
    _book(parties, claim=parties.opened())
    _around(parties)
    _financing(parties)

    assert parties.witness.missed == []
    # An assessment that finds nothing new, and a file that waits to be seen or taken, tell nothing.
    assert parties.witness.told >= parties.witness.looked - 3
    paths = parties.http.get("/v1/openapi.json").json()["paths"]
    writes = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        for method in methods
        if method.upper() in WRITES
    }
    assert writes - parties.done == CHANGES_NOTHING | ELSEWHERE


def _many(parties: Parties, rounds: int) -> None:
    """All three ways of opening: one statement, a thread's transaction, instalments; and a pay."""
    lines = [{"kind": "PROGRESS", "amount": f"{n}00.00"} for n in (4, 6)]
    for _ in range(rounds):
        claim = parties.opened()
        parties.opened(invoice_kind="OTHER", invoice_number=f"INV-{new_id().hex[-12:]}")
        parties.opened(instalments=lines)
        allocations = [{"receivable_id": claim, "amount": "1.00"}]
        body = {"reference": "P", "amount": "1.00", "allocations": allocations}
        paid = UUID(parties.post("buyer", "/v1/payments", body)["id"])
        assert parties.witness.row("payments", paid)
    assert parties.witness.missed == []
    assert parties.witness.told == parties.witness.looked >= 4 * rounds


def test_a_hundred_writes_are_there_when_they_are_answered(parties: Parties) -> None:
    _many(parties, 25)


@pytest.mark.soak
def test_ten_thousand_writes_are_there_when_they_are_answered(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    fast = settings().model_copy(update={"ledger_requests_per_minute": 10**6})
    monkeypatch.setattr("services.ledger.rates.settings", lambda: fast)
    _many(parties, 2500)


def test_a_session_that_commits_after_its_answer_is_found(ledger: SignIn) -> None:
    """The control: the framework's own default for a dependency that yields."""
    app, router = LedgerApi(title="late"), APIRouter()
    late = Depends(edges._session)

    @router.post("/parties", status_code=201)
    def post(session: Annotated[Session, late]) -> dict[str, str]:
        act(session, OPERATOR)
        register(session, OPERATOR, Registration(id=new_id(), name="迟", kind="SMALL"), "late")
        session.connection().execute(text("SELECT 1"))
        return {}

    app.include_router(router)
    with witnessed(app) as (witness, http):
        assert http.post("/parties").status_code == 201

    assert witness.missed == ["POST /parties 201"]
    assert (witness.looked, witness.told) == (1, 0)
