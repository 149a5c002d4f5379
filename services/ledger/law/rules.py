"""The rule catalogue, asked: by id and regime, by flag, as JSON, as the page of `docs/rules.md`."""

from services.ledger.law import regime, rules_money, rules_review, rules_time
from services.ledger.law.open_points import OPEN_POINTS
from services.ledger.law.rule import NOTICE, Rule

ALL_RULES: tuple[Rule, ...] = (*rules_time.RULES, *rules_money.RULES, *rules_review.RULES)

_OWN_DECREE = {regime.R2025: "802", regime.R2020: "728"}
_FLAG_RULE = {flag: rule.id for rule in ALL_RULES for flag in rule.flags}


def _pick(rule_id: str, governing: str) -> Rule:
    versions = [rule for rule in ALL_RULES if rule.id == rule_id]
    assert versions, rule_id
    own = _OWN_DECREE.get(governing)
    # Without a version of its own decree a rule speaks through the one instrument that has it.
    later = [rule for rule in versions if rule.instrument.key != "802"]
    return next((rule for rule in versions if rule.instrument.key == own), (later or versions)[-1])


_PICKED = {
    (rule.id, governing): _pick(rule.id, governing)
    for rule in ALL_RULES
    for governing in (regime.PRE2020, regime.R2020, regime.R2025)
}


def rule_at(rule_id: str, governing: str) -> Rule:
    """Return the version of a rule that a regime uses."""
    return _PICKED[rule_id, governing]


def rule_of_flag(flag: str, governing: str) -> Rule:
    """Return the rule that raises a flag under a regime."""
    return _PICKED[_FLAG_RULE[flag], governing]


def flags_known() -> frozenset[str]:
    """Return every flag that a decision can raise."""
    return frozenset(_FLAG_RULE)


def as_json() -> list[dict[str, object]]:
    """Return the catalogue as plain values, for the API."""
    return [
        {
            "id": rule.id,
            "version": rule.version,
            "instrument": rule.instrument.title_zh,
            "article": rule.article,
            "text_zh": rule.quote_zh,
            "valid_from": rule.instrument.valid_from.isoformat(),
            "valid_to": rule.instrument.valid_to and rule.instrument.valid_to.isoformat(),
            "trigger_zh": rule.trigger_zh,
            "trigger_en": rule.trigger_en,
            "result_zh": rule.result_zh,
            "result_en": rule.result_en,
            "flags": list(rule.flags),
            "confidence": rule.confidence,
            "notice_zh": NOTICE,
        }
        for rule in ALL_RULES
    ]


def as_markdown() -> str:
    """Return the page `docs/rules.md`: every rule and every open point, from the code."""
    lines = [
        "# 规则目录 · The rules",
        "",
        "Generated from the code by `services.ledger.law.rules.as_markdown()`; do not edit.",
        f"每一提示均{NOTICE}。",
        "",
        "## Rules",
    ]
    for rule in ALL_RULES:
        until = rule.instrument.valid_to or "…"
        lines += [
            "",
            f"### {rule.version}",
            "",
            f"{rule.cites} ({rule.instrument.valid_from} – {until}, {rule.confidence})",
            "",
            f"> {rule.quote_zh}",
            "",
            f"- {rule.trigger_zh} → {rule.result_zh}",
            f"- {rule.trigger_en} → {rule.result_en}",
        ]
        if rule.flags:
            lines.append(f"- flags: {', '.join(f'`{flag}`' for flag in rule.flags)}")
    lines += [
        "",
        "## Open points",
        "",
        "What the law leaves open; the first choice is the recommended default.",
        "",
        "| id | setting | from | question | choices | why |",
        "|---|---|---|---|---|---|",
    ]
    for point in OPEN_POINTS:
        choices = ", ".join(f"`{option}`" for option in point.options)
        question = f"{point.question_zh} {point.question_en}"
        lines.append(
            f"| {point.id} | `{point.setting}` | {point.valid_from} | {question} | {choices}"
            f" | {point.why} |"
        )
    return "\n".join(lines) + "\n"
