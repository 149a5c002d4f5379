"""Open a receivable: all its rows in one statement, so that a write is one round trip."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlmodel import Session

from services.events import ReceivableOpened
from services.ledger.access import VISIBLE, Viewer
from services.ledger.db import run
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.idempotency import Call, call_values, principal
from services.ledger.identification import Presented, act, proof, remembered
from services.ledger.log.service import Entry, append
from services.ledger.money import MAX_FEN, format_fen
from services.ledger.orders.service import hold_receipts
from services.ledger.receivables import opening_rows as rows
from services.ledger.receivables import queries
from services.ledger.receivables.identity import check_number
from services.ledger.receivables.opening_rows import OPEN, OPEN_IF_STILL, OPEN_LINES, Opening
from services.ledger.receivables.receipts import name_receipts, stated_at_opening


class InvoiceClaimedError(LedgerError):
    """The invoice already stands behind a receivable, of this party or of any other."""

    code = "INVOICE_CLAIMED"
    status = 409


class InstalmentsError(LedgerError):
    """Instalments that do not make up their invoice."""

    code = "INSTALMENTS_INVALID"


class FaceError(LedgerError):
    """A face amount that cannot be owed."""

    code = "AMOUNT_NOT_POSITIVE"


_LINES: Final = text(
    "SELECT line_kind, face_fen, agreed_due_on FROM receivables"
    " WHERE identity = :identity AND line > 0 ORDER BY line"
)
_MAY_OPEN: Final = text(f"SELECT FROM contracts c WHERE c.id = :id AND {VISIBLE.format(table='c')}")


def open_receivable(
    session: Session, viewer: Viewer, opening: Opening, request_id: str = ""
) -> queries.Claim | None:
    """Open a receivable under a contract of the viewer's.

    What the debtor itself opens is thereby confirmed, as on the central bank's platform:
    “该上传即视为对其账款真实性的确认”; unless it has checkers, whose word that would leave out.
    The same receivable sent again opens nothing.

    Returns:
        None if it was opened, or the receivable as it is if it was there with the same facts.

    Raises:
        NotFoundError: no such contract or order for this viewer.
        InvoiceClaimedError: the invoice stands behind another receivable.
        InstalmentsError: the instalments are not those of the invoice.
        ReusedIdError: the id names other facts.
    """
    viewer.require("receivables.open")
    _check(opening)
    if opening.receipt_ids:  # before any row, as whoever takes a file in does
        hold_receipts(session, opening.receipt_ids)
    try:
        if opening.lines:
            values = rows.values_of_lines(opening, viewer, request_id)
            opened = run(session, OPEN_LINES, values).fetchall()
        else:
            opened = run(session, OPEN, rows.values(opening, viewer, request_id)).fetchall()
    except UniqueViolation:
        # The id is taken; the statement, the invoice's identity included, wrote nothing.
        session.rollback()
        act(session, viewer)
        opened = []
    if not opened:
        return _already_there(session, viewer, opening)
    if opening.receipt_ids:
        _name_receipts(session, viewer, opening, request_id)
    return None


def _name_receipts(session: Session, viewer: Viewer, opening: Opening, request_id: str) -> None:
    """Name the receipts and tell what was opened: only they make the due day true."""
    ids = [line.id for line in opening.lines] or [opening.id]
    name_receipts(session, ids, opening.receipt_ids, since_on=opening.opened_on)
    claims = queries.lock_several(session, viewer, ids).values()
    append(session, [_opened(claim, viewer) for claim in claims], request_id)


def _opened(claim: queries.Claim, viewer: Viewer) -> Entry:
    told = ReceivableOpened(
        invoice_number=claim.invoice_number,
        currency=claim.currency,
        face=format_fen(claim.face_fen),
        due_on=claim.due_on,
    )
    parties = (viewer.name, viewer.party_id, claim.debtor_id, claim.creditor_id)
    return Entry(claim.id, told, *parties)


@dataclass(frozen=True, slots=True)
class Sent:
    """How a receivable to be opened came: with what credential, in which request or call."""

    token: Presented
    request_id: str
    call: Call | None = None


async def open_at_once(connection: AsyncConnection[Any], sent: Sent, opening: Opening) -> bool:
    """Open a whole that names no receipts, on a connection whose statements commit.

    The statement itself proves that whoever is remembered to hold the token still does.

    Returns:
        Whether it was opened; if not, nothing was written and `open_receivable` says why.

    Raises:
        InvoiceNumberError, FaceError: as `open_receivable`.
    """
    viewer = remembered(sent.token)
    if viewer is None or viewer.party_id is None or not viewer.may("receivables.open"):
        return False
    if opening.receipt_ids or opening.lines:
        return False
    _check(opening)
    values = rows.values(opening, viewer, sent.request_id) | proof(viewer, sent.token)
    values |= call_values(sent.call, principal(viewer))
    try:
        opened = await connection.execute(OPEN_IF_STILL.sql, OPEN_IF_STILL.values(values))
    except UniqueViolation:
        return False
    return opened.rowcount == 1


def _check(opening: Opening) -> None:
    number = (opening.invoice_kind, opening.invoice_code, opening.invoice_number)
    check_number(*number, issued_on=opening.issued_on)
    if not 0 < opening.face_fen <= MAX_FEN:
        raise FaceError(
            f"A receivable of {format_fen(opening.face_fen)} cannot be opened; the amount must be"
            " more than 0.00.",
            f"金额为{format_fen(opening.face_fen)}的应收账款不能登记；金额必须大于0.00。",
        )
    if not opening.lines:
        return
    together_fen = sum(line.face_fen for line in opening.lines)
    if together_fen != opening.face_fen:
        together, face = format_fen(together_fen), format_fen(opening.face_fen)
        raise InstalmentsError(
            f"The instalments make {together} and the invoice {face}; make them equal.",
            f"各期合计{together}，发票金额{face}；二者须相等。",
            field="instalments",
        )
    if any(line.kind == "RETENTION" and not line.agreed_due_on for line in opening.lines):
        raise InstalmentsError(
            "Retention is due on the day agreed for it, which no law gives; send agreed_due_on.",
            "质量保证金按约定日返还，法律未规定期限；请填写agreed_due_on。",
            field="instalments",
        )


def _already_there(session: Session, viewer: Viewer, opening: Opening) -> queries.Claim:
    """Return the same receivable sent before, or raise what kept it from being opened."""
    asked = {"id": opening.contract_id, **viewer.parameters()}
    # A stranger to the contract must not learn that the invoice or the id is in use.
    if session.connection().execute(_MAY_OPEN, asked).one_or_none() is None:
        raise _no_contract()
    try:
        claim = queries.get_visible(session, viewer, opening.id)
    except NotFoundError:
        holder = session.connection().execute(
            text("SELECT receivable_id FROM invoice_identities WHERE digest = :digest"),
            {"digest": opening.identity},
        )
        if holder.one_or_none() is not None:
            raise InvoiceClaimedError(
                f"The invoice {opening.invoice_number} already stands behind a receivable and is"
                " not claimed twice; if it is yours, look it up by its number.",
                f"发票{opening.invoice_number}已登记在一笔应收账款下，不能重复登记；"
                "如属本单位，请按发票号码查询。",
                field="invoice_number",
            ) from None
        raise _no_contract() from None
    same = (
        claim.contract_id == opening.contract_id
        and claim.order_id == opening.order_id
        and claim.identity == opening.identity
        and _lines_of(session, opening)
        == [(line.kind, line.face_fen, line.agreed_due_on) for line in opening.lines]
        and (bool(opening.lines) or claim.face_fen == opening.face_fen)
        and claim.currency == opening.currency
        and claim.issued_on == opening.issued_on
        and (bool(opening.lines) or claim.agreed_due_on == opening.agreed_due_on)
        and stated_at_opening(session, opening.id) == _stated(opening)
    )
    if not same:
        raise ReusedIdError(
            f"The id {opening.id} already names a receivable of {format_fen(claim.face_fen)} on"
            f" invoice {claim.invoice_number}; send other facts under an id of their own.",
            f"编号{opening.id}已用于发票{claim.invoice_number}、金额"
            f"{format_fen(claim.face_fen)}的应收账款；内容不同请使用新编号。",
            field="id",
        )
    return claim


def _lines_of(session: Session, opening: Opening) -> list[tuple[str, int, date | None]]:
    rows = session.connection().execute(_LINES, {"identity": opening.identity})
    return [(row.line_kind, row.face_fen, row.agreed_due_on) for row in rows]


def _stated(opening: Opening) -> set[tuple[str, str]]:
    days = {
        "DELIVERED": opening.delivered_on,
        "ACCEPTED": opening.accepted_on,
        "SETTLEMENT_CONFIRMED": opening.settlement_confirmed_on,
    }
    stated = {(kind, on.isoformat()) for kind, on in days.items() if on is not None}
    return stated | {("RECEIPT", str(one)) for one in opening.receipt_ids}


def _no_contract() -> NotFoundError:
    return NotFoundError(
        "No such contract or order between parties you act for.",
        "没有您所代表的当事人之间的该合同或订单。",
        field="contract_id",
    )
