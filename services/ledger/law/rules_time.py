"""The catalogue: who is covered, terms, starts, counting."""

from services.ledger.law.rule import (
    CIVIL_CODE,
    COMPETITION,
    DECREE_728,
    DECREE_802,
    PRIVATE_ECONOMY,
    REPLY_2024_11,
    Rule,
)

_GATE = (
    "各方类型与合同订立时的规模",
    "kinds and sizes at signing",
    "是否适用条例",
    "covered or not",
)
_GOV = ("机关、事业单位，未约定期限", "public body, no term agreed", "30日", "30 days")
_CAP = (
    "机关、事业单位，约定期限超过60日",
    "public body, agreed term above 60 days",
    "按60日计算并提示",
    "60 days count, flagged",
)
_PWP = (
    "以第三方付款为付款条件或按其比例付款",
    "payment waits for, or is in proportion to, a third party's",
    "该约定不作为付款期限",
    "the clause is no term",
)
_LONG = (
    "大型企业，约定期限超过60日",
    "large enterprise, agreed term above 60 days",
    "按约定计算，提示审核，另列第60日",
    "the agreed term counts, flagged for review with day 60 beside it",
)
_DELIVERY = ("约定交付后付款", "payment after delivery", "自交付之日起算", "starts at delivery")
_ACCEPTED = (
    "以检验或者验收合格为付款条件",
    "payment depends on acceptance",
    "自检验或者验收合格之日起算",
    "starts at acceptance",
)
_EXPIRY = (
    "买方拖延检验或者验收，或未约定期限",
    "the buyer delays acceptance, or no period was agreed",
    "自约定期限届满之日起算；未约定的不自动起算",
    "starts when the agreed period ends; without one it does not start by itself",
)
_REJECTED = (
    "检验期限内提出不合格",
    "rejected within the inspection period",
    "付款期限未起算，有争议",
    "not started: disputed",
)
_SETTLED = (
    "履行进度结算、定期结算",
    "progress or periodic settlement",
    "自双方确认结算金额之日起算；未确认的未起算",
    "starts when both confirm the amount; unconfirmed, not started",
)
_OVER_60 = "GOV_TERM_OVER_60"
_MISSING = "INSPECTION_PERIOD_MISSING"
_STALLED = "SETTLEMENT_CONFIRMATION_STALLED"

_Q_GATE = "中小企业、大型企业依合同订立时的企业规模类型确定。"
_Q_GOV = "应当自货物、工程、服务交付之日起30日内支付款项"
_Q_CAP = "合同另有约定的，从其约定，但付款期限最长不得超过60日"
_Q_CAP_2020 = "合同另有约定的，付款期限最长不得超过60日"
_Q_PWP = (
    "不得约定以收到第三方付款作为向中小企业支付款项的条件或者按照第三方付款进度比例支付中小企业款项"
)
_Q_PWP_REPLY = (
    "与中小企业约定以收到第三方向其支付的款项为付款前提的，…人民法院应当…认定该约定条款无效"
)
_Q_PWP_PRIVATE = (
    "应当合理约定付款期限并及时支付账款，不得以收到第三方付款作为向中小民营经济组织支付账款的条件"
)
_Q_ACCEPTED = "付款期限应当自检验或者验收合格之日起算"
_Q_EXPIRY = "拖延检验或者验收的，付款期限自约定的检验或者验收期限届满之日起算"
_Q_SETTLED = "付款期限应当自双方确认结算金额之日起算"
_Q_AGREED = "当事人应当按照约定全面履行自己的义务。"
_Q_INSPECTED = "当事人约定检验期限的，…买受人怠于通知的，视为标的物的数量或者质量符合约定。"
_509 = "第五百零九条"

