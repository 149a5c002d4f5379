import re
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.credentials import COOKIE
from services.ledger.ids import new_id
from services.ledger.parties.service import Registration, register
from services.ledger.parties.users import RoleAndPartyError
from services.ledger.receivables.queries import Claim
from tests.access.making import a_key
from tests.web.browser import Browser
from tests.web.signing import (
    PASSWORD,
    a_user,
    log_of,
    rows,
    secret_on,
    walk_in,
    with_code,
)
from tests.web.test_sign_in import Visitor, visitor

__all__ = ["visitor"]
OURS, THEIRS = new_id(), new_id()
PAGES = ("/console/people", "/console/keys", "/console/access-log")


@pytest.fixture
def parties(visitor: Visitor) -> None:
    with db.transaction() as session:
        for party_id, code in ((OURS, "91330100MA90000118"), (THEIRS, "91330100MA900002X0")):
            new = Registration(party_id, f"主体{code}", "LARGE", identifiers={"USCC": code})
            register(session, OPERATOR, new)


def administrator(visitor: Visitor, login: str, role: str, party_id: UUID | None = None) -> Browser:
    duty = "administrator" if party_id else ""
    phone = with_code(a_user(login, role, party_id=party_id, duty=duty))
    browser = visitor()
    walk_in(browser, login, phone)
    return browser


@pytest.fixture
def security(visitor: Visitor, parties: None) -> Browser:
    return administrator(visitor, "guard", "security_admin")


@pytest.fixture
def ours(visitor: Visitor, parties: None) -> Browser:
    return administrator(visitor, "our admin", "core_enterprise", OURS)


def added(browser: Browser, login: str, **fields: str) -> str:
    page = browser.press("/console/people", "/console/people", login=login, **fields)
    assert page.status_code == 200, page.text
    return secret_on(page)


def id_of(login: str) -> str:
    (row,) = rows("SELECT id FROM users WHERE login = :login", login=login)
    return str(row.id)


def change(browser: Browser, login: str, what: str, **fields: str) -> int:
    token = browser.forms("/console/people")["/console/people"]["token"]
    path = f"/console/people/{id_of(login)}/{what}"
    return browser.client.post(path, data={"token": token, **fields}).status_code


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("operator", ()),
        ("security_admin", PAGES[:2]),
        ("audit_admin", PAGES[2:]),
        ("regulator", ()),
    ],
)
def test_each_administrator_has_their_own_duty(
    visitor: Visitor, role: str, allowed: tuple[str, ...]
) -> None:
    browser = administrator(visitor, "somebody", role)

    for path in PAGES:
        expected = 200 if path in allowed else 403
        assert browser.see(path).status_code == expected, path


def test_no_administrator_acts_for_a_tenant_or_sees_its_book(
    visitor: Visitor, claim: Claim
) -> None:
    for role in ("security_admin", "audit_admin"):
        browser = administrator(visitor, role, role)
        path = f"/console/receivables/{claim.id}"
        assert browser.see(path).status_code == 404, role
        token = browser.forms("/console/account")["/sign-out"]["token"]
        posted = browser.client.post(f"{path}/confirm", data={"token": token})
        assert posted.status_code in {403, 404, 422}, role
        assert browser.client.get("/v1/receivables").json()["items"] == []
        assert browser.client.get("/v1/events").json()["events"] == []


def test_the_security_administrator_adds_only_a_partys_administrator(
    security: Browser, visitor: Visitor
) -> None:
    made = added(
        security, "tenant", role="core_enterprise", party="91330100MA90000118", duty="maker"
    )

    (row,) = rows("SELECT duty, party_id, password_initial FROM users WHERE login = 'tenant'")
    assert (row.duty, row.party_id, row.password_initial) == ("administrator", OURS, True)
    first = visitor()
    assert first.sign_in("tenant", made).url.path == "/sign-in/enrol"
    a_user("our maker", "core_enterprise", party_id=OURS, duty="maker")
    assert "our maker" not in security.see("/console/people").text
    assert change(security, "our maker", "password") == 404
    told = rows(
        "SELECT debtor_id FROM events WHERE type = 'user.added' AND debtor_id = :id", id=OURS
    )
    assert told, "the party reads in the log that it has an administrator"


