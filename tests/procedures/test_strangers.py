"""R-20: to whom something does not belong it does not exist, whatever they ask and however.

Every operation of the API's document, by every role, with the ids of other people's things in
path, query, body, file and cursor. What is expected is what the table of `policy` says; what a
stranger is told of a thing is, but for the request's id, what is told of nothing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from services.ledger import db, policy
from services.ledger.access import RECEIVABLE_VISIBLE
from services.ledger.ids import new_id
from services.ledger.policy import ADMINISTRATORS, POLICY, Relation
from services.ledger.receivables import queries
from tests.access.making import a_key, appointed, rows
from tests.approvals.people import Person, arrive
from tests.ledger.conftest import SignIn
from tests.procedures.asking import Ask
from tests.procedures.estate import CANARY, Estate, an_estate
from tests.procedures.machine import answer_file
from tests.procedures.model import Book, Offer
from tests.procedures.operations import ASKS
from tests.procedures.trips import Trips, watched

NOBODY = ("anonymous", "revoked")
_ROLE_OF = {"checker": "core_enterprise", "administrator": "core_enterprise"}
"""People of a stranger's party, by duty."""
MAY = {
    "regulator": "law.read book.read book.verify exports.read complaints.read complaints.handle",
    "operator": "law.read book.read book.verify book.assess parties.register platforms.register"
    " exports.read imports.read almanac.import approvals.read approvals.decide",
    "security_admin": "law.read",
    "audit_admin": "law.read",
    "service": "law.read book.read exports.read messages.report",
}
"""The table's word is not enough for those who act for nobody: it is said here once more."""
_REFERENCE = re.compile(r"\$([a-z_]+)")
_CHANGES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT[0-9:.]+(Z|\+00:00)|whsec_[\w+/=]+"
)
_OF_REQUEST = {"x-request-id", "date", "etag", "content-length"}


class Probe:
    """Asks everything as everybody, and says what was answered otherwise than it should be."""

    def __init__(self, http: TestClient, estate: Estate, tokens: dict[str, str]) -> None:
        self.http, self.tokens = http, tokens
        self.people: dict[str, Person] = {}
        self.trips = Trips()
        self.known = estate.known
        self.absent = {
            name: value if name.startswith("own_") else str(new_id())
            for name, value in self.known.items()
        } | {"reference": "EXP-2001-01-01-0001", "position": "999999"}
        self.cursors: dict[str, str] = {}
        self.faults: list[str] = []
        self.asked = 0

    def send(self, one: Ask, role: str, ids: dict[str, str], **query: str) -> Response:
        method, _, path = one.operation.partition(" ")
        person = self.people.get(role) if "$code" in str(one.body) else None
        ids = {**ids, "code": person.code() if person else "000000"}
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", one.path.get(name, f"${name}"))
        sent: dict[str, Any] = {"params": {**json.loads(_filled(one.query, ids)), **query}}
        if one.file:
            sent |= {
                "files": {"file": (one.file, _file(one, ids))},
                "data": {"profile": "standard"} if "imports" in path else {},
            }
        elif one.body is not None:
            sent["json"] = json.loads(_filled(one.body, ids))
        headers = {"x-request-id": "the-same"}
        if self.tokens[role]:
            headers["authorization"] = f"Bearer {self.tokens[role]}"
        self.asked += 1
        address = json.loads(_filled(path, ids))
        self.trips.begin()
        return self.http.request(method, address, headers=headers, **sent)

    def all(self, asks: tuple[Ask, ...] = ASKS) -> list[str]:
        """Ask all; return what is wrong."""
        for one in asks:
            for role in self.tokens:
                self.one(one, role)
        return self.faults

    def one(self, one: Ask, role: str) -> None:
        absent = self.send(one, role, self.absent)
        for_nothing = list(self.trips.asked)
        known = self.send(one, role, self.known)
        about = f"{one.operation} ({one.action}) {role}"
        if role in NOBODY:
            self.expect(about, {absent.status_code, known.status_code} == {401}, known)
            return
        relation = policy.relation(one.action, _ROLE_OF.get(role, role))
        if role in MAY:
            may = one.action in MAY[role].split()
            self.expect(f"{about}: the table says otherwise", may is (relation is not None), known)
        if relation is Relation.ANY:
            self.expect(
                about, known.status_code not in {401, 403} and known.status_code < 500, known
            )
            return
        hidden = {"checker": one.checker, "administrator": one.administrator}.get(
            role
        ) or one.hidden
        wanted = one.refused if relation is None else hidden
        self.expect(f"{about} should be {wanted}", known.status_code == wanted, known)
        self.expect(f"{about} leaks", CANARY not in known.text, known)
        of_nothing, of_a_thing = _told(one, absent, self.absent), _told(one, known, self.known)
        said = f"{about} tells a thing from nothing: {of_nothing} {of_a_thing}"
        self.expect(said, of_nothing == of_a_thing, known)
        more = [text[:200] for text in self.trips.asked if text not in for_nothing]
        fewer = len(for_nothing) - len(self.trips.asked)
        said = f"{about} asks the database otherwise of a thing: {fewer} fewer, {more}"
        self.expect(said, for_nothing == self.trips.asked, known)
        cursor = self.cursors.get(one.operation)
        if cursor:
            page = self.send(one, role, self.known, cursor=cursor)
            silent = CANARY not in page.text and page.status_code in {wanted, 422}
            self.expect(f"{about} by another's cursor", silent, page)

    def expect(self, about: str, holds: bool, answer: Response) -> None:  # noqa: FBT001
        if not holds:
            self.faults.append(f"{about}\n    {answer.status_code} {answer.text[:300]}")


