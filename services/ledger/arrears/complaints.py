"""Complaints (投诉) of creditors about late payment, and what the authority does about them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from services.events import ComplaintFiled, ComplaintMoved, Data
from services.ledger.access import Viewer
from services.ledger.arrears.complaint_states import OPEN_STATES, STEPS, Step, refuse
from services.ledger.arrears.complaints_queries import Wanted, complaints, steps
from services.ledger.arrears.facts import PROCEEDINGS, facts
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.log.service import Entry, append
from services.ledger.money import format_fen
from services.ledger.policy import Whose
from services.ledger.receivables.queries import Claim, get_visible
from services.ledger.receivables.repeats import reused
from services.ledger.receivables.service import exceeds, held_for


class NotComplainableError(LedgerError):
    """A complaint about what is not late, is outside the Regulation, or is before a court."""

    code = "NOT_COMPLAINABLE"
    status = 409


class ComplaintOpenError(LedgerError):
    """A second complaint about a receivable while the first is open."""

    code = "COMPLAINT_OPEN"
    status = 409


@dataclass(frozen=True, slots=True)
class Filing:
    """A complaint: under the caller's id, about an amount, on a legal day."""

    id: UUID
    receivable_id: UUID
    on: date
    amount_fen: int | None
    """All that is owed on the day of filing, if None."""
    text: str
    request_id: str = ""


_INSTANT: Final = text("SELECT clock_timestamp()")
_BASIS: Final = text("SELECT applies, reason FROM contracts WHERE id = :id")
_LOCK: Final = text(
    "SELECT FROM complaints WHERE receivable_id = :receivable_id AND id = :id FOR UPDATE"
)
_FILE: Final = text(
    """
    INSERT INTO complaints (receivable_id, id, debtor_id, creditor_id, amount_fen, text, "on",
      known_at)
    VALUES (:receivable_id, :id, :debtor_id, :creditor_id, :amount_fen, :text, :on,
      clock_timestamp())
    """
)
_STEP: Final = text(
    """
    INSERT INTO complaint_steps (receivable_id, complaint_id, id, place, kind, "on", reason, text,
      extended_to, actor, known_at)
    VALUES (:receivable_id, :complaint_id, :id, :place, :kind, :on, :reason, :text, :extended_to,
      :actor, clock_timestamp())
    """
)
_SAME: Final = ("kind", "on", "reason", "text", "extended_to")


def file(session: Session, viewer: Viewer, filing: Filing) -> bool:
    """File a complaint; return False if it was filed before.

    The debtor is not told, and cannot see it, until the authority asks it (802号 第二十条).

    Raises:
        NotFoundError: a receivable the viewer may not see.
        NotAllowedError: the viewer is not the creditor.
        ReusedIdError: the id names another complaint.
        ComplaintOpenError: one is open.
        NotComplainableError: see there.
        ExceedsError: more than is owed.
    """
    claim = held_for(session, viewer, "complaints.file", filing.receivable_id)
    owed_fen = claim.owed_fen
    mine = complaints(
        session,
        viewer,
        Wanted(receivable=claim.id),
        as_of=date.max,
        known_at=_instant(session),
    )
    for row in mine:
        if row["id"] == filing.id:
            wanted = (filing.on, filing.text, filing.amount_fen or row["amount_fen"])
            if (row["filed_on"], row["text"], row["amount_fen"]) != wanted:
                raise reused(filing.id)
            return False
    _complainable(session, claim, filing, owed_fen)
    for row in mine:
        if row["state"] in OPEN_STATES:
            raise ComplaintOpenError(
                f"Complaint {row['id']} of {row['filed_on']} is open; add to it, or withdraw it.",
                f"{row['filed_on']}的投诉（编号{row['id']}）尚未办结；请补充材料或先撤回。",
            )
    amount_fen = filing.amount_fen or owed_fen
    if amount_fen > owed_fen:
        raise exceeds(amount_fen, owed_fen, "owed", "尚欠的")
    values = {
        "receivable_id": claim.id,
        "id": filing.id,
        "debtor_id": claim.debtor_id,
        "creditor_id": claim.creditor_id,
        "amount_fen": amount_fen,
        "text": filing.text,
        "on": filing.on,
    }
    session.connection().execute(_FILE, values)
    told = ComplaintFiled(
        receivable_id=claim.id,
        amount=format_fen(amount_fen),
        invoice_number=claim.invoice_number,
        currency=claim.currency,
    )
    append(session, [_entry(filing.id, claim, told, viewer, disclosed=False)], filing.request_id)
    return True


