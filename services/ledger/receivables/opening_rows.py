"""A receivable about to be opened, and the one statement that writes all its rows."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.events import ReceivableConfirmed, ReceivableOpened
from services.ledger.access import VISIBLE, Viewer
from services.ledger.approvals.gate import CONFIRMS_APART
from services.ledger.db import Statement, direct
from services.ledger.idempotency import STORE_IF_SENT
from services.ledger.identification import STILL
from services.ledger.ids import id_of, new_id
from services.ledger.money import format_fen
from services.ledger.receivables.term import DUE, START_OF_RECEIPT


@dataclass(frozen=True, slots=True)
class Line:
    """One instalment of an invoice: a receivable of its own, under the invoice's identity."""

    id: UUID
    kind: str
    """ADVANCE, PROGRESS, FINAL or RETENTION."""
    face_fen: int
    agreed_due_on: date | None = None


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
    """The legal day it is in the book from: that of the invoice, as for those of a file."""
    told_on: date | None = None
    """The day it is recorded, on which its debtor thereby confirms it; `opened_on` if None."""
    order_id: UUID | None = None
    agreed_due_on: date | None = None
    delivered_on: date | None = None
    accepted_on: date | None = None
    settlement_confirmed_on: date | None = None
    receipt_ids: tuple[UUID, ...] = ()
    lines: tuple[Line, ...] = ()
    """The instalments it is owed in; (): as a whole."""


_START: Final = START_OF_RECEIPT.format(
    settled="CAST(:settled_on AS date)",
    delivered="CAST(:delivered_on AS date)",
    accepted="CAST(:accepted_on AS date)",
    rejected="CAST(NULL AS date)",
)

_LINES: Final = """
      SELECT line, id, kind, face_fen, agreed_due_on, posting_id, fact_1, fact_2, fact_3, opened_id,
        opened, confirmed_id, confirmed
      FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS l(line smallint, id uuid, kind varchar,
        face_fen bigint, agreed_due_on date, posting_id uuid, fact_1 uuid, fact_2 uuid, fact_3 uuid,
        opened_id uuid, opened jsonb, confirmed_id uuid, confirmed jsonb)
    """
_CONFIRMS: Final = "c.debtor_id = CAST(:viewer AS uuid) AND NOT " + CONFIRMS_APART.format(
    party="CAST(:viewer AS uuid)"
)
_DUE: Final = DUE.format(agreed="r.agreed_due_on", start="s.start_on")


def _appended(of: Callable[[str, str], str], of_line: str) -> str:
    """Return the clauses that tell of what was opened, and of what its debtor thereby confirmed."""
    return f"""appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        data, request_id, occurred_at)
      SELECT r.id, e.id, e.type, :actor, CAST(:viewer AS uuid), r.debtor_id, r.creditor_id,
        e.data, :request_id, now()
      FROM r JOIN termed b ON b.id = r.id{of_line}, c, LATERAL (VALUES
        ({of("opened_id", "uuid")}, 'receivable.opened',
          {of("opened", "jsonb")} || jsonb_build_object('due_on', b.due_on)),
        ({of("confirmed_id", "uuid")}, 'receivable.confirmed', {of("confirmed", "jsonb")})
      ) e(id, type, data)
      WHERE CASE e.type WHEN 'receivable.opened' THEN NOT CAST(:names AS boolean)
        ELSE c.by_debtor END RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended"""


_KNOWN: Final = "SELECT true AS party"
_ACTING: Final = "SELECT set_config('ledger.party', CAST(:viewer AS uuid)::text, true) AS party"
"""Says for whom the statement acts before it reads a table: row-level security shows it no row of a
table until then, nor does the next statement, which is a transaction of its own, see more."""