def _filled(template: Any, ids: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return new_id().hex[-12:] if match[1] == "fresh" else ids[match[1]]

    return _REFERENCE.sub(value, json.dumps(template, ensure_ascii=False))


def _file(one: Ask, ids: dict[str, str]) -> bytes:
    if one.file == "answer.xml":
        book = Book(UUID(int=0), f"{CANARY}-2", 1_000_00, confirmed=True, late=False)
        return answer_file(Offer(ids["reference"], 1_000_00), book, "FINANCED").encode()
    return "统一社会信用代码,名称,类型\nX,错,大型企业\n".encode()


def _told(one: Ask, answer: Response, ids: dict[str, str]) -> tuple[object, ...]:
    """Return an answer without what was sent, and what any two answers differ in."""
    asked = re.findall(r"{(\w+)}", one.operation) + _REFERENCE.findall(f"{one.query} {one.body}")
    asked += ["reference"] if one.file else []
    text = answer.text if asked else ""
    for name in set(asked) & ids.keys():
        text = text.replace(ids[name], f"${name}")
    headers = sorted(
        (name, _CHANGES.sub("…", value))
        for name, value in answer.headers.items()
        if name not in _OF_REQUEST and "ratelimit" not in name
    )
    return answer.status_code, _CHANGES.sub("…", text), headers


@pytest.fixture
def probe(ledger: SignIn) -> Iterator[Probe]:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    estate, strangers = an_estate(ledger)
    tokens = {"anonymous": "", "revoked": a_key("supplier", estate.creditor).token}
    rows("UPDATE api_keys SET revoked_at = now() WHERE name = 'erp' RETURNING 1")
    for who, (role, party) in strangers.items():
        tokens[who] = a_key(role, party).token
    for role in ("regulator", "operator", "service"):
        made = a_key(role)
        tokens[role] = made.token
        if role == "regulator":  # The authority of another province.
            appointed(made.prefix, "44")
    for role in set(ADMINISTRATORS) - {"operator"}:
        person = arrive(app, None, role=role, with_phone=False)
        tokens[role] = person.client.headers["authorization"].removeprefix("Bearer ")
    people = {}
    for duty in _ROLE_OF:
        people[duty] = arrive(app, strangers["core_enterprise"][1], duty)
        tokens[duty] = people[duty].client.headers["authorization"].removeprefix("Bearer ")
    with TestClient(app, raise_server_exceptions=False) as http, watched() as trips:
        probe = Probe(http, estate, tokens)
        probe.trips = trips
        probe.people = people
        own = str(people["checker"].viewer.user_id)
        probe.known["own_user_id"] = probe.absent["own_user_id"] = own
        owners = {"owner": estate.supplier, "buyer": estate.buyer}
        for one in ASKS:
            for who, client in owners.items() if one.cursor else ():
                token = client.headers["authorization"].removeprefix("Bearer ")
                probe.tokens[who] = token
                page = probe.send(one, who, probe.known, limit="1")
                del probe.tokens[who]
                if page.status_code == 200 and page.json()["next"]:
                    probe.cursors[one.operation] = page.json()["next"]
        yield probe


def test_to_a_stranger_nothing_of_another_exists(probe: Probe) -> None:
    assert len(probe.cursors) >= 7
    faults = probe.all()
    if faults:
        pytest.fail("\n".join(faults))


def unasked(document: dict[str, Any]) -> set[str]:
    paths = document["paths"].items()
    there = {f"{method.upper()} {path}" for path, methods in paths for method in methods}
    return there ^ {one.operation for one in ASKS}


def test_every_operation_is_asked(probe: Probe) -> None:
    document = probe.http.get("/v1/openapi.json").json()

    assert unasked(document) == set()
    document["paths"]["/v1/secrets"] = {"get": {}}
    assert unasked(document) == {"GET /v1/secrets"}


def _asks(*operations: str) -> tuple[Ask, ...]:
    return tuple(one for one in ASKS if one.operation in operations)


@pytest.fixture
def forgotten(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """One WHERE less."""
    assert RECEIVABLE_VISIBLE in queries._ONE
    monkeypatch.setattr(queries, "_ONE", queries._ONE.replace(RECEIVABLE_VISIBLE, "true"))
    return probe


def test_a_condition_that_is_forgotten_shows_nobody_more(forgotten: Probe) -> None:
    faults = forgotten.all(_asks("GET /v1/receivables/{receivable_id}"))
    assert [fault for fault in faults if "leaks" in fault.splitlines()[0]] == []


def test_a_condition_and_a_policy_that_are_forgotten_are_found(forgotten: Probe) -> None:
    """The control: the tables of that query without their row-level security."""
    with db.transaction(role="none") as session:
        for table in ("receivables", "balances"):
            session.connection().execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))

    faults = forgotten.all(_asks("GET /v1/receivables/{receivable_id}"))

    leaks = [fault for fault in faults if "leaks" in fault.splitlines()[0]]
    assert {fault.split()[3] for fault in leaks} >= {"core_enterprise", "supplier", "audit_admin"}


def test_a_row_too_many_in_the_table_is_found(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: an operator who may pay for others."""
    row = POLICY["payments.record"]
    wider = row._replace(relations={**row.relations, "operator": Relation.ANY})
    monkeypatch.setattr(policy, "POLICY", {**POLICY, "payments.record": wider})

    faults = probe.all(_asks("POST /v1/payments"))

    assert any("operator: the table says otherwise" in fault for fault in faults)
