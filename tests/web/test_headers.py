"""R-27: what a browser is told of every page, and of every cookie."""

from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from services import ledger as ledger_package
from services.ledger.config import settings
from services.ledger.credentials import COOKIE
from services.ledger.parties import single_sign_on as single
from services.ledger.receivables.queries import Claim
from services.ledger.web import cookies
from tests.web.browser import Browser
from tests.web.conftest import Person
from tests.web.provider import settle
from tests.web.signing import PASSWORD, a_user
from tests.web.test_sign_in import Visitor, visitor

__all__ = ["visitor"]
OF_PAGES = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
ONLY_TLS = {"strict-transport-security": "max-age=31536000"}
OF_THE_API = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
OF_THE_STYLE = OF_PAGES | {"cache-control": "public, max-age=604800, immutable"}
OF_ONE_ANSWER = {"content-length", "content-type", "location", "set-cookie", "x-request-id", "etag"}
SECONDS = {
    "ledger_session": 12 * 3600,
    "ledger_form": 12 * 3600,
    "ledger_half": 600,
    "ledger_browser": 180 * 86400,
    "ledger_single": 600,
}


def told(answer: Response) -> dict[str, str]:
    """Return the headers that say how an answer is to be treated, not what it is."""
    return {
        name: value
        for name, value in answer.headers.items()
        if name not in OF_ONE_ANSWER and not name.startswith("ratelimit")
    }


def pages_of(browser: Browser, claim: Claim) -> dict[str, tuple[int, Response]]:
    """Return pages of all kinds, each with the status it should have."""
    client = browser.client
    client.follow_redirects = False
    return {
        "signing in": (200, client.get("/sign-in")),
        "refused signing in": (403, client.post("/sign-in", data={"login": "x", "password": "y"})),
        "out to the single sign-on": (404, client.get("/sign-in/single")),
        "sent on": (303, client.get("/")),
        "asked who it is": (303, client.get("/sign-in/code")),
        "the console": (200, client.get("/console")),
        "a receivable": (200, client.get(f"/console/receivables/{claim.id}")),
        "refused": (403, client.post(f"/console/receivables/{claim.id}/confirm")),
        "unreadable": (422, client.get("/console", params={"as_of": "never"})),
        "nothing": (404, client.get("/console/nothing")),
        "what the interface is": (200, client.get("/docs")),
    }


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_every_page_is_told_the_same(
    person: Person, claim: Claim, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_PUBLIC_URL", f"{scheme}://ledger.example")
    settings.cache_clear()
    browser = person("core_enterprise", claim.debtor_id)
    more = ONLY_TLS if scheme == "https" else {}

    browser.client.cookies.set(f"__Host-{COOKIE}", browser.client.cookies[COOKIE])
    for what, (status, answer) in pages_of(browser, claim).items():
        assert answer.status_code == status, what
        assert told(answer) == OF_PAGES | more, what
    assert told(browser.see("/static/console.css")) == OF_THE_STYLE | more
    assert told(browser.see("/v1/receivables")) == OF_THE_API
    assert told(browser.see("/v1/receivables/none")) == OF_THE_API


def set_by(answer: Response) -> dict[str, list[str]]:
    """Return the cookies of an answer: all of each but its value, in one order."""
    found = {}
    for one in answer.headers.get_list("set-cookie"):
        named, *flags = one.split("; ")
        found[named.partition("=")[0]] = sorted(flag.lower() for flag in flags)
    return found


def cookies_of(visitor: Visitor, base_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what is set on all ways in: by a password, half of the way, by the single sign-on."""
    monkeypatch.setattr(single, "_provider", lambda _: {"authorization_endpoint": "https://x/"})
    found: dict[str, list[str]] = {}
    for login in ("auditor", "new here"):
        browser = visitor(base_url)
        browser.client.follow_redirects = False
        asked = browser.see("/sign-in")
        for answer in (
            asked,
            browser.sign_in(login, PASSWORD),
            browser.see("/sign-in/single"),
        ):
            found |= {
                name: flags for name, flags in set_by(answer).items() if "max-age=0" not in flags
            }
    return found


@pytest.mark.parametrize(("scheme", "prefix"), [("http", ""), ("https", "__Host-")])
def test_every_cookie_is_out_of_reach(
    visitor: Visitor, scheme: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, "https://single.example")
    a_user("new here", "regulator", initial=True)
    secure = ["secure"] if scheme == "https" else []

    found = cookies_of(visitor, f"{scheme}://testserver", monkeypatch)

    assert found == {
        f"{prefix}{name}": ["httponly", f"max-age={seconds}", "path=/", "samesite=lax", *secure]
        for name, seconds in SECONDS.items()
    }


def test_a_cookie_that_is_dropped_has_the_flags_it_was_set_with(visitor: Visitor) -> None:
    """Or browsers would keep it: one that is named __Host- is dropped only so."""
    browser = visitor("https://testserver")
    browser.sign_in("auditor", PASSWORD)
    browser.client.follow_redirects = False

    (flags,) = set_by(browser.press("/console", "/sign-out")).values()

    assert {"httponly", "max-age=0", "path=/", "samesite=lax", "secure"} <= set(flags)


def test_cookies_are_set_in_one_place() -> None:
    """Where their flags are; so those above are all."""
    (root,) = ledger_package.__path__
    setting = [one for one in Path(root).rglob("*.py") if "set_cookie(" in one.read_text("utf-8")]

    assert setting == [Path(cookies.__file__)]
    assert set(SECONDS) == set(cookies._LASTS)
