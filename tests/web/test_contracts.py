"""Contracts in the console: what their terms were flagged for, before anything is late."""

import pytest

from services.ledger import db
from services.ledger.orders.models import Contract
from services.ledger.receivables.queries import Claim
from services.ledger.web import words_contract
from tests.ledger.make import a_contract, a_party, a_receivable
from tests.ledger.test_term_audit import registered
from tests.web.conftest import Person

FIGURES = {"industry": "C3311", "employees": 250, "revenue_wan": "30000", "data_year": 2024}


@pytest.fixture
def flagged(contract: Contract) -> Contract:
    """A contract with clauses that are flagged, beside one without."""
    with db.transaction() as session:
        return registered(
            session,
            creditor=FIGURES | {"declared": False, "source": "SELF_TEST"},
            subject="WORKS",
            pay_when_paid=True,
            deposits=[{"kind": "OTHER", "cash_only": True}],
        )


def test_an_auditor_lists_the_contracts_whose_terms_are_flagged(
    person: Person, contract: Contract, flagged: Contract
) -> None:
    auditor = person("regulator")

    def listed(**query: str) -> list[str]:
        text = auditor.see("/console/contracts", **query).text
        found = (str(one.id) for one in (contract, flagged))
        return [one for one in found if f"/console/contracts/{one}" in text]

    assert listed() == [str(contract.id), str(flagged.id)]
    assert listed(flag="ANY") == [str(flagged.id)]
    assert listed(flag="PAY_WHEN_PAID") == [str(flagged.id)]
    assert listed(flag="RATE_BELOW_LPR") == []
    assert auditor.see("/console/contracts", flag="NO_SUCH").status_code == 422
    stranger = person("supplier", contract.creditor_id)
    assert str(flagged.id) not in stranger.see("/console/contracts").text


def test_the_page_of_a_contract_says_articles_terms_and_what_the_size_rests_on(
    person: Person, flagged: Contract
) -> None:
    path = f"/console/contracts/{flagged.id}"

    text = person("core_enterprise", flagged.debtor_id).see(path).text

    for said in (
        "以第三方付款为付款条件或按其比例付款",
        "PAY_WHEN_PAID",
        "第九条第二款",
        "四类以外的保证金",
        "其他 仅限现金 是",
        "C3311",
        "自测平台",
        "小型企业",
        "订立时未告知",
        "仅供核查，不构成法律认定",
    ):
        assert said in text, said
    assert person("supplier", flagged.debtor_id).see(path).status_code == 200
    with db.transaction() as session:
        stranger = a_party(session, kind="LARGE")
    assert person("core_enterprise", stranger).see(path).status_code == 404


def test_a_contract_leads_to_its_receivables_and_they_to_it(
    person: Person, claim: Claim, contract: Contract
) -> None:
    with db.transaction() as session:
        other = a_receivable(session, a_contract(session), number="OTHER-9")
    auditor = person("regulator")

    shown = auditor.see("/console/receivables", contract=str(contract.id)).text

    assert claim.invoice_number in shown
    assert other.invoice_number not in shown
    assert (
        f"/console/contracts/{contract.id}" in auditor.see(f"/console/receivables/{claim.id}").text
    )


def test_a_flag_is_called_by_what_raises_it() -> None:
    assert words_contract.flag("GOV_TERM_OVER_60", "R2025").zh
    assert words_contract.flag("OLD_FLAG", "R2020") == ("OLD_FLAG", "", "")
