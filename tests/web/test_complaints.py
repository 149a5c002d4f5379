"""The console after the due day: claimed interest and facts, complaints and their time limits."""

from datetime import date
from uuid import UUID

from services.ledger import db
from services.ledger.access import Viewer
from services.ledger.arrears import complaints, facts, interest
from services.ledger.arrears.complaint_states import Step
from services.ledger.arrears.complaints import Filing
from services.ledger.arrears.facts import Stated
from services.ledger.arrears.interest import Asked
from services.ledger.ids import new_id
from services.ledger.receivables.queries import Claim
from tests.ledger.make import a_party, acting_for
from tests.web.conftest import Person, claim, contract, ledger, person

__all__ = ["claim", "contract", "ledger", "person"]

LIST = "/console/complaints"


def filed(claim: Claim) -> UUID:
    filing = Filing(new_id(), claim.id, date(2025, 9, 26), None, "多次催收仍未支付")
    with db.transaction() as session:
        complaints.file(session, acting_for(claim.creditor_id, "supplier"), filing)
    return filing.id


def page_of(claim: Claim, complaint_id: UUID) -> str:
    return f"/console/receivables/{claim.id}/complaints/{complaint_id}"


def test_the_receivable_shows_claimed_interest_apart_and_what_was_stated(
    person: Person, claim: Claim
) -> None:
    supplier = acting_for(claim.creditor_id, "supplier")
    day = date(2025, 10, 8)
    with db.transaction() as session:
        interest.claim_interest(session, supplier, Asked(new_id(), claim.id, "statutory", day, day))
        facts.state(session, supplier, Stated(new_id(), claim.id, "DEMAND", day, word="函-1"))

    seen = person("core_enterprise", claim.debtor_id).see(f"/console/receivables/{claim.id}").text

    for said in ("已主张利息", "15.00", "2025-09-09", "法定：每日万分之五", "催收（送达）", "函-1"):
        assert said in seen, said
    assert 'class="amount">1,000.00' in seen


def test_a_regulator_sees_the_complaints_with_their_time_limits(
    person: Person, claim: Claim
) -> None:
    filed(claim)
    regulator = person("regulator")

    seen = regulator.see(LIST).text

    for said in (claim.invoice_number, claim.creditor_name, "2025-10-16", "超期", "受理审查"):
        assert said in seen, said
    assert "没有投诉" in regulator.see(LIST, state="CLOSED").text
    assert claim.invoice_number in regulator.see(LIST, timer="late").text


def test_the_debtor_and_strangers_see_no_complaint(person: Person, claim: Claim) -> None:
    one = filed(claim)
    with db.transaction() as session:
        stranger = a_party(session)

    for browser in (person("core_enterprise", claim.debtor_id), person("supplier", stranger)):
        assert "没有投诉" in browser.see(LIST).text
        assert browser.see(page_of(claim, one)).status_code == 404
    debtor = person("core_enterprise", claim.debtor_id)
    assert "投诉 2025" not in debtor.see(f"/console/receivables/{claim.id}").text


def test_the_authority_works_on_a_complaint_by_its_buttons(person: Person, claim: Claim) -> None:
    one = filed(claim)
    regulator, path = person("regulator"), page_of(claim, one)

    def press(kind: str, **filled: str) -> int:
        """Press the button of one step: the forms differ by their hidden kind."""
        fields = regulator.forms(path)[path]
        data = {"id": str(new_id()), "token": fields["token"], "kind": kind, **filled}
        return regulator.client.post(path, data=data, follow_redirects=False).status_code

    assert press("ACCEPTED") == 303
    assert "已受理" in regulator.see(path).text
    assert press("TRANSFERRED") == 409
    assert press("TRANSFERRED", text="市住建局") == 303
    assert "市住建局" in regulator.see(path).text
    assert press("NONSENSE") == 404


def test_the_complainant_sees_the_steps_and_may_withdraw(person: Person, claim: Claim) -> None:
    one = filed(claim)
    authority = Viewer(name="工信厅", role="regulator", party_id=None, regions=("",))
    asked = Step(new_id(), claim.id, one, "SUPPLEMENT_ASKED", date(2025, 9, 28), text="请补充合同")
    with db.transaction() as session:
        complaints.step(session, authority, asked)
    supplier = person("supplier", claim.creditor_id)

    seen = supplier.see(page_of(claim, one)).text

    for said in ("请补充合同", "主管部门", "补充材料", "撤回投诉", "未向被投诉人披露"):
        assert said in seen, said
    assert "不予受理" not in seen
