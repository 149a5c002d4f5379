"""The security administrator appoints regulators on the pages of people and of keys."""

import pytest
from httpx2 import Response

from services.ledger.clock import today
from tests.access.making import a_key, rows
from tests.web.browser import Browser
from tests.web.signing import a_user
from tests.web.test_administrators import administrator, ours, parties, security
from tests.web.test_sign_in import Visitor, visitor

__all__ = ["ours", "parties", "security", "visitor"]


def appoint(browser: Browser, page: str, **fields: str) -> Response:
    path = f"/console/{page}"
    return browser.press(path, f"{path}/appointments", **fields)


@pytest.mark.parametrize("page", ["people", "keys"])
def test_regulators_are_appointed_and_their_appointments_ended(
    security: Browser, page: str
) -> None:
    a_user("auditor", "regulator")
    who = "auditor" if page == "people" else a_key("regulator").prefix

    shown = appoint(security, page, who=who, region="330100", area="arrears", until_on="2099-12-31")
    assert shown.url.path == f"/console/{page}"
    (row,) = rows("SELECT id, region, function, from_on, until_on FROM regulator_scopes")
    assert (row.region, row.function, row.from_on) == ("3301", "arrears", today())
    for told in ("3301", "逾期与报表", "2099-12-31", "有效"):
        assert told in shown.text

    ending = f"/console/{page}/appointments/{row.id}/end"
    shown = security.press(f"/console/{page}", ending)
    assert "已终止" in shown.text
    assert rows("SELECT 1 FROM regulator_scopes WHERE ended_at IS NULL") == []
    assert ending not in shown.text


def test_what_cannot_be_is_refused_on_the_page(security: Browser) -> None:
    a_user("auditor", "regulator")

    refused = appoint(security, "people", who="auditor", region="99")

    assert refused.status_code == 422
    assert "开头的GB/T 2260代码" in refused.text
    assert rows("SELECT 1 FROM regulator_scopes") == []


def test_others_neither_see_nor_make_appointments(visitor: Visitor, ours: Browser) -> None:
    a_user("auditor", "regulator")
    assert 'id="appointments"' not in ours.see("/console/people").text
    for browser in (ours, administrator(visitor, "keeper", "operator")):
        token = browser.forms("/console/account")["/sign-out"]["token"]
        posted = browser.client.post(
            "/console/people/appointments", data={"token": token, "who": "auditor", "region": ""}
        )
        assert posted.status_code == 403, posted.text
    assert rows("SELECT 1 FROM regulator_scopes") == []
