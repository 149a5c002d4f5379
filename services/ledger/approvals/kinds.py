"""Everything that may need the approval of others, in one table; and what of it is approved."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from services.ledger.money import format_fen

Duty = Literal["checker", "administrator"]
EVERY: Final = "*"
"""In a rule: each command that has no rule of its own."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A command that may need approval: its code, its words, and whose approval."""

    code: str
    zh: str
    en: str
    duty: Duty = "checker"
    always: bool = False
    """No rule of a party's can do without the approval."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a command would do if it went on now. Approved is this, to the letter."""

    subject_id: UUID
    """What it changes: the receivable, party, platform or rule."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the approver reads, by the names the console has words for."""
    amount_fen: int | None = None
    currency: str = "CNY"

    def digest(self, code: str) -> bytes:
        """Return the SHA-256 of a command's code and this."""
        said = {
            "command": code,
            "subject": str(self.subject_id),
            "amount": None if self.amount_fen is None else format_fen(self.amount_fen),
            "currency": self.currency,
            "facts": dict(self.facts),
        }
        text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


CONFIRM: Final = Kind("receivable.confirm", "确认应收账款", "confirm a receivable")
RESOLVE: Final = Kind("dispute.resolve", "解决争议", "resolve a dispute")
CREDIT: Final = Kind("receivable.credit", "冲减应收账款", "credit or write off a receivable")
WAIVE: Final = Kind("interest.waive", "放弃逾期利息", "waive claimed interest")
WITHDRAW: Final = Kind("costs.withdraw", "撤回已主张的费用", "withdraw claimed costs")
OFFER: Final = Kind("financing.offer", "提交融资（转让）", "offer receivables for financing")
ANSWER: Final = Kind("financing.answer", "答复融资", "answer an export")
ACCOUNT: Final = Kind("account.change", "变更收款账户", "change the account to be paid to")
ALMANAC: Final = Kind(
    "almanac.import",
    "导入历书（规则、日历、利率）",
    "import rules and calendars",
    always=True,
)
RULE: Final = Kind(
    "approval.rule", "变更审批规则", "change who approves what", "administrator", always=True
)
SUBSTITUTE: Final = Kind(
    "approval.substitute", "指定审批替代人", "let somebody stand in", "administrator", always=True
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.code: kind
        for kind in (
            CONFIRM,
            RESOLVE,
            CREDIT,
            WAIVE,
            WITHDRAW,
            OFFER,
            ANSWER,
            ACCOUNT,
            ALMANAC,
            RULE,
            SUBSTITUTE,
        )
    }
)
