"""Every list that goes by pages, with rows to walk over, and how rows come and leave meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi.testclient import TestClient
from httpx2 import Response

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.clock import now
from services.ledger.financing.platforms import register_platform
from services.ledger.webhooks import planning
from tests.approvals.people import arrive
from tests.ledger.conftest import BUYER, SUPPLIER, SignIn, opened
from tests.ledger.test_cursors import another
from tests.procedures.estate import FAR, done
from tests.procedures.house import seal_all

ROWS = 9
Pages = Callable[[str | None], tuple[list[str], str | None]]
"""From where a page begins to the ids on it and where the next begins."""


@dataclass
class List:
    """A list as somebody reads it."""

    pages: Pages
    come: Callable[[], object]
    leave: Callable[[str], object] | None = None
    """None: nothing leaves it."""


def patiently(ask: Callable[[], Response]) -> Response:
    """Ask once more as long as the ledger is busy, as it says one should."""
    answer = ask()
    while answer.status_code == 503:
        answer = ask()
    return answer


def by_cursor(client: TestClient, path: str, named: str = "id", **query: Any) -> Pages:
    def page(cursor: str | None) -> tuple[list[str], str | None]:
        asked = {"limit": 2, **query, **({"cursor": cursor} if cursor else {})}
        told = done(patiently(lambda: client.get(path, params=asked)))
        return [row[named] for row in told.get("items", told.get("rows"))], told["next"]

    return page


def by_position(client: TestClient) -> Pages:
    """The log goes by positions instead of cursors."""

    def page(after: str | None) -> tuple[list[str], str | None]:
        told = done(client.get("/v1/events", params={"limit": 2, "after": after or 0}))
        found = [one["id"] for one in told["events"]]
        return found, str(told["next"]) if told["has_more"] else None

    return page


@dataclass
class Book:
    """Those who trade, and their contract."""

    ledger: SignIn
    buyer: TestClient
    supplier: TestClient
    contract: str

    def claims(self, count: int, **more: Any) -> list[str]:
        by = self.buyer if "agreed_due_on" in more else self.supplier
        return [opened(by, another(self.contract, **more)) for _ in range(count)]

    def pay(self, claim: str) -> None:
        part = {"receivable_id": claim, "amount": "1000.00"}
        paid = {"id": claim, "reference": f"P-{claim}", "amount": "1000.00", "allocations": [part]}
        done(patiently(lambda: self.buyer.post("/v1/payments", json=paid)))

    def complain(self, claim: str) -> None:
        text = {"text": "逾期未付", "no_proceedings": True}
        done(self.supplier.post(f"/v1/receivables/{claim}/complaints", json=text))


def receivables(book: Book) -> List:
    book.claims(ROWS)
    regulator = book.ledger("regulator", None)
    return List(by_cursor(regulator, "/v1/receivables"), lambda: book.claims(2), book.pay)


def overdue(book: Book) -> List:
    book.claims(ROWS)
    regulator = book.ledger("regulator", None)
    return List(by_cursor(regulator, "/v1/reports/overdue"), lambda: book.claims(2), book.pay)


def interest(book: Book) -> List:
    def late(count: int) -> None:
        for claim in book.claims(count):
            body = {"reading": "statutory", "until_on": "2025-12-31"}
            done(book.supplier.post(f"/v1/receivables/{claim}/interest-claims", json=body))

    late(ROWS)
    regulator = book.ledger("regulator", None)
    return List(by_cursor(regulator, "/v1/reports/interest", "receivable_id"), lambda: late(2))


def eligible(book: Book) -> List:
    book.claims(ROWS, agreed_due_on=FAR)
    come = lambda: book.claims(2, agreed_due_on=FAR)  # noqa: E731 (a name for a line)
    return List(by_cursor(book.supplier, "/v1/reports/eligible"), come, book.pay)


def contracts(book: Book) -> List:
    parties = {"debtor_id": str(BUYER), "creditor_id": str(SUPPLIER)}

    def sign(count: int) -> None:
        for _ in range(count):
            body = {"reference": "合同", "signed_on": "2025-06-10", **parties}
            done(book.buyer.post("/v1/contracts", json=body))

    sign(ROWS)
    return List(by_cursor(book.buyer, "/v1/contracts"), lambda: sign(2))


def complaints(book: Book) -> List:
    of: dict[str, str] = {}

    def come(count: int) -> None:
        for claim in book.claims(count):
            book.complain(claim)
        listed = done(book.supplier.get("/v1/complaints", params={"limit": 200}))["items"]
        of.update({one["id"]: one["receivable_id"] for one in listed})

    def withdraw(complaint: str) -> None:
        path = f"/v1/receivables/{of[complaint]}/complaints/{complaint}/steps"
        done(book.supplier.post(path, json={"kind": "WITHDRAWN"}))

    come(ROWS)
    pages = by_cursor(book.supplier, "/v1/complaints", state="FILED")
    return List(pages, lambda: come(2), withdraw)


def deliveries(book: Book) -> List:
    hook = {"url": "https://erp.example.com/hooks", "after": 0}
    path = f"/v1/webhooks/{done(book.supplier.post('/v1/webhooks', json=hook))['id']}/deliveries"

    def told(count: int) -> None:
        book.claims(count)
        seal_all()
        planning.catch_up(now)

    told(ROWS)
    return List(by_cursor(book.supplier, path), lambda: told(2))


def events(book: Book) -> List:
    def told(count: int) -> None:
        book.claims(count)
        seal_all()

    told(ROWS)
    return List(by_position(book.supplier), lambda: told(2))


def approvals(book: Book) -> List:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    maker = arrive(app, BUYER, "maker", with_phone=False).client
    arrive(app, BUYER, "checker", with_phone=False)

    def propose(count: int) -> None:
        for claim in book.claims(count):
            waits = maker.post(f"/v1/receivables/{claim}/confirmation", json={})
            assert waits.status_code == 202, waits.text

    def withdraw(proposal: str) -> None:
        done(maker.post(f"/v1/approvals/{UUID(proposal)}/withdrawal"))

    propose(ROWS)
    pages = by_cursor(maker, "/v1/approvals", "proposal", state="WAITING")
    return List(pages, lambda: propose(2), withdraw)


def exports(book: Book) -> List:
    with db.transaction() as session:
        register_platform(session, OPERATOR, code="PF-1", name="平台")

    def offer(count: int) -> None:
        for _ in range(count):
            book.claims(1, agreed_due_on=FAR)
            done(book.supplier.post("/v1/exports", json={"platform": "PF-1"}))

    offer(ROWS)
    return List(by_cursor(book.supplier, "/v1/exports", "reference"), lambda: offer(2))


LISTS = {
    "/v1/receivables": receivables,
    "/v1/reports/overdue": overdue,
    "/v1/reports/interest": interest,
    "/v1/reports/eligible": eligible,
    "/v1/contracts": contracts,
    "/v1/complaints": complaints,
    "/v1/webhooks/{webhook_id}/deliveries": deliveries,
    "/v1/approvals": approvals,
    "/v1/events": events,
    "/v1/exports": exports,
}
