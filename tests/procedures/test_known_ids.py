"""R-20, of ids that callers give: one that another party has used is, to a stranger, as any new id.

Every write whose body may hold an `id` is done by its owner under an id, and then by a stranger to
a thing of the stranger's own: once under that id, and once under an id that is nobody's. What is
told apart is pinned; that there is some shows that it is seen.
"""

import re
from typing import Any

from fastapi.testclient import TestClient

from services.ledger.ids import new_id
from tests.procedures.asking import Ask
from tests.procedures.operations import ASKS
from tests.procedures.probe import Probe, told

UNTRIED = {
    "POST /v1/almanac/imports": "operators act for nobody, and see each other's",
    "POST /v1/approval-rules": "two administrators of a party make them",
    "POST /v1/approval-substitutes": "two administrators of a party make them",
}
_TAKEN = 409, "CONFLICT"
KNOWN_BY_ID = {
    # Each id is the key of a table that is the installation's own, and cannot be held twice. It is
    # told that an id is taken, not by whom or for what; docs/access.md says so. The caller made it
    # by chance, or the ledger under its key (`numbered`), and nobody finds one by trying.
    "POST /v1/receivables": (404, "NOT_FOUND"),
    "POST /v1/payments": _TAKEN,
    "POST /v1/contracts": _TAKEN,
    "POST /v1/orders": _TAKEN,
    "POST /v1/imports": _TAKEN,
    "POST /v1/webhooks": _TAKEN,
    "POST /v1/webhooks/{webhook_id}/replays": _TAKEN,
    "POST /v1/parties": (200, ""),  # Parties are known to everybody.
}


def declaring(document: dict[str, Any]) -> set[str]:
    """Return the writes that take an `id` in their body."""
    schemas = document["components"]["schemas"]

    def takes(schema: dict[str, Any]) -> bool:
        inner = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        return "id" in inner.get("properties", ()) or any(map(takes, inner.get("anyOf", ())))

    return {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if takes(content["schema"])
    }


class Twins:
    """Does each write twice, for its owner and for a stranger."""

    def __init__(self, probe: Probe, owners: dict[str, TestClient]) -> None:
        self.probe = probe
        for role, client in owners.items():
            probe.tokens[f"owner {role}"] = client.headers["authorization"].removeprefix("Bearer ")
        own = {k.removeprefix("own_"): v for k, v in probe.known.items() if k.startswith("own_")}
        own["party_id"] = own["creditor_id"]
        self.of = {"owner": probe.known, "stranger": {**probe.known, **own}}

    def tell(self, one: Ask, role: str) -> tuple[Any, Any] | None:
        """Return what the stranger is told of another's id and of nobody's, if the owner may."""
        taken, free = str(new_id()), str(new_id())
        made = self._ask(one, f"owner {role}", "owner", taken)
        if made[0] >= 300:
            return None
        return self._ask(one, role, "stranger", taken), self._ask(one, role, "stranger", free)

    def _ask(self, one: Ask, who: str, whose: str, given: str) -> Any:
        body = {**_owned(one.body or {}), "id": given}
        path = {name: str(_owned(value)) for name, value in one.path.items()}
        twin = Ask(one.operation, one.action, body, path=path, file=one.file)
        ids = self.of[whose] | {"fresh": new_id().hex[-12:]}
        answer = self.probe.send(twin, who, ids)
        code = answer.json().get("code", "") if answer.status_code >= 400 else ""
        shown = answer.json()
        first = shown[0] if isinstance(shown, list) else shown
        shape = sorted(first) if answer.status_code < 300 else ()
        headers = told(twin, answer, ids)[2]
        return answer.status_code, code, shape, headers


def _owned(value: Any) -> Any:
    """Return a value with the owner's names: whoever asks, asks of their own."""
    if isinstance(value, dict):
        return {name: _owned(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_owned(one) for one in value]
    return re.sub(r"\$own_", "$", value) if isinstance(value, str) else value


def told_apart(probe: Probe) -> tuple[set[str], dict[str, tuple[int, str]]]:
    """Return the writes that were tried, and those that tell another's id from nobody's."""
    twins = Twins(probe, {"core_enterprise": probe.estate.buyer, "supplier": probe.estate.supplier})
    takes = declaring(probe.http.get("/v1/openapi.json").json())
    tried: set[str] = set()
    apart = {}
    for one in (*ASKS, *ASKS):  # Some can be done once another was: a second complaint.
        for role in ("core_enterprise", "supplier") if one.operation in takes - tried else ():
            answers = twins.tell(one, role)
            if answers is None:
                continue
            tried.add(one.operation)
            known, absent = answers
            # What was done under another's id was done as under a new one; it may forbid the next.
            assert min(known[0], absent[0]) < 300, (one, known, absent)
            if known != absent and (known[0] >= 300 or absent[0] < 300):
                apart[one.operation] = known[:2]
            break
    return tried, apart


def test_the_id_of_another_is_as_any_new_one(probe: Probe) -> None:
    tried, apart = told_apart(probe)

    takes = declaring(probe.http.get("/v1/openapi.json").json())
    assert takes - tried == UNTRIED.keys()
    assert apart == KNOWN_BY_ID
