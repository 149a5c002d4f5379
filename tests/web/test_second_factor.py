from datetime import timedelta

import pytest

from services.ledger import db
from services.ledger.clock import now
from services.ledger.credentials import COOKIE
from services.ledger.identification import digest
from services.ledger.parties import second_factor
from services.ledger.parties.models import User
from tests.web.signing import (
    PASSWORD,
    Authenticator,
    a_user,
    log_of,
    rows,
    secret_on,
    wait_over,
    walk_in,
    with_code,
)
from tests.web.test_sign_in import Visitor, signed_in_browsers, visitor

__all__ = ["visitor"]


@pytest.mark.parametrize("role", ["operator", "security_admin", "audit_admin"])
def test_administrators_set_up_a_second_factor_before_they_come_in(
    visitor: Visitor, role: str
) -> None:
    a_user("admin", role)
    browser = visitor()

    asked = browser.sign_in("admin", PASSWORD)

    assert asked.url.path == "/sign-in/enrol"
    assert "data:image/svg+xml" in asked.text
    assert browser.client.cookies.get(COOKIE) is None
    assert browser.see("/console").url.path == "/sign-in"
    phone = Authenticator(secret_on(browser.see("/sign-in/enrol")))
    wrong = browser.press("/sign-in/enrol", "/sign-in/enrol", code="000000")
    assert wrong.status_code == 401
    assert signed_in_browsers() == 0
    shown = browser.press("/sign-in/enrol", "/sign-in/enrol", code=phone.code())
    assert shown.text.count("<li><code>") == 8
    form = {"token": browser_token(shown.text)}
    inside = browser.client.post("/sign-in/go-on", data=form)
    assert inside.url.path.startswith("/console")
    assert signed_in_browsers() == 1


def browser_token(page: str) -> str:
    return page.split('name="token" value="')[1].split('"', maxsplit=1)[0]


