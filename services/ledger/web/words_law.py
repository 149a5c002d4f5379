"""What the keys and codes of a reasoning are called on its page, Chinese and English."""

from collections.abc import Mapping
from typing import Final

from services.ledger.web.words import Word

RESULT: Final[Mapping[str, Word]] = {
    "start_on": Word("起算日", "term starts"),
    "due_on": Word("到期日", "due"),
    "benchmark_due_on": Word("第60日对照到期日", "benchmark at 60 days"),
    "advisory_due_on": Word("2025年条例参考到期日", "advisory under the 2025 rules"),
    "days_overdue": Word("逾期天数", "days overdue"),
    "overdue_undisputed": Word("逾期无争议金额", "overdue, undisputed"),
}
CHANGED: Final[Mapping[str, Word]] = {
    **RESULT,
    "interest": Word("逾期利息", "interest"),
    "result_due_on": Word("处理结果期限", "result due"),
    "result_max_on": Word("处理结果最迟", "result at most"),
    "interest_plus_30": Word("LPR加计30%的利息", "interest at LPR plus 30 %"),
    "interest_plus_50": Word("LPR加计50%的利息", "interest at LPR plus 50 %"),
    "court": Word("司法解释路径的利息", "interest, court route"),
    "flags": Word("提示", "flags"),
}
INTEREST: Final[Mapping[str, Word]] = {
    "statutory": Word("法定：每日万分之五", "statutory, 0.05 % a day"),
    "agreed": Word("合同约定", "as agreed"),
    "court": Word("司法解释：订立时一年期LPR", "court route, LPR at signing"),
    "floor": Word("下限：订立时一年期LPR", "floor, LPR at signing"),
    "void_clause": Word("约定无效：每日万分之五", "clause void, 0.05 % a day"),
}
TIMERS: Final[Mapping[str, Word]] = {
    "confirmation_due_on": Word("确认期限", "confirmation due"),
    "transfer_due_on": Word("转交期限", "transfer due"),
    "result_due_on": Word("处理结果期限", "result due"),
    "result_max_on": Word("处理结果最迟", "result at most"),
}
RECEIPT: Final[Mapping[str, Word]] = {
    "delivered_on": Word("交付", "delivered"),
    "accepted_on": Word("验收合格", "accepted"),
    "rejected_on": Word("提出不合格", "rejected"),
    "settlement_confirmed_on": Word("确认结算", "settlement confirmed"),
    "start_on": Word("起算", "starts"),
}
TERMS: Final[Mapping[str, Word]] = {
    "term_days": Word("付款期限（日）", "days"),
    "term_months": Word("付款期限（月）", "months"),
    "pay_when_paid": Word("以收到第三方付款为条件", "pay when paid"),
    "pay_in_proportion": Word("按第三方付款比例支付", "pay in proportion"),
    "rest_days_roll": Word("休假日顺延", "rest days roll"),
    "inspection_days": Word("检验期限（日）", "inspection days"),
    "agreed_annual_rate_percent": Word("约定年利率（%）", "rate a year"),
    "agreed_daily_rate_percent": Word("约定日利率（%）", "rate a day"),
    "penalty_percent": Word("一次性违约金（%）", "penalty owed once"),
    "penalty_cap_percent": Word("利息与违约金上限（%）", "cap of interest and penalty"),
    "day_basis": Word("计息基数（天）", "day basis"),
    "framework_signed_on": Word("框架协议签订日", "framework agreement signed on"),
    "noncash": Word("非现金支付", "non-cash"),
    "noncash_clause": Word("有非现金支付条款", "non-cash clause"),
    "noncash_consent": Word("供应商同意非现金支付", "consent to non-cash"),
    "instrument": Word("约定的票据或凭证", "instrument"),
    "audit_condition": Word("以审计结果为条件", "audit as condition"),
    "deposits": Word("保证金", "deposits"),
    "delay_reasons": Word("约定的迟延理由", "reasons for delay"),
    "principal_first": Word("先抵本金", "principal first"),
}
ANSWERS: Final[Mapping[str, Word]] = {
    "REQUESTED": Word("请求确权", "confirmation requested"),
    "CONFIRMED": Word("确认", "confirmed"),
    "REJECTED": Word("拒绝确认", "rejected"),
}
SETTLEMENTS: Final[Mapping[str, Word]] = {
    "ON_DELIVERY": Word("交付后付款", "after delivery"),
    "ACCEPTANCE": Word("验收合格后付款", "after acceptance"),
    "PROGRESS": Word("按进度结算", "by progress"),
    "PERIODIC": Word("定期结算", "periodic"),
}
REGIMES: Final[Mapping[str, Word]] = {
    "PRE2020": Word("2020年9月1日前", "before the Regulation"),
    "R2020": Word("国令第728号（2020年）", "decree 728 of 2020"),
    "R2025": Word("国令第802号（2025年）", "decree 802 of 2025"),
}
