"""Exports and answers as files: written from the claims, read back into them."""

from dataclasses import replace
from datetime import date
from typing import IO, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import ExportDelivered
from services.ledger.access import Viewer
from services.ledger.errors import LedgerError
from services.ledger.financing import queries
from services.ledger.financing.answering import Answered, AnswerResult, take_in
from services.ledger.financing.files.formats import FORMATS
from services.ledger.financing.files.row import ExportHeader, FileTotals
from services.ledger.financing.files.tsin001 import document_number
from services.ledger.financing.files.tsin002 import read_answer
from services.ledger.financing.queries import ExportSummary
from services.ledger.identification import as_machine
from services.ledger.ids import id_of
from services.ledger.log.service import Entry, append
from services.ledger.money import format_fen
from services.ledger.policy import Relation

REQUESTER: Final = "供应链应收账款台账"


class FormatError(LedgerError):
    """A file format that exports are not written in."""

    code = "FORMAT_UNKNOWN"


def write_file(
    session: Session, export: ExportSummary, *, file_format: str, target: IO[bytes]
) -> FileTotals:
    """Write an export as a file; the same export can be written again, in any format.

    It says what it said when the export was made, of what was refused since as well: whoever may
    fetch it was handed these rows already.

    Raises:
        FormatError: no such format.
        ExportTotalsError: the rows do not add up to the export; the file must be thrown away.
    """
    chosen = FORMATS.get(file_format)
    if chosen is None:
        raise FormatError(
            f"Exports are not written as {file_format!r}; known: {', '.join(FORMATS)}.",
            f"不支持导出格式{file_format!r}；可用：{'、'.join(FORMATS)}。",
            field="format",
        )
    header = ExportHeader(
        reference=export.reference,
        platform_code=export.platform_code,
        platform_name=export.platform_name,
        requester_name=REQUESTER,
        as_of=export.as_of,
        created_at=export.recorded_at,
        currency=export.currency,
        count=export.count,
        total_fen=export.total_fen,
        face_total_fen=0,
    )
    with as_machine(session):
        header = replace(header, face_total_fen=queries.face_total(session, export.id))
        return chosen.write(header, queries.rows(session, export.id), target)


_OFFERED_BY: Final = text(
    """
    SELECT min(creditor_id::varchar) AS first, max(creditor_id::varchar) AS last FROM claims
    WHERE export_id = :export_id
    """
)


def note_delivery(
    session: Session, viewer: Viewer, export: ExportSummary, request_id: str = ""
) -> None:
    """Tell, once, that an export's file reached its platform, where that is who fetched it.

    The supplier whose claims all of it are is told too.
    """
    if viewer.relation("exports.answer") is not Relation.PLATFORM:
        return
    offered_by = session.connection().execute(_OFFERED_BY, {"export_id": export.id}).one()
    told = ExportDelivered(
        platform=export.platform_code,
        export_reference=export.reference,
        receivables=export.count,
        total=format_fen(export.total_fen),
        currency=export.currency,
    )
    entry = Entry(
        export.id,
        told,
        viewer.name,
        viewer.party_id,
        creditor_id=UUID(offered_by.first) if offered_by.first == offered_by.last else None,
        platform_id=export.platform_id,
        id=id_of("delivered", export.id),
    )
    append(session, [entry], request_id)


def read_answer_file(
    session: Session,
    viewer: Viewer,
    stream: IO[bytes],
    *,
    on: date,
    request_id: str = "",
) -> AnswerResult:
    """Read a tsin.002 file and record what it says; the same file again changes nothing.

    A request refused as a whole refuses every row of the export.

    Raises:
        NotAllowedError: the viewer answers for no platform.
        AnswerError, NotFoundError: the answer does not fit an export of this platform's.
        XmlDoctypeError, XmlMalformedError, XmlTooLargeError: the file is not taken.
    """
    viewer.require("exports.answer")
    answer = read_answer(stream)
    if answer.accepted:
        answers = [
            Answered(
                document_number=item.document_number,
                issued_on=item.issued_on,
                total_fen=item.total_fen,
                supplier_name=item.supplier_name,
                state=item.state,
                financed_fen=item.financed_fen,
                reason=item.reason,
            )
            for item in answer.items
        ]
    else:
        export = queries.get_export(session, viewer, answer.export_reference)
        with as_machine(session):
            offered = list(queries.rows(session, export.id))
        answers = [
            Answered(
                document_number=document_number(row.invoice_code, row.invoice_number),
                issued_on=row.issued_on,
                total_fen=row.face_fen,
                supplier_name=row.supplier_name,
                state="REFUSED",
                financed_fen=0,
                reason=answer.reason,
            )
            for row in offered
        ]
    return take_in(
        session,
        viewer,
        reference=answer.export_reference,
        answers=answers,
        on=on,
        request_id=request_id,
    )
