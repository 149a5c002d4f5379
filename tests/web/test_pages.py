import re
from datetime import date
from uuid import UUID

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.ids import new_id
from services.ledger.orders.models import Contract
from services.ledger.parties.service import Registration, register
from services.ledger.receivables.queries import Claim
from services.ledger.web import pages_receivables
from tests.ledger.make import a_contract, a_party, a_receivable
from tests.web.conftest import Person

PAGES = ("", "/receivables", "/overdue", "/eligible", "/exports", "/inbox")
ROLES = ("core_enterprise", "supplier", "platform", "regulator", "operator")


def party_of(role: str, claim: Claim) -> UUID | None:
    if role == "platform":
        with db.transaction() as session:
            return a_party(session, kind="FINANCIER")
    return {"core_enterprise": claim.debtor_id, "supplier": claim.creditor_id}.get(role)


@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_there_for_every_role(person: Person, claim: Claim, role: str) -> None:
    browser = person(role, party_of(role, claim))

    for page in PAGES:
        answer = browser.see(f"/console{page}")
        assert answer.status_code == 200, page
        assert answer.url.path == f"/console{page}"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert '<html lang="zh-CN">' in answer.text
    seen = browser.see(f"/console/receivables/{claim.id}")
    assert seen.status_code == (404 if role == "platform" else 200)
    assert (claim.invoice_number in browser.see("/console/receivables").text) == (
        role != "platform"
    )


def test_pages_run_nothing_are_framed_by_nobody_and_kept_nowhere(
    person: Person, claim: Claim
) -> None:
    browser = person("core_enterprise", claim.debtor_id)
    refused = browser.client.post(f"/console/receivables/{claim.id}/confirm")

    for answer in (
        browser.see("/console"),
        browser.see(f"/console/receivables/{claim.id}"),
        browser.see("/console/nothing"),
        browser.see("/console", as_of="never"),
        refused,
    ):
        headers = answer.headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text)
    (style,) = re.findall(r'rel="stylesheet" href="([^"]+)"', browser.see("/console").text)
    answer = browser.see(style)
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]


def test_every_field_a_person_fills_in_has_a_label(person: Person, claim: Claim) -> None:
    browser = person("core_enterprise", claim.debtor_id)

    for page in (
        "/sign-in",
        *(f"/console{one}" for one in PAGES),
        f"/console/receivables/{claim.id}",
    ):
        text = browser.see(page).text
        unlabelled = re.sub(r"<label.*?</label>", "", text, flags=re.DOTALL)
        assert not re.search(r'<(select|input(?! type="hidden"))', unlabelled), page


def test_a_stranger_sees_the_page_of_nothing(person: Person, claim: Claim) -> None:
    with db.transaction() as session:
        stranger_id = a_party(session, kind="LARGE")
    stranger = person("core_enterprise", stranger_id)

    hidden = stranger.see(f"/console/receivables/{claim.id}")
    absent = stranger.see(f"/console/receivables/{new_id()}")

    def told(text: str) -> str:
        return re.sub(r"<code>[0-9a-f-]{36}</code>", "", text)

    assert hidden.status_code == absent.status_code == 404
    assert "没有这笔应收账款" in hidden.text
    assert told(hidden.text) == told(absent.text)
    assert claim.invoice_number not in stranger.see("/console/receivables").text
    form = stranger.forms("/console")["/sign-out"]
    acted = stranger.client.post(
        f"/console/receivables/{claim.id}/confirm", data={**form, "id": str(new_id())}
    )
    assert acted.status_code == 404


@pytest.mark.parametrize("path", ["/nothing", "/receivables/7", "/receivables/x/confirm"])
def test_an_address_without_a_page_is_a_page_that_says_so(person: Person, path: str) -> None:
    answer = person("regulator").see(f"/console{path}")

    assert answer.status_code == 404
    assert "没有该页面" in answer.text
    assert "There is no such page." in answer.text


