"""Whoever keeps people for the installation does not come in as a party's administrator by it."""

import pytest

from services.ledger.parties import outside
from tests.web.browser import Browser
from tests.web.signing import a_user, rows, secret_on, walk_in, with_code
from tests.web.test_administrators import OURS, added, change, ours, parties, security
from tests.web.test_sign_in import Visitor, visitor

__all__ = ["ours", "parties", "security", "visitor"]
NEEDS_OURS, NEEDS_TIME = "由本主体的管理员在“用户”中接纳", "（北京时间）起可用"


def hours_pass(hours: int) -> None:
    past = "UPDATE users SET outside_at = outside_at - :hours * interval '1 hour' RETURNING 1"
    assert rows(past, hours=hours)


def tried(visitor: Visitor, login: str, password: str) -> str:
    """Try a password and return how far one comes by it."""
    answer = visitor().sign_in(login, password)
    if answer.status_code == 403:
        return NEEDS_OURS if NEEDS_OURS in answer.text else NEEDS_TIME
    assert answer.status_code == 200, answer.text
    return answer.url.path


def told() -> list[tuple[str, str]]:
    """Return what the party is told: events about its people that no one of it did."""
    found = rows(
        "SELECT type, coalesce(data ->> 'change', '') AS change FROM events WHERE debtor_id = :id"
        " AND actor_party_id IS NULL AND split_part(type, '.', 1) = 'user'"
        " ORDER BY recorded_at, id",
        id=OURS,
    )
    return [tuple(row) for row in found]


def a_second_administrator_from_outside_waits(security: Browser, visitor: Visitor) -> str:
    password = added(security, "second", role="core_enterprise", party="91330100MA90000118")
    hours_pass(1_000)
    assert tried(visitor, "second", password) == NEEDS_OURS
    return password


def test_another_administrator_made_from_outside_comes_in_when_the_partys_own_admits_it(
    ours: Browser, security: Browser, visitor: Visitor
) -> None:
    before = told()
    password = a_second_administrator_from_outside_waits(security, visitor)
    assert change(security, "second", "admit") == 404
    assert tried(visitor, "second", password) == NEEDS_OURS

    assert "外部创建或重置" in ours.see("/console/people").text
    assert change(ours, "second", "admit") == 200

    assert tried(visitor, "second", password) == "/sign-in/enrol"
    assert "外部创建或重置" not in ours.see("/console/people").text
    assert told()[len(before) :] == [("user.added", "")]


def test_a_sign_in_from_outside_that_did_not_wait_would_be_seen(
    ours: Browser, security: Browser, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ours
    monkeypatch.setattr(outside, "check", lambda *_: None)

    with pytest.raises(AssertionError):
        a_second_administrator_from_outside_waits(security, visitor)


def test_the_only_administrator_who_was_reset_from_outside_waits_a_day_and_is_in_again(
    security: Browser, visitor: Visitor
) -> None:
    user_id = a_user("boss", "core_enterprise", party_id=OURS, duty="administrator")
    before = told()

    assert change(security, "boss", "forget-code") == 200
    page = security.press("/console/people", f"{user_id}/password")
    assert told()[len(before) :] == [
        ("user.changed", "second_factor_removed"),
        ("user.password_set", ""),
    ]
    hours_pass(outside.HOURS - 1)
    assert tried(visitor, "boss", secret_on(page)) == NEEDS_TIME
    hours_pass(1)
    assert tried(visitor, "boss", secret_on(page)) == "/sign-in/enrol"
    a_user("boss", "core_enterprise", party_id=OURS, duty="administrator")
    walk_in(visitor(), "boss", with_code(user_id))
    assert rows("SELECT 1 FROM users WHERE outside_at IS NOT NULL") == []
