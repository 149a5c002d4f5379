"""What the parties do with a receivable: ask, confirm, dispute, resolve, credit."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import (
    ConfirmationRequested,
    Data,
    DisputeResolved,
    ReceivableConfirmed,
    ReceivableCredited,
    ReceivableDisputed,
)
from services.ledger.access import Viewer
from services.ledger.almanac.service import current
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import CONFIRM, CREDIT, RESOLVE, Effect
from services.ledger.errors import LedgerError
from services.ledger.journal.service import Move, record
from services.ledger.law.timers import timers_of
from services.ledger.log.service import Entry, append
from services.ledger.money import format_fen
from services.ledger.policy import between
from services.ledger.receivables import queries
from services.ledger.receivables.queries import Claim
from services.ledger.receivables.repeats import posted_before, stated_before

CONFIRMATION_DAYS: Final = timedelta(days=30)
"""802号 第十六条第二款: the debtor answers a request for confirmation within 30 days."""


class AlreadyConfirmedError(LedgerError):
    """The debtor has answered; what it thinks now is a dispute or a credit note."""

    code = "ALREADY_CONFIRMED"
    status = 409


class NothingToConfirmError(LedgerError):
    """An answer to a debt of which nothing is owed and free."""

    code = "NOTHING_TO_CONFIRM"
    status = 409


class ExceedsError(LedgerError):
    """An amount above what there is to act on."""

    code = "AMOUNT_EXCEEDS"
    status = 409


@dataclass(frozen=True, slots=True)
class Act:
    """Something a party does with a receivable: under the caller's id, on a legal day."""

    id: UUID
    receivable_id: UUID
    on: date
    amount_fen: int = 0
    reason: str = ""
    request_id: str = ""
    dated: bool = False
    """The day was given; it is not just the day on which it is done."""


_STATE: Final = text(
    """
    INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
    VALUES (:receivable_id, :id, :kind, :amount_fen, :reason, :on, now())
    """
)
_CONFIRMED: Final = text(
    "UPDATE balances SET confirmed_on = :on WHERE receivable_id = :receivable_id"
)


def entry(claim: Claim, data: Data, viewer: Viewer) -> Entry:
    """Return an event about a receivable, which both its parties may see."""
    return Entry(claim.id, data, viewer.name, viewer.party_id, claim.debtor_id, claim.creditor_id)


def effect(claim: Claim, act: Act, **facts: str) -> Effect:
    """Return what an act would do, as others approve it."""
    shown = {
        "invoice_number": claim.invoice_number,
        "debtor": claim.debtor_name,
        "creditor": claim.creditor_name,
        "on": act.on.isoformat() if act.dated else "",
        "reason": act.reason,
        **facts,
    }
    return Effect(claim.id, shown, act.amount_fen, claim.currency)


def _named(claim: Claim) -> dict[str, str]:
    return {"invoice_number": claim.invoice_number, "currency": claim.currency}


def held_for(session: Session, viewer: Viewer, action: str, receivable_id: UUID) -> Claim:
    """Return a receivable, its balance locked, to somebody who may do this to it.

    Raises:
        NotFoundError: there is none, or none for this viewer.
        NotAllowedError: by the table of `policy`, it is not the viewer's to do.
    """
    viewer.require(action)
    claim = queries.get_visible(session, viewer, receivable_id, lock=True)
    viewer.require(action, between(claim))
    return claim


def exceeds(amount_fen: int, most_fen: int, english: str, chinese: str) -> ExceedsError:
    """Return the refusal of an amount above a limit, with both numbers."""
    amount, most = format_fen(amount_fen), format_fen(most_fen)
    return ExceedsError(
        f"{amount} exceeds the {most} {english}.", f"{amount}超过{chinese}{most}。", field="amount"
    )


def request_confirmation(session: Session, viewer: Viewer, act: Act) -> Claim:
    """Ask the debtor to confirm (确权); it has 30 days (802号 第十六条第二款).

    Raises:
        NotAllowedError: the viewer is not the creditor.
        AlreadyConfirmedError: there is nothing left to ask.
    """
    claim = held_for(session, viewer, "receivables.ask", act.receivable_id)
    if stated_before(session, claim.id, act.id, "REQUESTED", amount_fen=0):
        return claim
    if claim.confirmed_on:
        raise _already_confirmed(claim)
    _state(session, act, "REQUESTED")
    asked = ConfirmationRequested(
        receivable_id=claim.id,
        amount=format_fen(claim.face_fen),
        answer_due_on=_answer_due_on(session, act.on),
        **_named(claim),
    )
    append(session, [entry(claim, asked, viewer)], act.request_id)
    return claim


def _answer_due_on(session: Session, asked_on: date) -> date:
    """Return the last day to answer, the same that every reasoning gives: a rest day rolls."""
    timers = timers_of(current(session), requested_on=asked_on)
    return timers.confirmation_due_on or asked_on + CONFIRMATION_DAYS


