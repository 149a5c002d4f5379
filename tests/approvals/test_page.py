from collections.abc import Callable

import pytest

from services.ledger.credentials import COOKIE
from services.ledger.receivables.queries import Claim
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person
from tests.web.browser import Browser
from tests.web.conftest import now_of

PAGE = "/console/approvals"
At = Callable[[Person], Browser]


@pytest.fixture
def at_browser() -> At:
    """Give a person a browser, signed in as they are over HTTP."""

    def sit(person: Person) -> Browser:
        token = person.client.headers.pop("authorization").removeprefix("Bearer ")
        person.client.cookies.set(COOKIE, token)
        return Browser(person.client)

    return sit


@pytest.fixture
def path(claim: Claim) -> str:
    return f"/console/receivables/{claim.id}"


def test_a_checker_sees_what_will_change_in_figures_and_words_and_approves_by_a_code(
    maker: Person, checker: Person, claim: Claim, path: str, at_browser: At
) -> None:
    desk, other_desk = at_browser(maker), at_browser(checker)

    after = desk.press(path, "/confirm-part", amount="800.00", reason="数量不符")
    assert "等待复核人办理" in after.text
    assert now_of(claim).confirmed_on is None
    assert 'name="item"' not in desk.see(PAGE).text

    listed = other_desk.see(PAGE).text
    for shown in ("800.00", "捌佰元整", "200.00", "数量不符", maker.viewer.name):
        assert shown in listed

    wrong = other_desk.press(PAGE, PAGE, decision="approve", code="000000")
    assert wrong.status_code == 401
    assert now_of(claim).confirmed_on is None

    done = other_desk.press(PAGE, PAGE, decision="approve", code=checker.code())
    assert "已办理" in done.text, done.text
    assert now_of(claim).confirmed_on is not None
    assert "等待复核人办理" not in desk.see(path).text


def test_one_is_rejected_with_a_reason_on_its_own_page(
    maker: Person, checker: Person, claim: Claim, path: str, at_browser: At
) -> None:
    desk, other_desk = at_browser(maker), at_browser(checker)
    desk.press(path, "/confirm")
    (one,) = [
        action.removesuffix("/withdraw")
        for action in desk.forms(f"{PAGE}/{_proposal(desk)}")
        if action.endswith("/withdraw")
    ]

    without = other_desk.press(one, PAGE, decision="reject", code=checker.code())
    assert without.status_code == 422
    assert "驳回须填写原因" in without.text
    rejected = other_desk.press(
        one, PAGE, decision="reject", code=checker.code(), reason="发票有误"
    )
    assert "已驳回" in rejected.text
    assert "发票有误" in desk.see(PAGE).text
    assert now_of(claim).confirmed_on is None


def test_who_proposed_takes_it_back_and_strangers_see_nothing(
    maker: Person, checker: Person, person: Arrive, claim: Claim, path: str, at_browser: At
) -> None:
    assert checker
    desk = at_browser(maker)
    desk.press(path, "/confirm")
    one = f"{PAGE}/{_proposal(desk)}"
    stranger = at_browser(person(claim.creditor_id, "checker", role="supplier"))

    assert stranger.see(one).status_code == 404
    assert "没有待复核的申请" in stranger.see(PAGE).text
    assert "等待复核人办理" not in stranger.see(path).text
    assert "已撤回" in desk.press(one, "/withdraw").text


def _proposal(desk: Browser) -> str:
    text = desk.see(PAGE).text
    return text.split(f'href="{PAGE}/')[1].split('"')[0]


def test_interest_given_up_at_the_page_waits_for_a_checker(
    person: Arrive, claim: Claim, path: str, at_browser: At
) -> None:
    desk = at_browser(person(claim.creditor_id, "maker", role="supplier"))
    person(claim.creditor_id, "checker", role="supplier")
    desk.press(path, "/interest", reading="statutory", until_on="2025-10-08")
    (form,) = [
        fields for where, fields in desk.forms(path).items() if where.endswith("/arrears/waiver")
    ]

    after = desk.client.post(f"{path}/arrears/waiver", data={**form, "reason": "和解"})

    assert "等待复核人办理" in after.text
    assert "放弃逾期利息" in after.text
    assert now_of(claim).interest_fen == 15_00
