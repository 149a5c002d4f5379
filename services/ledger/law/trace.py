"""Steps of a reasoning: which rule, which article, what came of it, in two languages."""

from typing import NamedTuple

from services.ledger.law.rule import NOTICE
from services.ledger.law.rules import rule_at, rule_of_flag


class Step(NamedTuple):
    """One step. ``rule`` names the version, as ``R-GATE@802``."""

    rule: str
    article: str
    text_zh: str
    text_en: str


def step(rule_id: str, regime: str, *, outcome: str = "") -> Step:
    """Return the step of a rule under a regime; ``outcome`` holds the facts and the result."""
    rule = rule_at(rule_id, regime)
    zh = f"“{rule.quote_zh}” {rule.trigger_zh}：{rule.result_zh}。"
    english = f"{rule.trigger_en}: {rule.result_en}."
    if outcome:
        zh, english = f"{zh} [{outcome}]", f"{english} [{outcome}]"
    return Step(rule.version, rule.cites, zh, english)


def flag_step(flag: str, regime: str) -> Step:
    """Return the step that says where a flag comes from and that it is no finding."""
    rule = rule_of_flag(flag, regime)
    return Step(
        rule.version,
        rule.cites,
        f"提示 {flag}：{rule.trigger_zh}（{NOTICE}）。",
        f"Flag {flag}: {rule.trigger_en} (for review only, not a legal finding).",
    )
