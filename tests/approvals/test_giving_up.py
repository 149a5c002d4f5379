"""What a creditor gives up waits for a checker: claimed interest, and claimed costs."""

from datetime import timedelta

from services.ledger.clock import today
from services.ledger.receivables.queries import Claim
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person, waits
from tests.approvals.test_http import refused
from tests.web.conftest import now_of


def test_waiving_interest_waits_for_a_checker(
    seller: Person, second_seller: Person, claim: Claim
) -> None:
    path = f"/v1/receivables/{claim.id}"
    claimed = seller.client.post(
        f"{path}/interest-claims",
        json={"reading": "statutory", "until_on": (today() - timedelta(days=1)).isoformat()},
    )
    assert claimed.status_code == 201, claimed.text
    before = now_of(claim).interest_fen
    assert before > 1

    shown = waits(seller.client.post(f"{path}/interest-waivers", json={"amount": "0.01"}))
    assert now_of(claim).interest_fen == before

    assert second_seller.approve(shown).json()["state"] == "APPROVED"
    assert now_of(claim).interest_fen == before - 1


def test_withdrawing_costs_waits_for_a_checker_and_giving_an_instrument_back_for_nobody(
    seller: Person, second_seller: Person, person: Arrive, claim: Claim
) -> None:
    path = f"/v1/receivables/{claim.id}"
    cost = {"kind": "LAWYER", "amount": "50.00", "text": "律师费发票7"}
    charged = seller.client.post(f"{path}/costs", json=cost).json()
    assert now_of(claim).costs_fen == 50_00
    end = f"{path}/arrears-facts/{charged['id']}/end"

    shown = waits(seller.client.post(end, json={"text": "协商"}))
    assert (shown["amount"], shown["facts"]["cost"]) == ("50.00", "LAWYER")
    assert now_of(claim).costs_fen == 50_00
    refused(seller.approve(shown), 403, "APPROVAL_OWN")

    assert second_seller.approve(shown).json()["state"] == "APPROVED"
    assert now_of(claim).costs_fen == 0
    again = seller.client.post(end, json={"text": "协商"})
    refused(again, 409, "FACT_ENDED")
    bill = {"kind": "BILL", "amount": "10.00", "matures_on": "2199-01-01"}
    buyer = person(claim.debtor_id, "maker")
    handed = buyer.client.post(f"{path}/instruments", json=bill).json()
    back = seller.client.post(f"{path}/arrears-facts/{handed['id']}/end", json={})
    assert back.status_code == 201, back.text


def test_who_guesses_at_the_code_is_told_how_long_to_wait(
    seller: Person, second_seller: Person, claim: Claim
) -> None:
    path = f"/v1/receivables/{claim.id}/credits"
    shown = waits(seller.client.post(path, json={"amount": "1.00", "reason": "红字发票1"}))

    answers = [second_seller.approve(shown, code="000000") for _ in range(6)]

    assert answers[-1].json()["code"] == "SIGN_IN_MUST_WAIT"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30
    assert now_of(claim).open_fen == 1_000_00
