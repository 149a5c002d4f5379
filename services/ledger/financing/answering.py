"""Take in what a platform says of an export: financed, pending or refused, each row once."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, text
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import ANSWER, Effect
from services.ledger.errors import LedgerError
from services.ledger.financing.queries import ExportSummary, get_export
from services.ledger.identification import as_machine


class AnswerError(LedgerError):
    """An answer that does not fit the export it speaks of; nothing of it is taken in."""

    code = "ANSWER_DOES_NOT_FIT"
    status = 409


@dataclass(frozen=True, slots=True)
class Answered:
    """What a platform says of one invoice of an export."""

    document_number: str
    issued_on: date
    total_fen: int
    supplier_name: str
    """Empty where the platform does not repeat it."""
    state: str
    financed_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """How many rows of an answer were new, by state, and how many were known already."""

    reference: str
    financed: int
    pending: int
    refused: int
    repeated: int
    financed_fen: int


_MATCH: Final = text(
    """
    SELECT a.n, count(x.id) AS found,
      min(x.id::varchar) AS claim_id, min(r.id::varchar) AS receivable_id,
      bool_or(EXISTS (SELECT FROM claim_answers p WHERE p.receivable_id = r.id
        AND p.claim_id = x.id AND p.state = a.state)) AS repeated,
      max((SELECT p.state FROM claim_answers p WHERE p.receivable_id = r.id
        AND p.claim_id = x.id AND p.state <> 'PENDING' LIMIT 1)) AS final
    FROM json_to_recordset(CAST(:rows AS json)) AS a(n integer, number varchar, issued_on date,
      total_fen bigint, supplier_name varchar, state varchar)
    LEFT JOIN (claims x JOIN receivables r ON r.id = x.receivable_id
      JOIN parties k ON k.id = r.creditor_id)
      ON x.export_id = :export_id AND a.number =
        CASE r.invoice_code WHEN '' THEN '' ELSE r.invoice_code || '-' END || r.invoice_number
      AND a.issued_on = r.issued_on
      AND a.total_fen = r.face_fen AND a.supplier_name IN ('', k.name)
    GROUP BY a.n ORDER BY a.n
    """
)
_TAKE_IN: Final = text(
    """
    WITH a AS (
      SELECT * FROM json_to_recordset(CAST(:rows AS json)) AS t(receivable_id uuid, claim_id uuid,
        state varchar, financed_fen bigint, reason varchar)
    ), stated AS (
      INSERT INTO claim_answers (receivable_id, claim_id, id, state, financed_fen, reason, "on",
        known_at)
      SELECT receivable_id, claim_id, md5('answer:' || claim_id || state)::uuid, state,
        financed_fen, reason, :on, :at FROM a
    ), held AS (
      SELECT b.receivable_id, a.claim_id, a.state, least(x.amount_fen, CASE a.state
        WHEN 'FINANCED' THEN b.reserved_fen
        ELSE greatest(0, b.reserved_fen - coalesce((
          SELECT sum(o.amount_fen) FROM claims o
          WHERE o.receivable_id = x.receivable_id AND o.id <> x.id AND NOT EXISTS (
            SELECT FROM claim_answers z WHERE z.receivable_id = o.receivable_id
              AND z.claim_id = o.id AND z.state <> 'PENDING')), 0)) END)::bigint AS fen
      FROM a JOIN claims x ON x.receivable_id = a.receivable_id AND x.id = a.claim_id
      JOIN balances b ON b.receivable_id = a.receivable_id WHERE a.state <> 'PENDING'
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT receivable_id, md5('answered:' || claim_id)::uuid,
        CASE state WHEN 'FINANCED' THEN 'assigned' ELSE 'receivable' END, 'reserved', fen, :on,
        :at, claim_id FROM held WHERE fen > 0
      RETURNING receivable_id, debit, amount_fen
    ), moved AS (
      UPDATE balances b SET reserved_fen = b.reserved_fen - p.amount_fen,
        assigned_fen = b.assigned_fen
          + CASE p.debit WHEN 'assigned' THEN p.amount_fen ELSE 0 END,
        receivable_fen = b.receivable_fen
          + CASE p.debit WHEN 'receivable' THEN p.amount_fen ELSE 0 END
      FROM posted p WHERE b.receivable_id = p.receivable_id
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        platform_id, data, request_id, occurred_at)
      SELECT r.id, md5('told:' || a.claim_id || a.state)::uuid,
        CASE a.state WHEN 'FINANCED' THEN 'receivable.financed' ELSE 'receivable.refused' END,
        :actor, CAST(:viewer AS uuid), r.debtor_id, r.creditor_id, :platform_id,
        jsonb_build_object('invoice_number', r.invoice_number, 'currency', r.currency,
          'platform', CAST(:code AS varchar))
        || CASE a.state WHEN 'FINANCED' THEN jsonb_build_object('amount',
             to_char(coalesce(a.financed_fen, 0)::numeric / 100, 'FM9999999999990.00'))
           ELSE jsonb_build_object('reason', a.reason) END,
        :request_id, :at
      FROM a JOIN receivables r ON r.id = a.receivable_id WHERE a.state <> 'PENDING'
      RETURNING subject_id, id
    )
    INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    """
)
_LOCK: Final = text(
    "SELECT b.receivable_id FROM balances b JOIN claims x ON x.receivable_id = b.receivable_id"
    " WHERE x.export_id = :export_id ORDER BY b.receivable_id FOR UPDATE OF b"
)


def take_in(
    session: Session,
    viewer: Viewer,
    *,
    reference: str,
    answers: Sequence[Answered],
    on: date,
    request_id: str = "",
) -> AnswerResult:
    """Record a platform's answer to one of its exports; the same answer again changes nothing.

    Financed: the part offered is assigned. Refused: it is free again. Pending: it stays reserved.

    Raises:
        NotFoundError: no such export, or not this platform's.
        AnswerError: a row that names no invoice of the export, or several, or contradicts what
            the platform said before. Then nothing is taken in.
    """
    viewer.require("exports.answer")
    export = get_export(session, viewer, reference)
    with as_machine(session):
        return _take_in(session, viewer, export, answers, on=on, request_id=request_id)


def _take_in(
    session: Session,
    viewer: Viewer,
    export: ExportSummary,
    answers: Sequence[Answered],
    *,
    on: date,
    request_id: str,
) -> AnswerResult:
    """Record an answer: what others hold of the receivables counts, and what was refused before."""
    connection = session.connection()
    connection.execute(_LOCK, {"export_id": export.id})
    at = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    asked = {"rows": _asked(answers), "export_id": export.id}
    matches = connection.execute(_MATCH, asked).all()
    _check(export.reference, answers, matches)
    new = {match.claim_id: match for match in matches if not match.repeated}
    told = _told(answers, new.values())
    counted = Counter(row["state"] for row in told)
    financed_fen = sum(answers[match.n].financed_fen for match in new.values())
    if told:
        facts = {"reference": export.reference, "platform": export.platform_code}
        facts |= {state: str(count) for state, count in sorted(counted.items())}
        require(session, viewer, ANSWER, Effect(export.id, facts, financed_fen, export.currency))
    parameters = {
        "rows": json.dumps(told),
        "on": on,
        "at": at,
        "actor": viewer.name,
        "viewer": viewer.party_id,
        "platform_id": export.platform_id,
        "code": export.platform_code,
        "request_id": request_id,
    }
    connection.execute(_TAKE_IN, parameters)
    return AnswerResult(
        reference=export.reference,
        financed=counted["FINANCED"],
        pending=counted["PENDING"],
        refused=counted["REFUSED"],
        repeated=len(matches) - len(new),
        financed_fen=financed_fen,
    )


def _told(answers: Sequence[Answered], new: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "receivable_id": match.receivable_id,
            "claim_id": match.claim_id,
            "state": answers[match.n].state,
            "financed_fen": answers[match.n].financed_fen,
            "reason": answers[match.n].reason,
        }
        for match in new
    ]


def _asked(answers: Sequence[Answered]) -> str:
    rows = [
        {
            "n": n,
            "number": answer.document_number,
            "issued_on": answer.issued_on.isoformat(),
            "total_fen": answer.total_fen,
            "supplier_name": answer.supplier_name,
            "state": answer.state,
        }
        for n, answer in enumerate(answers)
    ]
    return json.dumps(rows)


def _check(reference: str, answers: Sequence[Answered], matches: Sequence[Row[Any]]) -> None:
    seen: dict[str, str] = {}
    for match in matches:
        answer = answers[match.n]
        number = answer.document_number
        if match.found != 1:
            raise AnswerError(
                f"Invoice {number!r} with this date and total is {match.found} times in export"
                f" {reference}; it must be there once.",
                f"导出批次{reference}中号码、日期、金额相符的发票{number!r}有{match.found}张；"
                "须恰有一张。",
                field=number,
            )
        if seen.setdefault(match.claim_id, answer.state) != answer.state or (
            match.final and match.final != answer.state
        ):
            before = match.final or seen[match.claim_id]
            raise AnswerError(
                f"Invoice {number!r} was answered {before} and is now answered {answer.state}.",
                f"发票{number!r}此前答复为{before}，现答复为{answer.state}，互相矛盾。",
                field=number,
            )
