import re
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from services.ledger import db
from services.ledger.parties import gates, passwords
from services.ledger.web import pages_sign_in
from tests.procedures.trips import watched
from tests.web.browser import Browser
from tests.web.signing import PASSWORD, a_user, log_of, rows, wait_over
from tests.web.test_sign_in import Visitor, signed_in_browsers, visitor

__all__ = ["visitor"]
WRONG = "a password nobody has here"


def guess(browser: Browser, login: str, times: int) -> list[int]:
    return [browser.sign_in(login, WRONG).status_code for _ in range(times)]


def test_five_guesses_are_judged_and_then_the_right_password_waits_too(visitor: Visitor) -> None:
    browser = visitor()

    assert guess(browser, "auditor", 5) == [401] * 5
    right = browser.sign_in("auditor", PASSWORD)

    assert right.status_code == 429
    assert signed_in_browsers() == 0
    wait_over()
    assert browser.sign_in("auditor", PASSWORD).status_code == 200
    kinds = [kind for kind, _ in log_of("sign_in.failed", "sign_in.held", "sign_in.succeeded")]
    assert kinds == ["sign_in.failed"] * 5 + ["sign_in.held", "sign_in.succeeded"]


def test_unknown_names_are_answered_and_held_up_like_known_ones(visitor: Visitor) -> None:
    known, unknown = visitor(), visitor()

    def told(browser: Browser, login: str) -> list[tuple[int, str]]:
        pages = [browser.sign_in(login, WRONG) for _ in range(6)]
        token = browser.forms("/sign-in")["/sign-in"]["token"]
        return [
            (
                page.status_code,
                # The wait is told to the second, and the second one is asked later.
                re.sub("[0-9]+( seconds|秒)", "N", page.text.replace(login, "NAME")).replace(
                    token, "TOKEN"
                ),
            )
            for page in pages
        ]

    assert told(known, "auditor") == told(unknown, "nobody!")
    assert [data["known"] for _, data in log_of("sign_in.held")] == [True, False]


def test_each_further_guess_waits_longer_and_never_over_a_quarter_of_an_hour(
    visitor: Visitor,
) -> None:
    browser = visitor()
    guess(browser, "auditor", 5)

    def waits() -> int:
        (row,) = rows(
            "SELECT max(round(extract(epoch FROM closed_until - failed_at)))::int AS s FROM gates"
        )
        return int(row.s)

    seen = [waits()]
    for _ in range(7):
        wait_over()
        guess(browser, "auditor", 1)
        seen.append(waits())
    assert seen == [30, 60, 120, 240, 480, 900, 900, 900]


def test_strangers_cannot_lock_out_a_browser_the_person_signed_in_from(visitor: Visitor) -> None:
    own = visitor()
    own.sign_in("auditor", PASSWORD)
    own.press("/console", "/sign-out")

    guess(visitor(), "auditor", 6)

    assert visitor().sign_in("auditor", PASSWORD).status_code == 429
    assert own.sign_in("auditor", PASSWORD).status_code == 200


def test_a_browser_known_for_one_person_guesses_at_others_like_any_stranger(
    visitor: Visitor,
) -> None:
    a_user("insider", "regulator")
    insider = visitor()
    insider.sign_in("insider", PASSWORD)
    insider.press("/console", "/sign-out")

    assert guess(insider, "auditor", 6) == [401] * 5 + [429]
    assert visitor().sign_in("auditor", PASSWORD).status_code == 429


def test_one_address_guesses_at_many_names_thirty_times(visitor: Visitor) -> None:
    browser = visitor()

    judged = [browser.sign_in(f"name {number}", WRONG).status_code for number in range(31)]

    assert judged == [401] * 30 + [429]
    assert browser.sign_in("auditor", PASSWORD).status_code == 429


def test_an_account_of_ones_own_does_not_reset_the_address(visitor: Visitor) -> None:
    browser = visitor()
    for number in range(29):
        browser.sign_in(f"name {number}", WRONG)

    assert browser.sign_in("auditor", PASSWORD).status_code == 200
    browser.press("/console", "/sign-out")

    assert [browser.sign_in(f"more {n}", WRONG).status_code for n in range(2)] == [401, 429]


def test_guesses_at_one_time_are_counted_before_they_are_judged(visitor: Visitor) -> None:
    """Judged first and counted afterwards, all of them would have been judged."""
    gate = gates.of_login("auditor", None, b"")

    def is_judged(_: int) -> bool:
        try:
            with db.transaction() as session:
                gates.count_try(session, [gate])
        except gates.WaitError:
            return False
        return True

    with ThreadPoolExecutor(10) as many:
        assert sum(many.map(is_judged, range(50))) == gates.FREE_TRIES


