"""Open a receivable: all its rows in one statement, so that a write is one round trip."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation
from sqlalchemy import text
from sqlmodel import Session

from services.events import ReceivableConfirmed, ReceivableOpened
from services.ledger.access import VISIBLE, Viewer
from services.ledger.db import direct, run
from services.ledger.errors import LedgerError, NotFoundError, ReusedIdError
from services.ledger.ids import id_of, new_id
from services.ledger.log.service import Entry, append
from services.ledger.money import MAX_FEN, format_fen
from services.ledger.orders.service import hold_receipts
from services.ledger.receivables import queries
from services.ledger.receivables.identity import check_number
from services.ledger.receivables.receipts import name_receipts, stated_at_opening
from services.ledger.receivables.term import DUE, START_OF_RECEIPT


class InvoiceClaimedError(LedgerError):
    """The invoice already stands behind a receivable, of this party or of any other."""

    code = "INVOICE_CLAIMED"
    status = 409


class FaceError(LedgerError):
    """A face amount that cannot be owed."""

    code = "AMOUNT_NOT_POSITIVE"


@dataclass(frozen=True, slots=True)
class Opening:
    """A receivable about to be opened; ``facts`` are days its payment term may start from."""

    id: UUID
    contract_id: UUID
    invoice_kind: str
    invoice_code: str
    invoice_number: str
    issued_on: date
    face_fen: int
    currency: str
    identity: bytes
    opened_on: date
    order_id: UUID | None = None
    agreed_due_on: date | None = None
    delivered_on: date | None = None
    accepted_on: date | None = None
    settlement_confirmed_on: date | None = None
    receipt_ids: tuple[UUID, ...] = ()


_START: Final = START_OF_RECEIPT.format(
    settled="CAST(:settled_on AS date)",
    delivered="CAST(:delivered_on AS date)",
    accepted="CAST(:accepted_on AS date)",
    rejected="CAST(NULL AS date)",
)

_MAY_OPEN: Final = text(f"SELECT FROM contracts c WHERE c.id = :id AND {VISIBLE.format(table='c')}")
_DUE: Final = DUE.format(agreed="r.agreed_due_on", start="s.start_on")

_OPEN: Final = direct(
    f"""
    WITH c AS (
      SELECT c.*, c.debtor_id = CAST(:viewer AS uuid) AS by_debtor FROM contracts c
      WHERE c.id = :contract_id AND {VISIBLE.format(table="c")}
        AND (CAST(:order_id AS uuid) IS NULL OR EXISTS (
          SELECT FROM orders o WHERE o.id = :order_id AND o.debtor_id = c.debtor_id
            AND o.creditor_id = c.creditor_id))
    ), claimed AS (
      INSERT INTO invoice_identities (digest, receivable_id) SELECT :identity, :id FROM c
      ON CONFLICT DO NOTHING RETURNING receivable_id
    ), r AS (
      INSERT INTO receivables (id, contract_id, order_id, debtor_id, creditor_id, invoice_kind,
        invoice_code, invoice_number, issued_on, face_fen, currency, agreed_due_on, opened_on,
        identity, known_at)
      SELECT :id, c.id, :order_id, c.debtor_id, c.creditor_id, :invoice_kind, :invoice_code,
        :invoice_number, :issued_on, :face_fen, :currency, :agreed_due_on, :opened_on, :identity,
        now()
      FROM c, claimed RETURNING id, debtor_id, creditor_id, agreed_due_on
    ), stated AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      SELECT r.id, f.id, r.id, f.kind, f."on", f."on", now()
      FROM r, (VALUES (CAST(:fact_1 AS uuid), 'DELIVERED', CAST(:delivered_on AS date)),
        (:fact_2, 'ACCEPTED', :accepted_on), (:fact_3, 'SETTLEMENT_CONFIRMED', :settled_on)
      ) f(id, kind, "on") WHERE f."on" IS NOT NULL
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT r.id, :posting_id, 'receivable', 'supply', :face_fen, :opened_on, now(), r.id FROM r
    ), balanced AS (
      INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen,
        assigned_fen, start_on, due_on, confirmed_on)
      SELECT r.id, :face_fen, 0, 0, 0, s.start_on, {_DUE},
        CASE WHEN c.by_debtor THEN CAST(:opened_on AS date) END
      FROM r, c, LATERAL (SELECT {_START} AS start_on) s
      RETURNING receivable_id, start_on, due_on, confirmed_on
    ), answered AS (
      INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
      SELECT r.id, r.id, 'CONFIRMED', :face_fen, '', :opened_on, now() FROM r, c WHERE c.by_debtor
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        data, request_id, occurred_at)
      SELECT r.id, e.id, e.type, :actor, CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
        e.data, :request_id, now()
      FROM r, c, balanced b, LATERAL (VALUES
        (CAST(:opened_id AS uuid), 'receivable.opened',
          CAST(:opened AS jsonb) || jsonb_build_object('due_on', b.due_on)),
        (:confirmed_id, 'receivable.confirmed', CAST(:confirmed AS jsonb))) e(id, type, data)
      WHERE CASE e.type WHEN 'receivable.opened' THEN NOT CAST(:names AS boolean)
        ELSE c.by_debtor END RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT start_on, due_on, confirmed_on FROM balanced
    """
)


def _told(opening: Opening) -> dict[str, object]:
    face = format_fen(opening.face_fen)
    named = {"invoice_number": opening.invoice_number, "currency": opening.currency}
    confirmed = ReceivableConfirmed(confirmed=face, disputed=format_fen(0), **named)
    return {
        "opened_id": new_id(),
        "names": bool(opening.receipt_ids),
        "opened": ReceivableOpened(face=face, **named).model_dump_json(),
        "confirmed_id": new_id(),
        "confirmed": confirmed.model_dump_json(),
    }


def _values(opening: Opening, viewer: Viewer, request_id: str) -> dict[str, object]:
    return {
        "id": opening.id,
        "contract_id": opening.contract_id,
        "order_id": opening.order_id,
        "invoice_kind": opening.invoice_kind,
        "invoice_code": opening.invoice_code,
        "invoice_number": opening.invoice_number,
        "issued_on": opening.issued_on,
        "face_fen": opening.face_fen,
        "currency": opening.currency,
        "agreed_due_on": opening.agreed_due_on,
        "opened_on": opening.opened_on,
        "identity": opening.identity,
        "delivered_on": opening.delivered_on,
        "accepted_on": opening.accepted_on,
        "settled_on": opening.settlement_confirmed_on,
        "posting_id": id_of("posting", opening.id, opening.id, "receivable", "supply"),
        "fact_1": new_id(),
        "fact_2": new_id(),
        "fact_3": new_id(),
        **_told(opening),
        "actor": viewer.name,
        "request_id": request_id,
        **viewer.parameters(),
    }


def open_receivable(
    session: Session, viewer: Viewer, opening: Opening, request_id: str = ""
) -> queries.Claim | None:
    """Open a receivable under a contract of the viewer's.

    What the debtor itself opens is thereby confirmed, as on the central bank's platform:
    “该上传即视为对其账款真实性的确认”.
    The same receivable sent again opens nothing.

    Returns:
        None if it was opened, or the receivable as it is if it was there with the same facts.

    Raises:
        NotFoundError: no such contract or order for this viewer.
        InvoiceClaimedError: the invoice stands behind another receivable.
        ReusedIdError: the id names other facts.
    """
    _check(viewer, opening)
    if opening.receipt_ids:  # before any row, as whoever takes a file in does
        hold_receipts(session, opening.receipt_ids)
    opened_id = new_id()
    values = _values(opening, viewer, request_id) | {"opened_id": opened_id}
    try:
        opened = run(session, _OPEN, values).fetchone()
    except UniqueViolation:
        # The id is taken; the statement, the invoice's identity included, wrote nothing.
        session.rollback()
        opened = None
    if opened is None:
        return _already_there(session, viewer, opening)
    if opening.receipt_ids:
        name_receipts(session, opening.id, opening.receipt_ids, since_on=opening.opened_on)
        claim = queries.get_visible(session, viewer, opening.id)
        # Told last, because only what the receipts say makes its due day true.
        told = ReceivableOpened.model_validate_json(str(values["opened"]))
        told = told.model_copy(update={"due_on": claim.due_on})
        parties = (viewer.name, viewer.party_id, claim.debtor_id, claim.creditor_id)
        append(session, [Entry(claim.id, told, *parties, id=opened_id)], request_id)
    return None


async def open_on(
    connection: AsyncConnection[Any], viewer: Viewer, opening: Opening, request_id: str
) -> bool:
    """Open a receivable that names no receipts, on a connection whose statements commit.

    Returns:
        Whether it was opened; if not, nothing was written and `open_receivable` says why.

    Raises:
        NotAllowedError, InvoiceNumberError, FaceError: as `open_receivable`.
    """
    assert not opening.receipt_ids
    _check(viewer, opening)
    try:
        opened = await connection.execute(_OPEN, _values(opening, viewer, request_id))
    except UniqueViolation:
        return False
    return opened.rowcount == 1


def _check(viewer: Viewer, opening: Opening) -> None:
    viewer.require("core_enterprise", "supplier", "operator")
    check_number(opening.invoice_kind, opening.invoice_code, opening.invoice_number)
    if not 0 < opening.face_fen <= MAX_FEN:
        raise FaceError(
            f"A receivable of {format_fen(opening.face_fen)} cannot be opened; the amount must be"
            " more than 0.00.",
            f"金额为{format_fen(opening.face_fen)}的应收账款不能登记；金额必须大于0.00。",
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
        and claim.face_fen == opening.face_fen
        and claim.currency == opening.currency
        and claim.issued_on == opening.issued_on
        and claim.agreed_due_on == opening.agreed_due_on
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
