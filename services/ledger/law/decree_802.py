"""国令第802号, 保障中小企业款项支付条例 (2025), in force from 2025-06-01."""

from services.ledger.law import decree_728
from services.ledger.law.settings import Settings
from services.ledger.law.term import Agreed, Term, may_exceed

TERM_OVER_60_REVIEW = "TERM_OVER_60_REVIEW"

DAILY_RATE = (5, 10_000)
"""Art. 17: "未作约定的，按照每日利率万分之五支付逾期利息", as a ratio a day."""

FOUR_DEPOSITS = frozenset({"BID", "PERFORMANCE", "QUALITY", "MIGRANT_WAGES"})
"""Art. 13: 投标保证金、履约保证金、工程质量保证金、农民工工资保证金."""

BANNED_EXCUSES = frozenset(
    {"PERSON_IN_CHARGE_CHANGED", "INTERNAL_PROCESS", "COMPLETION_FILING", "FINAL_AUDIT"}
)
"""Art. 14: 法定代表人或者主要负责人变更，履行内部付款流程，未约定的竣工验收备案、决算审计."""


def public_body_term(
    agreed: Agreed, *, default_days: int, cap_days: int, settings: Settings
) -> Term:
    """Art. 9(1): "30日内支付款项；合同另有约定的，从其约定，但付款期限最长不得超过60日".

    The same as Art. 8(1) of 2020, and so computed by it.
    """
    return decree_728.public_body_term(
        agreed, default_days=default_days, cap_days=cap_days, settings=settings
    )


def large_enterprise_term(
    agreed: Agreed, *, default_days: int, review_days: int, settings: Settings
) -> Term:
    """Art. 9(2): "60日内支付款项；合同另有约定的，从其约定，但应当按照行业规范、交易习惯合理约定".

    "不得约定以收到第三方付款作为向中小企业支付款项的条件或者按照第三方付款进度比例支付中小企业款项":
    such a clause is no term, and the default counts. Reading O5: a longer term counts and is
    flagged for review, since only an authority says what is unreasonable.
    """
    flags = (decree_728.PAY_WHEN_PAID,) if agreed.third_party else ()
    rules = ("R-PWP",) if agreed.third_party else ()
    if agreed.silent:
        return Term(default_days, None, None, flags, (*rules, "R-TERM-LARGE-DEFAULT"))
    if not may_exceed(agreed, review_days):
        return Term(agreed.days, agreed.months, None, flags, (*rules, "R-TERM-AGREED"))
    cap_days = review_days if settings.large_term_over_60 == "SIXTY_DAYS" else None
    flags, rules = (*flags, TERM_OVER_60_REVIEW), (*rules, "R-TERM-LARGE-REVIEW")
    return Term(agreed.days, agreed.months, cap_days, flags, rules)


def audit_condition_is_suspect() -> bool:
    """Art. 12: "不得强制要求以审计机关的审计结果作为结算依据，法律、行政法规另有规定的除外".

    The exception for what the contract says was removed in 2025.
    """
    return True


def rate_meets_floor(*, yearly: tuple[int, int], lpr_yearly: tuple[int, int]) -> bool:
    """Art. 17: "约定利率不得低于合同订立时1年期贷款市场报价利率" (ratios a year)."""
    return yearly[0] * lpr_yearly[1] >= lpr_yearly[0] * yearly[1]