def test_a_party_administrator_keeps_only_their_own_people(ours: Browser, visitor: Visitor) -> None:
    a_user("their maker", "supplier", party_id=THEIRS, duty="maker")
    a_user("their buyer", "core_enterprise", party_id=THEIRS, duty="maker")
    a_user("inspector", "regulator")

    added(ours, "our maker", duty="maker")

    (row,) = rows("SELECT role, duty, party_id FROM users WHERE login = 'our maker'")
    assert (row.role, row.duty, row.party_id) == ("core_enterprise", "maker", OURS)
    page = ours.see("/console/people").text
    assert "our maker" in page
    for stranger in ("their maker", "their buyer", "inspector"):
        assert stranger not in page
        for what in ("password", "disable", "forget-code", "duty"):
            assert change(ours, stranger, what) == 404, (stranger, what)


def test_a_name_of_another_partys_is_taken_and_its_password_stays(ours: Browser) -> None:
    theirs = a_user("their maker", "supplier", party_id=THEIRS, duty="maker")
    before = rows("SELECT password_hash FROM users WHERE id = :id", id=theirs)

    page = ours.press("/console/people", "/console/people", login="their maker", duty="maker")

    assert page.status_code == 409
    assert "用户名their maker已被使用" in page.text
    assert rows("SELECT password_hash FROM users WHERE id = :id", id=theirs) == before
    with pytest.raises(RoleAndPartyError):
        a_user("their maker", "supplier", party_id=THEIRS, duty="checker")
    with pytest.raises(RoleAndPartyError):
        a_user("their maker", "operator")


def test_a_form_cannot_make_somebody_of_another_role_or_party(ours: Browser) -> None:
    added(ours, "crafty", duty="maker", role="operator", party="91330100MA900002X0")

    (row,) = rows("SELECT role, party_id FROM users WHERE login = 'crafty'")
    assert (row.role, row.party_id) == ("core_enterprise", OURS)


def test_nobody_changes_their_own_rights(ours: Browser) -> None:
    for what in ("duty", "password", "disable", "forget-code"):
        assert change(ours, "our admin", what, duty="maker") == 409, what


def test_who_becomes_a_checker_sets_up_a_second_factor(ours: Browser, visitor: Visitor) -> None:
    a_user("colleague", "core_enterprise", party_id=OURS, duty="maker")
    browser = visitor()
    assert browser.sign_in("colleague", PASSWORD).url.path == "/console"

    assert change(ours, "colleague", "duty", duty="checker") == 200

    assert browser.see("/console").url.path == "/sign-in"
    assert browser.sign_in("colleague", PASSWORD).url.path == "/sign-in/enrol"


def test_closing_an_account_ends_its_sign_ins_at_once(ours: Browser, visitor: Visitor) -> None:
    a_user("colleague", "core_enterprise", party_id=OURS)
    browser = visitor()
    browser.sign_in("colleague", PASSWORD)
    token = browser.client.cookies[COOKIE]

    assert change(ours, "colleague", "disable") == 200

    assert browser.see("/console").url.path == "/sign-in"
    thief = visitor()
    thief.client.cookies.set(COOKIE, token)
    assert thief.client.get("/v1/events").status_code == 401
    assert visitor().sign_in("colleague", PASSWORD).status_code == 401
    assert change(ours, "colleague", "enable") == 200
    assert visitor().sign_in("colleague", PASSWORD).status_code == 200


def test_a_lost_second_factor_is_taken_away_by_another(ours: Browser, visitor: Visitor) -> None:
    with_code(a_user("colleague", "core_enterprise", party_id=OURS, duty="checker"))

    assert change(ours, "colleague", "forget-code") == 200

    assert visitor().sign_in("colleague", PASSWORD).url.path == "/sign-in/enrol"
    assert rows("SELECT 1 FROM recovery_codes r JOIN users u ON u.id = r.user_id"
                " WHERE u.login = 'colleague'") == []  # fmt: skip


