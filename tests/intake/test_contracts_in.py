"""Contracts in files say what contracts say over HTTP, in the same words, and mean the same."""

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac.service import edition
from services.ledger.ids import new_id
from services.ledger.intake import sizes
from services.ledger.intake.kinds import KINDS
from services.ledger.intake.loading import load_profile
from services.ledger.intake.problems import TEXTS
from services.ledger.intake.profile import Record
from services.ledger.intake.report import IntakeReport
from services.ledger.intake.service import Intake, commit
from services.ledger.orders.schemas import TermsIn
from services.ledger.orders.service import Agreement, register_contract
from services.ledger.orders.terms import TERM_KEYS
from tests.intake.conftest import TODAY, Take
from tests.intake.files import BUYER, SELLER, codes, party_of

Json = dict[str, Any]
PAGE = Path(__file__).parents[2].joinpath("docs", "commands.md").read_text("utf-8")
BASE = {
    "合同编号": "HT-9",
    "买方统一社会信用代码": BUYER,
    "卖方统一社会信用代码": SELLER,
    "签订日期": "2025-06-15",
}
SAID = {
    "标的": "工程",
    "结算方式": "按进度",
    "约定付款月数": "2",
    "以第三方付款为条件": "是",
    "按第三方付款进度支付": "否",
    "休息日顺延": "是",
    "检验期天数": "15",
    "约定逾期日利率": "0.02%",
    "一次性违约金比例": "1.5",
    "违约金上限比例": "20%",
    "年计息天数": "360",
    "框架协议签订日期": "2025-05-01",
    "非现金支付": "是",
    "有非现金支付条款": "否",
    "供应商自愿接受非现金": "否",
    "约定支付工具": "应收账款电子凭证",
    "支付工具期限月数": "12",
    "以审计结果为付款条件": "是",
    "约定保证金": "履约保证金 12% 仅现金；其他保证金",
    "约定迟延付款事由": "内部付款流程；等待决算审计",
    "先还本金": "是",
}
MEANT: Json = {
    "term_months": 2,
    "pay_when_paid": True,
    "pay_in_proportion": False,
    "rest_days_roll": True,
    "inspection_days": 15,
    "agreed_daily_rate_percent": "0.02",
    "penalty_percent": "1.5",
    "penalty_cap_percent": "20",
    "day_basis": 360,
    "framework_signed_on": "2025-05-01",
    "noncash": True,
    "noncash_clause": False,
    "noncash_consent": False,
    "instrument": {"kind": "ECERT", "tenor_months": 12},
    "audit_condition": True,
    "deposits": [
        {"kind": "PERFORMANCE", "cash_only": True, "percent": "12"},
        {"kind": "OTHER", "cash_only": False},
    ],
    "delay_reasons": ["INTERNAL_PROCESS", "FINAL_AUDIT"],
    "principal_first": True,
}
_KEPT = text(
    """SELECT signed_on, subject, settlement, terms, applies, regime, start_rule, inspection_days,
      due_term_days, due_term_months, due_cap_days, rolls, flags, trace, audit, debtor_kind,
      creditor_size, creditor_evidence FROM contracts WHERE reference = :reference"""
)


def kept(session: Session, reference: str = "HT-9") -> Json:
    found = session.connection().execute(_KEPT, {"reference": reference})
    return dict(found.mappings().one())


def said(take: Take, **cells: str) -> IntakeReport:
    row = {**BASE, **cells}
    return take("合同", ",".join(row), ",".join(row.values()))


def columns() -> Record:
    (section,) = [one for one in load_profile("standard").files if one.match == "合同*"]
    return section.records[0]


def test_a_file_says_all_that_http_takes_and_the_law_makes_the_same_of_it(
    session: Session, take: Take
) -> None:
    report = said(take, **SAID)
    terms = TermsIn.model_validate(MEANT).model_dump(mode="json", exclude_none=True)
    known = edition(session)
    agreed = Agreement(
        id=new_id(),
        reference="HTTP",
        debtor_id=party_of(session, BUYER),
        creditor_id=party_of(session, SELLER),
        signed_on=date(2025, 6, 15),
        subject="WORKS",
        settlement="PROGRESS",
        terms=terms,
    )
    register_contract(session, OPERATOR, agreed, known.signed(agreed.signed_on))

    assert report.errors == []
    assert set(MEANT) | {"term_days", "agreed_annual_rate_percent"} == set(TERM_KEYS)
    assert kept(session)["terms"] == MEANT
    assert kept(session) == kept(session, "HTTP")
    # Audited before anything is late.
    assert {"PAY_WHEN_PAID", "R-DEPOSIT-TYPE", "R-EXCUSE"} <= set(kept(session)["flags"])
    assert said(take, **SAID).known == {"contract": 1}


