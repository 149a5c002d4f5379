"""What a contract is flagged for at registration, before anything is late."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.errors import ReusedIdError
from services.ledger.ids import new_id
from services.ledger.law.rules import flags_known
from services.ledger.law.values import LprMissingError
from services.ledger.orders.models import Contract
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.orders.terms import SizeContradictedError
from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn
from tests.ledger.make import a_party

ECERT = {"kind": "ECERT", "tenor_months": 6}


def registered(
    session: Session,
    *,
    debtor_kind: str = "LARGE",
    creditor: dict[str, Any] | None = None,
    creditor_kind: str = "SMALL",
    contract_id: UUID | None = None,
    parties: tuple[UUID, UUID] | None = None,
    **changes: Any,
) -> Contract:
    debtor_id, creditor_id = parties or (
        a_party(session, kind=debtor_kind),
        a_party(session, kind=creditor_kind),
    )
    facts: dict[str, Any] = {
        "signed_on": date(2025, 7, 1),
        "subject": "GOODS",
        "settlement": "ON_DELIVERY",
    }
    facts |= {name: changes.pop(name) for name in tuple(facts) if name in changes}
    agreed = Agreement(
        id=contract_id or new_id(),
        reference="合同-1",
        debtor_id=debtor_id,
        creditor_id=creditor_id,
        terms=changes,
        creditor=creditor,
        **facts,
    )
    return register_contract(session, OPERATOR, agreed, shipped())


def found(contract: Contract) -> list[dict[str, Any]]:
    assert contract.audit is not None
    return contract.audit


def flags(contract: Contract) -> list[str]:
    assert [finding["flag"] for finding in found(contract)] == contract.flags
    return contract.flags


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"pay_when_paid": True}, ["PAY_WHEN_PAID"]),
        ({"pay_in_proportion": True}, ["PAY_WHEN_PAID"]),
        ({"term_days": 60}, []),
        ({"term_days": 61}, ["TERM_OVER_60_REVIEW"]),
        ({"term_months": 2}, ["TERM_OVER_60_REVIEW"]),
        ({"debtor_kind": "GOV", "term_days": 60}, []),
        ({"debtor_kind": "GOV", "term_days": 61}, ["GOV_TERM_OVER_60"]),
        ({"debtor_kind": "GOV", "term_days": 90, "signed_on": date(2021, 1, 4)},
         ["GOV_TERM_OVER_60"]),
        ({"noncash": True, "noncash_clause": True}, []),
        ({"noncash": True}, ["NONCASH_NO_CLAUSE"]),
        ({"noncash": True, "noncash_clause": True, "noncash_consent": False},
         ["NONCASH_FORCED_REVIEW"]),
        ({"instrument": {"kind": "OTHER", "tenor_months": 1}, "noncash_clause": True}, []),
        ({"instrument": {"kind": "OTHER", "tenor_months": 3}, "noncash_clause": True},
         ["NONCASH_EXTENDS_TERM"]),
        ({"instrument": ECERT, "noncash_clause": True, "term_days": 184},
         ["TERM_OVER_60_REVIEW"]),
        ({"instrument": ECERT | {"tenor_months": 7}, "noncash_clause": True},
         ["NONCASH_EXTENDS_TERM", "ECERT_TENOR"]),
        ({"instrument": ECERT | {"tenor_months": 13}, "noncash_clause": True},
         ["NONCASH_EXTENDS_TERM", "ECERT_TENOR", "ECERT_TENOR_OVER_LIMIT"]),
        ({"instrument": {"kind": "BILL", "tenor_months": 7}, "noncash_clause": True},
         ["NONCASH_EXTENDS_TERM", "BILL_TENOR"]),
        ({"instrument": ECERT | {"tenor_months": 13}, "signed_on": date(1980, 1, 2)}, []),
        ({"debtor_kind": "GOV", "audit_condition": True}, ["R-AUDIT"]),
        ({"debtor_kind": "LARGE_SOE", "audit_condition": True}, ["R-AUDIT"]),
        ({"audit_condition": True}, []),
        ({"debtor_kind": "GOV", "audit_condition": True, "signed_on": date(2023, 1, 4)}, []),
        ({"subject": "WORKS", "deposits": [{"kind": "QUALITY"}]}, []),
        ({"subject": "WORKS", "deposits": [{"kind": "QUALITY", "percent": "3"}]}, []),
        ({"subject": "WORKS", "deposits": [{"kind": "QUALITY", "percent": "3.01"}]},
         ["R-DEPOSIT-RATIO"]),
        ({"subject": "WORKS", "deposits": [{"kind": "QUALITY", "percent": "3.01"}],
          "debtor_kind": "SMALL", "signed_on": date(1999, 7, 1)}, []),
        ({"deposits": [{"kind": "QUALITY", "percent": "3.01"}]}, []),
        ({"subject": "WORKS", "deposits": [{"kind": "INTEGRITY", "cash_only": True}]},
         ["R-DEPOSIT-TYPE", "R-DEPOSIT-CASH"]),
        ({"delay_reasons": ["INTERNAL_PROCESS"]}, ["R-EXCUSE"]),
        ({"delay_reasons": ["FINAL_AUDIT", "COMPLETION_FILING"]}, []),
        ({"settlement": "ACCEPTANCE"}, ["INSPECTION_PERIOD_MISSING"]),
        ({"settlement": "ACCEPTANCE", "inspection_days": 15}, []),
        ({"agreed_annual_rate_percent": "3.00"}, []),
        ({"agreed_annual_rate_percent": "2.99"}, ["RATE_BELOW_LPR"]),
        ({"agreed_annual_rate_percent": "2.99", "penalty_percent": "0.1"}, []),
        ({"agreed_daily_rate_percent": "0.065"}, []),
        ({"agreed_daily_rate_percent": "0.066"}, ["PENALTY_HIGH_REVIEW"]),
        ({"agreed_daily_rate_percent": "0.066", "penalty_cap_percent": "5"}, []),
        ({"agreed_daily_rate_percent": "0.008"}, ["RATE_BELOW_LPR"]),
        ({"creditor": {"size": "SMALL", "declared": True}}, []),
        ({"creditor": {"size": "SMALL", "controlled_by_large": True}}, ["CONTROLLED_BY_LARGE"]),
        ({"creditor": {"size": "SMALL", "declared": False}}, ["SME_NOT_DECLARED"]),
    ],
)  # fmt: skip
def test_a_contract_is_flagged_for_what_it_says(
    session: Session, said: dict[str, Any], expected: list[str]
) -> None:
    assert flags(registered(session, **said)) == expected


def test_the_cases_above_reach_every_flag_a_contract_can_have() -> None:
    """Flags that need a delivery, a day or an event cannot be told from the contract."""
    later = {
        "REJECTED", "SETTLEMENT_CONFIRMATION_STALLED", "TRANSITIONAL", "calendar_provisional",
        "settled_by_instrument", "R-DEPOSIT-RETURN", "R-CONFIRM-30", "R-LIMIT-3Y",
            "LIMITATION_ENDS_SOON",
            "SIZE_CONTRADICTED",  # such a contract is refused
    }  # fmt: skip
    (cases,) = test_a_contract_is_flagged_for_what_it_says.pytestmark
    reached = {flag for _, expected in cases.args[1] for flag in expected}

    assert reached == flags_known() - later


def test_nothing_is_flagged_outside_the_regulation(session: Session) -> None:
    wild: dict[str, Any] = {
        "term_days": 400,
        "noncash": True,
        "deposits": [{"kind": "X", "cash_only": True}],
        "agreed_annual_rate_percent": "0.10",
    }
    contract = registered(session, debtor_kind="SMALL", creditor={"declared": False}, **wild)

    assert (contract.applies, flags(contract)) == ("false", [])


def test_a_finding_says_its_article_and_that_it_is_no_finding_of_law(session: Session) -> None:
    (finding,) = found(registered(session, noncash=True))

    assert finding["article"] == "保障中小企业款项支付条例（国令第802号）第十一条"
    assert finding["confidence"] == "rule"
    assert "不构成法律认定" in finding["notice_zh"]
    assert finding["text_zh"]
    assert finding["text_en"]


def test_an_older_contract_is_flagged_by_the_decree_of_its_day(session: Session) -> None:
    (finding,) = found(registered(session, noncash=True, signed_on=date(2023, 3, 1)))

    assert finding["version"] == "728"


def test_the_contract_s_word_on_rest_days_comes_first(session: Session) -> None:
    assert registered(session).rolls
    assert not registered(session, rest_days_roll=False).rolls


def test_a_rate_without_the_lpr_of_its_day_is_refused_with_what_to_import(
    session: Session,
) -> None:
    with pytest.raises(LprMissingError, match="Import the publications since 2026-09-20"):
        registered(session, signed_on=date(2026, 11, 2), agreed_annual_rate_percent="3.5")
    assert registered(session, signed_on=date(2026, 11, 2)).applies == "true"


INDUSTRY = {"industry": "工业", "employees": 250, "revenue_wan": "30000", "data_year": 2024}


@pytest.mark.parametrize(
    ("creditor", "size"),
    [
        (INDUSTRY, "SMALL"),
        (INDUSTRY | {"employees": 1000, "revenue_wan": "40000"}, "LARGE"),
        (INDUSTRY | {"employees": 5}, "MICRO"),
        ({"industry": "C3511", "employees": 300, "revenue_wan": "2000"}, "MEDIUM"),
        ({"industry": "工业", "employees": 500}, "UNDETERMINED"),
        ({"industry": "J66", "employees": 500, "revenue_wan": "1.00"}, "UNDETERMINED"),
        (INDUSTRY | {"size": "MEDIUM", "source": "GOVERNMENT"}, "MEDIUM"),
        (INDUSTRY | {"size": "SMALL", "source": "SELF_DECLARED"}, "SMALL"),
        ({"size": "MEDIUM", "source": "SELF_DECLARED"}, "MEDIUM"),
        ({"declared": True}, "SMALL"),
    ],
)
def test_the_size_at_signing_is_kept_with_its_evidence(
    session: Session, creditor: dict[str, Any], size: str
) -> None:
    contract = registered(session, creditor=creditor)

    assert contract.creditor_size == size
    assert contract.creditor_evidence is not None
    assert creditor.items() <= contract.creditor_evidence.items()
    assert contract.applies == {"LARGE": "false", "UNDETERMINED": "unknown"}.get(size, "true")


def test_a_large_creditor_is_no_sme_whoever_owns_it(session: Session) -> None:
    contract = registered(session, creditor_kind="LARGE_SOE")

    assert (contract.applies, contract.reason) == ("false", "CREDITOR_NOT_SME")


def test_a_size_that_the_figures_contradict_is_refused(session: Session) -> None:
    with pytest.raises(SizeContradictedError, match=r"stated to be MICRO.*make it SMALL"):
        registered(session, creditor=INDUSTRY | {"size": "MICRO", "source": "SELF_DECLARED"})


def test_the_same_contract_with_another_size_is_another_contract(session: Session) -> None:
    parties = (a_party(session, kind="LARGE"), a_party(session))
    again: dict[str, Any] = {"contract_id": new_id(), "parties": parties}
    first = registered(session, creditor=INDUSTRY, **again)

    assert registered(session, creditor=INDUSTRY, **again) is first
    with pytest.raises(ReusedIdError):
        registered(session, creditor=INDUSTRY | {"employees": 5}, **again)


def body(**changes: Any) -> dict[str, Any]:
    return {
        "reference": "合同-2",
        "debtor_id": str(BUYER),
        "creditor_id": str(SUPPLIER),
        "signed_on": "2025-06-10",
        **changes,
    }


def test_the_audit_is_read_over_http_by_the_parties_only(
    ledger: SignIn, buyer: Client, supplier: Client
) -> None:
    terms = {"pay_in_proportion": True, "instrument": ECERT, "deposits": [{"kind": "QUALITY"}]}
    answer = buyer.post("/v1/contracts", json=body(terms=terms, creditor=INDUSTRY))
    assert answer.status_code == 201, answer.text
    path = f"/v1/contracts/{answer.json()['id']}/audit"

    audit = supplier.get(path).json()

    expected = ["PAY_WHEN_PAID", "NONCASH_NO_CLAUSE", "NONCASH_EXTENDS_TERM"]
    assert [finding["flag"] for finding in audit["findings"]] == expected
    assert audit["audited"]
    assert audit["creditor_size"] == audit["creditor_evidence"]["size_by_figures"] == "SMALL"
    assert audit["note"] == "仅供核查，不构成法律认定"
    assert ledger("core_enterprise", STRANGER).get(path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"terms": {"term_days": 30, "term_months": 1}}, "terms"),
        (
            {"terms": {"agreed_annual_rate_percent": "4", "agreed_daily_rate_percent": "0.05"}},
            "terms",
        ),
        ({"terms": {"noncash": "BILL"}}, "noncash"),
        ({"terms": {"instrument": {"kind": "ECERT"}}}, "tenor_months"),
        ({"terms": {"delay_reasons": ["NO_MONEY"]}}, "delay_reasons"),
        ({"creditor": {"revenue_wan": "-1"}}, "revenue_wan"),
        ({"creditor": {"evidence_sha256": "x"}}, "evidence_sha256"),
        ({"creditor": {"size": "HUGE"}}, "size"),
    ],
)
def test_terms_that_are_said_twice_or_wrongly_are_refused(
    buyer: Client, changes: dict[str, Any], field: str
) -> None:
    answer = buyer.post("/v1/contracts", json=body(**changes))

    assert answer.status_code == 422
    assert field in str(answer.json()["errors"])


def test_an_unknown_industry_is_refused(buyer: Client) -> None:
    answer = buyer.post("/v1/contracts", json=body(creditor={"industry": "煤球"}))

    assert (answer.status_code, answer.json()["code"]) == (422, "INDUSTRY_UNKNOWN")
