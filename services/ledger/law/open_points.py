"""What the law leaves open: each point a question, its choices, and why one is recommended."""

from datetime import date
from typing import NamedTuple


class OpenPoint(NamedTuple):
    """A question that the law does not decide."""

    id: str
    setting: str
    valid_from: date
    options: tuple[str, ...]
    """The recommended default first."""
    question_zh: str
    question_en: str
    why: str


_2020 = date(2020, 9, 1)
_2025 = date(2025, 6, 1)
_CODE = date(2021, 1, 1)

OPEN_POINTS: tuple[OpenPoint, ...] = (
    OpenPoint(
        "O1",
        "rest_days",
        _CODE,
        ("ALL", "ANNOUNCED"),
        "法定休假日是否包括普通周六、周日和调休休息日？",
        "Does 法定休假日 include ordinary weekends and 调休 rest days?",
        "长期惯例；合同可另行约定（民法典第二百零四条）",
    ),
    OpenPoint(
        "O2",
        "no_inspection_period",
        _2020,
        ("NO_START", "DELIVERY"),
        "未约定检验期限的，付款期限自何时起算？",
        "No inspection period was agreed: when does the term start without acceptance?",
        "第十条只规定“约定的检验或者验收期限”；候选：交付日（民法典第六百二十一条、六百二十三条）",
    ),
    OpenPoint(
        "O3",
        "settlement_stalled",
        _2020,
        ("NOT_STARTED", "DELIVERY"),
        "买方拖延确认结算金额的，是否起算？",
        "The buyer stalls confirming the settlement amount: does the term start?",
        "条例未规定；建设工程只有约定视为认可时才适用（建工解释一第二十一条）",
    ),
    OpenPoint(
        "O4",
        "service_delivery",
        _2020,
        ("ACCEPTANCE_DOCUMENT", "DELIVERY_RECORD"),
        "没有交付记录（多见于服务）时，“交付之日”以何为准？",
        "What is the day of delivery without a delivery record, as of a service?",
        "验收或交付单据所载日期；电子合同见民法典第五百一十二条",
    ),
    OpenPoint(
        "O5",
        "large_term_over_60",
        _2025,
        ("CONTRACT", "SIXTY_DAYS"),
        "大型企业约定超过60日是否不合理？",
        "Is a large enterprise's term above 60 days unreasonable?",
        "第九条第二款允许约定；合理与否由主管部门判断",
    ),
    OpenPoint(
        "O6",
        "public_term_over_cap",
        _2020,
        ("CAP", "DEFAULT"),
        "机关、事业单位约定超过60日的，按60日还是30日？",
        "A public body's term above the cap: does it become 60 or 30 days?",
        "条文写作“最长不得超过60日”，干预最小",
    ),
    OpenPoint(
        "O7",
        "invoice_condition",
        _2020,
        ("NOT_TIED", "FROM_INVOICE"),
        "“见票付款”是否影响起算？",
        "Does pay-on-invoice move the start of the term?",
        "条例未提及发票；可主张先履行抗辩（民法典第五百二十六条）；需要开票日期才能计算另一结果",
    ),
    OpenPoint(
        "O8",
        "payment_moment",
        _2020,
        ("CREDITED", "INSTRUCTED"),
        "付款以到账还是指令之日为准？",
        "Is payment made when credited or when instructed?",
        "条例未规定；以债权人账户到账为准；需要指令日期才能计算另一结果",
    ),
    OpenPoint(
        "O9",
        "month_terms",
        _CODE,
        ("CALENDAR_MONTHS", "THIRTY_DAYS"),
        "以月约定的期限如何计算？",
        "How are terms in months counted?",
        "民法典第二百零二条：按日历月；与60日上限分别比较",
    ),
    OpenPoint(
        "TRANSITION",
        "transition",
        _2025,
        ("REGIME_AT_SIGNING", "REGIME_AT_START"),
        "2025年6月1日前订立、之后履行的合同适用哪一版条例？",
        "Which Regulation governs a contract signed before and performed after 2025-06-01?",
        "第三十七条无过渡规定；立法法第一百零四条不溯及既往",
    ),
    OpenPoint(
        "RATE_BELOW_LPR",
        "rate_below_lpr",
        _2020,
        ("FLOOR", "VOID_CLAUSE"),
        "约定利率低于订立时LPR的后果？",
        "What follows from an agreed rate below the LPR at signing?",
        "第十七条未写明后果；保守主张为LPR，条款无效则为每日万分之五（民法典第一百五十三条）",
    ),
    OpenPoint(
        "PWP_RATE",
        "pay_when_paid_rate",
        date(2024, 8, 27),
        ("STATUTORY", "COURT"),
        "背靠背条款无效且无约定利率的，适用哪一利率？",
        "Which rate applies after a pay-when-paid clause is struck out?",
        "第十七条为每日万分之五；法释\u30142024\u301511号为订立时一年期LPR；两者并列",
    ),
    OpenPoint(
        "PWP_TERM",
        "pay_when_paid_term",
        _2020,
        ("NO_TERM", "AGREED_TERM"),
        "背靠背条款中约定的天数，条款不计后是否仍自起算日计算？",
        "A pay-when-paid clause is void: do the days it names run from the start of the term?",
        "天数本自第三方付款起算，与条款一并不计；合理期限由法院确定；"
        "第九条第二款与批复只写大型企业，对机关、事业单位同样不计",
    ),
    OpenPoint(
        "DAY_BASIS",
        "day_basis",
        _2020,
        ("365", "360", "366"),
        "年利率按多少天折算？",
        "On how many days does a yearly rate rest?",
        "条例未规定；合同可约定",
    ),
    OpenPoint(
        "NONCASH_DISCHARGE",
        "noncash_discharge",
        _2020,
        ("ORIGINAL_AGEING", "PAID_AT_HANDOVER"),
        "交付票据或电子凭证是否视为付款？",
        "Does handing over a bill or certificate count as payment?",
        "未规定；兑付前保留原账龄",
    ),
    OpenPoint(
        "DISPUTE_INTEREST",
        "dispute_interest",
        _2025,
        ("UNDISPUTED_ONLY", "FROM_DUE_DATE"),
        "争议部分最终支持供应商的，利息是否自到期次日起算？",
        "A dispute decided for the supplier: does interest on it run from the due date?",
        "未规定",
    ),
    OpenPoint(
        "INSPECTION_END",
        "inspection_end",
        _CODE,
        ("AS_COUNTED", "ROLL"),
        "检验期限最后一日是休假日的，是否顺延？",
        "An inspection period that ends on a rest day: does it roll?",
        "第十条以“约定的期限届满之日”为准，顺延会延长中小企业的等待；民法典第二百零三条可作另一理解",
    ),
    OpenPoint(
        "ADMIN_PERIODS",
        "administrative_periods",
        _2025,
        ("ROLL", "AS_COUNTED"),
        "投诉处理期限最后一日是休假日的，是否顺延？",
        "Do administrative periods roll over rest days?",
        "参照民法典第二百零三条",
    ),
    OpenPoint(
        "GATE",
        "gate_unknown",
        _2020,
        ("AGREED_TERM", "AS_IF_APPLIED"),
        "是否适用条例无法判断时如何计算？",
        "It cannot be told whether the Regulation applies: what counts?",
        "只计约定期限；另列适用条例时的结果",
    ),
    OpenPoint(
        "FRAMEWORK",
        "contract_date",
        _2020,
        ("ORDER", "FRAMEWORK"),
        "框架协议与订单并存时，“合同订立”以何为准？",
        "A framework agreement with orders: which of them is the contract that is signed?",
        "未规定；以产生付款义务的订单为准，另列框架协议订立日的结果",
    ),
    OpenPoint(
        "UNDECLARED",
        "undeclared_size",
        _2020,
        ("PROTECTED", "NOT_PROTECTED"),
        "订立时未告知属于中小企业的，是否仍受保护？",
        "A creditor that did not declare its size at signing: is it still protected?",
        "第三条规定告知义务而未规定后果；不当然失去保护",
    ),
    OpenPoint(
        "GROUP",
        "group_size",
        _2020,
        ("OWN_FIGURES", "GROUP"),
        "由大型企业控股的企业按自身还是集团划型？",
        "An enterprise that a large one controls: is it sized by its own figures or the group's?",
        "2011年标准按法人单位自身数据划型；政府采购另行排除（财库\u30142020\u301546号）",
    ),
    OpenPoint(
        "RETENTION",
        "retention_term",
        _2020,
        ("AS_AGREED", "AS_PRICE"),
        "约定预留的质量保证金是否受付款期限上限约束？",
        "Do the terms of the Regulation bind money retained until a warranty ends?",
        "第十三条允许依法设立的工程质量保证金并要求期满及时退还；其他预留可视为价款",
    ),
    OpenPoint(
        "AGREED_DAY",
        "agreed_day",
        _CODE,
        ("ROLL", "AS_AGREED"),
        "约定的具体付款日是休假日的，是否顺延？",
        "A day of payment agreed as such that is a rest day: does it roll?",
        "民法典第二百零三条说的是期间的最后一日；约定日期通常参照适用",
    ),
    OpenPoint(
        "COURT_LPR",
        "court_lpr",
        date(2024, 8, 27),
        ("AT_SIGNING", "AS_PUBLISHED"),
        "司法解释的LPR固定于订立时还是随每次公布变动？",
        "Is the LPR of the court route fixed at signing, or does it move with each publication?",
        "批复未写明哪一日的LPR；另列逾期期间逐次公布的结果",
    ),
    OpenPoint(
        "REDUCTION",
        "statutory_reduction",
        _2020,
        ("NONE", "FOUR_LPR"),
        "每日万分之五高于四倍LPR的，是否可请求酌减？",
        "0.05 % a day exceeds four times the LPR: may the debtor ask for less?",
        "条例未规定酌减；另列订立时一年期LPR四倍的结果",
    ),
    OpenPoint(
        "ECERT_2026",
        "ecert_cap",
        date(2026, 9, 14),
        ("IN_FORCE", "SIX_MONTHS"),
        "电子凭证最长期限压减至6个月何时施行？",
        "From when is the longest tenor of a certificate six months?",
        "2026年9月14日吹风会宣布，文件与施行日期未见；公布后以limit:ecert_hard_months导入",
    ),
)
