"""Forms of what follows lateness, filled in by the parties at the page of a receivable."""

from datetime import date, timedelta

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.arrears import facts, interest
from services.ledger.arrears.interest_offers import offers
from services.ledger.clock import now, today
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from tests.ledger.make import a_contract, a_receivable
from tests.web.browser import Browser
from tests.web.conftest import Person, now_of

ALL = {"interest", "interruption", "complaint", "instrument", "costs"}
FILED = {"text": "多次催收仍未支付", "no_proceedings": "true"}


@pytest.fixture
def path(claim: Claim) -> str:
    return f"/console/receivables/{claim.id}"


@pytest.fixture
def buyer(person: Person, claim: Claim) -> Browser:
    return person("core_enterprise", claim.debtor_id)


@pytest.fixture
def supplier(person: Person, claim: Claim) -> Browser:
    return person("supplier", claim.creditor_id)


def offered(browser: Browser, path: str) -> set[str]:
    return {action.rpartition("/")[2] for action in browser.forms(path) if "/arrears/" in action}


def stated(claim: Claim) -> list[tuple[object, ...]]:
    with db.transaction() as session:
        rows = facts.facts(session, claim.id)
    return [(row["kind"], row["on"], row["word"], row["until_on"], row["text"]) for row in rows]


def test_each_party_is_offered_what_is_its_own_to_do_about_lateness(
    person: Person, buyer: Browser, supplier: Browser, claim: Claim, path: str
) -> None:
    assert offered(supplier, path) == ALL
    assert offered(buyer, path) == {"interruption", "delay", "instrument"}
    assert offered(person("regulator"), path) == set()
    assert offered(person("operator"), path) == set()
    # What is not late bears no interest, and is no matter for a demand or a complaint; a bill may
    # be handed over before.
    with db.transaction() as session:
        contract = a_contract(session, signed_on=today() - timedelta(days=9))
        day = today() - timedelta(days=5)
        fresh = a_receivable(
            session, contract, delivered_on=day, issued_on=day, opened_on=day, number="99"
        )
    early = person("supplier", fresh.creditor_id)
    assert offered(early, f"/console/receivables/{fresh.id}") == {"instrument"}