def test_ipv6_subscribers_and_mapped_addresses_have_one_gate() -> None:
    one, other, elsewhere = (
        gates.of_address(address)
        for address in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    )
    assert one == other
    assert one != elsewhere
    assert gates.of_address("192.0.2.1") != gates.of_address("192.0.2.2")


def test_closed_accounts_are_told_apart_from_unknown_names_by_nothing(visitor: Visitor) -> None:
    user_id = a_user("closed", "regulator")
    rows("UPDATE users SET disabled_at = now() WHERE id = :id RETURNING 1", id=user_id)
    browser = visitor()

    answer = browser.sign_in("closed", PASSWORD)

    assert answer.status_code == 401
    assert "用户名或密码错误" in answer.text


def test_whatever_the_name_the_database_is_asked_the_same(visitor: Visitor) -> None:
    """Also from a browser that somebody signed in from, which is looked up by its cookie."""
    rows(
        "UPDATE users SET disabled_at = now() WHERE id = :id RETURNING 1",
        id=a_user("closed", "regulator"),
    )
    elsewhere = visitor()
    elsewhere.sign_in("auditor", PASSWORD)
    known = elsewhere.client.cookies["ledger_browser"]
    asked: dict[str, list[list[str]]] = {}
    with watched() as trips:
        for name in ("auditor", "closed", "nobody-at-all"):
            for cookie in ("", "of nobody", known):
                browser = visitor()
                if cookie:
                    browser.client.cookies.set("ledger_browser", cookie)
                form = browser.forms("/sign-in")["/sign-in"]
                trips.begin()
                answer = browser.client.post(
                    "/sign-in", data={**form, "login": name, "password": WRONG}
                )
                assert answer.status_code == 401
                asked.setdefault(cookie, []).append(list(trips.asked))

    for cookie, statements in asked.items():
        assert statements[0] == statements[1] == statements[2], cookie


def expect_one_hash_each(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in with a wrong password under names of all kinds; argon2 is to work once for each."""
    rows(
        "UPDATE users SET disabled_at = now() WHERE id = :id RETURNING 1",
        id=a_user("closed", "regulator"),
    )
    rows(
        "UPDATE users SET password_hash = '' WHERE id = :id RETURNING 1",
        id=a_user("without a password", "regulator"),
    )
    asked: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            return getattr(argon2, name)

        def verify(self, kept: str, given: str) -> bool:
            asked.append(kept.rpartition("p=")[0])
            return bool(argon2.verify(kept, given))

    argon2 = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", Counted())
    work: dict[str, list[str]] = {}
    for name in ("auditor", "closed", "without a password", "nobody-at-all"):
        asked.clear()
        assert visitor().sign_in(name, WRONG).status_code == 401
        work[name] = list(asked)

    assert set(map(tuple, work.values())) == {("$argon2id$v=19$m=65536,t=3,",)}, work


def test_a_password_is_weighed_once_whatever_the_name(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect_one_hash_each(visitor, monkeypatch)


def test_a_sign_in_that_answers_unknown_names_at_once_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    honest = passwords.is_password
    early = SimpleNamespace(
        is_password=lambda kept, given: bool(kept) and honest(kept, given),
    )
    monkeypatch.setattr(pages_sign_in, "passwords", early)

    with pytest.raises(AssertionError, match="nobody-at-all"):
        expect_one_hash_each(visitor, monkeypatch)


def test_an_unknown_name_costs_as_much_time_as_a_known_one() -> None:
    """The best of several: what the code itself takes, without the machine's other work."""
    kept = passwords.hashed(PASSWORD)
    passwords.is_password("", WRONG)

    def best_nanoseconds(against: str) -> int:
        taken = []
        for _ in range(5):
            began = time.perf_counter_ns()
            assert not passwords.is_password(against, WRONG)
            taken.append(time.perf_counter_ns() - began)
        return min(taken)

    known, unknown = best_nanoseconds(kept), best_nanoseconds("")

    assert unknown * 2 > known
    assert known * 2 > unknown


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "elevenchars",
        "password1234",
        "Password2026!",
        "!!!qwertyuiop123",
        "aaaaaaaaaaaaaaaa",
        "111222333444",
        "zhang.san2026",
        "receivable!!!!",
        "x" * 201,
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with pytest.raises(passwords.WeakPasswordError):
        passwords.check_strength(password, login="zhang.san")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "晴天骑车去买三斤苹果和梨",
        "x7#kQ2!mZ9pL",
        PASSWORD,
        "a b c d e f g",
    ],
)
def test_long_passwords_need_no_signs_or_capitals(password: str) -> None:
    passwords.check_strength(password, login="zhang.san")


def test_passwords_are_kept_as_argon2id_with_salts_of_their_own() -> None:
    first, second = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)

    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert passwords.is_password(first, PASSWORD)
    assert not passwords.is_password(first, PASSWORD + " ")
    assert not passwords.is_password("", "")
