"""Steps of a reasoning: which rule, which article, what came of it, in two languages."""

import re
from typing import NamedTuple

from services.ledger.law.rule import NOTICE
from services.ledger.law.rules import rule_at, rule_of_flag

_ZH = {
    "delivered_on": "交付日",
    "accepted_on": "验收合格日",
    "rejected_on": "提出不合格日",
    "settlement_confirmed_on": "双方确认结算金额日",
    "start_on": "起算日",
    "last day": "期间最后一日",
    "inspection_days": "检验期限（日）",
    "term_days": "期限（日）",
    "term_months": "期限（月）",
    "cap_days": "上限（日）",
    "no term": "无可计算的期限",
    "creditor_size": "债权人规模",
    "as stated": "按声明或认定",
    "industry": "行业",
    "industry not in the standard": "行业未列入划型标准",
    "employees": "从业人员（人）",
    "revenue_wan": "营业收入（万元）",
    "assets_wan": "资产总额（万元）",
    "benchmark_due_on": "第60日对照到期日",
    "advisory_due_on": "2025年条例参考到期日",
    "undisputed": "无争议未付",
    "interest first": "先抵利息",
    "principal first, as agreed": "按约定先抵本金",
    "principal left": "剩余本金",
    "paid beyond what is owed": "超付",
    "statutory": "法定",
    "agreed": "约定",
    "court": "司法解释",
    "floor": "LPR下限",
    "void_clause": "条款无效时",
    "until": "至",
    "due_on": "到期日",
    "agreed_on": "该期起算日",
    "invoiced_on": "开票日",
    "days_overdue": "逾期天数",
    "line": "第",
    "ADVANCE": "期预付款",
    "PROGRESS": "期进度款",
    "FINAL": "期尾款",
    "RETENTION": "期质量保证金",
    "LPR as published": "逐次公布的LPR",
    "penalty": "违约金",
    "at most": "最高",
    "review": "审查",
    "transfer": "转交",
    "result at most": "处理结果最迟",
    "result": "处理结果",
    "true": "适用",
    "false": "不适用",
    "unknown": "无法判断",
    "REGULATED": "付款方与中小企业均在条例范围内",
    "FOREIGN_PARTY": "一方不在中国境内设立",
    "DEBTOR_MILITARY": "军队采购按军队规定",
    "DEBTOR_INDIVIDUAL": "付款方为个人或个体工商户",
    "DEBTOR_IS_SME": "付款方为中小企业",
    "DEBTOR_UNKNOWN": "付款方类型不明",
    "CREDITOR_NOT_SME": "收款方为大型企业",
    "CREDITOR_INDIVIDUAL": "收款方为个体工商户，是否受保护未定",
    "CREDITOR_UNKNOWN": "收款方规模不明",
    "SIGNED_BEFORE_2020": "合同订立于2020年9月1日前",
    "LARGE": "大型",
    "MEDIUM": "中型",
    "SMALL": "小型",
    "MICRO": "微型",
    "UNDETERMINED": "未能确定",
}
_WORDS = re.compile(
    "|".join(rf"\b{re.escape(words)}\b" for words in sorted(_ZH, key=len, reverse=True))
)


class Step(NamedTuple):
    """One step; ``rule`` and ``version`` name the rule, as ``R-GATE`` of ``802``."""

    rule: str
    article: str
    text_zh: str
    text_en: str
    version: str


def step(rule_id: str, regime: str, *, outcome: str = "") -> Step:
    """Return the step of a rule under a regime; ``outcome`` holds the facts and the result."""
    rule = rule_at(rule_id, regime)
    zh = f"“{rule.quote_zh}” {rule.trigger_zh}：{rule.result_zh}。"
    english = f"{rule.trigger_en}: {rule.result_en}."
    if outcome:
        told = _WORDS.sub(lambda words: _ZH[words[0]], outcome)
        zh, english = f"{zh}（{told}）", f"{english} ({outcome})"
    return Step(rule.id, rule.cites, zh, english, rule.instrument.key)


def flag_step(flag: str, regime: str) -> Step:
    """Return the step that says where a flag comes from and that it is no finding."""
    rule = rule_of_flag(flag, regime)
    return Step(
        rule.id,
        rule.cites,
        f"提示 {flag}：{rule.trigger_zh}（{NOTICE}）。",
        f"Flag {flag}: {rule.trigger_en} (for review only, not a legal finding).",
        rule.instrument.key,
    )
