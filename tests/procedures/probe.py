"""Asks the API everything as everybody else, and compares what is told of things and of nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from services.ledger import policy, rates
from services.ledger.ids import new_id
from services.ledger.policy import ADMINISTRATORS, Relation
from tests.access.making import a_key, appointed, rows
from tests.approvals.people import Person, arrive
from tests.ledger.conftest import SignIn
from tests.procedures.asking import Ask
from tests.procedures.estate import CANARY, Estate, an_estate
from tests.procedures.machine import answer_file
from tests.procedures.model import Book, Offer
from tests.procedures.operations import ASKS
from tests.procedures.trips import Trips, watched

KEYLESS = ["security_admin", "audit_admin"]
GONE = "revoked "
"""Before the role of a key that was taken away."""
NOBODY = ("anonymous", *(f"{GONE}{role}" for role in policy.ROLES if role != policy.MACHINE))
_ROLE_OF = {
    "checker": "core_enterprise",
    "administrator": "core_enterprise",
    "maker": "supplier",
    "person": "platform",
}
"""People of strangers' parties."""
SHOWN = {
    ("book.read", "operator"),
    ("book.read", "service"),
    ("exports.read", "operator"),
    ("exports.read", "service"),
    ("imports.read", "operator"),
}
"""Who may read what is whosever it is."""
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
        self.http, self.tokens, self.estate = http, tokens, estate
        self.people: dict[str, Person] = {}
        self.trips = Trips()
        self.known = estate.known
        self.absent = {
            name: value if name.startswith("own_") else str(new_id())
            for name, value in self.known.items()
        } | {"reference": "EXP-2001-01-01-0001", "position": "999999"}
        self.cursors: dict[str, str] = {}
        self.faults: list[str] = []
        self.turned_away: dict[tuple[int, bool], tuple[object, ...]] = {}
        self.asked = 0

    def send(self, one: Ask, role: str, ids: dict[str, str], **query: str) -> Response:
        method, _, path = one.operation.partition(" ")
        person = self.people.get(role) if "$code" in str(one.body) else None
        ids = {**ids, "code": person.code() if person else "000000"}
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", one.path.get(name, f"${name}"))
        sent: dict[str, Any] = {"params": {**json.loads(filled(one.query, ids)), **query}}
        if one.file:
            sent |= {
                "files": {"file": (one.file, file_of(one, ids))},
                "data": {"profile": "standard", **(one.body or {})} if "imports" in path else {},
            }
        elif one.body is not None:
            sent["json"] = json.loads(filled(one.body, ids))
        headers = {"x-request-id": "the-same"}
        if self.tokens[role]:
            headers["authorization"] = f"Bearer {self.tokens[role]}"
        self.asked += 1
        address = json.loads(filled(path, ids))
        self.trips.begin()
        return self.http.request(method, address, headers=headers, **sent)

    def all(self, asks: tuple[Ask, ...] = ASKS) -> list[str]:
        """Ask all; return what is wrong."""
        for one in asks:
            for role in self.tokens:
                self.one(one, role)
        return self.faults

    def nobody(self, one: Ask, role: str) -> None:
        """Ask as one who is let in no more; all are told the same, of a thing as of nothing."""
        gone = self.send(one, role, self.known)
        which = id(one), role == "anonymous"
        if which not in self.turned_away:
            nothing = self.send(one, role, self.absent)
            self.turned_away[which] = told(one, nothing, self.absent)
        of_nothing = self.turned_away[which]
        said = of_nothing == told(one, gone, self.known) and of_nothing[0] == 401
        self.expect(f"{one.operation} ({one.action}) {role} is not turned away", said, gone)

    def one(self, one: Ask, role: str) -> None:
        if role in NOBODY:
            self.nobody(one, role)
            return
        absent = self.send(one, role, self.absent)
        for_nothing = list(self.trips.asked)
        known = self.send(one, role, self.known)
        about = f"{one.operation} ({one.action}) {role}"
        of_nothing, of_a_thing = told(one, absent, self.absent), told(one, known, self.known)
        alike = of_nothing == of_a_thing
        relation = policy.relation(one.action, _ROLE_OF.get(role, role))
        if role in MAY:
            may = one.action in MAY[role].split()
            self.expect(f"{about}: the table says otherwise", may is (relation is not None), known)
        if relation is Relation.ANY:
            self.expect(
                about, known.status_code not in {401, 403} and known.status_code < 500, known
            )
            shown = (one.action, role) in SHOWN or one.public
            self.expect(f"{about} leaks", shown or CANARY not in known.text, known)
            return
        others = {"checker": one.checker, "administrator": one.administrator}
        hidden = others.get(role, one.person if role in _ROLE_OF else 0) or one.hidden
        wanted = one.refused if relation is None else hidden
        self.expect(f"{about} should be {wanted}", known.status_code == wanted, known)
        self.expect(f"{about} leaks", CANARY not in known.text, known)
        said = f"{about} tells a thing from nothing: {of_nothing} {of_a_thing}"
        self.expect(said, alike, known)
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


