"""R-21: what an answer says cannot be sent in: a field that a write does not take is refused.

Every write of the API's document is sent every field that its own answer has, and those that tables
have, at every level of its body; each is refused by its name, and nothing has changed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.ids import new_id
from services.ledger.parties.models import Party
from services.ledger.problems import LedgerApi
from tests.ledger.conftest import SignIn
from tests.procedures.operations import ASKS

Json = dict[str, Any]
OF_TABLES = {"id", "status", "state", "role", "actor", "party_id", "debtor_id", "creditor_id"} | {
    f"{word}_at" for word in ("created", "recorded", "known", "occurred")
}
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
    one.operation: json.loads(re.sub(r"\$\w+", str(new_id()), json.dumps(one.body)))
    for one in ASKS
    if isinstance(one.body, dict)
}


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

    def sent(self, schema: Json, fields: set[str], body: Any) -> Iterator[tuple[str, Any]]:
        """Give every body with one field too many, and where that field is."""
        for one in self.objects(schema):
            given = body if isinstance(body, dict) else {}
            for name in sorted(fields - one["properties"].keys()):
                yield name, {**given, name: "x"}
            for name, inner in one["properties"].items():
                for where, value in self.sent(inner, fields, given.get(name)):
                    yield f"{name}.{where}", {**given, name: value}
        if "items" in schema:
            first = body[0] if isinstance(body, list) and body else None
            for where, value in self.sent(schema["items"], fields, first):
                yield f"0.{where}", [value]


def faults(http: TestClient, document: Json) -> tuple[set[str], list[str]]:
    """Return which writes were tried, and the fields that were not refused by name."""
    writes, found, tried = Writes(document), [], set()
    for label, operation, schema in writes.all():
        method, _, path = label.partition(" ")
        path = path.replace("{size}", "1").replace("{what}", "deliveries")
        for name in ("position", "reference"):
            path = path.replace(f"{{{name}}}", "1")
        while "{" in path:
            path = path[: path.index("{")] + str(new_id()) + path[path.index("}") + 1 :]
        for where, body in writes.sent(schema, writes.answered(operation), BODIES.get(label)):
            answer = http.request(method, path, json=body)
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


def test_no_write_takes_what_it_does_not_say(ledger: SignIn, supplier: TestClient) -> None:
    document = supplier.get("/v1/openapi.json").json()
    before = kept()

    tried, found = faults(supplier, document)

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


def test_a_table_that_is_taken_for_a_body_is_found() -> None:
    """The control: an endpoint whose body is the row itself."""
    app, router = LedgerApi(title="wide"), APIRouter()

    @router.post("/v1/parties")
    def post(party: Party) -> dict[str, str]:
        return {"name": party.name}

    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as http:
        _, found = faults(http, app.openapi())

    assert {one.split()[2].rstrip(":") for one in found} >= {"status", "party_id", "created_at"}