RULES: tuple[Rule, ...] = (
    Rule("R-GATE", DECREE_802, "第二条、第三条、第三十六条", _Q_GATE, *_GATE),
    Rule("R-GATE", DECREE_728, "第二条、第三条、第二十八条", _Q_GATE, *_GATE),
    Rule("R-TERM-GOV-DEFAULT", DECREE_802, "第九条第一款", _Q_GOV, *_GOV),
    Rule("R-TERM-GOV-DEFAULT", DECREE_728, "第八条第一款", _Q_GOV, *_GOV),
    Rule("R-TERM-GOV-CAP", DECREE_802, "第九条第一款", _Q_CAP, *_CAP, (_OVER_60,)),
    Rule("R-TERM-GOV-CAP", DECREE_728, "第八条第一款", _Q_CAP_2020, *_CAP, (_OVER_60,)),
    Rule(
        "R-TERM-LARGE-DEFAULT",
        DECREE_802,
        "第九条第二款",
        "应当自货物、工程、服务交付之日起60日内支付款项",
        "大型企业，未（有效）约定期限",
        "large enterprise, no valid term agreed",
        "60日",
        "60 days",
    ),
    Rule(
        "R-TERM-LARGE-REVIEW",
        DECREE_802,
        "第九条第二款、第七条",
        "合同另有约定的，从其约定，但应当按照行业规范、交易习惯合理约定付款期限并及时支付款项",
        *_LONG,
        ("TERM_OVER_60_REVIEW",),
        "review",
    ),
    Rule(
        "R-TERM-LARGE-REVIEW",
        COMPETITION,
        "第十五条",
        "明显不合理的付款期限",
        *_LONG,
        ("TERM_OVER_60_REVIEW",),
        "review",
    ),
    Rule("R-PWP", PRIVATE_ECONOMY, "第六十八条", _Q_PWP_PRIVATE, *_PWP, ("PAY_WHEN_PAID",)),
    Rule("R-PWP", DECREE_802, "第九条第二款", _Q_PWP, *_PWP, ("PAY_WHEN_PAID",)),
    Rule("R-PWP", REPLY_2024_11, "第一条", _Q_PWP_REPLY, *_PWP, ("PAY_WHEN_PAID",), "review"),
    Rule(
        "R-START-DELIVERY",
        DECREE_802,
        "第九条第一款、第二款",
        "自货物、工程、服务交付之日起",
        *_DELIVERY,
    ),
    Rule(
        "R-START-DELIVERY", DECREE_728, "第八条第一款", "自货物、工程、服务交付之日起", *_DELIVERY
    ),
    # Outside the Regulation the contract alone says when a term starts.
    Rule("R-START-DELIVERY", CIVIL_CODE, _509, _Q_AGREED, *_DELIVERY),
    Rule(
        "R-START-AGREED",
        CIVIL_CODE,
        _509,
        _Q_AGREED,
        "该期约定了自己的起算日",
        "an instalment whose period starts on a day of its own",
        "自约定之日起算",
        "starts on that day",
    ),
    Rule("R-START-ACCEPTANCE", DECREE_802, "第十条", _Q_ACCEPTED, *_ACCEPTED),
    Rule("R-START-ACCEPTANCE", DECREE_728, "第九条", _Q_ACCEPTED, *_ACCEPTED),
    Rule("R-START-ACCEPTANCE", CIVIL_CODE, _509, _Q_AGREED, *_ACCEPTED),
    Rule("R-START-INSPECTION", DECREE_802, "第十条", _Q_EXPIRY, *_EXPIRY, (_MISSING,)),
    Rule("R-START-INSPECTION", DECREE_728, "第九条", _Q_EXPIRY, *_EXPIRY, (_MISSING,)),
    Rule("R-START-INSPECTION", CIVIL_CODE, "第六百二十一条第一款", _Q_INSPECTED, *_EXPIRY),
    Rule(
        "R-START-REJECTED", DECREE_802, "第十条", _Q_ACCEPTED, *_REJECTED, ("REJECTED",), "review"
    ),
    Rule(
        "R-START-REJECTED", DECREE_728, "第九条", _Q_ACCEPTED, *_REJECTED, ("REJECTED",), "review"
    ),
    Rule("R-START-REJECTED", CIVIL_CODE, _509, _Q_AGREED, *_REJECTED, ("REJECTED",), "review"),
    Rule("R-START-SETTLEMENT", DECREE_802, "第九条第四款", _Q_SETTLED, *_SETTLED, (_STALLED,)),
    Rule("R-START-SETTLEMENT", DECREE_728, "第八条第三款", _Q_SETTLED, *_SETTLED, (_STALLED,)),
    Rule("R-START-SETTLEMENT", CIVIL_CODE, _509, _Q_AGREED, *_SETTLED, (_STALLED,)),
    Rule(
        "R-TERM-AGREED",
        CIVIL_CODE,
        _509,
        _Q_AGREED,
        "约定了期限",
        "a term was agreed",
        "按约定计算",
        "the agreed term counts",
    ),
    Rule(
        "R-TERM-NONE",
        CIVIL_CODE,
        "第五百一十条、第五百一十一条第四项",
        "履行期限不明确的，债务人可以随时履行，债权人也可以随时请求履行，但是应当给对方必要的准备时间",
        "无可计算的期限",
        "no term that can be counted",
        "不自动确定到期日，由人工审核",
        "no due day by itself; a person decides",
        (),
        "review",
    ),
    Rule(
        "R-COUNT",
        CIVIL_CODE,
        "第二百零一条",
        "按照年、月、日计算期间的，开始的当日不计入，自下一日开始计算。",
        "以日计算",
        "a period in days",
        "起算日次日为第一日",
        "the day after the start is day 1",
    ),
    Rule(
        "R-MONTHS",
        CIVIL_CODE,
        "第二百零二条",
        "到期月的对应日为期间的最后一日；没有对应日的，月末日为期间的最后一日。",
        "以月计算",
        "a period in months",
        "到期月的对应日或月末日",
        "the corresponding day, or the month's end",
    ),
    Rule(
        "R-ROLL",
        CIVIL_CODE,
        "第二百零三条",
        "期间的最后一日是法定休假日的，以法定休假日结束的次日为期间的最后一日。",
        "最后一日是休假日",
        "the last day is a rest day",
        "顺延至休假结束次日",
        "rolls to the day after the rest days",
        ("calendar_provisional",),
    ),
    Rule(
        "R-NO-ROLL",
        CIVIL_CODE,
        "第二百零四条",
        "期间的计算方法依照本法的规定，但是法律另有规定或者当事人另有约定的除外。",
        "另有约定，或当事人不在中国境内",
        "agreed otherwise, or parties outside China",
        "休假日不顺延",
        "rest days do not roll",
    ),
    Rule(
        "R-TRANSITION",
        DECREE_802,
        "第三十七条",
        "本条例自2025年6月1日起施行。",
        "2020年9月至2025年5月订立，2025年6月1日后起算",
        "signed under the 2020 Regulation, started under that of 2025",
        "按订立时条例计算，另列2025年条例的参考到期日",
        "the Regulation at signing counts; the due day under 2025 is shown as advisory",
        ("TRANSITIONAL",),
        "review",
    ),
)
