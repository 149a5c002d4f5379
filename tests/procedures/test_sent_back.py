"""R-21: what an answer says cannot be sent in: a field that a write does not take is refused.

Every write of the API's document is sent, by the owner of what it writes to and beside a body that
is good, every field that its own answer and a read of the thing have, as they are there, and those
that tables have: at every level of its body one by one, and all at once. Each is refused by its
name, and nothing has changed. What a write does take of these is pinned.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db, policy
from services.ledger.edges import ApiModel
from services.ledger.parties.models import Party
from services.ledger.problems import LedgerApi
from tests.ledger.conftest import SignIn
from tests.procedures.estate import Estate, an_estate
from tests.procedures.operations import ASKS

Json = dict[str, Any]
OF_TABLES = {
    *("id", "status", "state", "role", "actor", "party_id", "debtor_id", "creditor_id"),
    *("tenant_id", "user_id", "platform_id", "actor_party_id"),
    *(f"{word}_at" for word in ("created", "recorded", "known", "occurred")),
}
TAKEN = {
    # Whose contract it is, who made a platform, what a message was about, and the book of when.
    "debtor_id": {"POST /v1/contracts"},
    "creditor_id": {"POST /v1/contracts"},
    "party_id": {"POST /v1/platforms", "POST /v1/message-arrivals"},
    "known_at": {"POST /v1/simulations"},
}
"""Fields of tables that writes take, but for ids of the caller's own (`test_known_ids.py`)."""
_ONE = "/v1/receivables/{receivable_id}"
READS = {
    "/v1/receivables": _ONE,
    f"{_ONE}/arrears-facts": f"{_ONE}/arrears-facts",
    f"{_ONE}/complaints": f"{_ONE}/complaints/{{complaint_id}}",
    f"{_ONE}/interest": f"{_ONE}/interest-claims",
    "/v1/contracts": "/v1/contracts/{contract_id}",
    "/v1/orders": "/v1/orders/{order_id}",
    "/v1/approvals": "/v1/approvals/{proposal_id}",
    "/v1/parties": "/v1/parties?scheme=USCC&value={identifier}",
    "/v1/parties/{party_id}/": "/v1/parties/{party_id}/repayment-accounts/{account_id}",
    "/v1/exports": "/v1/exports/{reference}",
    "/v1/webhooks": "/v1/webhooks/{webhook_id}",
    "/v1/webhooks/{webhook_id}/deliveries": "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}",
}
"""What is read of the thing that a write is about; of any other write, a receivable."""
FREE = {"POST /v1/law/explain"}
"""Bodies that are a case: its own reader refuses what it does not know."""
FORMS = {"POST /v1/imports", "POST /v1/exports/answers"}
"""Files: their parts are taken by name, and there is no object whose fields could be set."""
_TABLES = text(
    "SELECT quote_ident(relname) FROM pg_stat_user_tables"
    " WHERE schemaname = 'public' AND relname <> 'uses'"
)
_HASH = "SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
BODIES = {
    # The last way of each, so that nothing but the field too many is wrong with it.
    one.operation: one
    for one in ASKS
    if isinstance(one.body, dict)
}


class Owners:
    """Who own things, the things' ids, and what is read of each."""

    def __init__(self, estate: Estate, operator: TestClient) -> None:
        self.known = {"size": "1", "what": "deliveries", **estate.known}
        self.clients = {
            "core_enterprise": estate.buyer,
            "supplier": estate.supplier,
            "platform": estate.platform,
            "operator": operator,
        }
        self._read: dict[str, Json] = {}

    def client(self, label: str) -> TestClient:
        """Return one who may do this, of what is theirs."""
        action = BODIES[label].action if label in BODIES else "law.read"
        may = (client for role, client in self.clients.items() if policy.relation(action, role))
        return next(may, self.clients["supplier"])  # What is wrong is said before who may.

    def path(self, label: str) -> str:
        return re.sub(r"{(\w+)}", lambda name: self.known[name[1]], label.partition(" ")[2])

    def body(self, label: str) -> Json:
        def value(name: re.Match[str]) -> str:
            return self.known.get(name[1].removeprefix("own_"), name[0])

        one = BODIES.get(label)
        body: Json = json.loads(re.sub(r"\$(\w+)", value, json.dumps(one.body))) if one else {}
        return body

    def read(self, label: str) -> Json:
        """Return what there is to be read of what a write is about."""
        path = label.partition(" ")[2]
        best = max((one for one in READS if path.startswith(one)), key=len, default="")
        address = READS.get(best, _ONE)
        if address not in self._read:
            filled = self.path(f"GET {address}")
            answers = [client.get(filled) for client in self.clients.values()]
            shown = next(one.json() for one in answers if one.status_code == 200)
            for name in ("items", "claims"):
                shown = shown.get(name, shown) if isinstance(shown, dict) else shown
            self._read[address] = shown[0] if isinstance(shown, list) else shown
        return self._read[address]


