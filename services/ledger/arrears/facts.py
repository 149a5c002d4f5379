"""What the parties state of a late payment: it decides limitation, instruments and flags.

A fact is never changed. What ends one, an instrument given back or proceedings over, is a fact too.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.events import (
    CostsClaimed,
    CostsWithdrawn,
    Data,
    DelayExplained,
    InstrumentHanded,
    InstrumentReturned,
    LimitationInterrupted,
)
from services.ledger.access import Viewer
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import WITHDRAW, Effect
from services.ledger.arrears.book_case import INTERRUPTIONS
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.journal.queries import claimed_left_fen
from services.ledger.journal.service import Move, record
from services.ledger.money import format_fen
from services.ledger.policy import between
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.repeats import reused
from services.ledger.receivables.service import entry, exceeds, held_for

COSTS: Final = "COSTS"
PROCEEDINGS: Final = frozenset({"SUIT", "ARBITRATION"})
ENDING: Final = frozenset({"INSTRUMENT", COSTS, *PROCEEDINGS})
"""What a party may state the end of: given back, over, or withdrawn."""
_ACTIONS: Final = {
    # 民法典 195 (一)(三): 权利人提出履行请求、提起诉讼或者申请仲裁.
    **dict.fromkeys(("DEMAND", *PROCEEDINGS), "arrears.demand"),
    COSTS: "arrears.costs",
    # 民法典 195 (二): 义务人同意履行义务. Nobody else says it for the debtor.
    **dict.fromkeys(("ACKNOWLEDGEMENT", "AGREEMENT", "DELAY_REASON"), "arrears.acknowledge"),
}


class NothingOwedError(LedgerError):
    """A fact about the payment of what is paid already."""

    code = "NOTHING_OWED"
    status = 409


class MaturityError(LedgerError):
    """An instrument that matures before it was handed over."""

    code = "MATURITY_INVALID"


class CostsUnshownError(LedgerError):
    """Costs of enforcement that nothing shows."""

    code = "COSTS_UNSHOWN"


class FactEndedError(LedgerError):
    """The end of what has ended, cannot end, or began later."""

    code = "FACT_ENDED"
    status = 409


@dataclass(frozen=True, slots=True)
class Stated:
    """A fact: under the caller's id, on a legal day. `models.ArrearsFact` says what each means."""

    id: UUID
    receivable_id: UUID
    kind: str
    on: date
    word: str = ""
    amount_fen: int | None = None
    until_on: date | None = None
    fact_id: UUID | None = None
    text: str = ""
    request_id: str = ""


_INSERT: Final = text(
    """
    INSERT INTO arrears_facts (receivable_id, id, kind, "on", word, amount_fen, until_on, fact_id,
      text, party_id, known_at)
    VALUES (:receivable_id, :id, :kind, :on, :word, :amount_fen, :until_on, :fact_id, :text,
      :party_id, clock_timestamp())
    """
)
_OF: Final = text(
    """
    SELECT f.id, f.kind, f."on", f.word, f.amount_fen, f.until_on, f.fact_id, f.text, f.party_id,
      f.known_at, e."on" AS ended_on
    FROM arrears_facts f
    LEFT JOIN arrears_facts e ON e.receivable_id = f.receivable_id AND e.fact_id = f.id
    WHERE f.receivable_id = :receivable_id ORDER BY f."on", f.known_at, f.id
    """
)
_SAME: Final = ("kind", "on", "word", "amount_fen", "until_on", "fact_id", "text")


def facts(session: Session, receivable_id: UUID) -> list[RowMapping]:
    """Return every fact stated of a receivable, by its day; the caller may see the receivable."""
    values = {"receivable_id": receivable_id}
    return list(session.connection().execute(_OF, values).mappings())


def state(session: Session, viewer: Viewer, stated: Stated) -> bool:
    """Record a fact; return False if it was recorded before.

    Raises:
        NotFoundError: a receivable the viewer may not see, or a fact to end that is not there.
        NotAllowedError: it is the other party's to state.
        ReusedIdError: the id names another fact.
        NothingOwedError: all is paid, so there is nothing to demand, promise or hand over for.
        ExceedsError: instruments for more than is owed.
        MaturityError: an instrument that matures before it was handed over.
        FactEndedError: it cannot be ended, again, or before it began.
        CostsUnshownError: costs without what shows them.
        ApprovalNeededError: others have to approve that costs are withdrawn.
    """
    action = _ACTIONS.get(stated.kind, "arrears.instrument")
    claim = held_for(session, viewer, action, stated.receivable_id)
    known = facts(session, claim.id)
    before = [row for row in known if row["id"] == stated.id]
    if before:
        if any(before[0][name] != getattr(stated, name) for name in _SAME):
            raise reused(stated.id)
        return False
    moves: list[Move] = []
    ending = _to_end(stated, known) if stated.kind == "ENDED" else None
    data: Data
    if ending is not None and ending["kind"] == COSTS:
        viewer.require("arrears.costs", between(claim))
        data, moves = _withdrawn(session, viewer, claim, stated, ending)
    elif ending is not None:
        data = _ended(claim, stated, ending)
    elif stated.kind == COSTS:
        data, moves = _claimed(claim, stated)
    else:
        data = _began(claim, stated, known)
    row = {name: getattr(stated, name) for name in (*_SAME, "id", "receivable_id")}
    session.connection().execute(_INSERT, {**row, "party_id": viewer.party_id})
    record(session, moves, [entry(claim, data, viewer)], stated.request_id)
    return True


