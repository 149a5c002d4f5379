"""Sends what the document of the API describes, and looks at whether the answer is as it says."""

import json
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from fastapi.testclient import TestClient
from schemathesis import GenerationMode

from tests.procedures.asking import Ask
from tests.procedures.probe import file_of, filled

ROLES = (
    *("core_enterprise", "regulator", "supplier", "operator", "nobody", "service", "platform"),
    *("security_admin", "audit_admin"),
)
UNASKED = frozenset({400, 404, 412, 413, 415, 422})
"""What is answered to a malformed request before it is asked who sends it."""
PROBLEM = "application/problem+json"
ASKED_LAST = {"POST /v1/receivables"}
"""One statement finds who asks and does it, once its fields are read; amounts are well formed to
the document that are none."""
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

    def act(self, one: Ask, role: str) -> None:
        """Send what is well made and about what there is."""
        method, _, path = one.operation.partition(" ")
        ids = self.known | {f"own_{name}": value for name, value in self.known.items()}
        address = re.sub(r"{(\w+)}", lambda name: self.known[name[1]], path)
        sent: dict[str, Any] = {"params": json.loads(filled(one.query, ids))}
        if one.file:
            data = {"profile": "standard"} if "imports" in path else {}
            sent |= {"files": {"file": (one.file, file_of(one, ids))}, "data": data}
        elif one.body is not None:
            sent["json"] = json.loads(filled(one.body, ids | {"code": "000000"}))
        headers = {"authorization": f"Bearer {self.tokens[role]}"}
        answer = self.http.request(method, address, headers=headers, **sent)
        self.answered[one.operation, answer.status_code] += 1
        self.check(method, path, answer, f"{role} {one}")

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