def made_key(browser: Browser, **fields: object) -> str:
    form = browser.forms("/console/keys")["/console/keys"]
    # A browser sends no field of a tick that is not made.
    form = {name: value for name, value in form.items() if name in {"token", "days"}}
    page = browser.client.post("/console/keys", data={**form, "name": "erp", **fields})
    assert page.status_code == 200, page.text
    return secret_on(page)


def held(key: str) -> TestClient:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    return TestClient(app, headers={"authorization": f"Bearer {key}"})


def test_a_party_administrator_makes_rolls_and_revokes_keys(ours: Browser) -> None:
    key = made_key(ours, scopes=["events:read"])
    prefix = key.rpartition("_")[0] if key.count("_") == 2 else "_".join(key.split("_")[:2])
    assert held(key).get("/v1/events").status_code == 200
    assert held(key).get("/v1/receivables").status_code == 403
    assert key not in ours.see("/console/keys").text

    rolled = secret_on(ours.press("/console/keys", f"{prefix}/roll", hours="1"))
    ours.press("/console/keys", f"{prefix}/revoke")

    assert held(key).get("/v1/events").status_code == 401
    assert held(rolled).get("/v1/events").status_code == 200
    assert [kind for kind, _ in log_of("api_key.added", "api_key.rolled", "api_key.revoked")] == [
        "api_key.added",
        "api_key.rolled",
        "api_key.revoked",
    ]


def test_without_a_tick_a_key_may_do_nothing(ours: Browser) -> None:
    assert held(made_key(ours)).get("/v1/events").json()["code"] == "KEY_RESTRICTED"


def test_another_partys_keys_are_not_there(ours: Browser, visitor: Visitor) -> None:
    theirs = administrator(visitor, "their admin", "supplier", THEIRS)
    key = made_key(theirs, scopes=["events:read"])
    prefix = re.match(r"lk_[A-Za-z0-9]{10}", key)
    assert prefix

    assert prefix[0] not in ours.see("/console/keys").text
    token = ours.forms("/console/keys")["/console/keys"]["token"]
    for what in ("roll", "revoke"):
        path = f"/console/keys/{prefix[0]}/{what}"
        assert ours.client.post(path, data={"token": token}).status_code == 404
    assert held(key).get("/v1/events").status_code == 200


def test_a_key_administers_nothing(ours: Browser, visitor: Visitor) -> None:
    """A key that leaks could otherwise make others."""
    whole = a_key("core_enterprise", OURS).token
    for key in (made_key(ours, scopes=["parties:write"]), whole):
        thief = visitor()
        thief.client.cookies.set(COOKIE, key)
        for path in PAGES:
            for headers in ({}, {"authorization": f"Bearer {key}"}):
                answer = thief.client.get(path, headers=headers)
                assert answer.status_code == 403 or answer.url.path == "/sign-in"


def test_the_audit_administrator_reads_who_came_in_without_names_in_the_log(
    visitor: Visitor,
) -> None:
    visitor().sign_in("auditor", "wrong password here")
    visitor().sign_in("nobody at all", PASSWORD)
    audit = administrator(visitor, "reader", "audit_admin")

    page = audit.see("/console/access-log").text

    assert "登录失败" in page
    assert "登录成功" in page
    (known,) = rows("SELECT count(*) AS n FROM events WHERE type = 'sign_in.failed'"
                    " AND subject_id = :id", id=id_of("auditor"))  # fmt: skip
    assert known.n == 1
    everything = str(rows("SELECT * FROM events WHERE split_part(type, '.', 1) = 'sign_in'"))
    for personal in ("auditor", "nobody at all", "wrong password", PASSWORD, "testclient"):
        assert personal not in everything
