"""The catalogue: the terms a contract is audited for, disclosure, certificates, assignment."""

from services.ledger.law.rule import (
    BIDDING,
    BILLS_2022_4,
    CIVIL_CODE,
    DECREE_728,
    DECREE_802,
    DEPOSITS_138,
    NOTICE_77,
    Rule,
)

_CLAUSE = (
    "非现金支付而合同无明确约定",
    "non-cash payment without a clause",
    "提示",
    "flagged",
)
_EXTENDS = (
    "票据或凭证到期日晚于应付日",
    "an instrument matures after the due day",
    "提示变相延长付款期限",
    "flagged as a longer term in disguise",
)
_FORCED = ("未经同意使用非现金支付", "non-cash without consent", "提示审核", "flagged for review")
_AUDIT = ("以审计结果为结算依据", "an audit result as condition", "提示", "flagged")
_TYPE = ("四类以外的保证金", "a deposit outside the four kinds", "提示", "flagged")
_CASH = ("保证金限定为现金", "deposit in cash only", "提示", "flagged")
_RETURN = ("保证期满未及时退还", "a deposit kept after its end", "提示", "flagged")
_RATIO = ("保证金比例超过规定", "a deposit above its limit", "提示审核", "flagged for review")
_HIGH = ("R-DEPOSIT-RATIO",)
_Q_QUALITY = "保证金总预留比例不得高于工程价款结算总额的3%"
_Q_BID = "投标保证金不得超过招标项目估算价的2%；履约保证金不得超过中标合同金额的10%"
_EXCUSE = (
    "以被禁止的理由迟延",
    "late for a banned reason",
    "期限照常计算并提示",
    "the clock does not stop; flagged",
)
_GOV_DISC = (
    "每年3月31日",
    "31 March each year",
    "公开上一年度逾期",
    "disclose last year's arrears",
)
_LARGE_DISC = ("每年6月30日", "30 June each year", "纳入年度报告", "part of the annual report")
_Q_NONCASH = "应当在合同中作出明确、合理约定，不得强制…，不得利用…变相延长付款期限"
_Q_DEPOSIT = "不得以任何形式收取其他保证金…不得将保证金限定为现金"
_Q_EXCUSE = (
    "不得以法定代表人或者主要负责人变更，履行内部付款流程，或者在合同未作约定的情况下以"
    "等待竣工验收备案、决算审计等为由，拒绝或者迟延支付"
)
_Q_EXCUSE_2020 = _Q_EXCUSE.replace("竣工验收备案", "竣工验收批复")
_PAID = (
    "已交付票据或凭证",
    "an instrument was handed over",
    "以凭证结算，未兑付前保留原账龄",
    "settled by instrument; the original ageing is kept until it is honoured",
)
_HANDED = ("settled_by_instrument",)
_Q_TENOR = "付款期限原则上应在6个月以内，最长不超过1年"
_NO_CLAUSE = ("NONCASH_NO_CLAUSE",)
_LONGER = ("NONCASH_EXTENDS_TERM",)
_CONSENT = ("NONCASH_FORCED_REVIEW",)

