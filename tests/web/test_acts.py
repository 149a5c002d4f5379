from datetime import date
from typing import Any

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.financing import exporting, platforms
from services.ledger.ids import new_id
from services.ledger.orders.models import Contract
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.service import Act
from tests.ledger.make import a_party, a_receivable, acting_for
from tests.web.browser import Browser
from tests.web.conftest import Person, now_of


@pytest.fixture
def path(claim: Claim) -> str:
    return f"/console/receivables/{claim.id}"


@pytest.fixture
def buyer(person: Person, claim: Claim) -> Browser:
    return person("core_enterprise", claim.debtor_id)


@pytest.fixture
def supplier(person: Person, claim: Claim) -> Browser:
    return person("supplier", claim.creditor_id)


def acts(browser: Browser, path: str) -> list[str]:
    return [
        action.removeprefix(f"{path}/")
        for action in browser.forms(path)
        if action.startswith(path) and "/arrears/" not in action
    ]


def test_a_page_offers_each_party_what_is_its_own_to_do(
    person: Person, buyer: Browser, supplier: Browser, path: str
) -> None:
    assert acts(buyer, path) == ["confirm", "confirm-part", "reject"]
    assert acts(supplier, path) == ["request", "credit"]
    assert acts(person("regulator"), path) == []
    assert acts(person("operator"), path) == []

    buyer.press(path, "/confirm-part", amount="800.00", reason="数量不符")

    assert acts(buyer, path) == ["dispute", "accept"]
    assert acts(supplier, path) == ["credit", "withdraw"]


