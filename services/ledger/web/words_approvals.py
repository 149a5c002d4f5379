"""The console's words for approvals: states, and what a proposal says it would do."""

from typing import Any, Final

from services.ledger.approvals.kinds import ACCOUNT, KINDS
from services.ledger.approvals.queries import Proposal, Vote
from services.ledger.law.amount_words import AmountWordsError, amount_in_words
from services.ledger.web.render import grouped, money
from services.ledger.web.words import Word, of

STATES: Final = {
    "WAITING": Word("待复核", "waiting for a checker", "warn"),
    "APPROVED": Word("已复核并办理", "approved and done", "good"),
    "REJECTED": Word("已驳回", "rejected", "bad"),
    "WITHDRAWN": Word("已撤回", "withdrawn"),
    "EXPIRED": Word("已失效", "expired"),
}
_FACTS: Final = {
    "invoice_number": Word("发票号", "invoice"),
    "cost": Word("费用种类", "kind of cost"),
    "debtor": Word("付款方", "buyer"),
    "creditor": Word("供应商", "supplier"),
    "disputed": Word("转为争议", "becomes disputed"),
    "outcome": Word("争议结果", "outcome"),
    "on": Word("生效日", "takes effect"),
    "reason": Word("原因或凭证", "reason"),
    "platform": Word("融资平台", "platform"),
    "reference": Word("导出批次", "export"),
    "rows": Word("笔数或行数", "rows"),
    "as_of": Word("截至日", "as of"),
    "FINANCED": Word("同意融资笔数", "financed"),
    "REFUSED": Word("拒绝笔数", "refused"),
    "PENDING": Word("待定笔数", "pending"),
    "file": Word("文件", "file"),
    "sha256": Word("文件摘要", "SHA-256"),
    "holder": Word("户名", "holder"),
    "bank": Word("开户行", "bank"),
    "account": Word("新账号尾号", "new account"),
    "fingerprint": Word("新账号指纹", "its fingerprint"),
    "before": Word("原账号尾号", "account before"),
    "valid_from": Word("自", "from"),
    "command": Word("操作", "command"),
    "holds_for": Word("适用于", "holds for"),
    "steps": Word("金额阶梯（以上：人数）", "above: approvers"),
    "expiry_hours": Word("有效小时数", "hours to decide"),
    "principal": Word("被替代人", "stands in for"),
    "stand_in": Word("替代人", "stand-in"),
    "from_on": Word("起", "from"),
    "to_on": Word("止", "until"),
}
_VALUES: Final = {
    "upheld": "认可，恢复为应付 upheld",
    "withdrawn": "放弃，不再主张 withdrawn",
    "EVERYONE": "用户与密钥 everyone",
    "PEOPLE": "仅用户 people only",
    "NOBODY": "无需复核 nobody",
    "*": "全部 all",
}


def shown(proposal: Proposal, cast: list[Vote], *, may_decide: bool, own: bool) -> dict[str, Any]:
    """Return a proposal as a page shows it: what will change, in figures and in words."""
    kind = KINDS[proposal.command]
    fen = proposal.amount_fen
    facts = [
        (of(_FACTS, name), grouped(value) if name == "disputed" else _VALUES.get(value, value))
        for name in dict.fromkeys((*_FACTS, *proposal.facts))
        if (value := proposal.facts.get(name, "")) not in {"", "0.00"}
    ]
    return {
        "id": proposal.id,
        "what": Word(kind.zh, kind.en),
        "has_account": proposal.command == ACCOUNT.code,
        "subject_id": proposal.subject_id if "invoice_number" in proposal.facts else None,
        "invoice": proposal.facts.get("invoice_number", ""),
        "amount": None if fen is None else money(fen),
        "amount_words": _in_words(fen) if proposal.currency == "CNY" else "",
        "currency": proposal.currency,
        "facts": facts,
        "digest": proposal.digest.hex(),
        "proposer": proposal.proposer,
        "by_key": proposal.proposed_key is not None,
        "proposed_at": proposal.proposed_at,
        "expires_at": proposal.expires_at,
        "closed_at": proposal.closed_at,
        "state": of(STATES, proposal.state),
        "waits": proposal.state == "WAITING",
        "approvers": proposal.approvers,
        "votes": cast,
        "may_decide": may_decide,
        "own": own,
    }


def _in_words(fen: int | None) -> str:
    try:
        return amount_in_words(fen) if fen else ""
    except AmountWordsError:
        return ""