def _claimed(claim: Claim, stated: Stated) -> tuple[CostsClaimed, list[Move]]:
    """民法典 561 (一): "实现债权的有关费用"; whether the debtor bears them is not judged here."""
    assert stated.amount_fen is not None
    _refuse_settled(claim)
    if not stated.text:
        raise CostsUnshownError(
            "Say what shows the costs: the receipt, the decision of the court, the agreement.",
            "请填写费用依据：票据、裁判文书或者约定。",
            field="text",
        )
    told = CostsClaimed(
        invoice_number=claim.invoice_number,
        currency=claim.currency,
        costs_id=stated.id,
        kind=stated.word,
        amount=format_fen(stated.amount_fen),
        costs_open=format_fen(claim.costs_fen + stated.amount_fen),
        on=stated.on,
    )
    move = Move(claim.id, "costs", "costs_advanced", stated.amount_fen, stated.on, stated.id)
    return told, [move]


def _withdrawn(
    session: Session, viewer: Viewer, claim: Claim, stated: Stated, ending: RowMapping
) -> tuple[CostsWithdrawn, list[Move]]:
    """Give up what is not paid of a cost, which like a waiver others may have to approve."""
    left_fen = claimed_left_fen(session, "costs", [claim.id], on=stated.on).get(claim.id, 0)
    amount_fen = min(ending["amount_fen"], left_fen)
    if not amount_fen:
        raise FactEndedError(
            "These costs are paid; nothing of them is left to withdraw.",
            "该费用已付清，没有可撤回的金额。",
        )
    shown = {"invoice_number": claim.invoice_number, "debtor": claim.debtor_name}
    shown |= {"cost": ending["word"], "on": stated.on.isoformat(), "reason": stated.text}
    require(session, viewer, WITHDRAW, Effect(claim.id, shown, amount_fen, claim.currency))
    told = CostsWithdrawn(
        invoice_number=claim.invoice_number,
        currency=claim.currency,
        costs_id=ending["id"],
        amount=format_fen(amount_fen),
        costs_open=format_fen(claim.costs_fen - amount_fen),
        on=stated.on,
    )
    move = Move(claim.id, "costs_advanced", "costs", amount_fen, stated.on, stated.id)
    return told, [move]


def _refuse_settled(claim: Claim) -> None:
    if not claim.owed_fen:
        raise NothingOwedError(
            f"Nothing is owed on invoice {claim.invoice_number} any more.",
            f"发票{claim.invoice_number}已无欠款。",
        )


def _began(claim: Claim, stated: Stated, known: list[RowMapping]) -> Data:
    named = {"invoice_number": claim.invoice_number, "currency": claim.currency}
    _refuse_settled(claim)
    if stated.kind == "DELAY_REASON":
        return DelayExplained(reason=stated.word, **named)
    amount = None if stated.amount_fen is None else format_fen(stated.amount_fen)
    if stated.kind in INTERRUPTIONS:
        return LimitationInterrupted(
            kind=stated.kind,
            on=stated.on,
            reference=stated.word,
            amount=amount,
            until_on=stated.until_on,
            **named,
        )
    assert stated.kind == "INSTRUMENT"
    assert stated.amount_fen is not None
    assert stated.until_on is not None
    if stated.until_on < stated.on:
        raise MaturityError(
            f"The instrument matures on {stated.until_on}, before it was handed over on"
            f" {stated.on}.",
            f"票据到期日{stated.until_on}早于交付日{stated.on}。",
            field="matures_on",
        )
    standing_fen = sum(
        row["amount_fen"]
        for row in known
        if row["kind"] == "INSTRUMENT" and row["ended_on"] is None
    )
    if standing_fen + stated.amount_fen > claim.owed_fen:
        english = f"owed and not covered by the instruments of {format_fen(standing_fen)}"
        raise exceeds(
            stated.amount_fen, max(0, claim.owed_fen - standing_fen), english, "尚欠且未交付票据的"
        )
    return InstrumentHanded(
        instrument_id=stated.id,
        kind=stated.word,
        amount=format_fen(stated.amount_fen),
        handed_on=stated.on,
        matures_on=stated.until_on,
        **named,
    )


def _to_end(stated: Stated, known: list[RowMapping]) -> RowMapping:
    """Return the fact that is to end, if it can."""
    found = [row for row in known if row["id"] == stated.fact_id]
    if not found:
        raise NotFoundError("No such fact of this receivable.", "该应收账款没有此事实。")
    (row,) = found
    if row["kind"] not in ENDING:
        raise FactEndedError(
            f"A fact of the kind {row['kind']} has no end; instruments, proceedings and costs do.",
            f"{row['kind']}类事实没有终结；仅票据、诉讼、仲裁和费用可以终结。",
        )
    if row["ended_on"] is not None or stated.on < row["on"]:
        raise FactEndedError(
            f"It began on {row['on']} and ended on {row['ended_on'] or 'no day yet'}.",
            f"该事实始于{row['on']}，终于{row['ended_on'] or '（尚未终结）'}。",
            field="on",
        )
    return row


def _ended(claim: Claim, stated: Stated, row: RowMapping) -> Data:
    named = {"invoice_number": claim.invoice_number, "currency": claim.currency}
    if row["kind"] == "INSTRUMENT":
        return InstrumentReturned(
            instrument_id=row["id"], returned_on=stated.on, reason=stated.text, **named
        )
    return LimitationInterrupted(kind=f"{row['kind']}_ENDED", on=stated.on, **named)