def filled(template: Any, ids: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return new_id().hex[-12:] if match[1] == "fresh" else ids[match[1]]

    return _REFERENCE.sub(value, json.dumps(template, ensure_ascii=False))


def file_of(one: Ask, ids: dict[str, str]) -> bytes:
    if one.file == "answer.xml":
        book = Book(UUID(int=0), f"{CANARY}-2", 1_000_00, confirmed=True, late=False)
        return answer_file(Offer(ids["reference"], 1_000_00), book, "FINANCED").encode()
    return "统一社会信用代码,名称,类型\nX,错,大型企业\n".encode()


def told(one: Ask, answer: Response, ids: dict[str, str]) -> tuple[object, ...]:
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
def probe(ledger: SignIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[Probe]:
    monkeypatch.setattr(rates, "_GUESS_PRICE", 0)  # ended keys, more than 600 a minute
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    estate, strangers = an_estate(ledger)
    tokens = {"anonymous": "", **_gone(app, estate)}
    for who, (role, party) in strangers.items():
        tokens[who] = a_key(role, party).token
    for role in ("regulator", "operator", "service"):
        made = a_key(role)
        tokens[role] = made.token
        if role == "regulator":  # The authority of another province.
            appointed(made.prefix, "44")
    for role in set(ADMINISTRATORS) - {"operator"}:
        person = arrive(app, None, role=role, with_phone=False)
        tokens[role] = _token(person)
    people = {}
    for duty, role in _ROLE_OF.items():
        duty_of = duty if duty != "person" else ""
        people[duty] = arrive(app, strangers[role][1], duty_of, role=role)
        tokens[duty] = _token(people[duty])
    with TestClient(app, raise_server_exceptions=False) as http, watched() as trips:
        probe = Probe(http, estate, tokens)
        probe.trips = trips
        probe.people = people
        own = str(people["checker"].viewer.user_id)
        probe.known["own_user_id"] = probe.absent["own_user_id"] = own
        owners = {"owner": estate.supplier, "buyer": estate.buyer}
        for one in ASKS:
            for who, client in owners.items() if one.cursor else ():
                probe.tokens[who] = str(client.headers["authorization"]).removeprefix("Bearer ")
                page = probe.send(one, who, probe.known, limit="1")
                del probe.tokens[who]
                if page.status_code == 200 and page.json()["next"]:
                    probe.cursors[one.operation] = page.json()["next"]
        yield probe


def _gone(app: Any, estate: Estate) -> dict[str, str]:
    """Return what let somebody of each role in, and does so no more."""
    owners = {
        "core_enterprise": estate.debtor,
        "supplier": estate.creditor,
        "platform": estate.financier,
    }
    tokens = {}
    for gone in NOBODY[1:]:
        role = gone.removeprefix(GONE)
        if role in KEYLESS:
            tokens[gone] = _token(arrive(app, None, role=role, with_phone=False))
        else:
            tokens[gone] = a_key(role, owners.get(role)).token
    rows("UPDATE api_keys SET revoked_at = now() WHERE name = 'erp' RETURNING 1")
    rows("UPDATE users SET disabled_at = now() WHERE role = ANY(:roles) RETURNING 1", roles=KEYLESS)
    return tokens


def _token(person: Person) -> str:
    return str(person.client.headers["authorization"]).removeprefix("Bearer ")