def test_who_has_a_second_factor_shows_it_each_time(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    browser = visitor()

    asked = browser.sign_in("checker", PASSWORD)

    assert asked.url.path == "/sign-in/code"
    assert signed_in_browsers() == 0
    wrong = browser.press("/sign-in/code", "/sign-in/code", code="000000")
    assert wrong.status_code == 401
    right = browser.press("/sign-in/code", "/sign-in/code", code=phone.code())
    assert right.url.path == "/console"
    assert log_of("sign_in.succeeded", "sign_in.failed") == [
        ("sign_in.failed", {"factor": "code", "known": True}),
        ("sign_in.succeeded", {"by": "password+code"}),
    ]


def test_a_code_is_good_once_also_for_another_browser(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    first, second = visitor(), visitor()
    code = phone.code()
    for browser in (first, second):
        browser.sign_in("checker", PASSWORD)

    taken = first.press("/sign-in/code", "/sign-in/code", code=code)
    replayed = second.press("/sign-in/code", "/sign-in/code", code=code)

    assert taken.url.path == "/console"
    assert replayed.status_code == 401
    assert signed_in_browsers() == 1


def test_codes_of_the_neighbouring_steps_are_taken_and_no_older_ones(visitor: Visitor) -> None:
    user_id = a_user("checker", "operator")
    phone = with_code(user_id)
    at = now()

    def is_taken(seconds: int) -> bool:
        with db.transaction() as session:
            user = session.get_one(User, user_id)
            code = phone.code(at + timedelta(seconds=seconds))
            return second_factor.is_code(session, user, code, at=at)

    assert not is_taken(-60)
    assert not is_taken(60)
    assert is_taken(-30)
    assert is_taken(30)
    assert not is_taken(0), "a step before one that was taken is a replay"


def test_a_recovery_code_stands_in_once(visitor: Visitor) -> None:
    user_id = a_user("checker", "operator")
    with_code(user_id)
    with db.transaction() as session:
        code, *_ = second_factor.make_recovery_codes(session, session.get_one(User, user_id))
    first, second = visitor(), visitor()
    first.sign_in("checker", PASSWORD)
    second.sign_in("checker", PASSWORD)

    taken = first.press("/sign-in/code", "/sign-in/code", code=code.lower())
    again = second.press("/sign-in/code", "/sign-in/code", code=code)

    assert taken.url.path == "/console"
    assert again.status_code == 401
    kept = rows("SELECT code_hash FROM recovery_codes WHERE user_id = :id", id=user_id)
    assert len(kept) == 7
    assert all(code.encode() not in bytes(row.code_hash) for row in kept)
    assert ("user.changed", "recovery_code_used") in [
        (kind, data["change"]) for kind, data in log_of("user.changed")
    ]


def test_codes_are_guessed_at_five_times_and_then_wait(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    browser = visitor()
    browser.sign_in("checker", PASSWORD)

    for _ in range(5):
        guess = browser.press("/sign-in/code", "/sign-in/code", code="000000")
        assert guess.status_code == 401
    right_too_soon = browser.press("/sign-in/code", "/sign-in/code", code=phone.code())

    assert right_too_soon.status_code == 429
    assert "SIGN_IN" not in right_too_soon.url.path
    assert signed_in_browsers() == 0
    assert ("sign_in.held", {"factor": "code", "known": True}) in log_of("sign_in.held")
    wait_over()
    assert browser.press("/sign-in/code", "/sign-in/code", code=phone.code()).status_code == 200


def test_half_a_sign_in_opens_nothing_and_cannot_enrol_anew(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    browser = visitor()
    browser.sign_in("checker", PASSWORD)
    half = browser.client.cookies["ledger_half"]
    secrets = rows("SELECT totp_secret FROM users WHERE login = 'checker'")

    enrol = browser.see("/sign-in/enrol")
    passing = browser.see("/sign-in/password")
    browser.client.cookies.set(COOKIE, half)

    assert enrol.status_code == passing.status_code == 409
    assert browser.see("/console").url.path == "/sign-in"
    assert browser.client.get("/v1/events").status_code == 401
    headers = {"authorization": f"Bearer {half}"}
    assert browser.client.get("/v1/events", headers=headers).status_code == 401
    assert rows("SELECT totp_secret FROM users WHERE login = 'checker'") == secrets
    assert phone.secret.encode() not in bytes(secrets[0].totp_secret)


def test_half_a_sign_in_ends_after_ten_minutes(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    browser = visitor()
    browser.sign_in("checker", PASSWORD)
    form = browser.forms("/sign-in/code")["/sign-in/code"]
    rows("UPDATE half_sign_ins SET expires_at = now() RETURNING 1")

    late = browser.client.post("/sign-in/code", data={**form, "code": phone.code()})

    assert late.url.path == "/sign-in"
    assert signed_in_browsers() == 0


def test_an_initial_password_opens_nothing_but_choosing_another(visitor: Visitor) -> None:
    a_user("new", "regulator", initial=True)
    browser = visitor()

    asked = browser.sign_in("new", PASSWORD)

    assert asked.url.path == "/sign-in/password"
    assert browser.see("/console").url.path == "/sign-in"
    for weak in ("short", PASSWORD, "password2026!", "newnewnewnew"):
        page = browser.press("/sign-in/password", "/sign-in/password", password=weak)
        assert page.status_code == 422, weak
    own = browser.press(
        "/sign-in/password", "/sign-in/password", password="four unrelated words here"
    )
    assert own.url.path == "/console"
    assert visitor().sign_in("new", PASSWORD).status_code == 401


def test_a_session_after_the_code_is_under_a_new_token(visitor: Visitor) -> None:
    phone = with_code(a_user("checker", "operator"))
    browser = visitor()
    browser.client.cookies.set(COOKIE, "a token somebody else chose")

    walk_in(browser, "checker", phone)

    stored = [bytes(row.token_hash) for row in rows("SELECT token_hash FROM sessions")]
    assert len(stored) == 1
    assert digest("a token somebody else chose") not in stored
