import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from services.ledger import db
from services.ledger.credentials import COOKIE
from services.ledger.parties import users
from services.ledger.vault import unseal
from tests.web.browser import Browser
from tests.web.provider import provider, settle, vouched
from tests.web.signing import PASSWORD, a_user, log_of, rows, with_code
from tests.web.test_sign_in import Visitor, signed_in_browsers, visitor

__all__ = ["visitor"]
START = "/sign-in/single"


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    with provider() as issuer:
        yield issuer


@pytest.fixture
def issuer(visitor: Visitor, running: str, monkeypatch: pytest.MonkeyPatch) -> str:
    settle(monkeypatch, running)
    return running


def link(login: str, issuer: str, subject: str) -> None:
    with db.transaction() as session:
        user = users.by_login(session, login)
        users.link(session, user, issuer, subject, actor=user.id)


def away(browser: Browser, **query: str) -> str:
    browser.client.follow_redirects = False
    answer = browser.see(START, **query)
    browser.client.follow_redirects = True
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_a_linked_user_comes_in_and_back_to_the_page(visitor: Visitor, issuer: str) -> None:
    link("auditor", issuer, "subject-1")
    browser = visitor()
    assert "/sign-in/single" in browser.see("/sign-in").text

    back = vouched(away(browser, next="/console/overdue"), "subject-1")
    inside = browser.see(back)

    assert inside.url.path == "/console/overdue"
    assert log_of("sign_in.succeeded") == [("sign_in.succeeded", {"by": "single_sign_on"})]


def test_who_is_not_linked_does_not_come_in_and_nobody_is_made(
    visitor: Visitor, issuer: str
) -> None:
    before = rows("SELECT count(*) AS n FROM users")[0].n
    browser = visitor()

    answer = browser.see(vouched(away(browser), "auditor"))

    assert answer.status_code == 401
    assert "SINGLE_SIGN_ON_FAILED" in answer.text
    assert rows("SELECT count(*) AS n FROM users")[0].n == before
    assert signed_in_browsers() == 0
    assert ("sign_in.failed", {"factor": "single_sign_on", "known": False}) in log_of(
        "sign_in.failed"
    )


def test_a_link_to_another_issuer_or_a_closed_account_opens_nothing(
    visitor: Visitor, issuer: str
) -> None:
    link("auditor", "https://elsewhere.example", "subject-1")
    closed = a_user("closed", "regulator")
    link("closed", issuer, "subject-2")
    rows("UPDATE users SET disabled_at = now() WHERE id = :id RETURNING 1", id=closed)

    for subject in ("subject-1", "subject-2"):
        browser = visitor()
        assert browser.see(vouched(away(browser), subject)).status_code == 401


def test_the_second_factor_is_still_shown_here(visitor: Visitor, issuer: str) -> None:
    phone = with_code(a_user("root", "operator"))
    link("root", issuer, "subject-1")
    browser = visitor()

    asked = browser.see(vouched(away(browser), "subject-1"))

    assert asked.url.path == "/sign-in/code"
    assert signed_in_browsers() == 0
    inside = browser.press("/sign-in/code", "/sign-in/code", code=phone.code())
    assert inside.url.path == "/console"


def test_what_comes_back_belongs_to_the_browser_that_went(visitor: Visitor, issuer: str) -> None:
    link("auditor", issuer, "subject-1")
    mine, other = visitor(), visitor()
    back = vouched(away(mine), "subject-1")
    away(other)

    assert other.see(back).status_code == 401
    assert visitor().see(back).status_code == 401
    changed = back.replace("state=", "state=x")
    assert mine.see(changed).status_code == 401
    assert mine.see("/sign-in/single/return", error="access_denied").status_code == 401
    assert signed_in_browsers() == 0


def test_a_code_comes_in_once(visitor: Visitor, issuer: str) -> None:
    link("auditor", issuer, "subject-1")
    browser = visitor()
    address = away(browser)
    kept = browser.client.cookies["ledger_single"]
    back = vouched(address, "subject-1")
    assert browser.see(back).url.path == "/console"
    thief = visitor()
    thief.client.cookies.set("ledger_single", kept)

    assert thief.see(back).status_code == 401


