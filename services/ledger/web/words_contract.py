"""What the codes of a contract and of its flags are called on a page, Chinese and English."""

from collections.abc import Mapping
from typing import Final

from services.ledger.law.rules import flags_known, rule_of_flag
from services.ledger.web.words import Word

KINDS: Final[Mapping[str, Word]] = {
    "GOV": Word("机关", "government body"),
    "INSTITUTION": Word("事业单位", "public institution"),
    "FISCAL_GROUP": Word("使用财政资金的团体组织", "organisation on public funds"),
    "LARGE_SOE": Word("大型国有企业", "large, state-owned"),
    "LARGE": Word("大型企业", "large"),
    "MEDIUM": Word("中型企业", "medium"),
    "SMALL": Word("小型企业", "small"),
    "MICRO": Word("微型企业", "micro"),
    "INDIVIDUAL": Word("个体工商户", "individual business"),
    "MILITARY": Word("军队", "military"),
    "FINANCIER": Word("金融机构", "financial institution"),
    "UNKNOWN": Word("未知", "unknown"),
    "UNDETERMINED": Word("未能确定", "undetermined"),
}
SUBJECTS: Final[Mapping[str, Word]] = {
    "GOODS": Word("货物", "goods"),
    "WORKS": Word("工程", "works"),
    "SERVICES": Word("服务", "services"),
}
EVIDENCE: Final[Mapping[str, Word]] = {
    "size": Word("声明的规模", "stated size"),
    "size_by_figures": Word("按指标得出的规模", "by the figures"),
    "industry": Word("行业代码", "industry"),
    "industry_zh": Word("划型标准行业", "industry of the standard"),
    "employees": Word("从业人员（人）", "employees"),
    "revenue_wan": Word("营业收入（万元）", "revenue, 10,000 yuan"),
    "assets_wan": Word("资产总额（万元）", "assets, 10,000 yuan"),
    "data_year": Word("数据年度", "year of the figures"),
    "source": Word("来源", "source"),
    "declared": Word("已主动告知付款方", "declared to the buyer"),
    "evidence_sha256": Word("证据摘要 SHA-256", "digest of the evidence"),
    "controlled_by_large": Word("受大型企业控制", "controlled by a large enterprise"),
}
SOURCES: Final[Mapping[str, Word]] = {
    "SELF_DECLARED": Word("自行声明", "self-declared"),
    "SELF_TEST": Word("自测平台", "self-test platform"),
    "GOVERNMENT": Word("政府认定", "recognised by the government"),
    "STATISTICS": Word("统计结果", "statistics"),
}
VALUES: Final[Mapping[str, Word]] = {
    **KINDS,
    **SOURCES,
    "BILL": Word("商业汇票", "bill"),
    "ECERT": Word("应收账款电子凭证", "e-certificate"),
    "BID": Word("投标保证金", "bid"),
    "PERFORMANCE": Word("履约保证金", "performance"),
    "QUALITY": Word("工程质量保证金", "quality"),
    "MIGRANT_WAGES": Word("农民工工资保证金", "wages"),
    "OTHER": Word("其他", "other"),
    "PERSON_IN_CHARGE_CHANGED": Word("负责人变更", "person in charge changed"),
    "INTERNAL_PROCESS": Word("内部付款流程", "internal process"),
    "COMPLETION_FILING": Word("等待竣工验收备案", "completion filing"),
    "FINAL_AUDIT": Word("等待决算审计", "final audit"),
}
PARTS: Final[Mapping[str, Word]] = {
    "kind": Word("", ""),
    "tenor_months": Word("期限（月）", "months"),
    "cash_only": Word("仅限现金", "in cash only"),
    "percent": Word("比例（%）", "percent"),
}
"""The keys of what is several things in one: an instrument, a deposit."""


def flag(name: str, regime: str) -> Word:
    """Return what a flag is about, as its rule says; one that no rule has is shown as it is."""
    if name not in flags_known():
        return Word(name, "")
    rule = rule_of_flag(name, regime)
    return Word(rule.trigger_zh, rule.trigger_en)