def test_a_button_pressed_twice_does_it_once(buyer: Browser, path: str, claim: Claim) -> None:
    form = buyer.forms(path)[f"{path}/confirm"]

    answers = [buyer.client.post(f"{path}/confirm", data=form) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "已确权" in answers[1].text
    with db.transaction() as session:
        counted = session.connection().exec_driver_sql("SELECT count(*) FROM confirmations")
        assert counted.scalar_one() == 1


def test_the_whole_that_is_confirmed_is_what_the_page_showed(
    buyer: Browser, supplier: Browser, path: str, claim: Claim
) -> None:
    form = buyer.forms(path)[f"{path}/confirm"]
    supplier.press(path, "/credit", amount="100.00", reason="红字发票1")

    answer = buyer.client.post(f"{path}/confirm", data=form)

    assert answer.status_code == 409
    assert "AMOUNT_EXCEEDS" in answer.text
    assert now_of(claim).confirmed_on is None


def test_a_part_is_confirmed_then_disputed_accepted_and_given_up(
    buyer: Browser, supplier: Browser, path: str, claim: Claim
) -> None:
    supplier.press(path, "/request")
    assert "请求确权" in buyer.see(path).text
    buyer.press(path, "/confirm-part", amount="800.00", reason="数量不符")
    assert (now_of(claim).receivable_fen, now_of(claim).disputed_fen) == (800_00, 200_00)
    buyer.press(path, "/dispute", amount="100", reason="质保扣款")
    buyer.press(path, "/accept", amount="50.00")
    supplier.press(path, "/withdraw", amount="250.00")

    done = now_of(claim)

    assert (done.receivable_fen, done.disputed_fen) == (750_00, 0)
    text = supplier.see(path).text
    for told in ("质保扣款", "750.00", "付款方答复确权", "争议终结", "250.00"):
        assert told in text


def test_a_rejection_disputes_the_whole(buyer: Browser, path: str, claim: Claim) -> None:
    buyer.press(path, "/reject", reason="不是我方订单")

    assert now_of(claim).disputed_fen == 1_000_00
    assert now_of(claim).confirmed_on is None


REFUSED = [
    ("confirm-part", {"amount": "1000.01", "reason": "x"}, 409, "AMOUNT_EXCEEDS"),
    ("confirm-part", {"amount": "1.005", "reason": "x"}, 422, "AMOUNT_INVALID"),
    ("confirm-part", {"amount": "0", "reason": "x"}, 422, "AMOUNT_NOT_POSITIVE"),
    ("confirm-part", {"amount": "-1", "reason": "x"}, 422, "AMOUNT_NOT_POSITIVE"),
    ("confirm-part", {"amount": "1", "reason": " "}, 422, "REASON_MISSING"),
    ("reject", {"reason": ""}, 422, "REASON_MISSING"),
    ("reject", {"reason": "\u202e"}, 422, "REQUEST_INVALID"),
]


@pytest.mark.parametrize(("act", "filled", "status", "code"), REFUSED)
def test_a_refusal_is_said_on_the_page_and_changes_nothing(
    buyer: Browser,
    path: str,
    claim: Claim,
    act: str,
    filled: dict[str, str],
    status: int,
    code: str,
) -> None:
    answer = buyer.press(path, f"/{act}", **filled)

    assert (answer.status_code, code in answer.text) == (status, True)
    assert now_of(claim) == claim


def test_what_is_the_other_partys_to_do_is_refused(
    person: Person, buyer: Browser, supplier: Browser, path: str, claim: Claim
) -> None:
    whole = {"id": str(new_id()), "amount": "1000.00", "reason": "x"}

    def post(browser: Browser, act: str) -> int:
        token = browser.forms("/console")["/sign-out"]["token"]
        return browser.client.post(f"{path}/{act}", data={**whole, "token": token}).status_code

    for act in ("confirm", "confirm-part", "reject", "dispute", "accept"):
        assert post(supplier, act) == 403, act
    for act in ("request", "credit", "withdraw"):
        assert post(buyer, act) == 403, act
    assert post(person("operator"), "confirm") == 403
    assert post(buyer, "settle") == 404
    assert now_of(claim) == claim


def test_the_page_shows_the_law_the_dates_and_the_book(supplier: Browser, path: str) -> None:
    text = supplier.see(path).text

    for told in (
        "保障中小企业款项支付条例",
        "第九条",
        "应当自货物、工程、服务交付之日起60日内支付款项",
        "R-TERM-LARGE-DEFAULT",
        "2025-09-08",
        "仅供核查，不构成法律认定",
        "登记应收账款",
        "1,000.00",
    ):
        assert told in text, told


def test_an_export_is_shown_whole_to_its_platform_and_in_part_to_the_parties(
    person: Person, contract: Contract
) -> None:
    with db.transaction() as session:
        platform_id = a_party(session, kind="FINANCIER")
        platforms.register_platform(
            session, OPERATOR, code="PT", name="某平台", party_id=platform_id
        )
        other = a_receivable(session)
        mine = a_receivable(session, contract, face_fen=2_000_00)
        for claim in (other, mine):
            act = Act(new_id(), claim.id, date(2025, 7, 20), claim.face_fen)
            service.confirm(session, acting_for(claim.debtor_id), act)
        exporting.reserve(session, OPERATOR, platform="PT", currency="CNY", as_of=date(2025, 8, 1))

    whole = person("platform", platform_id).see("/console/exports").text
    part = person("supplier", contract.creditor_id).see("/console/exports").text

    assert "3,000.00" in whole
    assert "format=xlsx" in whole
    assert "2,000.00" in part
    assert "3,000.00" not in part
    assert "format=xlsx" not in part
    with db.transaction() as session:
        stranger_id = a_party(session)
    assert "没有导出批次" in person("supplier", stranger_id).see("/console/exports").text


def test_a_refusal_half_way_leaves_nothing_behind(
    buyer: Browser, path: str, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise service.exceeds(2, 1, "after the answer was written", "在答复写入之后")

    monkeypatch.setattr(service, "record", refuse)

    answer = buyer.press(path, "/confirm")

    assert answer.status_code == 409
    assert "在答复写入之后" in answer.text
    assert now_of(claim) == claim