def test_names_are_shown_and_never_run(person: Person) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    buyer_id = new_id()
    with db.transaction() as session:
        register(session, OPERATOR, Registration(id=buyer_id, name=evil, kind="LARGE"))
        contract = a_contract(session)
        contract.debtor_id = buyer_id
        session.flush()
        claim = a_receivable(session, contract, number="INV-1<b>")
    browser = person("core_enterprise", buyer_id)

    for page in ("/console", "/console/receivables", f"/console/receivables/{claim.id}"):
        text = browser.see(page).text
        assert "<script>" not in text
        assert "<img" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    searched = browser.see("/console/receivables", party='"><script>').text
    assert 'value="&#34;&gt;&lt;script&gt;"' in searched


def test_the_book_of_a_past_day_is_the_book_of_that_day(person: Person, claim: Claim) -> None:
    supplier = person("supplier", claim.creditor_id)

    before = supplier.see("/console", as_of="2025-07-08")
    on_time = supplier.see("/console/overdue", as_of="2025-09-08")
    late = supplier.see("/console/overdue", as_of="2025-09-09", known_at="")
    unknown = supplier.see("/console/overdue", as_of="2025-09-09", known_at="2020-01-01T00:00")

    assert "此日没有应收账款" in before.text
    assert "没有逾期的应收账款" in on_time.text
    assert claim.invoice_number in late.text
    assert "待拖欠审核" in late.text
    assert "仅供核查，不构成法律认定" in late.text
    assert claim.invoice_number not in unknown.text


BAD = [
    {"as_of": "never"},
    {"as_of": "2025-02-30"},
    {"as_of": "0001-01-01"},
    {"as_of": "99999999"},
    {"known_at": "yesterday"},
    {"known_at": "0001-01-01T00:00"},
    {"known_at": "9999-12-31T23:59-12:00"},
]


@pytest.mark.parametrize("query", BAD)
@pytest.mark.parametrize("page", ["", "/overdue", "/eligible"])
def test_days_that_cannot_be_are_refused_on_a_page(
    person: Person, query: dict[str, str], page: str
) -> None:
    answer = person("regulator").see(f"/console{page}", **query)

    assert answer.status_code == 422
    assert "REQUEST_INVALID" in answer.text
    assert "有字段无法识别" in answer.text


def test_text_that_no_database_takes_is_refused(person: Person) -> None:
    browser = person("regulator")

    assert browser.see("/console/receivables", invoice="\x00").status_code == 422
    assert browser.sign_in("a\x00b", "c").status_code == 422
    assert browser.see("/console/receivables", lifecycle="gone").status_code == 422


def test_a_list_is_narrowed_and_paged_with_its_state_in_the_address(
    person: Person, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.transaction() as session:
        for number in range(5):
            a_receivable(
                session, contract, number=f"A-{number}", issued_on=date(2025, 7, 1 + number // 2)
            )
        a_receivable(session, contract, number="100%", delivered_on=date(2099, 1, 1))
    monkeypatch.setattr(pages_receivables, "_PAGE", 2)
    supplier = person("supplier", contract.creditor_id)

    def shown(text: str) -> list[str]:
        return re.findall(r'href="/console/receivables/[^"]+">([^<]+)</a>', text)

    pages, path = [], "/console/receivables?invoice=A-&overdue=yes"
    while path:
        text = supplier.see(path).text
        pages.append(shown(text))
        assert "共 <b>5</b> 条" in text
        more = re.search(r'href="([^"]+)" rel="next"', text)
        path = more[1].replace("&amp;", "&") if more else ""

    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(one for page in pages for one in page) == [f"A-{number}" for number in range(5)]
    assert pages[0] == ["A-4", "A-3"]
    assert shown(supplier.see("/console/receivables", invoice="%").text) == ["100%"]
    assert shown(supplier.see("/console/receivables", party="没有此方").text) == []
    assert shown(supplier.see("/console/receivables", lifecycle="confirmed").text) == []


def test_a_busy_database_is_a_page_too(
    person: Person, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    buyer = person("core_enterprise", claim.debtor_id)
    form = buyer.forms(f"/console/receivables/{claim.id}")
    path = f"/console/receivables/{claim.id}/confirm"
    with db.engine().connect() as other:
        other.exec_driver_sql("SELECT 1 FROM balances FOR UPDATE")

        answer = buyer.client.post(path, data=form[path])

    assert answer.status_code == 503
    assert "台账繁忙" in answer.text
