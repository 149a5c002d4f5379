"""What the parties may do on the page of a receivable, and how each act is done."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.queries import Proposal
from services.ledger.approvals.service import submit
from services.ledger.errors import LedgerError
from services.ledger.money import format_fen
from services.ledger.policy import between
from services.ledger.receivables import service
from services.ledger.receivables.commands import (
    CONFIRMATION,
    CREDIT_NOTE,
    RESOLUTION,
    ConfirmArguments,
    CreditArguments,
    ResolveArguments,
)
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.service import Act

Do = Callable[[Session, Viewer, Act], Claim | Proposal]


class NothingToDoError(LedgerError):
    """An amount of nothing, where the act is about an amount."""

    code = "AMOUNT_NOT_POSITIVE"


class ReasonMissingError(LedgerError):
    """Something refused without a reason; the other party must know what to answer."""

    code = "REASON_MISSING"


@dataclass(frozen=True, slots=True)
class Form:
    """One thing the viewer may do: its name, words, fields, and the most it may be about."""

    name: str
    zh: str
    en: str
    hint: str = ""
    most_fen: int | None = None
    """The amount it is about, at most."""
    whole: bool = False
    """The amount is not asked for: it is what the page shows, whatever happens meanwhile."""
    reason: bool = False
    danger: bool = False


def _confirm(session: Session, viewer: Viewer, act: Act) -> Claim | Proposal:
    given = ConfirmArguments(
        id=act.id,
        receivable_id=act.receivable_id,
        amount=format_fen(act.amount_fen) if act.amount_fen else None,
        reject=not act.amount_fen,
        reason=act.reason,
    )
    return submit(session, viewer, CONFIRMATION, given, act.request_id)


def _reject(session: Session, viewer: Viewer, act: Act) -> Claim | Proposal:
    return _confirm(session, viewer, replace(act, amount_fen=0))


def _resolve(
    outcome: Literal["upheld", "withdrawn"], session: Session, viewer: Viewer, act: Act
) -> Claim | Proposal:
    given = ResolveArguments(
        id=act.id,
        receivable_id=act.receivable_id,
        amount=format_fen(act.amount_fen),
        reason=act.reason,
        outcome=outcome,
    )
    return submit(session, viewer, RESOLUTION, given, act.request_id)


def _credit(session: Session, viewer: Viewer, act: Act) -> Claim | Proposal:
    given = CreditArguments(
        id=act.id,
        receivable_id=act.receivable_id,
        amount=format_fen(act.amount_fen),
        reason=act.reason,
    )
    return submit(session, viewer, CREDIT_NOTE, given, act.request_id)


_DOING: Final[dict[str, Do]] = {
    "confirm": _confirm,
    "confirm-part": _confirm,
    "reject": _reject,
    "dispute": service.dispute,
    "accept": partial(_resolve, "upheld"),
    "request": service.request_confirmation,
    "credit": _credit,
    "withdraw": partial(_resolve, "withdrawn"),
}
_ABOUT_AMOUNT: Final = frozenset(
    {"confirm", "confirm-part", "dispute", "accept", "credit", "withdraw"}
)
_WITH_REASON: Final = frozenset({"confirm-part", "reject", "dispute"})
NAMES: Final = frozenset(_DOING)


def do(session: Session, viewer: Viewer, name: str, act: Act) -> Claim | Proposal:
    """Do one of the acts, or propose it; who may do it is the services' to say.

    Raises:
        LedgerError: it is refused.
    """
    if name in _ABOUT_AMOUNT and act.amount_fen <= 0:
        raise NothingToDoError(
            "The amount must be more than 0.00.", "金额必须大于0.00。", field="amount"
        )
    if name in _WITH_REASON and not act.reason.strip():
        raise ReasonMissingError(
            "Say why; the supplier needs to know what to answer.",
            "请填写原因，供应商需据此回应。",
            field="reason",
        )
    return _DOING[name](session, viewer, act)


def forms(viewer: Viewer, claim: Claim, *, requested: bool) -> list[Form]:
    """Return what the viewer may do with a receivable now.

    Args:
        viewer: who asks; an operator or regulator changes nothing.
        claim: the receivable.
        requested: the supplier has asked for confirmation.
    """
    if viewer.may("receivables.confirm", between(claim)):
        return _buyer_forms(claim)
    if viewer.may("receivables.credit", between(claim)):
        return _supplier_forms(claim, requested=requested)
    return []


def _buyer_forms(claim: Claim) -> list[Form]:
    made = []
    if not claim.confirmed_on and claim.receivable_fen:
        all_of_it = Form(
            name="confirm",
            zh="全部确认",
            en="confirm all",
            hint="确认所欠全部金额。",
            most_fen=claim.receivable_fen,
            whole=True,
        )
        part = Form(
            name="confirm-part",
            zh="部分确认",
            en="confirm a part",
            hint="其余部分转为争议，需说明原因。",
            most_fen=claim.receivable_fen,
            reason=True,
        )
        none = Form(
            name="reject",
            zh="拒绝确认",
            en="reject",
            hint="全部金额转为争议，需说明原因。",
            reason=True,
            danger=True,
        )
        made += [all_of_it, part, none]
    if claim.confirmed_on and claim.receivable_fen:
        hint = "无争议部分仍须按期支付（802号 第十五条）。"
        made.append(Form("dispute", "提出争议", "dispute", hint, claim.receivable_fen, reason=True))
    if claim.disputed_fen:
        hint = "争议金额恢复为应付。"
        made.append(Form("accept", "认可争议金额", "accept", hint, claim.disputed_fen))
    return made


def _supplier_forms(claim: Claim, *, requested: bool) -> list[Form]:
    made = []
    if not claim.confirmed_on and claim.receivable_fen:
        zh, en = ("再次请求确权", "ask again") if requested else ("请求确权", "ask to confirm")
        hint = "付款方应当自提出之日起30日内确认（802号 第十六条）。"
        made.append(Form("request", zh, en, hint))
    if claim.receivable_fen:
        hint = "红字发票或双方同意的扣减。"
        made.append(Form("credit", "红字冲减", "credit", hint, claim.receivable_fen, reason=True))
    if claim.disputed_fen:
        hint = "放弃该争议金额，不再主张。"
        made.append(
            Form("withdraw", "放弃争议金额", "give up", hint, claim.disputed_fen, danger=True)
        )
    return made