def _instant(session: Session) -> datetime:
    """Return the instant after the locks, by which all they waited for is known."""
    instant: datetime = session.connection().execute(_INSTANT).scalar_one()
    return instant


def _complainable(session: Session, claim: Claim, filing: Filing, owed_fen: int) -> None:
    """Refuse what the authority would send back; whether it is 拖欠 is the authority's to say."""
    if not owed_fen or (claim.due_on is not None and filing.on <= claim.due_on):
        raise NotComplainableError(
            f"Invoice {claim.invoice_number} is not late on {filing.on}: {format_fen(owed_fen)} is"
            f" owed, due on {claim.due_on or 'no known day'}.",
            f"发票{claim.invoice_number}在{filing.on}未逾期：尚欠{format_fen(owed_fen)}，"
            f"到期日{claim.due_on or '不确定'}。",
        )
    basis = session.connection().execute(_BASIS, {"id": claim.contract_id}).one()
    if basis.applies == "false":
        raise NotComplainableError(
            f"The Regulation does not apply to this contract: {basis.reason}.",
            f"本合同不适用《保障中小企业款项支付条例》：{basis.reason}。",
        )
    pending = [
        row
        for row in facts(session, claim.id)
        if row["kind"] in PROCEEDINGS and row["ended_on"] is None
    ]
    if pending:
        raise NotComplainableError(
            f"The claim is before a court or tribunal since {pending[0]['on']}.",
            f"该债权已于{pending[0]['on']}提起诉讼或者申请仲裁。",
        )


def step(session: Session, viewer: Viewer, taken: Step) -> bool:
    """Record what was done about a complaint; return False if it was recorded before.

    Raises:
        NotFoundError: a complaint the viewer may not know of.
        NotAllowedError: another takes this step.
        ReusedIdError: the id names another step.
        StepRefusedError: see there.
    """
    rule = STEPS[taken.kind]
    viewer.require(rule.by)
    key = {"receivable_id": taken.receivable_id, "id": taken.complaint_id}
    session.connection().execute(_LOCK, key)
    row = one(session, viewer, taken.receivable_id, taken.complaint_id, known_at=_instant(session))
    viewer.require(rule.by, Whose(row["debtor_id"], row["creditor_id"]))
    before = steps(session, viewer, taken.receivable_id, taken.complaint_id)
    for known in before:
        if known["id"] == taken.id:
            if any(known[name] != getattr(taken, name) for name in _SAME):
                raise reused(taken.id)
            return False
    refuse(row, taken)
    values = {
        name: getattr(taken, name) for name in (*_SAME, "receivable_id", "complaint_id", "id")
    }
    more = {"place": len(before) + 1, "actor": viewer.name}
    session.connection().execute(_STEP, {**values, **more})
    moved = ComplaintMoved(
        receivable_id=taken.receivable_id,
        step=taken.kind,
        state=rule.to_state or row["state"],
        reason=taken.reason,
        invoice_number=row["invoice_number"],
        currency=row["currency"],
    )
    claim = get_visible(session, viewer, taken.receivable_id)
    disclosed = row["disclosed"] or taken.kind == "RESPONDENT_ASKED"
    told = _entry(taken.complaint_id, claim, moved, viewer, disclosed=disclosed)
    append(session, [told], taken.request_id)
    return True


def one(
    session: Session,
    viewer: Viewer,
    receivable_id: UUID,
    complaint_id: UUID,
    *,
    known_at: datetime,
    as_of: date = date.max,
) -> RowMapping:
    """Return a complaint with its state and timer, as the steps known at an instant have it.

    Raises:
        NotFoundError: there is none, or none this viewer may know of.
    """
    wanted = Wanted(one=complaint_id, receivable=receivable_id)
    found = complaints(session, viewer, wanted, as_of=as_of, known_at=known_at)
    if not found:
        raise NotFoundError("No such complaint.", "没有该投诉。")
    return found[0]


def _entry(
    complaint_id: UUID, claim: Claim, data: Data, viewer: Viewer, *, disclosed: bool
) -> Entry:
    """Return an event about a complaint, which the debtor sees once it was asked."""
    debtor_id = claim.debtor_id if disclosed else None
    return Entry(complaint_id, data, viewer.name, viewer.party_id, debtor_id, claim.creditor_id)
