"""R-32: whatever is sent to any operation, by any role, is answered as the API's document says.

Schemathesis draws the requests from the document, well formed and malformed, with their headers;
ids in them are now and then those of things there are. The answers are checked here: never a 5xx, a
status and a content type that are documented, a body of the documented shape, a problem for every
refusal, nothing done that violates the document, and nothing done for nobody. At length its cases
of coverage (each limit of each field, each field left out) are sent too. Its sequences of linked
requests are not: the machine of R-10 acts in sequence, and against a model.
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
from fastapi import Request
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.meta import CONTENT_TYPE_PROBES
from schemathesis.generation.overrides import Override

from services.ledger.problems import LedgerApi
from tests.approvals.people import arrive
from tests.ledger.conftest import SignIn
from tests.procedures.estate import an_estate
from tests.procedures.house import sign_all

ROLES = (
    *("core_enterprise", "regulator", "supplier", "operator", "nobody", "service", "platform"),
    *("security_admin", "audit_admin"),
)
UNASKED = frozenset({400, 404, 412, 413, 415, 422})
"""What is answered to a malformed request before it is asked who sends it."""
PROBLEM = "application/problem+json"
PARTS = 16  # of the document at length, for two processes to share
ASKED_LAST = {"POST /v1/receivables"}
"""One statement finds who asks and does it, once its fields are read; amounts are well formed to
the document that are none."""
NEVER_DONE = {"POST /v1/almanac/imports": "two operators are needed"}
"""Operations that no drawn request can do, and why."""
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
        own = {"authorization": f"Bearer {self.tokens[role]}"}
        headers = {k: v for k, v in (case.headers or {}).items() if _sendable(v)} | own
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
        told = f"{role} {case.method} {address} {query} {headers} {sent}"
        self.check(case.method, path, answer, told)
        malformed = case.meta.generation.mode is GenerationMode.NEGATIVE
        if role == "nobody":
            asked_last = malformed or f"{case.method} {path}" in ASKED_LAST
            wanted = {401} | UNASKED if asked_last else {401}
            assert answer.status_code in wanted, (told, answer.text)
        if malformed and not known:
            assert answer.status_code >= 300, (f"malformed ({case.meta.phase.data})", told)

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


def _sendable(value: Any) -> bool:
    """Say whether a value can be a header at all: no client sends what is no text in Latin-1."""
    return isinstance(value, str) and value.isascii() and value.isprintable()


@pytest.fixture
def api(ledger: SignIn) -> Iterator[Api]:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    estate, _ = an_estate(ledger)
    sign_all()
    clients = {
        "core_enterprise": estate.buyer,
        "supplier": estate.supplier,
        "platform": estate.platform,
        **{role: ledger(role, None) for role in ("regulator", "operator", "service")},
        **{
            role: arrive(app, None, role=role, with_phone=False).client
            for role in ("security_admin", "audit_admin")
        },
    }
    tokens = {role: client.headers["authorization"][7:] for role, client in clients.items()}
    tokens["nobody"] = "no key at all"
    size = estate.buyer.get("/v1/checkpoints").json()["checkpoints"][0]["size"]
    known = {**estate.known, "what": "acceptances", "size": str(size)}
    with TestClient(app, raise_server_exceptions=False) as http:
        yield Api(http, tokens, known)


def _operations_of(api: Api) -> Any:
    """Return the document's operations; who asks is said here, and not drawn."""
    return schemathesis.openapi.from_dict({**api.document, "security": []})


def drive(api: Api, examples: int, roles: int, part: slice = slice(None)) -> set[str]:
    """Send each operation that many requests of each kind, as that many roles in turn.

    Returns the operations of that part of the document, which is the whole if none is named.
    """
    failures, labels = [], set()
    turn = itertools.cycle(ROLES)
    results = list(_operations_of(api).get_all_operations())[part]
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


def cover(api: Api, part: slice) -> None:
    """Send what covers each limit of each field, once each, by roles in turn."""
    failures, turn = [], itertools.cycle(ROLES)
    for result in list(_operations_of(api).get_all_operations())[part]:
        operation = result.ok()
        cases = CoverageGenerator(
            operation=operation,
            generation_modes=list(GenerationMode),
            generation_config=operation.schema.config.generation,
            auth_storage=None,
            override=Override(),
            feedback=FeedbackSources(),
        )
        for case in cases:
            # What a header says of a body that is not there means nothing.
            phase: Any = case.meta and case.meta.phase.data
            odd = phase.scenario in CONTENT_TYPE_PROBES
            if case.method.upper() == operation.method.upper() and not odd:
                role = next(turn)
                try:
                    api.send(case, role, known=False)
                    api.send(case, role, known=True)
                except AssertionError as error:
                    failures.append(f"{operation.label} {role}: {error}"[:1200])
    assert failures == [], "\n\n".join(failures)


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
    cover(api, slice(part, None, PARTS))
    operations = drive(api, 12, len(ROLES), slice(part, None, PARTS))

    sent: Counter[str] = Counter()
    for (label, _), times in api.answered.items():
        sent[label] += times
    assert {label: sent[label] for label in operations if sent[label] < 100} == {}
    done = {label for label, status in api.answered if status < 300}
    assert operations - done == operations & NEVER_DONE.keys()


def test_what_is_not_documented_is_found(api: Api) -> None:
    """The control: of an operation that says less than it does."""
    del api.document["paths"]["/v1/receivables/{receivable_id}"]["get"]["responses"]["404"]

    with pytest.raises(AssertionError, match="404"):
        drive_one(api, "/v1/receivables/{receivable_id}", "GET")


def test_what_takes_anything_is_found(ledger: SignIn) -> None:
    """The control: an operation that says what it takes, and looks at nothing of it."""
    app = LedgerApi(title="lax", openapi_url="/v1/openapi.json")
    body = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    content = {"application/json": {"schema": {**body, "additionalProperties": False}}}

    @app.post("/v1/things", openapi_extra={"requestBody": {"required": True, "content": content}})
    async def post(request: Request) -> dict[str, str]:
        await request.body()
        return {}

    with TestClient(app, raise_server_exceptions=False) as http:
        lax = Api(http, {"supplier": "x"}, {})
        with pytest.raises(AssertionError, match="malformed"):
            drive_one(lax, "/v1/things", "POST", GenerationMode.NEGATIVE)


def drive_one(
    api: Api, path: str, method: str, mode: GenerationMode = GenerationMode.POSITIVE
) -> None:
    operation = _operations_of(api)[path][method]
    _drive(api, operation.as_strategy(generation_mode=mode), "supplier", 3)