def _statement(
    me: str = _KNOWN, allowed: str = "true", more: str = "", *, lines: bool = False
) -> Statement:
    def of(name: str, kind: str) -> str:
        return f"n.{name}" if lines else f"CAST(:{name} AS {kind})"

    read, n, of_line = "", "", ""
    if lines:
        read, n, of_line = f"n AS ({_LINES}), ", ", n", " JOIN n ON n.id = r.id"
    return direct(f"""
    WITH {read}me AS MATERIALIZED ({me}), c AS (
      SELECT c.* FROM me, LATERAL (
        SELECT c.*, {_CONFIRMS} AS by_debtor FROM contracts c
        WHERE me.party IS NOT NULL AND {allowed} AND c.id = :contract_id
          AND {VISIBLE.format(table="c")} AND (CAST(:order_id AS uuid) IS NULL OR EXISTS (
            SELECT FROM orders o WHERE o.id = :order_id AND o.debtor_id = c.debtor_id
              AND o.creditor_id = c.creditor_id))
        OFFSET 0) c
    ), claimed AS (
      INSERT INTO invoice_identities (digest, receivable_id) SELECT :identity, :id FROM c
      ON CONFLICT DO NOTHING RETURNING receivable_id
    ), r AS (
      INSERT INTO receivables (id, contract_id, order_id, debtor_id, creditor_id, invoice_kind,
        invoice_code, invoice_number, issued_on, line, line_kind, face_fen, currency,
        agreed_due_on, opened_on, identity, known_at)
      SELECT {of("id", "uuid")}, c.id, :order_id, c.debtor_id, c.creditor_id, :invoice_kind,
        :invoice_code, :invoice_number, :issued_on, {"n.line, n.kind" if lines else "0, ''"},
        {of("face_fen", "bigint")}, :currency, {of("agreed_due_on", "date")}, :opened_on,
        :identity, now()
      FROM c, claimed{n} RETURNING id, debtor_id, creditor_id, face_fen, line_kind, agreed_due_on
    ), stated AS (
      INSERT INTO clock_facts (receivable_id, id, receipt_id, kind, "on", since_on, known_at)
      SELECT r.id, f.id, r.id, f.kind, f."on", f."on", now()
      FROM r{of_line}, LATERAL (VALUES
        ({of("fact_1", "uuid")}, 'DELIVERED', CAST(:delivered_on AS date)),
        ({of("fact_2", "uuid")}, 'ACCEPTED', :accepted_on),
        ({of("fact_3", "uuid")}, 'SETTLEMENT_CONFIRMED', :settled_on)
      ) f(id, kind, "on") WHERE f."on" IS NOT NULL
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT r.id, {of("posting_id", "uuid")}, 'receivable', 'supply', r.face_fen, :opened_on,
        now(), r.id
      FROM r{of_line}
    ), termed AS (
      SELECT r.id, r.face_fen, s.start_on, {_DUE} AS due_on,
        CASE WHEN c.by_debtor THEN CAST(:told_on AS date) END AS confirmed_on
      FROM r, c, LATERAL (SELECT {_START} AS start_on) s
    ), balanced AS (
      INSERT INTO balances (receivable_id, receivable_fen, disputed_fen, reserved_fen,
        assigned_fen, start_on, due_on, confirmed_on)
      SELECT id, face_fen, 0, 0, 0, start_on, due_on, confirmed_on FROM termed
    ), answered AS (
      INSERT INTO confirmations (receivable_id, id, kind, amount_fen, reason, "on", known_at)
      SELECT r.id, r.id, 'CONFIRMED', r.face_fen, '', :told_on, now() FROM r, c
      WHERE c.by_debtor
    ), {_appended(of, of_line)}
    ){more}
    SELECT start_on, due_on, confirmed_on FROM termed
    """)


OPEN: Final = _statement()
"""Opens a receivable for a viewer that was identified in the same transaction."""
OPEN_IF_STILL: Final = _statement(_ACTING, STILL, f", answer AS ({STORE_IF_SENT.format(done='r')})")
"""Opens it if the viewer that is remembered still holds its token, with its answer under a key."""
OPEN_LINES: Final = _statement(lines=True)
"""Opens all instalments of an invoice, or none."""


def _told(opening: Opening, face_fen: int) -> tuple[str, str]:
    face = format_fen(face_fen)
    named = {"invoice_number": opening.invoice_number, "currency": opening.currency}
    opened = ReceivableOpened(face=face, **named)
    confirmed = ReceivableConfirmed(confirmed=face, disputed=format_fen(0), **named)
    return opened.model_dump_json(), confirmed.model_dump_json()


def _own(opening: Opening, claim_id: UUID, face_fen: int) -> dict[str, object]:
    """Return the values of one receivable, with new ids for what the statement writes."""
    opened, confirmed = _told(opening, face_fen)
    return {
        "posting_id": id_of("posting", claim_id, claim_id, "receivable", "supply"),
        "fact_1": new_id(),
        "fact_2": new_id(),
        "fact_3": new_id(),
        "opened_id": new_id(),
        "opened": opened,
        "confirmed_id": new_id(),
        "confirmed": confirmed,
    }


def values(opening: Opening, viewer: Viewer, request_id: str) -> dict[str, object]:
    """Return the values of `OPEN` and of what `OPEN_LINES` shares with it."""
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
        "told_on": opening.told_on or opening.opened_on,
        "identity": opening.identity,
        "delivered_on": opening.delivered_on,
        "accepted_on": opening.accepted_on,
        "settled_on": opening.settlement_confirmed_on,
        "names": bool(opening.receipt_ids),
        **_own(opening, opening.id, opening.face_fen),
        "actor": viewer.name,
        "request_id": request_id,
        **viewer.parameters(),
    }


def values_of_lines(opening: Opening, viewer: Viewer, request_id: str) -> dict[str, object]:
    """Return the values of `OPEN_LINES`."""
    lines = [
        {
            "line": number,
            "id": str(line.id),
            "kind": line.kind,
            "face_fen": line.face_fen,
            "agreed_due_on": line.agreed_due_on and line.agreed_due_on.isoformat(),
            **{
                name: json.loads(str(value)) if name in {"opened", "confirmed"} else str(value)
                for name, value in _own(opening, line.id, line.face_fen).items()
            },
        }
        for number, line in enumerate(opening.lines, start=1)
    ]
    shared = values(opening, viewer, request_id)
    return {**shared, "lines": json.dumps(lines, ensure_ascii=False)}
