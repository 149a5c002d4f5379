"""Whoever approves an account approves that number, not one that ends alike."""

from typing import Any

import pytest

from services.ledger.payments import accounts
from services.ledger.receivables.queries import Claim
from tests.approvals.conftest import Arrive
from tests.approvals.people import Person, waits
from tests.approvals.test_commands import ACCOUNT
from tests.approvals.test_http import proposed, refused
from tests.approvals.test_page import At, at_browser
from tests.web.signing import log_of, rows

__all__ = ["at_browser"]
ALIKE = {**ACCOUNT, "number": "6222020200099995678"}


def path_of(claim: Claim) -> str:
    return f"/v1/parties/{claim.creditor_id}/repayment-accounts"


def numbers_that_end_alike_are_told_apart(seller: Person, claim: Claim) -> None:
    bodies = (ACCOUNT, ALIKE, ACCOUNT)
    one, other, again = (waits(seller.client.post(path_of(claim), json=body)) for body in bodies)

    assert one["facts"]["account"] == other["facts"]["account"] == "****5678"
    assert one["facts"]["fingerprint"] != other["facts"]["fingerprint"]
    assert one["digest"] != other["digest"]
    assert one["digest"] == again["digest"]


def test_two_numbers_that_end_alike_are_two_things_to_approve(
    seller: Person, second_seller: Person, claim: Claim
) -> None:
    assert second_seller
    numbers_that_end_alike_are_told_apart(seller, claim)


def test_numbers_that_look_the_same_would_be_seen(
    seller: Person, second_seller: Person, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert second_seller
    monkeypatch.setattr(accounts, "fingerprint", lambda *_, **__: "")

    with pytest.raises(AssertionError):
        numbers_that_end_alike_are_told_apart(seller, claim)


def test_a_fingerprint_is_of_this_party_and_this_installation(
    monkeypatch: pytest.MonkeyPatch, claim: Claim
) -> None:
    def of(party_id: Any) -> str:
        change = accounts.Change(claim.id, party_id, accounts.Account("甲", "乙", "62220001"), None)
        return accounts._fingerprint(change)

    here = of(claim.creditor_id)
    assert len(here) == 32
    assert of(claim.debtor_id) != here
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("services.ledger.vault.settings", lambda: _Elsewhere)
        assert of(claim.creditor_id) != here
    assert of(claim.creditor_id) == here


class _Elsewhere:
    ledger_identity_key = "the key of another installation"


def test_a_checker_reads_the_whole_number_that_is_proposed_and_that_is_told(
    seller: Person, second_seller: Person, person: Arrive, claim: Claim
) -> None:
    shown = waits(seller.client.post(path_of(claim), json=ALIKE))
    path = f"{path_of(claim)}/proposed/{shown['proposal']}"

    account = second_seller.get(path)
    assert (account["account"], account["holder"]) == (ALIKE["number"], "小企业乙")
    ((_, told),) = log_of("account.read")
    party = str(claim.creditor_id)
    assert told == {"party_id": party, "account_id": account["id"], "account": "****5678"}
    (actor,) = rows("SELECT actor, actor_party_id FROM events WHERE type = 'account.read'")
    assert tuple(actor) == (second_seller.viewer.name, claim.creditor_id)
    assert ALIKE["number"] not in second_seller.client.get(shown["address"]).text

    debtor = person(claim.debtor_id, "checker")
    other = proposed(person(claim.debtor_id, "maker"), claim)
    of_debtor = f"/v1/parties/{claim.debtor_id}/repayment-accounts/proposed"
    for address in (path, f"{of_debtor}/{shown['proposal']}", f"{of_debtor}/{other['proposal']}"):
        refused(debtor.client.get(address), 404, "NOT_FOUND")
    assert len(log_of("account.read")) == 1


def test_the_page_shows_the_whole_number_by_a_button(
    seller: Person, second_seller: Person, claim: Claim, at_browser: At
) -> None:
    shown = waits(seller.client.post(path_of(claim), json=ALIKE))
    desk, page = at_browser(second_seller), f"/console/approvals/{shown['proposal']}"
    before = desk.see(page).text
    assert ALIKE["number"] not in before
    assert shown["facts"]["fingerprint"] in before
    assert log_of("account.read") == []

    assert ALIKE["number"] in desk.press(page, "/account").text
    assert len(log_of("account.read")) == 1