class Writes:
    """The bodies and answers of the writes, as the document describes them."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.schemas: Json = document["components"]["schemas"]

    def all(self) -> Iterator[tuple[str, Json, Json]]:
        """Give each write with its description and the schema of its body."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                content = operation.get("requestBody", {}).get("content", {})
                if "application/json" in content:
                    yield (
                        f"{method.upper()} {path}",
                        operation,
                        content["application/json"]["schema"],
                    )

    def objects(self, schema: Json) -> Iterator[Json]:
        """Give the objects that a schema may be, through references and unions."""
        if "$ref" in schema:
            yield from self.objects(self.schemas[schema["$ref"].rpartition("/")[2]])
        for one in schema.get("anyOf", ()):
            yield from self.objects(one)
        if "properties" in schema:
            yield schema

    def names(self, schema: Json, seen: frozenset[str] = frozenset()) -> set[str]:
        """Return the names of all fields at any level."""
        reference = schema.get("$ref", "")
        if reference in seen:
            return set()
        seen |= {reference} if reference else frozenset()
        found: set[str] = set()
        for one in self.objects(schema):
            for name, inner in one["properties"].items():
                found |= {name} | self.names(inner, seen)
        for inner in (schema.get("items"), *schema.get("anyOf", ())):
            found |= self.names(inner, seen) if inner else set()
        return found

    def answered(self, operation: Json) -> set[str]:
        found = set(OF_TABLES)
        for status, answer in operation["responses"].items():
            schema = answer.get("content", {}).get("application/json", {}).get("schema")
            found |= self.names(schema) if schema and status.startswith("2") else set()
        return found

    def sent(self, schema: Json, fields: Json, body: Any) -> Iterator[tuple[str, Any]]:
        """Give every body with one field too many, and with all, and where a field is."""
        for one in self.objects(schema):
            given = body if isinstance(body, dict) else {}
            more = {k: fields[k] for k in sorted(fields.keys() - one["properties"].keys())}
            for name, value in more.items():
                yield name, {**given, name: value}
            if more:
                yield next(iter(more)), {**given, **more}
            for name, inner in one["properties"].items():
                for where, value in self.sent(inner, fields, given.get(name)):
                    yield f"{name}.{where}", {**given, name: value}
        if "items" in schema:
            first = body[0] if isinstance(body, list) and body else None
            for where, value in self.sent(schema["items"], fields, first):
                yield f"0.{where}", [value]

    def taken(self) -> dict[str, set[str]]:
        """Return the fields of tables that writes take, at any level."""
        found: dict[str, set[str]] = {}
        for label, _, schema in self.all():
            for name in OF_TABLES & self.names(schema) if label not in FREE else ():
                found.setdefault(name, set()).add(label)
        return found


def faults(
    owners: Owners, document: Json, http: TestClient | None = None
) -> tuple[set[str], list[str]]:
    """Return which writes were tried, and the fields that were not refused by name."""
    writes, found, tried = Writes(document), [], set()
    for label, operation, schema in writes.all():
        if label in FREE:
            continue
        client, path, body = http or owners.client(label), owners.path(label), owners.body(label)
        fields = dict.fromkeys(writes.answered(operation), "x") | owners.read(label)
        for where, given in writes.sent(schema, fields, body):
            answer = client.request(label.partition(" ")[0], path, json=given)
            named = [one["field"] for one in answer.json().get("errors", ())]
            # A union names the member it tried in between.
            refused = any(_parts(f"body.{where}") <= _parts(name) for name in named)
            if answer.status_code != 422 or not refused:
                found.append(f"{label} {where}: {answer.status_code} {answer.text[:200]}")
            tried.add(label)
    return tried, found


def _parts(field: str) -> set[str]:
    return set(field.split("."))


def kept() -> dict[str, str | None]:
    """Return a hash of every table's rows; when a key was used last is no change."""
    with db.transaction() as session:
        run = session.connection().execute
        return {
            table: run(text(_HASH.format(table=table))).scalar_one()
            for table in run(_TABLES).scalars().all()
        }


@pytest.fixture
def owners(ledger: SignIn) -> Owners:
    estate, _ = an_estate(ledger)
    return Owners(estate, ledger("operator", None))


def test_no_write_takes_what_it_does_not_say(owners: Owners) -> None:
    document = owners.clients["supplier"].get("/v1/openapi.json").json()
    for label, _, _ in Writes(document).all():
        assert label in FREE or owners.read(label)
    before = kept()

    tried, found = faults(owners, document)

    if found:
        pytest.fail("\n".join(found))
    assert kept() == before
    paths = document["paths"].items()
    bodies = {
        f"{method.upper()} {path}"
        for path, methods in paths
        for method, operation in methods.items()
        if "requestBody" in operation
    }
    assert bodies - tried == FREE | FORMS


def test_what_writes_take_of_tables_is_known(owners: Owners) -> None:
    taken = Writes(owners.clients["supplier"].get("/v1/openapi.json").json()).taken()

    assert len(taken.pop("id")) == 26
    assert taken == TAKEN


def _wide(model: type[Any]) -> TestClient:
    app, router = LedgerApi(title="wide"), APIRouter()

    @router.post("/v1/parties")
    def post(party: model) -> dict[str, str]:  # type: ignore[valid-type]
        return {"name": party.name}  # type: ignore[attr-defined]

    app.include_router(router)
    return TestClient(app, raise_server_exceptions=False)


class Stated(ApiModel):
    """A body that refuses what it does not know, and knows too much."""

    name: str
    kind: str
    status: str = ""


@pytest.mark.parametrize(
    ("model", "wrong"),
    [(Party, {"status", "party_id", "created_at"}), (Stated, {"status"})],
)
def test_a_body_that_takes_too_much_is_found(
    owners: Owners, model: type[Any], wrong: set[str]
) -> None:
    """The control: the row itself as a body; and one that only declares its status."""
    with _wide(model) as http:
        document: Json = http.app.openapi()  # type: ignore[attr-defined]
        _, found = faults(owners, document, http)
        taken = Writes(document).taken()

    named = {one.split()[2].rstrip(":") for one in found}
    assert wrong <= named | {
        name for name, where in taken.items() if where - TAKEN.get(name, set())
    }
