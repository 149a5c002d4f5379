"""R-27: no form counts that was not made for the sign-in it is posted with."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.ledger.credentials import COOKIE
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from services.ledger.web import cookies, pages, pages_edge, pages_sign_in
from services.ledger.web.forms import form_token
from tests.procedures.test_sent_back import kept
from tests.web.browser import Browser
from tests.web.conftest import Person

NOT_FORMS = {
    "/sign-in/single/logout": "sent by the single sign-on itself, whose signature says who it is",
}
"""What is posted to without the token of a form, and why."""
FILLED = {"login": "auditor", "password": "a password only tests use", "code": "123456"}
"""What a form must have before its token is looked at; others name what they lack only after."""


def posted_to(routes: Iterable[Any]) -> Iterator[str]:
    """Give the addresses outside of the API that anything is written to by."""
    for route in routes:
        if hasattr(route, "original_router"):
            yield from posted_to(route.original_router.routes)
        elif not route.path.startswith("/v1/") and set(route.methods) - {"GET", "HEAD"}:
            assert set(route.methods) == {"POST"}, route.path
            yield route.path


def accepted(browser: Browser, token: dict[str, str]) -> set[str]:
    """Return the addresses that do not refuse a form with some token as not of this sign-in."""
    app: Any = browser.client.app
    browser.client.follow_redirects = False
    found = set()
    for path in posted_to(app.routes):
        address = re.sub(r"\{\w+(:uuid)?\}", lambda _: str(new_id()), path)
        answer = browser.client.post(address, data=FILLED | token)
        if answer.status_code != 403 or "FORM_EXPIRED" not in answer.text:
            found.add(path)
    return found


@pytest.fixture
def browser(person: Person, claim: Claim) -> Browser:
    """A buyer's, signed in, which kept also what one has while signing in."""
    one = person("core_enterprise", claim.debtor_id)
    one.client.cookies.set(cookies.BEFORE, "a secret of this browser")
    one.client.cookies.set(cookies.HALF, "half a sign-in")
    return one


def test_every_address_that_is_posted_to_is_tried(browser: Browser) -> None:
    app: Any = browser.client.app
    found = list(posted_to(app.routes))
    sources = Path(pages.__file__).parent.glob("*.py")

    assert len(found) == len(set(found))
    assert len(found) == sum(one.read_text("utf-8").count("@router.post(") for one in sources) > 30
    assert set(NOT_FORMS) <= set(found)


def test_a_form_without_the_token_of_its_sign_in_writes_nothing(
    browser: Browser, person: Person
) -> None:
    another = person("core_enterprise", None)
    of_another = form_token(another.client.cookies[COOKIE])
    before = kept()

    for token in ({}, {"token": ""}, {"token": of_another}, {"token": "é" * 64}):
        assert accepted(browser, token) == set(NOT_FORMS), token

    assert kept() == before


def test_forms_whose_token_is_not_looked_at_are_found(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: all of them go on, and something is written."""
    for edge in (pages_edge, pages_sign_in):
        monkeypatch.setattr(edge, "check_form", lambda *_: None)
    app: Any = browser.client.app
    before = kept()

    assert accepted(browser, {}) == set(posted_to(app.routes))
    assert kept() != before


def test_the_token_of_the_sign_in_itself_is_taken(browser: Browser) -> None:
    """Or a refusal of everything would pass for a check."""
    app: Any = browser.client.app
    inside = {path for path in posted_to(app.routes) if path.startswith("/console")}

    assert accepted(browser, {"token": form_token(browser.client.cookies[COOKIE])}) >= inside
