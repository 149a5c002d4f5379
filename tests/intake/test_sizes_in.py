"""Contracts in files say what the creditor's size at signing rests on, as HTTP does."""

from datetime import date
from typing import Any

from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac.service import edition
from services.ledger.ids import new_id
from services.ledger.intake import sizes
from services.ledger.orders.schemas import CreditorIn
from services.ledger.orders.service import Agreement, register_contract
from tests.intake.conftest import Take
from tests.intake.files import BUYER, SELLER, codes, party_of
from tests.intake.test_contracts_in import kept, said

Json = dict[str, Any]
SIZED = {
    "签订时卖方规模": "小型企业",
    "卖方行业代码": "C3311",
    "卖方从业人员": "250",
    "卖方营业收入万元": "30000.5",
    "卖方资产总额万元": "9000",
    "卖方数据年度": "2024",
    "卖方规模来源": "自测平台",
    "卖方已告知规模": "否",
    "卖方受大型企业控制": "是",
    "卖方规模证据摘要": "ab" * 32,
}
FIGURES: Json = {
    "size": "SMALL",
    "industry": "C3311",
    "employees": 250,
    "revenue_wan": "30000.5",
    "assets_wan": "9000",
    "data_year": 2024,
    "source": "SELF_TEST",
    "declared": False,
    "controlled_by_large": True,
    "evidence_sha256": "ab" * 32,
}


def test_a_file_says_what_the_size_at_signing_rests_on_as_http_does(
    session: Session, take: Take
) -> None:
    report = said(take, 结算方式="交付即付", **SIZED)
    agreed = Agreement(
        id=new_id(),
        reference="HTTP",
        debtor_id=party_of(session, BUYER),
        creditor_id=party_of(session, SELLER),
        signed_on=date(2025, 6, 15),
        subject="GOODS",
        settlement="ON_DELIVERY",
        terms={},
        creditor=CreditorIn.model_validate(FIGURES).model_dump(exclude_none=True),
    )
    register_contract(session, OPERATOR, agreed, edition(session).signed(agreed.signed_on))

    assert report.errors == []
    assert kept(session) == kept(session, "HTTP")
    assert kept(session)["creditor_evidence"]["size_by_figures"] == "SMALL"
    assert set(kept(session)["flags"]) == {"SME_NOT_DECLARED", "CONTROLLED_BY_LARGE"}
    assert set(FIGURES) == set(CreditorIn.model_fields) == {"size", *sizes.KEYS}
    # Left out it is not compared; another figure is another contract.
    assert said(take, 结算方式="交付即付", **SIZED).known == {"contract": 1}
    assert said(take, 结算方式="交付即付").known == {"contract": 1}
    other = said(take, 结算方式="交付即付", **SIZED | {"卖方从业人员": "251"})
    assert codes(other) == [(2, "", "ID_REUSED")]


def test_the_size_follows_from_figures_and_stays_open_where_they_say_nothing(
    session: Session, take: Take
) -> None:
    figures = {"卖方行业代码": "I6510", "卖方从业人员": "9", "卖方营业收入万元": "20"}

    said(take, **figures)
    said(take, **figures | {"合同编号": "HT-10", "卖方行业代码": "J6620"})
    recognised = {"签订时卖方规模": "中型企业", "卖方规模来源": "政府认定", "合同编号": "HT-11"}
    said(take, **figures, **recognised)

    found = [kept(session, f"HT-{number}") for number in (9, 10, 11)]
    assert [one["creditor_size"] for one in found] == ["MICRO", "UNDETERMINED", "MEDIUM"]
    assert [one["applies"] for one in found] == ["true", "unknown", "true"]