RULES: tuple[Rule, ...] = (
    Rule("R-NONCASH-CLAUSE", DECREE_802, "第十一条", _Q_NONCASH, *_CLAUSE, _NO_CLAUSE),
    Rule("R-NONCASH-CLAUSE", DECREE_728, "第十条", _Q_NONCASH, *_CLAUSE, _NO_CLAUSE),
    Rule("R-NONCASH-TERM", DECREE_802, "第十一条", _Q_NONCASH, *_EXTENDS, _LONGER),
    Rule("R-NONCASH-TERM", DECREE_728, "第十条", _Q_NONCASH, *_EXTENDS, _LONGER),
    Rule("R-NONCASH-FORCED", DECREE_802, "第十一条", _Q_NONCASH, *_FORCED, _CONSENT, "review"),
    Rule("R-NONCASH-FORCED", DECREE_728, "第十条", _Q_NONCASH, *_FORCED, _CONSENT, "review"),
    Rule("R-NONCASH-PAID", DECREE_802, "第十一条", _Q_NONCASH, *_PAID, _HANDED, "review"),
    Rule("R-NONCASH-PAID", DECREE_728, "第十条", _Q_NONCASH, *_PAID, _HANDED, "review"),
    Rule(
        "R-BILL-TENOR",
        BILLS_2022_4,
        "",
        "商业汇票的付款期限…最长不得超过6个月",
        "汇票期限超过6个月",
        "a bill of more than 6 months",
        "提示",
        "flagged",
        ("BILL_TENOR",),
    ),
    Rule(
        "R-ECERT-TERM",
        NOTICE_77,
        "第十一条",
        _Q_TENOR,
        "电子凭证超过6个月（提示）或1年（超限）",
        "a certificate above 6 months (warned) or 1 year (over the limit)",
        "提示",
        "flagged",
        ("ECERT_TENOR", "ECERT_TENOR_OVER_LIMIT"),
    ),
    Rule(
        "R-AUDIT",
        DECREE_802,
        "第十二条",
        "不得强制要求以审计机关的审计结果作为结算依据",
        *_AUDIT,
        ("R-AUDIT",),
    ),
    Rule(
        "R-AUDIT",
        DECREE_728,
        "第十一条",
        "但合同另有约定或者法律、行政法规另有规定的除外",
        "以审计结果为结算依据",
        "an audit result as condition",
        "合同约定的，不提示",
        "not flagged where the contract says so",
    ),
    Rule("R-DEPOSIT-TYPE", DECREE_802, "第十三条", _Q_DEPOSIT, *_TYPE, ("R-DEPOSIT-TYPE",)),
    Rule("R-DEPOSIT-TYPE", DECREE_728, "第十二条", _Q_DEPOSIT, *_TYPE, ("R-DEPOSIT-TYPE",)),
    Rule("R-DEPOSIT-CASH", DECREE_802, "第十三条", _Q_DEPOSIT, *_CASH, ("R-DEPOSIT-CASH",)),
    Rule("R-DEPOSIT-CASH", DECREE_728, "第十二条", _Q_DEPOSIT, *_CASH, ("R-DEPOSIT-CASH",)),
    Rule(
        "R-DEPOSIT-RETURN",
        DECREE_802,
        "第十三条",
        "在保证期限届满后及时…核算并退还",
        *_RETURN,
        ("R-DEPOSIT-RETURN",),
        "review",
    ),
    Rule(
        "R-DEPOSIT-RETURN",
        DECREE_728,
        "第十二条",
        "在保证期限届满后及时…核实和结算",
        *_RETURN,
        ("R-DEPOSIT-RETURN",),
        "review",
    ),
    Rule("R-DEPOSIT-RATIO", BIDDING, "第二十六条、第五十八条", _Q_BID, *_RATIO, _HIGH, "review"),
    Rule("R-DEPOSIT-RATIO", DEPOSITS_138, "第七条", _Q_QUALITY, *_RATIO, _HIGH, "review"),
    Rule("R-EXCUSE", DECREE_802, "第十四条", _Q_EXCUSE, *_EXCUSE, ("R-EXCUSE",)),
    Rule("R-EXCUSE", DECREE_728, "第十三条", _Q_EXCUSE_2020, *_EXCUSE, ("R-EXCUSE",)),
    Rule("R-DISC-GOV", DECREE_802, "第十八条第一款", "应当于每年3月31日前…公开", *_GOV_DISC),
    Rule("R-DISC-GOV", DECREE_728, "第十六条", "应当于每年3月31日前…公开", *_GOV_DISC),
    Rule("R-DISC-LARGE", DECREE_802, "第十八条第二款", "纳入企业年度报告", *_LARGE_DISC),
    Rule("R-DISC-LARGE", DECREE_728, "第十六条", "纳入企业年度报告", *_LARGE_DISC),
    Rule(
        "R-GROUP",
        DECREE_802,
        "第十九条",
        "督促其全资或者控股子公司及时支付中小企业款项",
        "子公司逾期",
        "a subsidiary is late",
        "集团汇总",
        "rolled up to the group",
    ),
    Rule(
        "R-ECERT-REG",
        NOTICE_77,
        "第十三条",
        "在动产融资统一登记公示系统登记（公开报道摘要）",
        "融资未登记",
        "financing not registered",
        "提示（过渡至约2027-06-15）",
        "flagged (transition to about 2027-06-15)",
        (),
        "review",
    ),
    Rule(
        "R-ECERT-SETTLE",
        NOTICE_77,
        "第十四条",
        "通过银行结算，不得使用平台自身账户（公开报道摘要）",
        "结算账户属于平台",
        "settled on the platform's own account",
        "提示",
        "flagged",
        (),
        "review",
    ),
    Rule(
        "R-ECERT-STOP",
        NOTICE_77,
        "第十五条",
        "到期未付款的，停止提供新凭证服务（公开报道摘要）",
        "开单人到期未付",
        "the issuer failed to pay at maturity",
        "停止新增",
        "no new certificates",
        (),
        "review",
    ),
    Rule(
        "R-ASSIGN-NOTICE",
        CIVIL_CODE,
        "第五百四十六条",
        "债权人转让债权，未通知债务人的，该转让对债务人不发生效力。",
        "转让",
        "an assignment",
        "通知到达债务人后对其生效",
        "binds the debtor once the notice arrived",
    ),
    Rule(
        "R-ASSIGN-PRIORITY",
        CIVIL_CODE,
        "第七百六十八条",
        "已经登记的先于未登记的取得应收账款；均已经登记的，按照登记时间的先后顺序取得应收账款",
        "就同一应收账款多次转让",
        "several assignments of one receivable",
        "先登记，次先到通知，再按比例",
        "registered first, then first notice, then shares",
    ),
    Rule(
        "R-ASSIGN-LOCK",
        CIVIL_CODE,
        "第七百六十五条",
        "协商变更或者终止基础交易合同，对保理人产生不利影响的，对保理人不发生效力",
        "通知后变更合同",
        "the contract is changed after the notice",
        "金额与期限锁定",
        "amount and term are locked",
    ),
)
