import pytest

from services.ledger.credentials import COOKIE
from tests.web.signing import (
    PASSWORD,
    Authenticator,
    a_user,
    log_of,
    rows,
    secret_on,
    walk_in,
    with_code,
)
from tests.web.test_sign_in import Visitor, signed_in_browsers, visitor

__all__ = ["visitor"]
OTHER = "another password of several words"


def test_a_person_sees_where_they_are_signed_in_and_ends_one(visitor: Visitor) -> None:
    here, there = visitor(), visitor()
    there.client.headers["user-agent"] = "Telephone <script>"
    for browser in (here, there):
        browser.sign_in("auditor", PASSWORD)

    shown = here.see("/console/account")

    assert "Telephone &lt;script&gt;" in shown.text
    here.press("/console/account", "/sessions/end")
    assert there.see("/console").url.path == "/sign-in"
    assert here.see("/console").url.path == "/console"
    assert log_of("sign_in.ended") == [("sign_in.ended", {"cause": "one_of_several", "count": 1})]


def test_signing_out_everywhere_ends_all_and_forgets_the_browsers(visitor: Visitor) -> None:
    browsers = [visitor() for _ in range(3)]
    for browser in browsers:
        browser.sign_in("auditor", PASSWORD)

    browsers[0].press("/console/account", "/sessions/end-all")

    assert signed_in_browsers() == 0
    assert all(browser.see("/console").url.path == "/sign-in" for browser in browsers)
    assert rows("SELECT 1 FROM known_browsers") == []


def test_another_persons_session_is_not_ended(visitor: Visitor) -> None:
    a_user("other", "regulator")
    mine, theirs = visitor(), visitor()
    mine.sign_in("auditor", PASSWORD)
    theirs.sign_in("other", PASSWORD)
    visitor().sign_in("auditor", PASSWORD)
    form = mine.forms("/console/account")["/console/account/sessions/end"]
    (row,) = rows(
        "SELECT encode(substring(token_hash FOR 8), 'hex') AS name FROM sessions s"
        " JOIN users u ON u.id = s.user_id WHERE u.login = 'other'"
    )

    mine.client.post("/console/account/sessions/end", data={**form, "name": row.name})

    assert theirs.see("/console").url.path == "/console"


def test_a_new_password_takes_the_old_one_and_signs_out_elsewhere(visitor: Visitor) -> None:
    here, there = visitor(), visitor()
    for browser in (here, there):
        browser.sign_in("auditor", PASSWORD)
    path = "/console/account"

    wrong = here.press(path, "/account/password", old="not my password", password=OTHER)
    weak = here.press(path, "/account/password", old=PASSWORD, password="password2026!")
    same = here.press(path, "/account/password", old=PASSWORD, password=PASSWORD)
    done = here.press(path, "/account/password", old=PASSWORD, password=OTHER)

    assert [wrong.status_code, weak.status_code, same.status_code] == [401, 422, 422]
    assert done.status_code == 200
    assert here.see("/console").url.path == "/console"
    assert there.see("/console").url.path == "/sign-in"
    assert visitor().sign_in("auditor", PASSWORD).status_code == 401
    assert visitor().sign_in("auditor", OTHER).status_code == 200


@pytest.mark.parametrize(
    ("path", "form", "fields"),
    [
        ("/console/account", "/account/password", {"old": "no", "password": OTHER}),
        ("/console/prove", "/console/prove", {"proof": "no"}),
    ],
)
def test_who_guesses_at_their_own_proof_is_told_to_wait(
    visitor: Visitor, path: str, form: str, fields: dict[str, str]
) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)

    answers = [browser.press(path, form, **fields).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


def test_a_browser_that_asks_for_nothing_is_signed_out(visitor: Visitor) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)
    rows("UPDATE uses SET at = now() - interval '29 minutes' RETURNING 1")
    assert browser.see("/console").url.path == "/console"
    rows("UPDATE uses SET at = now() - interval '31 minutes' RETURNING 1")

    assert browser.see("/console").url.path == "/sign-in"


def test_a_closed_account_has_no_session_however_it_was_closed(visitor: Visitor) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)
    rows("UPDATE users SET disabled_at = now() RETURNING 1")

    assert browser.see("/console").url.path == "/sign-in"


def test_a_session_ends_after_twelve_hours_however_busy(visitor: Visitor) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)
    (row,) = rows("SELECT expires_at - started_at AS lasts FROM sessions")
    assert row.lasts.total_seconds() // 3600 in {11, 12}
    rows("UPDATE sessions SET expires_at = now() RETURNING 1")

    assert browser.see("/console").url.path == "/sign-in"


def test_administering_needs_a_fresh_proof_and_then_a_new_token(visitor: Visitor) -> None:
    phone = with_code(a_user("guard", "security_admin"))
    browser = visitor()
    walk_in(browser, "guard", phone)
    before = browser.client.cookies[COOKIE]
    assert browser.see("/console/people").url.path == "/console/people"
    rows("UPDATE sessions SET verified_at = now() - interval '11 minutes' RETURNING 1")

    asked = browser.see("/console/people")

    assert asked.url.path == "/console/prove"
    wrong = browser.press(str(asked.url), "/console/prove", proof=PASSWORD)
    assert wrong.status_code == 401, "who has a second factor proves it by that"
    rows("UPDATE users SET totp_step = 0 RETURNING 1")
    proved = browser.press(str(asked.url), "/console/prove", proof=phone.code())
    assert proved.url.path == "/console/people"
    assert browser.client.cookies[COOKIE] != before
    thief = visitor()
    thief.client.cookies.set(COOKIE, before)
    assert thief.see("/console").url.path == "/sign-in"


def test_a_stale_session_posts_nothing_that_administers(visitor: Visitor) -> None:
    phone = with_code(a_user("guard", "security_admin"))
    browser = visitor()
    walk_in(browser, "guard", phone)
    form = browser.forms("/console/people")["/console/people"]
    rows("UPDATE sessions SET verified_at = now() - interval '11 minutes' RETURNING 1")

    answer = browser.client.post(
        "/console/people", data={**form, "login": "late", "role": "regulator"}
    )

    assert answer.url.path == "/console/prove"
    assert rows("SELECT 1 FROM users WHERE login = 'late'") == []


def test_anyone_may_set_up_a_second_factor_and_is_asked_for_it_from_then_on(
    visitor: Visitor,
) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)
    page = browser.see("/console/account/code")
    phone = Authenticator(secret_on(page))

    wrong = browser.press("/console/account/code", "/account/code", code="000000")
    done = browser.press("/console/account/code", "/account/code", code=phone.code())

    assert wrong.status_code == 401
    assert done.text.count("<li><code>") == 8
    assert visitor().sign_in("auditor", PASSWORD).url.path == "/sign-in/code"
    again = browser.press("/console/account", "/recovery-codes")
    assert again.text.count("<li><code>") == 8
    assert len(rows("SELECT 1 FROM recovery_codes")) == 8


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/v1/events"])
def test_proving_leads_nowhere_else(visitor: Visitor, target: str) -> None:
    browser = visitor()
    browser.sign_in("auditor", PASSWORD)

    answer = browser.press("/console/prove", "/console/prove", proof=PASSWORD, next=target)

    assert (answer.url.host, answer.url.path) == ("testserver", "/console/account")