def test_a_workbook_says_the_same_but_percentages_only_as_text(
    session: Session, take: Take, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    numbers: dict[str, object] = {"约定付款月数": 2, "年计息天数": 360, "检验期天数": 15}
    numbers["框架协议签订日期"] = date(2025, 5, 1)
    rate = {"违约金上限比例": 0.2}
    sheet.append(list({**BASE, **SAID}))
    sheet.append(list({**BASE, **SAID, **numbers}.values()))
    sheet.append(list({**BASE, **SAID, "合同编号": "HT-10", **rate}.values()))
    path = tmp_path.joinpath("合同.xlsx")
    book.save(path)

    report = commit(session, Intake(path, load_profile("standard"), OPERATOR, TODAY))

    assert codes(report) == [(3, "违约金上限比例", "PERCENT_NUMERIC")]
    assert "设为文本" in report.errors[0].chinese
    assert kept(session)["terms"] == MEANT


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"结算方式": "货到"}, "结算方式", "CHOICE_UNKNOWN"),
        ({"约定支付工具": "支票", "支付工具期限月数": "3"}, "约定支付工具", "CHOICE_UNKNOWN"),
        ({"约定支付工具": "商业汇票"}, "约定支付工具", "INSTRUMENT_INCOMPLETE"),
        ({"支付工具期限月数": "3"}, "约定支付工具", "INSTRUMENT_INCOMPLETE"),
        ({"约定迟延付款事由": "内部付款流程；老板出差"}, "约定迟延付款事由", "CHOICE_UNKNOWN"),
        ({"约定保证金": "诚意金 5%"}, "约定保证金", "CHOICE_UNKNOWN"),
        ({"约定保证金": "履约保证金 5% 3%"}, "约定保证金", "DEPOSIT_INVALID"),
        ({"约定保证金": "；".join(["履约保证金"] * 21)}, "约定保证金", "DEPOSIT_INVALID"),
        ({"约定保证金": "履约保证金 五成"}, "约定保证金", "PERCENT_INVALID"),
        ({"约定逾期日利率": "万分之五"}, "约定逾期日利率", "PERCENT_INVALID"),
        ({"约定逾期日利率": "-1"}, "约定逾期日利率", "PERCENT_INVALID"),
        ({"约定付款天数": "30", "约定付款月数": "1"}, "约定付款月数", "TERM_TWICE"),
        ({"约定逾期日利率": "0.05", "约定逾期年利率": "6"}, "约定逾期日利率", "RATE_TWICE"),
        ({"违约金上限比例": "20"}, "违约金上限比例", "CAP_ALONE"),
        ({"框架协议签订日期": "2025-06-16"}, "框架协议签订日期", "FRAMEWORK_LATER"),
        ({"年计息天数": "364"}, "年计息天数", "CHOICE_UNKNOWN"),
        ({"先还本金": "也许"}, "先还本金", "CHOICE_UNKNOWN"),
        ({"签订时卖方规模": "个人"}, "签订时卖方规模", "CHOICE_UNKNOWN"),
        ({"约定逾期年利率": "6", "签订日期": "2198-01-01"}, "签订日期", "LPR_MISSING"),
        ({"卖方行业代码": "Z1"}, "卖方行业代码", "INDUSTRY_UNKNOWN"),
        ({"卖方营业收入万元": "3万"}, "卖方营业收入万元", "WAN_INVALID"),
        ({"卖方从业人员": "-3"}, "卖方从业人员", "NUMBER_INVALID"),
        ({"卖方数据年度": "1989"}, "卖方数据年度", "YEAR_INVALID"),
        ({"卖方规模来源": "朋友"}, "卖方规模来源", "CHOICE_UNKNOWN"),
        ({"卖方规模证据摘要": "AB" * 32}, "卖方规模证据摘要", "DIGEST_INVALID"),
        (
            {"卖方行业代码": "I65", "卖方从业人员": "9", "卖方营业收入万元": "20",
             "签订时卖方规模": "中型企业"},
            "签订时卖方规模",
            "SIZE_CONTRADICTED",
        ),
    ],
)  # fmt: skip
def test_a_word_that_does_not_exist_or_contradicts_is_told_in_its_column(
    take: Take, cells: dict[str, str], column: str, code: str
) -> None:
    report = said(take, **cells)

    assert codes(report) == [(2, column, code)]
    chinese, english = TEXTS[code]
    assert report.errors[0].chinese.startswith(chinese.split("{")[0])
    assert report.errors[0].english.startswith(english.split("{")[0])
    assert report.new.get("contract", 0) == 0


def test_no_is_nothing_said_and_what_is_changed_is_another_contract(take: Take) -> None:
    said(take, 先还本金="否", 休息日顺延="否", 约定付款天数="0")

    assert said(take, 休息日顺延="否", 约定付款天数="0").known == {"contract": 1}
    for cells in (
        {"约定付款天数": "0"},
        {"休息日顺延": "否", "约定付款天数": "0", "约定保证金": "投标保证金"},
        {"休息日顺延": "否", "约定付款天数": "0", "签订时卖方规模": "中型企业"},
    ):
        assert codes(said(take, **cells)) == [(2, "", "ID_REUSED")]


def test_a_contract_keeps_the_kind_and_size_at_signing(session: Session, take: Take) -> None:
    said(take, 签订时买方类型="机关", 签订时卖方规模="微型企业")

    found = kept(session)
    assert (found["debtor_kind"], found["creditor_size"]) == ("GOV", "MICRO")
    assert found["due_term_days"] == 30
    assert said(take).known == {"contract": 1}


def test_every_term_has_a_column_and_the_page_names_columns_and_words() -> None:
    record = columns()

    assert set(TERM_KEYS) <= KINDS["contract"].fields.keys()
    assert set(TERM_KEYS) <= record.fields.keys()
    named = PAGE.partition("All that a contract may say")[2].partition("A profile of your own")[0]
    clauses = {*TERM_KEYS, "instrument_months", "settlement", "debtor_kind", "creditor_size"}
    clauses |= {f"creditor_{key}" for key in sizes.KEYS}
    for field in clauses:
        value = record.fields[field]
        assert value.optional
        assert value.column
        assert value.column in named
        if field not in {"debtor_kind", "creditor_size"}:
            assert all(word in named for word in value.map if word != "其他")
