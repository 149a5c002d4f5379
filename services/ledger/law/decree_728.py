"""国令第728号, 保障中小企业款项支付条例 (2020), in force 2020-09-01 to 2025-05-31."""

from services.ledger.law.settings import Settings
from services.ledger.law.term import Agreed, Term, as_agreed, may_exceed

PAY_WHEN_PAID = "PAY_WHEN_PAID"
GOV_TERM_OVER_60 = "GOV_TERM_OVER_60"

DAILY_RATE = (5, 10_000)
"""Art. 15: "按照每日利率万分之五支付逾期利息", as a ratio a day."""


def public_body_term(
    agreed: Agreed, *, default_days: int, cap_days: int, settings: Settings
) -> Term:
    """Art. 8(1): "30日内支付款项；合同另有约定的，付款期限最长不得超过60日".

    Reading: a clause tied to a third party's payment names no day, so the default counts and the
    clause is flagged. Reading O6: a longer term becomes the cap, not the default.
    """
    flags = (PAY_WHEN_PAID,) if agreed.third_party else ()
    rules = ("R-PWP",) if agreed.third_party else ()
    if agreed.silent:
        return Term(default_days, None, cap_days, flags, (*rules, "R-TERM-GOV-DEFAULT"))
    if not may_exceed(agreed, cap_days):
        return Term(agreed.days, agreed.months, cap_days, (), ("R-TERM-AGREED",))
    flags, rules = (*flags, GOV_TERM_OVER_60), (*rules, "R-TERM-GOV-CAP")
    capped = Term(agreed.days, agreed.months, cap_days, flags, rules)
    if settings.public_term_over_cap == "DEFAULT" and agreed.on is None:
        return capped._replace(days=default_days)
    return capped


def large_enterprise_term(agreed: Agreed) -> Term:
    """Art. 8(2): "应当按照行业规范、交易习惯合理约定付款期限并及时支付款项"; no number of days.

    The reply 法释 (2024) 11号 voids a pay-when-paid clause; nothing then says when payment was due.
    """
    term = as_agreed(agreed)
    if not agreed.third_party:
        return term
    return term._replace(flags=(PAY_WHEN_PAID,), rules=("R-PWP", *term.rules))


def audit_condition_is_suspect(*, agreed_in_contract: bool) -> bool:
    """Art. 11: "合同另有约定或者法律、行政法规另有规定的除外"; what is agreed is allowed."""
    return not agreed_in_contract
