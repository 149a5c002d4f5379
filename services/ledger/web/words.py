"""The console's words: what the ledger's codes are called on a page, Chinese and English."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from services.ledger import policy


class Word(NamedTuple):
    """What something is called."""

    zh: str
    en: str
    tone: str = ""
    """The colour of its badge: good, warn, bad, info or none."""


def _table(words: Mapping[str, tuple[str, ...]]) -> Mapping[str, Word]:
    return MappingProxyType({code: Word(*word) for code, word in words.items()})


ROLES: Final = _table(policy.ROLES)
LIFECYCLE: Final = _table(
    {
        "submitted": ("待确权", "submitted", "warn"),
        "confirmed": ("已确权", "confirmed", "info"),
        "closed": ("已结清", "closed", "good"),
    }
)
APPLIES: Final = _table(
    {
        "true": ("适用", "applies"),
        "false": ("不适用", "does not apply"),
        "unknown": ("无法判断", "undecided"),
    }
)
ACCOUNTS: Final = _table(
    {
        "supply": ("供货", "supply"),
        "receivable": ("应收", "free"),
        "disputed": ("争议", "disputed"),
        "reserved": ("融资预留", "reserved"),
        "assigned": ("已融资", "financed"),
        "cash": ("回款", "cash"),
        "interest": ("已主张利息", "claimed interest"),
        "interest_earned": ("利息收益", "interest earned"),
        "costs": ("已主张费用", "claimed costs"),
        "costs_advanced": ("垫付费用", "costs advanced"),
    }
)
STATES: Final = _table(
    {
        "RESERVED": ("待答复", "reserved", "warn"),
        "PENDING": ("处理中", "pending", "info"),
        "FINANCED": ("已融资", "financed", "good"),
        "REFUSED": ("已拒绝", "refused", "bad"),
    }
)
CLOCK: Final = _table(
    {
        "DELIVERED": ("交付", "delivered"),
        "ACCEPTED": ("验收合格", "accepted"),
        "REJECTED": ("验收不合格", "rejected"),
        "CANCELLED": ("收货冲销", "cancelled"),
        "SETTLEMENT_CONFIRMED": ("确认结算", "settlement confirmed"),
    }
)
EVENTS: Final = _table(
    {
        "receivable.opened": ("登记应收账款", "recorded"),
        "confirmation.requested": ("请求确权", "confirmation requested"),
        "receivable.confirmed": ("付款方答复确权", "answered by the buyer"),
        "receivable.disputed": ("提出争议", "disputed"),
        "dispute.resolved": ("争议终结", "dispute resolved"),
        "receivable.credited": ("红字冲减", "credited"),
        "payment.allocated": ("回款核销", "payment allocated"),
        "receivable.settled": ("结清", "settled"),
        "receivable.term_changed": ("到期日变更", "due day changed"),
        "receivable.due_soon": ("即将到期", "due soon"),
        "receivable.overdue": ("逾期", "overdue"),
        "receivable.exported": ("提交融资平台", "sent to a platform"),
        "receivable.financed": ("获得融资", "financed"),
        "receivable.refused": ("融资被拒", "refused"),
        "receivable.interest_claimed": ("主张利息", "interest claimed"),
        "receivable.interest_waived": ("放弃利息", "interest waived"),
        "receivable.costs_claimed": ("主张费用", "costs claimed"),
        "receivable.costs_withdrawn": ("撤回费用", "costs withdrawn"),
        "limitation.interrupted": ("时效中断", "limitation interrupted"),
        "instrument.handed": ("交付票据或凭证", "instrument handed over"),
        "instrument.returned": ("退回票据或凭证", "instrument returned"),
        "delay.explained": ("说明迟延理由", "delay explained"),
        "message.delivered": ("通知送达", "notice delivered"),
    }
)
FACTS: Final = _table(
    {
        "face": ("票面", "face"),
        "amount": ("金额", "amount"),
        "confirmed": ("确认", "confirmed"),
        "upheld": ("认可", "upheld"),
        "withdrawn": ("撤回", "withdrawn"),
        "undisputed": ("无争议", "undisputed"),
        "disputed": ("争议", "disputed"),
        "still_open": ("尚欠", "still open"),
        "interest": ("抵利息", "to interest"),
        "interest_open": ("尚欠利息", "interest open"),
        "costs": ("抵费用", "to costs"),
        "costs_open": ("尚欠费用", "costs open"),
        "from_on": ("起", "from"),
        "until_on": ("止", "until"),
        "open": ("未付", "open"),
        "due_on": ("到期日", "due"),
        "answer_due_on": ("答复期限", "answer by"),
        "paid_on": ("付款日", "paid"),
        "days_overdue": ("逾期天数", "days overdue"),
        "payment_reference": ("付款号", "payment"),
        "reference": ("凭证", "document"),
        "platform": ("平台", "platform"),
        "export_reference": ("导出批次", "export"),
        "reason": ("原因", "reason"),
        "flag": ("提示", "flag"),
        "channel": ("渠道", "channel"),
    }
)
"""What an event says that is worth a reader's time; the rest stays in the log."""
MONEY_FACTS: Final = frozenset(
    {
        *("face", "amount", "confirmed", "upheld", "withdrawn"),
        *("undisputed", "disputed", "still_open", "open", "interest", "interest_open"),
        *("costs", "costs_open"),
    }
)
DATES: Final = _table(
    {
        "issued_on": ("开票日", "invoice date"),
        "opened_on": ("入账日", "in the book from"),
        "agreed_due_on": ("约定付款日", "agreed day"),
        "start_on": ("起算日", "term starts"),
        "due_on": ("到期日", "due"),
        "confirmed_on": ("确权日", "confirmed"),
    }
)
NAVIGATION: Final = _table(
    {
        "/console": ("总览", "Book"),
        "/console/receivables": ("应收账款", "Receivables"),
        "/console/contracts": ("合同", "Contracts"),
        "/console/overdue": ("逾期", "Overdue"),
        "/console/complaints": ("投诉", "Complaints"),
        "/console/eligible": ("可融资", "Eligible"),
        "/console/exports": ("导出批次", "Exports"),
        "/console/approvals": ("审批", "Approvals"),
        "/console/inbox": ("消息", "Inbox"),
    }
)


def of(words: Mapping[str, Word], code: str) -> Word:
    """Return the word of a code; a code nobody named yet is shown as it is."""
    return words.get(code, Word(code, ""))


def band(name: str) -> Word:
    """Return the word of a band of an ageing report.

    >>> band("1-30").zh
    '逾期 1–30 天'
    """
    if name == "not_started":
        return Word("未起算", "not started")
    if name == "not_due":
        return Word("未到期", "not due", "good")
    if name.startswith(">"):
        return Word(f"逾期超过 {name[1:]} 天", f"over {name[1:]} days", "bad")
    days = name.replace("-", "–")
    return Word(f"逾期 {days} 天", f"{days} days late", "bad")
