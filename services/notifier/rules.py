"""Which event tells whom, and how. One table; what is not in it tells nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from services.events import Event


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom one type of event tells."""

    chinese: str
    english: str
    """The type in words, for the title of a digest."""
    email: frozenset[str] = frozenset()
    """Sides that get an e-mail and the inbox."""
    inbox: frozenset[str] = frozenset()
    """Sides that get the inbox only."""
    actor_knows: bool = False
    """The side that did it is not told what it did."""


_DEBTOR = frozenset({"debtor"})
_CREDITOR = frozenset({"creditor"})
_BOTH = _DEBTOR | _CREDITOR

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "receivable.opened": Rule(
            "应收账款已登记", "receivable recorded", inbox=_BOTH, actor_knows=True
        ),
        "confirmation.requested": Rule("请求确权", "confirmation requested", email=_DEBTOR),
        "receivable.confirmed": Rule(
            "应收账款已确权", "receivable confirmed", inbox=_BOTH, actor_knows=True
        ),
        "receivable.disputed": Rule(
            "应收账款有异议", "receivable disputed", inbox=_BOTH, actor_knows=True
        ),
        "dispute.resolved": Rule("异议已解决", "dispute resolved", inbox=_BOTH, actor_knows=True),
        "receivable.credited": Rule(
            "应收账款已扣减", "receivable credited", inbox=_BOTH, actor_knows=True
        ),
        "payment.allocated": Rule("付款已核销", "payment allocated", inbox=_BOTH, actor_knows=True),
        "receivable.settled": Rule(
            "应收账款已结清", "receivable settled", inbox=_BOTH, actor_knows=True
        ),
        "receivable.due_soon": Rule("即将到期", "due soon", email=_DEBTOR, inbox=_CREDITOR),
        "receivable.overdue": Rule("应收账款已逾期", "receivable overdue", email=_BOTH),
        "receivable.interest_claimed": Rule(
            "主张逾期利息", "interest claimed", email=_DEBTOR, inbox=_CREDITOR, actor_knows=True
        ),
        "receivable.interest_waived": Rule(
            "放弃逾期利息", "interest waived", inbox=_BOTH, actor_knows=True
        ),
        "receivable.costs_claimed": Rule(
            "主张实现债权的费用", "costs claimed", email=_DEBTOR, inbox=_CREDITOR, actor_knows=True
        ),
        "receivable.costs_withdrawn": Rule(
            "撤回实现债权的费用", "costs withdrawn", inbox=_BOTH, actor_knows=True
        ),
        "limitation.interrupted": Rule(
            "催收及时效中断", "limitation interrupted", email=_BOTH, actor_knows=True
        ),
        "instrument.handed": Rule(
            "交付票据或凭证", "instrument handed over", inbox=_BOTH, actor_knows=True
        ),
        # The debtor is named in these only once the authority has asked it.
        "complaint.moved": Rule("投诉进展", "complaint moved", inbox=_BOTH, actor_knows=True),
        "complaint.timer": Rule("投诉办理期限", "complaint time limit", inbox=_CREDITOR),
        "receivable.exported": Rule("已提交融资平台", "sent to a financing platform", inbox=_BOTH),
        "receivable.financed": Rule("已获融资", "receivable financed", email=_BOTH),
        "receivable.refused": Rule("融资被拒绝", "financing refused", email=_CREDITOR),
        # A proposal is its party's own affair: the party stands where the debtor would.
        "approval.requested": Rule("待复核", "waits for approval", email=_DEBTOR),
        "approval.approved": Rule("复核通过", "approved", inbox=_DEBTOR),
        "approval.rejected": Rule("复核驳回", "not approved", email=_DEBTOR),
        "approval.expired": Rule("复核逾期失效", "approval expired", email=_DEBTOR),
        # What the party's own people do about sign-ins it need not be told; others may not do it.
        "user.added": Rule("他人新增登录", "sign-in made", email=_DEBTOR, actor_knows=True),
        "user.password_set": Rule(
            "他人重置密码", "password reset", email=_DEBTOR, actor_knows=True
        ),
        "user.changed": Rule("他人变更登录", "sign-in changed", email=_DEBTOR, actor_knows=True),
        "account.changed": Rule("收款账户已变更", "account changed", email=_DEBTOR),
        "webhook.disabled": Rule("Webhook已停用", "webhook switched off", email=_DEBTOR),
    }
)


def told(event: Event) -> Iterator[tuple[UUID, str]]:
    """Give each recipient and channel that an event reaches."""
    rule = RULES.get(event.type)
    if rule is None:
        return
    for side, party_id in (("debtor", event.debtor_id), ("creditor", event.creditor_id)):
        if party_id is None or (rule.actor_knows and party_id == event.actor_party_id):
            continue
        if side in rule.email:
            yield party_id, "email"
        if side in rule.email or side in rule.inbox:
            yield party_id, "inbox"
