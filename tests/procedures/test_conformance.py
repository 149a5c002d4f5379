"""R-32: whatever is sent to any operation, by any role, is answered as the API's document says.

Schemathesis draws the requests from the document, well formed and malformed; ids in them are now
and then those of things there are. The answers are checked here: never a 5xx, a status and a
content type that are documented, a body of the documented shape, and a problem for every refusal.
"""

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from tests.ledger.conftest import BUYER, SUPPLIER, SignIn, invoice, opened

ROLES = {
    "core_enterprise": BUYER,
    "regulator": None,
    "supplier": SUPPLIER,
    "operator": None,
    "nobody": None,
    "service": None,
    "platform": None,
}
PROBLEM = "application/problem+json"
PARTS = 16  # of the document at length, for two processes to share
NOT_JSON = {"/v1/exports/{reference}/file"}


class Api:
    """The API, its document, a token of each role, and ids of things there are."""

    def __init__(self, http: TestClient, tokens: dict[str, str], known: dict[str, str]) -> None:
        self.http, self.tokens, self.known = http, tokens, known
        self.document: dict[str, Any] = http.get("/v1/openapi.json").json()
        self.answered: Counter[tuple[str, int]] = Counter()

    def send(self, case: Any, role: str, *, known: bool) -> None:
        path = case.operation.path
        values = {k: str(v) for k, v in (case.path_parameters or {}).items()}
        if known:
            values |= {k: v for k, v in self.known.items() if k in values}
        address = path
        for name, value in values.items():
            address = address.replace(f"{{{name}}}", quote(value, safe="") or "-")
        headers = {"authorization": f"Bearer {self.tokens[role]}"}
        sent: dict[str, Any] = {}
        if case.media_type == "application/json":
            sent["content"] = _json(self._filled(case.body) if known else case.body)
            headers["content-type"] = case.media_type
        elif case.media_type:
            sent["files"] = {"file": ("a.xml", str(case.body).encode(errors="replace"))}
        query = {k: _text(v) for k, v in (case.query or {}).items()}
        answer = self.http.request(
            case.method, address, params=query, headers=headers, follow_redirects=False, **sent
        )
        self.answered[f"{case.method} {path}", answer.status_code] += 1
        self.check(case.method, path, answer, f"{role} {case.method} {address} {query} {sent}")

    def _filled(self, body: Any) -> Any:
        """Return a body whose ids are of things there are, and whose amounts and days are so."""
        if isinstance(body, list):
            return [self._filled(item) for item in body]
        if not isinstance(body, dict):
            return body
        good = {**self.known, "amount": "1.00", "on": "2026-01-02", "signed_on": "2025-06-10"}
        return {k: good.get(k, self._filled(v)) for k, v in body.items()}

    def check(self, method: str, path: str, answer: Any, told: str) -> None:
        status, kind = answer.status_code, answer.headers.get("content-type", "")
        assert status < 500, (told, answer.text)
        if status == 404 and answer.json()["detail"].startswith("There is nothing at this"):
            return  # an id with a slash or nothing in it is another address
        responses = self.document["paths"][path][method.lower()]["responses"]
        assert str(status) in responses, (told, status, answer.text)
        if status >= 400:
            assert kind == PROBLEM, (told, kind)
        content = responses[str(status)].get("content", {})
        if content and path not in NOT_JSON:
            assert kind in content, (told, kind)
            schema = {**content[kind].get("schema", {}), "components": self.document["components"]}
            found = list(jsonschema_rs.Draft202012Validator(schema).iter_errors(answer.json()))
            assert found == [], (told, found[0].message, answer.text)
        assert answer.headers["x-request-id"]


def _json(body: Any) -> bytes:
    try:
        return json.dumps(body).encode()
    except TypeError:  # no body
        return b""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


@pytest.fixture
def api(ledger: SignIn, buyer: TestClient, supplier: TestClient, contract: str) -> Iterator[Api]:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    tokens = {"nobody": "no key at all"}
    for role, party in ROLES.items():
        if role != "nobody":
            tokens[role] = ledger(role, party).headers["authorization"].removeprefix("Bearer ")
    receivable = opened(supplier, invoice(contract, agreed_due_on="2199-01-01"))
    order = buyer.post(
        "/v1/orders",
        json={"contract_id": contract, "reference": "PO-1", "placed_on": "2025-06-20"},
    ).json()
    hook = supplier.post("/v1/webhooks", json={"url": "https://example.com/x"})
    known = {
        "contract_id": contract,
        "receivable_id": receivable,
        "order_id": order["id"],
        "webhook_id": hook.json().get("id", ""),
        "debtor_id": str(BUYER),
        "creditor_id": str(SUPPLIER),
        "what": "acceptances",
        "size": "1",
        "position": "1",
    }
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Api(http, tokens, known)


def drive(api: Api, examples: int, roles: int, part: slice = slice(None)) -> set[str]:
    """Send each operation that many requests of each kind, as that many roles in turn.

    Returns the operations of that part of the document, which is the whole if none is named.
    """
    failures, labels = [], set()
    turn = itertools.cycle(ROLES)
    results = list(schemathesis.openapi.from_dict(api.document).get_all_operations())[part]
    for result in results:
        assert isinstance(result, Ok), result
        operation = result.ok()
        labels.add(operation.label)
        for role in [next(turn) for _ in range(roles)]:
            for mode in GenerationMode:
                try:
                    _drive(api, operation.as_strategy(generation_mode=mode), role, examples)
                except Unsatisfiable:  # nothing can be wrong where nothing is asked
                    assert mode is GenerationMode.NEGATIVE
                except AssertionError as error:
                    failures.append(f"{operation.label} {role}: {error}"[:1200])
    assert failures == [], "\n\n".join(failures)
    return labels


def _drive(api: Api, cases: Any, role: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Any) -> None:
        api.send(case, role, known=False)
        if role not in {"nobody", "service"}:
            api.send(case, role, known=True)

    send()


def _operations(api: Api) -> set[str]:
    paths = api.document["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


def test_every_operation_answers_as_its_document_says(api: Api) -> None:
    drive(api, 1, 2)

    assert {label for label, _ in api.answered} == _operations(api)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_its_document_says_at_length(api: Api, part: int) -> None:
    """At least a hundred requests of each operation, by every role."""
    operations = drive(api, 12, len(ROLES), slice(part, None, PARTS))

    sent: Counter[str] = Counter()
    for (label, _), times in api.answered.items():
        sent[label] += times
    assert {label: sent[label] for label in operations if sent[label] < 100} == {}


def test_what_is_not_documented_is_found(api: Api) -> None:
    """The control: of an operation that says less than it does."""
    del api.document["paths"]["/v1/receivables/{receivable_id}"]["get"]["responses"]["404"]

    with pytest.raises(AssertionError, match="404"):
        drive_one(api, "/v1/receivables/{receivable_id}", "GET")


def drive_one(api: Api, path: str, method: str) -> None:
    operation = schemathesis.openapi.from_dict(api.document)[path][method]
    _drive(api, operation.as_strategy(generation_mode=GenerationMode.POSITIVE), "supplier", 3)
