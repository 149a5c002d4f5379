"""Interest of late payment: posted when the creditor claims it, for the days it claims it for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.events import InterestClaimed, InterestWaived
from services.ledger.access import Viewer
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import WAIVE, Effect
from services.ledger.arrears.interest_figure import canonical, figure_of
from services.ledger.arrears.reasoning import put
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.journal.queries import claimed_left_fen
from services.ledger.journal.service import Move, record
from services.ledger.money import format_fen
from services.ledger.receivables.repeats import reused
from services.ledger.receivables.service import entry, exceeds, held_for


class NotAccruedError(LedgerError):
    """Interest for days that have not come by the day of the claim."""

    code = "INTEREST_NOT_ACCRUED"


class WithdrawnError(LedgerError):
    """A claim of interest that is withdrawn already, under another id."""

    code = "INTEREST_WITHDRAWN"
    status = 409


class InterestOfHolderError(LedgerError):
    """Interest on a receivable that is a platform's, at least in part."""

    code = "INTEREST_OF_HOLDER"
    status = 409


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim of interest: under the caller's id, up to a day, by one reading of the law."""

    id: UUID
    receivable_id: UUID
    reading: str
    until_on: date
    on: date
    """The legal day of the claim, today or earlier."""
    from_on: date | None = None
    """The first day; that after the last claimed or the due day, if left out."""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Claimed interest given up: an amount of it, or a whole claim."""

    id: UUID
    receivable_id: UUID
    on: date
    amount_fen: int | None = None
    claim_id: UUID | None = None
    reason: str = ""
    request_id: str = ""
    dated: bool = False
    """The day was given; it is not just the day on which it is done."""


# The locks come first: what the claim is weighed by is what is known once nobody else moves it.
_INSTANT: Final = text("SELECT clock_timestamp()")
_OF: Final = """
    SELECT q.id, q.reading, q.from_on, q.until_on, q."on", q.amount_fen, q.due_on, q.spans,
      q.trace_sha256, q.almanac_version, q.known_at, w."on" AS withdrawn_on
    FROM interest_claims q
    LEFT JOIN interest_waivers w ON w.receivable_id = q.receivable_id AND w.claim_id = q.id
    WHERE q.receivable_id = :receivable_id"""
_CLAIMS: Final = text(f"{_OF} ORDER BY q.from_on, q.known_at, q.id")
_STANDING: Final = text(f"{_OF} AND w.id IS NULL ORDER BY q.from_on")
_WAIVERS: Final = text(
    """
    SELECT id, claim_id, amount_fen, reason, "on", known_at FROM interest_waivers
    WHERE receivable_id = :receivable_id ORDER BY "on", known_at, id
    """
)
_USED: Final = text("SELECT FROM postings WHERE receivable_id = :receivable_id AND cause = :id")
_INSERT: Final = text(
    """
    INSERT INTO interest_claims (receivable_id, id, reading, from_on, until_on, "on", amount_fen,
      due_on, "case", spans, trace_sha256, almanac_version, known_at)
    VALUES (:receivable_id, :id, :reading, :from_on, :until_on, :on, :amount_fen, :due_on,
      CAST(:case AS jsonb), CAST(:spans AS jsonb), :trace_sha256, :almanac_version, :known_at)
    """
)
_WAIVE: Final = text(
    """
    INSERT INTO interest_waivers (receivable_id, id, claim_id, amount_fen, reason, "on", known_at)
    VALUES (:receivable_id, :id, :claim_id, :amount_fen, :reason, :on, clock_timestamp())
    """
)


def claims(session: Session, receivable_id: UUID) -> Sequence[RowMapping]:
    """Return every claim of interest on a receivable, by its days; the caller may see it."""
    values = {"receivable_id": receivable_id}
    return session.connection().execute(_CLAIMS, values).mappings().all()


def waivers(session: Session, receivable_id: UUID) -> Sequence[RowMapping]:
    """Return what was given up of the claimed interest; the caller may see the receivable."""
    values = {"receivable_id": receivable_id}
    return session.connection().execute(_WAIVERS, values).mappings().all()


def claim_interest(session: Session, viewer: Viewer, asked: Asked) -> bool:
    """Post the interest that one reading of the law gives for a period, as now known, for good.

    Return False if this claim was recorded before. The amount is the engine's, from all that is
    known of the days up to the last one; with it are kept the case and the spans, so that anyone
    can find it again. What is learned later does not change it: the creditor waives or withdraws.

    Raises:
        NotAccruedError: see there.
        NotFoundError: a receivable the viewer may not see.
        NotAllowedError: the viewer is not the creditor.
        ReusedIdError: the id names something else.
        InterestOverlapError: a day is claimed for already.
        NoInterestError: the reading does not exist here, or gives nothing for these days.
        InterestOfHolderError: a platform holds a part of the receivable.
    """
    claim = held_for(session, viewer, "interest.claim", asked.receivable_id)
    _refuse_later(asked)
    if _claimed_before(session, asked):
        return False
    if claim.assigned_fen:
        raise InterestOfHolderError(
            f"{format_fen(claim.assigned_fen)} of invoice {claim.invoice_number} is assigned; with"
            " it went the interest on it (民法典 547). Claim once the holder has given it back.",
            f"发票{claim.invoice_number}已转让{format_fen(claim.assigned_fen)}，其利息随主债权转让"
            "（民法典第五百四十七条）；请在受让人返还后主张。",
        )
    known_at = session.connection().execute(_INSTANT).scalar_one()
    question = put(session, viewer, claim.id, as_of=asked.on, known_at=known_at)
    standing = session.connection().execute(_STANDING, {"receivable_id": claim.id}).mappings().all()
    first, last = asked.from_on, asked.until_on
    figure = figure_of(question, asked.reading, from_on=first, until_on=last, standing=standing)
    row = {
        **figure._asdict(),
        "receivable_id": claim.id,
        "id": asked.id,
        "reading": asked.reading,
        "on": asked.on,
        "case": canonical(figure.case),
        "spans": canonical(figure.spans),
        "almanac_version": question.almanac_version,
        "known_at": known_at,
    }
    session.connection().execute(_INSERT, row)
    told = InterestClaimed(
        invoice_number=claim.invoice_number,
        currency=claim.currency,
        reading=asked.reading,
        from_on=figure.from_on,
        until_on=figure.until_on,
        amount=format_fen(figure.amount_fen),
        interest_open=format_fen(claim.interest_fen + figure.amount_fen),
    )
    moves = [Move(claim.id, "interest", "interest_earned", figure.amount_fen, asked.on, asked.id)]
    record(session, moves, [entry(claim, told, viewer)], asked.request_id)
    return True


def _refuse_later(asked: Asked) -> None:
    if asked.until_on > asked.on:
        raise NotAccruedError(
            f"Interest to {asked.until_on} has not accrued on {asked.on}; claim up to that day at"
            " most.",
            f"截至{asked.on}，{asked.until_on}的利息尚未产生；请至多主张至该日。",
            field="until_on",
        )


def _claimed_before(session: Session, asked: Asked) -> bool:
    found = [row for row in claims(session, asked.receivable_id) if row["id"] == asked.id]
    if not found:
        used = {"receivable_id": asked.receivable_id, "id": asked.id}
        if session.connection().execute(_USED, used).first() is not None:
            raise reused(asked.id)
        return False
    (row,) = found
    same = (row["reading"], row["until_on"], asked.from_on or row["from_on"], row["on"])
    if same != (asked.reading, asked.until_on, row["from_on"], asked.on):
        raise reused(asked.id)
    return True


def waive(session: Session, viewer: Viewer, waiver: Waiver) -> bool:
    """Give up claimed interest: an amount, or a whole claim, whose days may be claimed anew.

    Return False if it was recorded before.

    Raises:
        NotFoundError: a receivable the viewer may not see, or a claim it does not have.
        NotAllowedError: the viewer is not the creditor.
        ReusedIdError: the id names something else.
        WithdrawnError: the claim is withdrawn already.
        ExceedsError: more than is claimed by that day and not paid.
    """
    assert (waiver.amount_fen is None) != (waiver.claim_id is None)
    claim = held_for(session, viewer, "interest.waive", waiver.receivable_id)
    amount_fen = waiver.amount_fen or _whole(session, waiver)
    if _waived_before(session, waiver, amount_fen):
        return False
    left_fen = claimed_left_fen(session, "interest", [claim.id], on=waiver.on).get(claim.id, 0)
    if amount_fen > left_fen:
        english = "of interest claimed by that day and not paid"
        raise exceeds(amount_fen, left_fen, english, "截至该日已主张且未付的利息")
    facts = {"invoice_number": claim.invoice_number, "debtor": claim.debtor_name}
    facts |= {"on": waiver.on.isoformat() if waiver.dated else "", "reason": waiver.reason}
    require(session, viewer, WAIVE, Effect(claim.id, facts, amount_fen, claim.currency))
    row = {
        "receivable_id": claim.id,
        "id": waiver.id,
        "claim_id": waiver.claim_id,
        "amount_fen": amount_fen,
        "reason": waiver.reason,
        "on": waiver.on,
    }
    session.connection().execute(_WAIVE, row)
    told = InterestWaived(
        invoice_number=claim.invoice_number,
        currency=claim.currency,
        amount=format_fen(amount_fen),
        interest_open=format_fen(claim.interest_fen - amount_fen),
        claim_id=waiver.claim_id,
        reason=waiver.reason,
    )
    moves = [Move(claim.id, "interest_earned", "interest", amount_fen, waiver.on, waiver.id)]
    record(session, moves, [entry(claim, told, viewer)], waiver.request_id)
    return True


def _whole(session: Session, waiver: Waiver) -> int:
    for row in claims(session, waiver.receivable_id):
        if row["id"] == waiver.claim_id:
            amount_fen: int = row["amount_fen"]
            return amount_fen
    raise NotFoundError("No such claim of interest.", "没有该项利息主张。", field="claim_id")


def _waived_before(session: Session, waiver: Waiver, amount_fen: int) -> bool:
    for row in waivers(session, waiver.receivable_id):
        if row["id"] == waiver.id:
            if (row["claim_id"], row["amount_fen"]) != (waiver.claim_id, amount_fen):
                raise reused(waiver.id)
            return True
        if waiver.claim_id is not None and row["claim_id"] == waiver.claim_id:
            raise WithdrawnError(
                f"The claim was withdrawn on {row['on']}, by {row['id']}.",
                f"该项主张已于{row['on']}撤回（编号{row['id']}）。",
                field="claim_id",
            )
    used = {"receivable_id": waiver.receivable_id, "id": waiver.id}
    if session.connection().execute(_USED, used).first() is not None:
        raise reused(waiver.id)
    return False
