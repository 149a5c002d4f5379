"""R-32: whatever is sent to any operation, by any role, is answered as the API's document says.

Schemathesis draws the requests from the document, well formed and malformed, with their headers;
ids in them are now and then those of things there are. The answers are checked here: never a 5xx, a
status and a content type that are documented, a body of the documented shape, a problem for every
refusal, nothing done that violates the document, and nothing done for nobody. At length its cases
of coverage (each limit of each field, each field left out) are sent too. Its sequences of linked
requests are not: the machine of R-10 acts in sequence, and against a model.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

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

from services.ledger import policy
from services.ledger.problems import LedgerApi
from tests.approvals.people import arrive
from tests.ledger.conftest import SignIn
from tests.procedures.conforming import ROLES, Api
from tests.procedures.estate import an_estate
from tests.procedures.house import sign_all
from tests.procedures.operations import ASKS

PARTS = 16  # of the document at length, for two processes to share
NEVER_DONE = {
    **dict.fromkeys(
        (
            "POST /v1/almanac/imports",
            "POST /v1/approval-rules",
            "POST /v1/approval-substitutes",
            "POST /v1/approvals/decisions",
            "POST /v1/approvals/{proposal_id}/approval",
            "POST /v1/approvals/{proposal_id}/rejection",
            "GET /v1/parties/{party_id}/repayment-accounts/proposed/{proposal_id}",
        ),
        "people decide, or read what they decide on, signed in with a code",
    ),
    "POST /v1/checkpoints/{size}/cosignatures": "a witness signs",
    "POST /v1/imports/{import_id}/commit": "the worker looks at the file first",
}
"""Operations that no role here does, and why."""


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


def _takes(api: Api, label: str) -> bool:
    """Say whether there is anything to draw."""
    method, _, path = label.partition(" ")
    operation = api.document["paths"][path][method.lower()]
    return bool({"parameters", "requestBody"} & operation.keys())


def _operations(api: Api) -> set[str]:
    paths = api.document["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


def test_every_operation_answers_as_its_document_says(api: Api) -> None:
    drive(api, 1, 2)

    assert {label for label, _ in api.answered} == _operations(api)


def _done(api: Api) -> set[str]:
    return {label for label, status in api.answered if status < 300}


def test_every_operation_is_done_by_somebody(api: Api) -> None:
    # Some can be done once another was, as a second complaint; and nothing to what is deleted.
    first = sorted(ASKS, key=lambda one: one.operation.startswith("DELETE"))
    again = (one for one in ASKS if one.operation not in _done(api))
    for one in itertools.chain(first, again):
        for role in sorted(set(ROLES) - {"nobody"}):
            if policy.relation(one.action, role):
                api.act(one, role)

    assert _operations(api) - _done(api) == NEVER_DONE.keys()


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_its_document_says_at_length(api: Api, part: int) -> None:
    """At least a hundred requests of each operation, by every role."""
    cover(api, slice(part, None, PARTS))
    operations = drive(api, 12, len(ROLES), slice(part, None, PARTS))

    sent: Counter[str] = Counter()
    for (label, _), times in api.answered.items():
        sent[label] += times
    few = {label for label in operations if sent[label] < 100}
    assert {label for label in few if _takes(api, label)} == set()


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
