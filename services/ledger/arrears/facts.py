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
    Data,
    DelayExplained,
    InstrumentHanded,
    InstrumentReturned,
    LimitationInterrupted,
)
from services.ledger.access import Viewer
from services.ledger.arrears.book_case import INTERRUPTIONS
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.log.service import append
from services.ledger.money import format_fen
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.repeats import reused
from services.ledger.receivables.service import entry, exceeds, held_for

PROCEEDINGS: Final = frozenset({"SUIT", "ARBITRATION"})
_ACTIONS: Final = {
    # 民法典 195 (一)(三): 权利人提出履行请求、提起诉讼或者申请仲裁.
    **dict.fromkeys(("DEMAND", *PROCEEDINGS), "arrears.demand"),
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
    """
    action = _ACTIONS.get(stated.kind, "arrears.instrument")
    claim = held_for(session, viewer, action, stated.receivable_id)
    known = facts(session, claim.id)
    before = [row for row in known if row["id"] == stated.id]
    if before:
        if any(before[0][name] != getattr(stated, name) for name in _SAME):
            raise reused(stated.id)
        return False
    data = _ended(claim, stated, known) if stated.kind == "ENDED" else _began(claim, stated, known)
    row = {name: getattr(stated, name) for name in (*_SAME, "id", "receivable_id")}
    session.connection().execute(_INSERT, {**row, "party_id": viewer.party_id})
    append(session, [entry(claim, data, viewer)], stated.request_id)
    return True


def _began(claim: Claim, stated: Stated, known: list[RowMapping]) -> Data:
    named = {"invoice_number": claim.invoice_number, "currency": claim.currency}
    owed_fen = claim.open_fen + claim.interest_fen
    if not owed_fen:
        raise NothingOwedError(
            f"Nothing is owed on invoice {claim.invoice_number} any more.",
            f"发票{claim.invoice_number}已无欠款。",
        )
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
    if standing_fen + stated.amount_fen > owed_fen:
        english = f"owed and not covered by the instruments of {format_fen(standing_fen)}"
        raise exceeds(
            stated.amount_fen, max(0, owed_fen - standing_fen), english, "尚欠且未交付票据的"
        )
    return InstrumentHanded(
        instrument_id=stated.id,
        kind=stated.word,
        amount=format_fen(stated.amount_fen),
        handed_on=stated.on,
        matures_on=stated.until_on,
        **named,
    )


def _ended(claim: Claim, stated: Stated, known: list[RowMapping]) -> Data:
    named = {"invoice_number": claim.invoice_number, "currency": claim.currency}
    found = [row for row in known if row["id"] == stated.fact_id]
    if not found:
        raise NotFoundError("No such fact of this receivable.", "该应收账款没有此事实。")
    (row,) = found
    if row["kind"] not in {"INSTRUMENT", *PROCEEDINGS}:
        raise FactEndedError(
            f"A fact of the kind {row['kind']} has no end; instruments and proceedings have.",
            f"{row['kind']}类事实没有终结；仅票据和诉讼、仲裁可以终结。",
        )
    if row["ended_on"] is not None or stated.on < row["on"]:
        raise FactEndedError(
            f"It began on {row['on']} and ended on {row['ended_on'] or 'no day yet'}.",
            f"该事实始于{row['on']}，终于{row['ended_on'] or '（尚未终结）'}。",
            field="on",
        )
    if row["kind"] == "INSTRUMENT":
        return InstrumentReturned(
            instrument_id=row["id"], returned_on=stated.on, reason=stated.text, **named
        )
    return LimitationInterrupted(kind=f"{row['kind']}_ENDED", on=stated.on, **named)
