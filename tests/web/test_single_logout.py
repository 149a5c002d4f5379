"""Signing out everywhere ends what the single sign-on opened, and its word that one has gone."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from services.ledger.parties import single_sign_on as single
from tests.web.browser import Browser
from tests.web.provider import CLIENT_ID, settle, vouched
from tests.web.signing import PASSWORD, log_of
from tests.web.test_id_tokens import ISSUER, KEYS, STRANGERS, claims, signed
from tests.web.test_sign_in import Visitor, signed_in_browsers, visitor
from tests.web.test_single_sign_on import away, issuer, link, running

__all__ = ["issuer", "running", "visitor"]
EVENT = "http://schemas.openid.net/event/backchannel-logout"
NOW = int(time.time())


def logout(**changes: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "nonce": None,
        "jti": "one",
        "events": {EVENT: {}},
        "exp": int(time.time()) + 120,
    }
    return claims(**{**said, **changes})


def told(browser: Browser, token: str) -> int:
    path = "/sign-in/single/logout"
    return browser.client.post(path, data={"logout_token": token}).status_code


def test_signing_out_everywhere_ends_what_the_single_sign_on_opened(
    visitor: Visitor, issuer: str
) -> None:
    link("auditor", issuer, "subject-1")
    by_password, by_word = visitor(), visitor()
    by_password.sign_in("auditor", PASSWORD)
    by_word.see(vouched(away(by_word), "subject-1"))
    assert signed_in_browsers() == 2
    assert by_password.see("/console/account").text.count("/account/sessions/end") >= 2

    by_password.press("/console/account", "/sessions/end-all")

    assert signed_in_browsers() == 0
    assert by_word.see("/console").url.path == "/sign-in"


def test_whom_the_single_sign_on_signs_out_is_signed_out_here(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, ISSUER)
    monkeypatch.setattr(single, "_provider", lambda _: {"jwks_uri": f"{ISSUER}/keys"})
    monkeypatch.setattr(single, "_asked", lambda *_: KEYS)
    link("auditor", ISSUER, "subject-1")
    browser, issuer_itself = visitor(), visitor()
    browser.sign_in("auditor", PASSWORD)

    assert told(issuer_itself, signed(logout(), STRANGERS)) == 400
    assert told(issuer_itself, signed(logout(sub="somebody else"))) == 200
    assert signed_in_browsers() == 1
    assert told(issuer_itself, signed(logout())) == 200
    assert signed_in_browsers() == 0
    assert browser.see("/console").url.path == "/sign-in"
    assert log_of("sign_in.ended") == [("sign_in.ended", {"cause": "single_sign_on", "count": 1})]
    assert told(issuer_itself, signed(logout())) == 200  # again: nothing is left to end


@pytest.mark.parametrize(
    "made",
    [
        lambda: signed(claims()),  # an ID token
        lambda: signed(logout(nonce="the nonce")),
        lambda: signed(logout(events={})),
        lambda: signed(logout(events={EVENT: "yes"})),
        lambda: signed(logout(events=[EVENT])),
        lambda: signed(logout(events=None)),
        lambda: signed(logout(aud="another client")),
        lambda: signed(logout(iss="https://another.example")),
        lambda: signed(logout(iat=NOW - 3600)),
        lambda: signed(logout(iat=NOW + 3600)),
        lambda: signed(logout(exp=NOW - 3600)),
        lambda: signed(logout(iat=None)),
        lambda: signed(logout(jti=None)),
        lambda: signed(logout(sub=None)),
        lambda: signed(logout(sub="")),
        lambda: signed(logout(sub=["subject-1"])),
        lambda: signed(logout(), STRANGERS),
        lambda: "x",
    ],
)
def test_no_abused_token_signs_anybody_out(
    made: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(monkeypatch, ISSUER)
    token = made()  # now: one that was made long ago is refused for that

    with pytest.raises(single.SingleSignOnError):
        single.subject_signed_out(token, KEYS)
    assert single.subject_signed_out(signed(logout(aud=[CLIENT_ID])), KEYS) == "subject-1"


def test_a_logout_token_signs_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch, ISSUER)

    with pytest.raises(single.SingleSignOnError):
        single.subject_of(signed(logout()), KEYS, nonce="the nonce")


def test_without_a_single_sign_on_nobody_is_signed_out(visitor: Visitor) -> None:
    assert told(visitor(), signed(logout())) == 404