def test_interest_is_claimed_by_a_reading_for_the_amount_that_was_shown(
    supplier: Browser, claim: Claim, path: str
) -> None:
    with db.transaction() as session:
        (offer,) = offers(session, OPERATOR, claim, [], on=today(), known_at=now())
    shown = f"{offer.amount_fen / 100:,.2f}（2025-09-09 起）"
    assert shown in supplier.see(path).text
    form = supplier.forms(path)[f"{path}/arrears/interest"]
    data = {**form, "reading": offer.reading}

    answers = [supplier.client.post(f"{path}/arrears/interest", data=data) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert now_of(claim).interest_fen == offer.amount_fen
    # All days up to today are claimed; there is something to take back now.
    assert offered(supplier, path) == ALL - {"interest"} | {"waiver"}


def test_claimed_interest_is_given_up_in_part_or_withdrawn(
    supplier: Browser, claim: Claim, path: str
) -> None:
    supplier.press(path, "/interest", reading="statutory", until_on="2025-10-08")
    assert now_of(claim).interest_fen == 15_00
    with db.transaction() as session:
        (row,) = interest.claims(session, claim.id)
    where, token = f"{path}/arrears/waiver", supplier.forms(path)[f"{path}/arrears/waiver"]["token"]

    def post(**filled: str) -> int:
        data = {"id": str(new_id()), "token": token, "reason": "和解", **filled}
        return supplier.client.post(where, data=data).status_code

    assert (post(amount="15.01"), post(amount=""), post(amount="1.005")) == (409, 422, 422)
    assert post(claim_id=str(new_id())) == 404
    assert now_of(claim).interest_fen == 15_00
    assert post(claim_id=str(row["id"])) == 200
    assert now_of(claim).interest_fen == 0
    supplier.press(path, "/interest", reading="statutory", until_on="2025-10-08")
    assert post(amount="5.00") == 200
    assert now_of(claim).interest_fen == 10_00
    assert "和解" in supplier.see(path).text


def test_a_demand_is_recorded_with_its_day_and_letter(
    supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    day = today() - timedelta(days=3)

    supplier.press(
        path, "/interruption", kind="DEMAND", on=str(day), reference="函-7", text="快递签收"
    )
    buyer.press(path, "/interruption", kind="AGREEMENT", reference="计划-1", until_on="2027-01-31")

    assert stated(claim)[0] == ("DEMAND", day, "函-7", None, "快递签收")
    assert [row[0] for row in stated(claim)] == ["DEMAND", "AGREEMENT"]
    for said in ("催收（送达）", "函-7", "快递签收", "还款协议", "2027-01-31"):
        assert said in buyer.see(path).text, said


def test_an_instrument_is_recorded_and_given_back(
    supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    day = today() - timedelta(days=3)
    known = {"kind": "BILL", "on": str(day), "text": "票号 5301"}

    buyer.press(path, "/instrument", **known, amount="400.00", matures_on="2027-05-01")

    assert stated(claim) == [("INSTRUMENT", day, "BILL", date(2027, 5, 1), "票号 5301")]
    assert "商业汇票" in supplier.see(path).text
    # 600.00 is owed and not covered; an instrument matures on a day, and not before it is given.
    left = supplier.forms(path)[f"{path}/arrears/instrument"]
    assert left["amount"] == "600.00"
    bad: tuple[dict[str, str], ...] = (
        {"amount": "600.01", "matures_on": "2027-05-01"},
        {"matures_on": "2020-01-01"},
        {},
    )
    answers = [supplier.press(path, "/instrument", kind="BILL", **more) for more in bad]
    assert [answer.status_code for answer in answers] == [409, 422, 422]
    assert 'value="2020-01-01"' in answers[1].text
    with db.transaction() as session:
        (row,) = facts.facts(session, claim.id)
    supplier.press(path, "/end", fact_id=str(row["id"]), text="拒付退回")
    assert [fact[0] for fact in stated(claim)] == ["INSTRUMENT", "ENDED"]
    assert "end" not in offered(supplier, path)
    assert supplier.forms(path)[f"{path}/arrears/instrument"]["amount"] == "1000.00"


def test_a_suit_ends_and_a_reason_of_delay_is_told_by_forms(
    person: Person, supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    supplier.press(path, "/interruption", kind="SUIT", reference="（2026）1号")
    buyer.press(path, "/delay", reason="INTERNAL_PROCESS", text="待审批")
    with db.transaction() as session:
        suit = next(row for row in facts.facts(session, claim.id) if row["kind"] == "SUIT")

    supplier.press(path, "/end", fact_id=str(suit["id"]), text="调解结案")

    assert [fact[0] for fact in stated(claim)] == ["SUIT", "DELAY_REASON", "ENDED"]
    for said in ("内部付款流程", "待审批", "调解结案"):
        assert said in buyer.see(path).text, said
    # The form of the other party does not open by its address.
    form = supplier.forms(path)[f"{path}/arrears/instrument"]
    taken = {**form, "id": str(new_id()), "reason": "OTHER"}
    assert supplier.client.post(f"{path}/arrears/delay", data=taken).status_code == 403


def test_costs_are_claimed_and_withdrawn_by_forms(
    supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    supplier.press(path, "/costs", kind="PRESERVATION", amount="12.50", text="保全裁定")

    assert now_of(claim).costs_fen == 12_50
    for said in ("已主张费用", "实现债权的费用", "保全费", "保全裁定"):
        assert said in buyer.see(path).text, said
    # What the supplier claimed is not the buyer's to withdraw; the reasoning tells of it.
    assert "end" not in offered(buyer, path)
    assert "保全费" in buyer.see(f"{path}/reasoning").text
    with db.transaction() as session:
        (row,) = facts.facts(session, claim.id)
    supplier.press(path, "/end", fact_id=str(row["id"]))
    assert now_of(claim).costs_fen == 0
    assert supplier.press(path, "/costs", kind="LAWYER", amount="1.00", text=" ").status_code == 422


def test_a_complaint_is_filed_handled_and_closed_by_forms_alone(
    person: Person, supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    after = supplier.press(path, "/complaint", **FILED)

    assert "投诉" in after.text
    assert "complaint" not in offered(supplier, path)
    authority = person("regulator")
    (one,) = [
        address
        for address in authority.see("/console/complaints").text.split('"')
        if address.startswith(f"{path}/complaints/")
    ]
    assert "投诉 2" not in buyer.see(path).text
    token = authority.forms(one)[one]["token"]
    for kind, filled in (
        ("ACCEPTED", {}),
        ("TRANSFERRED", {"text": "市住建局"}),
        ("RECEIVED", {}),
        ("RESPONDENT_ASKED", {"text": "请说明"}),
        ("RESULT", {"reason": "PAID", "text": "已付清"}),
        ("CLOSED", {}),
    ):
        data = {"id": str(new_id()), "token": token, "kind": kind, **filled}
        answer = authority.client.post(one, data=data)
        assert answer.status_code == 200, (kind, answer.text)
    assert "已办结" in authority.see(one).text
    assert "已办结" in buyer.see(one).text
    assert "complaint" in offered(supplier, path)


REFUSED = [
    ("interest", {"reading": "statutory", "until_on": "2190-01-01"}, "INTEREST_NOT_ACCRUED"),
    ("interest", {"reading": "court"}, "NO_INTEREST"),
    ("interest", {"reading": "nonsense"}, "REQUEST_INVALID"),
    ("interruption", {"kind": "DEMAND", "on": "2190-01-01"}, "DAY_IN_FUTURE"),
    ("interruption", {"kind": "AGREEMENT"}, "NOT_ALLOWED"),
    ("complaint", {"text": "甲", "no_proceedings": ""}, "COMPLAINT_UNSAID"),
    ("complaint", {"text": " ", "no_proceedings": "true"}, "COMPLAINT_UNSAID"),
    ("complaint", {**FILED, "amount": "1000.01"}, "AMOUNT_EXCEEDS"),
    ("complaint", {**FILED, "amount": "0"}, "AMOUNT_NOT_POSITIVE"),
]


@pytest.mark.parametrize(("act", "filled", "code"), REFUSED)
def test_a_refusal_is_said_and_the_form_keeps_what_was_written(
    supplier: Browser, claim: Claim, path: str, act: str, filled: dict[str, str], code: str
) -> None:
    answer = supplier.press(path, f"/arrears/{act}", **filled)

    assert answer.status_code >= 400
    assert code in answer.text
    if code != "REQUEST_INVALID":
        assert '<details class="act" open>' in answer.text
    for written in (filled.get("text", "").strip(), filled.get("until_on", "")):
        assert written in answer.text
    assert now_of(claim).interest_fen == 0
    assert stated(claim) == []
    assert "complaint" in offered(supplier, path)


def test_a_form_of_another_sign_in_does_nothing(
    supplier: Browser, buyer: Browser, claim: Claim, path: str
) -> None:
    form = buyer.forms(path)[f"{path}/arrears/interruption"]

    answer = supplier.client.post(f"{path}/arrears/interruption", data={**form, "kind": "DEMAND"})

    assert (answer.status_code, "FORM_EXPIRED" in answer.text) == (403, True)
    assert stated(claim) == []