def confirm(session: Session, viewer: Viewer, act: Act, *, whole: bool = False) -> Claim:
    """Confirm what is owed, in full or in part; the remainder becomes disputed.

    Confirming nothing is a rejection: the whole is disputed, for the reason given. Confirming the
    ``whole`` is of all that is owed and free once it is locked, whatever the act's amount.

    Raises:
        NotAllowedError: the viewer is not the debtor.
        ReusedIdError: the id names another act on this receivable.
        AlreadyConfirmedError: it has answered before.
        NothingToConfirmError: nothing is owed and free.
        ExceedsError: more is confirmed than is owed and free.
    """
    claim = held_for(session, viewer, "receivables.confirm", act.receivable_id)
    kind = "CONFIRMED" if whole or act.amount_fen else "REJECTED"
    amount_fen = None if whole else act.amount_fen
    if stated_before(session, claim.id, act.id, kind, amount_fen=amount_fen):
        return claim
    if claim.confirmed_on:
        raise _already_confirmed(claim)
    if not claim.receivable_fen:
        raise NothingToConfirmError(
            f"Nothing of invoice {claim.invoice_number} is owed and free:"
            f" {format_fen(claim.disputed_fen)} is in dispute; there is nothing to answer.",
            f"发票{claim.invoice_number}无可确认的金额（争议中{format_fen(claim.disputed_fen)}）；"
            "无需确认或拒绝。",
        )
    if whole:
        act = replace(act, amount_fen=claim.receivable_fen)
    if act.amount_fen > claim.receivable_fen:
        raise exceeds(act.amount_fen, claim.receivable_fen, "still owed", "尚欠的")
    remainder_fen = claim.receivable_fen - act.amount_fen
    require(session, viewer, CONFIRM, effect(claim, act, disputed=format_fen(remainder_fen)))
    _state(session, act, kind)
    if act.amount_fen:
        session.connection().execute(_CONFIRMED, {"receivable_id": claim.id, "on": act.on})
    answered = ReceivableConfirmed(
        confirmed=format_fen(act.amount_fen), disputed=format_fen(remainder_fen), **_named(claim)
    )
    moves = [Move(claim.id, "disputed", "receivable", remainder_fen, act.on, act.id)]
    record(session, moves, [entry(claim, answered, viewer)], act.request_id)
    return queries.get_visible(session, viewer, claim.id)


def _state(session: Session, act: Act, kind: str) -> None:
    values = {
        "receivable_id": act.receivable_id,
        "id": act.id,
        "kind": kind,
        "amount_fen": act.amount_fen,
        "reason": act.reason,
        "on": act.on,
    }
    session.connection().execute(_STATE, values)


def _already_confirmed(claim: Claim) -> AlreadyConfirmedError:
    return AlreadyConfirmedError(
        f"The receivable was confirmed on {claim.confirmed_on}; raise a dispute or a credit note.",
        f"该应收账款已于{claim.confirmed_on}确认；如有异议请提出争议或红字冲减。",
    )


def dispute(session: Session, viewer: Viewer, act: Act) -> Claim:
    """Hold a part back as disputed; the rest stays due (802号 第十五条).

    Raises:
        NotAllowedError: the viewer is not the debtor.
        ExceedsError: more is disputed than is owed and free.
    """
    claim = held_for(session, viewer, "receivables.dispute", act.receivable_id)
    if posted_before(session, claim.id, act.id, ("disputed", "receivable", act.amount_fen)):
        return claim
    if act.amount_fen > claim.receivable_fen:
        raise exceeds(act.amount_fen, claim.receivable_fen, "owed and free", "可提出争议的")
    held = ReceivableDisputed(amount=format_fen(act.amount_fen), reason=act.reason, **_named(claim))
    moves = [Move(claim.id, "disputed", "receivable", act.amount_fen, act.on, act.id)]
    record(session, moves, [entry(claim, held, viewer)], act.request_id)
    return queries.get_visible(session, viewer, claim.id)


def resolve(session: Session, viewer: Viewer, act: Act, *, upheld: bool) -> Claim:
    """End a dispute over an amount: it is owed after all, or it is given up.

    The debtor may give in and the creditor may give up; neither decides for the other.

    Raises:
        NotAllowedError: it is the other party's to say.
        ExceedsError: more than is disputed.
    """
    action = "receivables.uphold" if upheld else "receivables.withdraw"
    claim = held_for(session, viewer, action, act.receivable_id)
    debit = "receivable" if upheld else "supply"
    if posted_before(session, claim.id, act.id, (debit, "disputed", act.amount_fen)):
        return claim
    if act.amount_fen > claim.disputed_fen:
        raise exceeds(act.amount_fen, claim.disputed_fen, "in dispute", "争议中的")
    require(
        session, viewer, RESOLVE, effect(claim, act, outcome="upheld" if upheld else "withdrawn")
    )
    amount, nothing = format_fen(act.amount_fen), format_fen(0)
    ended = DisputeResolved(
        upheld=amount if upheld else nothing,
        withdrawn=nothing if upheld else amount,
        **_named(claim),
    )
    moves = [Move(claim.id, debit, "disputed", act.amount_fen, act.on, act.id)]
    record(session, moves, [entry(claim, ended, viewer)], act.request_id)
    return queries.get_visible(session, viewer, claim.id)


def credit(session: Session, viewer: Viewer, act: Act) -> Claim:
    """Lower a receivable by a credit note (红字发票) or agreed deduction of the supplier's.

    Raises:
        NotAllowedError: the viewer is not the creditor.
        ExceedsError: more than is owed and free; what a platform holds needs its consent.
    """
    claim = held_for(session, viewer, "receivables.credit", act.receivable_id)
    if posted_before(session, claim.id, act.id, ("supply", "receivable", act.amount_fen)):
        return claim
    if act.amount_fen > claim.receivable_fen:
        raise exceeds(act.amount_fen, claim.receivable_fen, "owed and free", "可冲减的")
    require(session, viewer, CREDIT, effect(claim, act))
    lowered = ReceivableCredited(
        amount=format_fen(act.amount_fen),
        still_open=format_fen(claim.open_fen - act.amount_fen),
        reason=act.reason,
        **_named(claim),
    )
    moves = [Move(claim.id, "supply", "receivable", act.amount_fen, act.on, act.id)]
    record(session, moves, [entry(claim, lowered, viewer)], act.request_id)
    return queries.get_visible(session, viewer, claim.id)