def test_a_signed_in_person_links_and_unlinks_themselves(visitor: Visitor, issuer: str) -> None:
    browser, other = visitor(), visitor()
    browser.sign_in("auditor", PASSWORD)
    a_user("other", "regulator")
    other.sign_in("other", PASSWORD)
    browser.client.follow_redirects = False
    went = browser.press("/console/account", "/account/link")
    browser.client.follow_redirects = True
    back = vouched(str(went.headers["location"]), "subject-9")
    other.client.cookies.set("ledger_single", browser.client.cookies["ledger_single"])

    assert other.see(back).status_code == 401, "another person came back than went"
    back = vouched(str(went.headers["location"]), "subject-9")
    assert browser.see(back).url.path == "/console/account"
    with db.transaction() as session:
        user = users.linked(session, issuer, "subject-9")
    assert user is not None
    assert user.login == "auditor"
    browser.press("/console/account", "/account/unlink")
    assert rows("SELECT 1 FROM user_links") == []


def test_without_settings_there_is_none(visitor: Visitor) -> None:
    browser = visitor()

    assert "/sign-in/single" not in browser.see("/sign-in").text
    assert browser.see(START).status_code == 404
    assert browser.see("/sign-in/single/return").status_code == 404


class Hostile(BaseHTTPRequestHandler):
    """A provider that answers as a test wants and keeps what it was sent."""

    document: dict[str, Any]
    tokens: dict[str, Any]
    sent: list[dict[str, list[str]]]

    def _answer(self, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer(self.document)

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        self.sent.append(parse_qs(self.rfile.read(length).decode()))
        self._answer(self.tokens)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hostile(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hostile]]:
    server = HTTPServer(("127.0.0.1", 0), Hostile)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    settle(monkeypatch, issuer)
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    Hostile.document = {"issuer": issuer, "keys": []} | dict.fromkeys(names, f"{issuer}/x")
    Hostile.tokens, Hostile.sent = {}, []
    yield Hostile
    server.shutdown()
    server.server_close()


def test_the_verifier_of_the_challenge_is_sent_with_the_code(
    visitor: Visitor, hostile: type[Hostile]
) -> None:
    browser = visitor()
    asked = parse_qs(urlsplit(away(browser)).query)
    sealed = bytes.fromhex(browser.client.cookies["ledger_single"])
    kept = json.loads(unseal(sealed, of="single sign-on"))

    browser.see("/sign-in/single/return", state=asked["state"][0], code="a code")

    (sent,) = hostile.sent
    hashed = hashlib.sha256(sent["code_verifier"][0].encode()).digest()
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(hashed).decode().rstrip("=")]
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["state"], asked["nonce"]) == ([kept["state"]], [kept["nonce"]])
    assert kept["verifier"].encode() not in sealed
    assert sent["redirect_uri"] == ["http://testserver/sign-in/single/return"]


def test_a_code_with_another_state_is_not_even_exchanged(
    visitor: Visitor, hostile: type[Hostile]
) -> None:
    browser = visitor()
    away(browser)

    answer = browser.see("/sign-in/single/return", state="x" * 43, code="a code")

    assert answer.status_code == 401
    assert hostile.sent == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "https://another.example"},
        {"issuer": ""},
        {"token_endpoint": "http://token.example/plain"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
    ids=str,
)
def test_a_provider_that_is_not_the_pinned_one_is_not_asked(
    visitor: Visitor, hostile: type[Hostile], wrong: dict[str, Any]
) -> None:
    hostile.document.update(wrong)

    answer = visitor().see(START)

    assert answer.status_code == 401
    assert hostile.sent == []


def test_a_cookie_of_the_sign_on_is_no_session(visitor: Visitor, issuer: str) -> None:
    browser = visitor()
    away(browser)
    browser.client.cookies.set(COOKIE, browser.client.cookies["ledger_single"])

    assert browser.see("/console").url.path == "/sign-in"
