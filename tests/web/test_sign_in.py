from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from services.ledger import db
from services.ledger.config import settings
from services.ledger.credentials import COOKIE
from services.ledger.identification import digest
from services.ledger.parties.service import add_user
from services.ledger.receivables.queries import Claim
from tests.ledger.conftest import SignIn
from tests.web.browser import Browser
from tests.web.conftest import Person, now_of

PASSWORD = "a password only tests use"
Visitor = Callable[..., Browser]


@pytest.fixture
def visitor(ledger: SignIn) -> Visitor:
    """Browsers where nobody has signed in; the auditor could."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    with db.transaction() as session:
        add_user(session, login="auditor", role="regulator", party_id=None, password=PASSWORD)

    def arrive(base_url: str = "http://testserver") -> Browser:
        return Browser(TestClient(app, base_url=base_url, raise_server_exceptions=False))

    return arrive


def signed_in_browsers() -> int:
    with db.transaction() as session:
        counted = session.connection().exec_driver_sql("SELECT count(*) FROM sessions")
        return int(counted.scalar_one())


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_console(visitor: Visitor) -> None:
    browser = visitor()

    wrong = browser.sign_in("auditor", "wrong")
    unknown = browser.sign_in("nobody", PASSWORD)

    assert wrong.status_code == unknown.status_code == 401
    assert "用户名或密码错误" in wrong.text
    assert "用户名或密码错误" in unknown.text
    assert signed_in_browsers() == 0
    right = browser.sign_in("auditor", PASSWORD)
    assert right.status_code == 200
    assert right.url.path == "/console"
    assert "auditor" in right.text


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(visitor: Visitor) -> None:
    browser = visitor()

    asked = browser.see("/console/overdue")

    assert asked.url.path == "/sign-in"
    back = browser.press(str(asked.url), "/sign-in", login="auditor", password=PASSWORD)
    assert back.url.path == "/console/overdue"


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example/console", "/console\\..", "/v1/parties"]
)
def test_signing_in_leads_nowhere_else(visitor: Visitor, target: str) -> None:
    browser = visitor()

    answer = browser.press("/sign-in", "/sign-in", login="auditor", password=PASSWORD, next=target)

    assert (answer.url.host, answer.url.path) == ("testserver", "/console")


def test_the_root_leads_to_the_console_or_to_signing_in(visitor: Visitor, person: Person) -> None:
    assert visitor().see("/").url.path == "/sign-in"
    assert person("regulator").see("/").url.path == "/console"


def test_scripts_and_other_sites_cannot_use_the_cookie(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cookie(base_url: str) -> str:
        browser = visitor(base_url)
        browser.client.follow_redirects = False
        answer = browser.sign_in("auditor", PASSWORD)
        (found,) = [
            value
            for value in answer.headers.get_list("set-cookie")
            if value.removeprefix("__Host-").startswith(f"{COOKIE}=")
        ]
        return found.lower()

    plain = cookie("http://testserver")
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "secure" not in plain
    encrypted = cookie("https://testserver")
    assert encrypted.startswith("__host-")
    assert "secure" in encrypted
    assert "path=/;" in f"{encrypted};"
    assert "domain" not in encrypted
    monkeypatch.setenv("LEDGER_PUBLIC_URL", "https://ledger.example")
    settings.cache_clear()
    behind_a_proxy = visitor().see("/sign-in").headers["set-cookie"]
    assert "secure" in behind_a_proxy.lower()


def test_only_the_hash_of_a_session_is_stored_and_signing_out_ends_it(person: Person) -> None:
    browser = person("regulator")
    token = browser.client.cookies[COOKIE]
    with db.transaction() as session:
        stored = session.connection().exec_driver_sql("SELECT token_hash FROM sessions")
        assert [bytes(row.token_hash) for row in stored] == [digest(token)]

    answer = browser.press("/console", "/sign-out")

    assert answer.url.path == "/sign-in"
    assert signed_in_browsers() == 0
    browser.client.cookies.set(COOKIE, token)
    assert browser.see("/console").url.path == "/sign-in"


def test_a_sign_in_form_of_another_browser_is_refused(visitor: Visitor) -> None:
    mine, other = visitor(), visitor()
    form = other.forms("/sign-in")["/sign-in"]
    filled = {**form, "login": "auditor", "password": PASSWORD}

    without_cookie = Browser(mine.client).client.post("/sign-in", data=filled)
    mine.see("/sign-in")
    with_own_cookie = mine.client.post("/sign-in", data=filled)

    assert without_cookie.status_code == with_own_cookie.status_code == 403
    assert "FORM_EXPIRED" in with_own_cookie.text
    assert signed_in_browsers() == 0


def test_a_form_without_the_token_of_this_session_does_nothing(
    person: Person, claim: Claim
) -> None:
    buyer = person("core_enterprise", claim.debtor_id)
    colleague = person("core_enterprise", claim.debtor_id)
    path = f"/console/receivables/{claim.id}"
    form = buyer.forms(path)[f"{path}/confirm"]
    theirs = colleague.forms(path)[f"{path}/confirm"]["token"]

    for token in ("", "0" * 64, theirs, "é"):
        answer = buyer.client.post(f"{path}/confirm", data={**form, "token": token})
        assert answer.status_code == 403, token
        assert "FORM_EXPIRED" in answer.text
    missing = {name: value for name, value in form.items() if name != "token"}
    assert buyer.client.post(f"{path}/confirm", data=missing).status_code == 403
    assert now_of(claim).confirmed_on is None
    assert buyer.client.post(f"{path}/confirm", data=form).status_code == 200
    assert now_of(claim).confirmed_on is not None


def test_the_api_still_takes_no_cookie_for_writing(person: Person, claim: Claim) -> None:
    buyer = person("core_enterprise", claim.debtor_id)

    answer = buyer.client.post(f"/v1/receivables/{claim.id}/confirmation", json={})

    assert answer.status_code == 401
    assert now_of(claim).confirmed_on is None
