import re
from dataclasses import replace
from datetime import date, timedelta

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.ids import new_id
from services.ledger.orders.terms import TERM_KEYS
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from services.ledger.web import words_law
from tests.ledger.make import a_contract, a_party, a_receivable, acting_for
from tests.ledger.test_receivables import act
from tests.web.conftest import Person

DUE = date(2025, 9, 8)


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_says_conclusion_facts_steps_interest_and_readings(
    person: Person, claim: Claim
) -> None:
    with db.transaction() as session:
        paid = Paid(new_id(), "P", 400_00, "CNY", DUE + timedelta(days=30), "", {claim.id: 400_00})
        record_payment(session, OPERATOR, paid)
        held = replace(act(claim, 100_00), on=date(2025, 8, 1))
        service.dispute(session, acting_for(claim.debtor_id), held)
    browser = person("supplier", claim.creditor_id)
    path = f"/console/receivables/{claim.id}"
    assert f'href="{path}/reasoning"' in browser.see(path).text

    answer = browser.see(f"{path}/reasoning", as_of="2025-10-18")

    assert answer.status_code == 200
    text = plain(answer.text)
    for said in (
        "一、结论", "二、事实", "三、依据与推理", "四、逾期利息", "五、法律未定之处",
        "逾期天数 days overdue 40", "逾期无争议金额 overdue, undisputed 500.00",
        "国令第802号（2025年）", "民法典第二百零三条", "按入账先抵本金", "ALLOCATION",
        "仅供核查，不构成法律认定",
    ):  # fmt: skip
        assert said in text, said
    # 900.00 for 30 days, then 500.00 for 10, at 0.05 % a day.
    assert re.search(r"30 900\.00 13\.50.*10 500\.00 2\.50.*total 16\.00", text)
    (json_address,) = re.findall(r'href="(/v1/receivables/[^"]+)"', answer.text)
    found = browser.see(json_address.replace("&amp;", "&")).json()
    assert found["result"]["interest"]["statutory"] == "16.00"
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", answer.text)


def test_a_page_on_another_day_says_so_and_escapes_what_people_wrote(person: Person) -> None:
    with db.transaction() as session:
        contract = a_contract(
            session, agreed_annual_rate_percent="1.5", deposits=[{"kind": "<b>x</b>"}]
        )
        claim = a_receivable(session, contract, number="<i>7</i>")
    browser = person("regulator")

    answer = browser.see(f"/console/receivables/{claim.id}/reasoning", as_of="2025-12-31")

    assert answer.status_code == 200
    assert "<b>x" not in answer.text
    assert "<i>7" not in answer.text
    assert "RATE_BELOW_LPR" in answer.text
    assert "显示 2025-12-31 日终" in answer.text


def test_the_page_is_for_the_parties_and_for_days_of_the_book(person: Person, claim: Claim) -> None:
    path = f"/console/receivables/{claim.id}/reasoning"
    with db.transaction() as session:
        stranger = a_party(session, kind="LARGE")

    assert person("core_enterprise", stranger).see(path).status_code == 404
    early = person("core_enterprise", claim.debtor_id).see(path, as_of="2025-01-01")
    assert (early.status_code, "NOT_YET_OPENED" in early.text) == (409, True)
    leaving = person("supplier", claim.creditor_id)
    assert leaving.see(path).status_code == 200
    leaving.press("/console", "/sign-out")
    assert leaving.see(path).url.path == "/sign-in"


def test_every_term_and_every_result_has_words() -> None:
    assert set(TERM_KEYS) == set(words_law.TERMS)
    assert all(word.zh and word.en for word in words_law.CHANGED.values())
