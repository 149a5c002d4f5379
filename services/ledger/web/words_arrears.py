"""What the codes of late payment are called on a page: interest, facts, complaints."""

from collections.abc import Mapping
from typing import Final

from services.ledger.web.words import Word

FACTS: Final[Mapping[str, Word]] = {
    "DEMAND": Word("催收（送达）", "demand reached"),
    "ACKNOWLEDGEMENT": Word("债务人承认", "acknowledged"),
    "AGREEMENT": Word("还款协议", "agreed to pay"),
    "SUIT": Word("起诉", "suit"),
    "ARBITRATION": Word("申请仲裁", "arbitration"),
    "INSTRUMENT": Word("交付票据或凭证", "instrument handed over"),
    "DELAY_REASON": Word("迟延付款理由", "reason of delay"),
    "COSTS": Word("实现债权的费用", "cost of enforcement"),
    "ENDED": Word("终结（退票、程序终结或撤回）", "ended"),
}
FACT_WORDS: Final[Mapping[str, Word]] = {
    "BILL": Word("商业汇票", "bill"),
    "ECERT": Word("应收账款电子凭证", "e-certificate"),
    "OTHER": Word("其他", "other"),
    "PERSON_IN_CHARGE_CHANGED": Word("负责人变更", "person in charge changed"),
    "INTERNAL_PROCESS": Word("内部付款流程", "internal process"),
    "COMPLETION_FILING": Word("等待竣工验收备案", "completion filing"),
    "FINAL_AUDIT": Word("等待决算审计", "final audit"),
}
COSTS: Final[Mapping[str, Word]] = {
    "LITIGATION": Word("诉讼费", "court fee"),
    "ARBITRATION": Word("仲裁费", "arbitration fee"),
    "PRESERVATION": Word("保全费", "preservation of property"),
    "NOTARY": Word("公证费", "notary"),
    "LAWYER": Word("律师费", "lawyer"),
    "OTHER": Word("其他费用", "other"),
}
STATES: Final[Mapping[str, Word]] = {
    "FILED": Word("待受理审查", "under review", "warn"),
    "SUPPLEMENT_NEEDED": Word("待补充材料", "supplement needed", "warn"),
    "ACCEPTED": Word("已受理", "accepted", "info"),
    "REFUSED": Word("不予受理", "refused", "bad"),
    "TRANSFERRED": Word("已转交", "transferred", "info"),
    "HANDLING": Word("处理中", "handling", "info"),
    "RESULT": Word("已作出处理结果", "result given", "good"),
    "CLOSED": Word("已办结", "closed", "good"),
    "ENDED": Word("已终止", "ended"),
    "WITHDRAWN": Word("已撤回", "withdrawn"),
}
STEPS: Final[Mapping[str, Word]] = {
    "SUPPLEMENT_ASKED": Word("要求补充材料", "ask for material"),
    "SUPPLEMENTED": Word("补充材料", "add material"),
    "ACCEPTED": Word("受理", "accept"),
    "REFUSED": Word("不予受理", "refuse"),
    "TRANSFERRED": Word("转交处理部门", "transfer"),
    "RECEIVED": Word("处理部门收到材料", "materials received"),
    "RESPONDENT_ASKED": Word("函询被投诉人", "ask the respondent"),
    "EXTENDED": Word("批准延长", "extend"),
    "RESULT": Word("作出处理结果", "give the result"),
    "CLOSED": Word("告知投诉人并办结", "answer and close"),
    "ENDED": Word("终止处理", "end"),
    "WITHDRAWN": Word("撤回投诉", "withdraw"),
}
REASONS: Final[Mapping[str, Word]] = {
    "NO_CONTRACT": Word("无合同关系", "no contract"),
    "NOT_COVERED": Word("不属于条例范围", "not covered"),
    "IN_COURT": Word("已进入诉讼或仲裁", "in court"),
    "DUPLICATE": Word("重复投诉", "duplicate"),
    "NOT_LATE": Word("未逾期", "not late"),
    "NOT_SUPPLEMENTED": Word("逾期未补充材料", "not supplemented"),
    "PAID": Word("已付款", "paid"),
    "PLAN_AGREED": Word("达成还款计划", "plan agreed"),
    "ARREARS_CONFIRMED": Word("认定拖欠", "arrears found by the authority"),
    "NOT_ARREARS": Word("认定不构成拖欠", "no arrears"),
    "DISPUTED": Word("存在争议，建议诉讼或仲裁", "disputed"),
    "COURT_SEIZED": Word("已提起诉讼或仲裁", "court seized"),
    "SETTLED": Word("双方和解", "settled"),
    "INSOLVENCY": Word("进入破产程序", "insolvency"),
}
TIMERS: Final[Mapping[str, Word]] = {
    "REVIEW": Word("受理审查", "review"),
    "TRANSFER": Word("转交", "transfer"),
    "RESULT": Word("处理结果", "result"),
}
