"""ISO 20022 tsin.001.001.01 (InvoiceFinancingRequest), with ISO 20022's own names (iso20022.org).

Where a fact of ours goes:

| fact | element |
|---|---|
| number of receivables, sum of the invoices | ``NbOfInvcReqs``, ``TtlBlkInvcAmt`` |
| sum offered, day spoken about, platform's name, format version | ``AddtlInf`` of the group |
| invoice code and number | ``DocNb``, as ``document_number`` puts them together |
| receivable id and invoice identity | ``SndrRcvrSeqId``, with ``/`` between |
| the part offered | ``ReqdAmt/Amt`` |
| 统一社会信用代码, also the tax number | ``TaxIdNb`` |
| any other identifier and its scheme | ``PrtryId`` |
| what is still owed, and on which day | ``RfrdDoc`` with code ``SOAC`` |
| orders, contract, confirmation, flags, start of the term | ``RfrdDoc``, proprietary type |

The ledger does not keep the tax of an invoice apart, so the whole amount stands as taxable and the
tax as zero. A confirmation id is written without hyphens, because ``DocNb`` takes 35 letters.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from html import escape
from typing import IO
from uuid import UUID

from services.ledger.financing.files.row import (
    ExportHeader,
    ExportRow,
    ExportValueError,
    FileTotals,
    HashingWriter,
    Tally,
)
from services.ledger.money import format_fen

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:tsin.001.001.01"
_UNFIT_LETTERS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


def document_number(invoice_code: str, invoice_number: str) -> str:
    """Return the number that names an invoice to the platform, and in its answer.

    An invoice with a code is only named by code and number together, written with a hyphen.

    >>> document_number("4403171130", "00012345")
    '4403171130-00012345'
    >>> document_number("", "25442000000012345678")
    '25442000000012345678'
    """
    return f"{invoice_code}-{invoice_number}" if invoice_code else invoice_number


def write_tsin001(header: ExportHeader, rows: Iterable[ExportRow], target: IO[bytes]) -> FileTotals:
    """Write the export as a tsin.001 message and return what the file holds.

    Raises:
        ExportTotalsError: the rows do not add up to the header; throw the file away.
        ExportValueError: a value is longer than its element allows; nothing is ever cut.
    """
    tally = Tally(header)
    hashing = HashingWriter(target)
    # Text is put together rather than a tree: four times as fast, and every value passes _Fit.
    hashing.write(f'<?xml version="1.0" encoding="UTF-8"?>\n{_OPENING}\n'.encode())
    hashing.write(f"{_group(header)}\n".encode())
    for batch in tally.batches(rows):
        hashing.write("".join(f"{_request(header, row)}\n" for row in batch).encode())
    hashing.write(f"{_CLOSING}\n".encode())
    return tally.finish(hashing.sha256)


_OPENING = f'<Document xmlns="{_NAMESPACE}"><InvcFincgReq>'
_CLOSING = "</InvcFincgReq></Document>"


class _Fit:
    """Lets values through that fit their element, and says whose value does not."""

    def __init__(self, subject: str, chinese_subject: str) -> None:
        self._subject = subject
        self._chinese_subject = chinese_subject

    def text(self, element: str, field: str, value: str, limit: int = 35) -> str:
        """Return the element with the value as its text.

        Raises:
            ExportValueError: the value is empty, too long, or has letters XML cannot carry.
        """
        if len(value) > limit:
            english, chinese = f"has {len(value)} letters", f"长 {len(value)} 个字符"
        elif not value:
            english, chinese = "is empty", "为空"
        elif _UNFIT_LETTERS.search(value):
            english, chinese = "has control characters", "含有控制字符"
        else:
            return _in(element, escape(value, quote=False).replace("\r", "&#13;"))
        raise ExportValueError(
            f"{self._subject}: {field} {english}; {element} of tsin.001 takes 1 to {limit} "
            "printable letters. Correct it, or ask for CSV or XLSX.",
            f"{self._chinese_subject}：{field} {chinese}；tsin.001 的 {element} 只接受 "
            f"1 至 {limit} 个可打印字符。请更正，或改用 CSV、XLSX。",
            field=field,
        )


def _in(element: str, *parts: str) -> str:
    return f"<{element}>{''.join(parts)}</{element}>"


def _amount(element: str, fen: int, currency: str) -> str:
    return f'<{element} Ccy="{currency}">{format_fen(fen)}</{element}>'


def _group(header: ExportHeader) -> str:
    assert re.fullmatch("[A-Z]{3}", header.currency), "the database knows only ISO 4217 codes"
    fit = _Fit(f"Export {header.reference}", f"导出 {header.reference}")
    facts = (
        ("AS_OF", header.as_of.isoformat()),
        ("OFFERED_TOTAL", format_fen(header.total_fen)),
        ("PLATFORM_NAME", header.platform_name),
        ("FORMAT_VERSION", header.format_version),
    )
    return _in(
        "ReqGrpInf",
        fit.text("GrpId", "reference", header.reference),
        _in("CreDtTm", header.created_utc),
        _in("NbOfInvcReqs", str(header.count)),
        _amount("TtlBlkInvcAmt", header.face_total_fen, header.currency),
        _in("Ccy", header.currency),
        _in(
            "FincgRqstr", _in("PtyId", fit.text("Nm", "requester_name", header.requester_name, 70))
        ),
        _in(
            "FrstAgt",
            _in("PrtryId", fit.text("Id", "platform_code", header.platform_code), _PLATFORM),
        ),
        *(
            _in(
                "AddtlInf",
                _in("InfTp", _in("Prtry", name)),
                fit.text("InfVal", name.lower(), value, 350),
            )
            for name, value in facts
        ),
    )


_PLATFORM = "<IdTp>PLATFORM</IdTp>"


def _request(header: ExportHeader, row: ExportRow) -> str:
    fit = _Fit(f"Receivable {row.receivable_id}", f"应收账款 {row.receivable_id}")
    number = document_number(row.invoice_code, row.invoice_number)
    handle = f"{row.receivable_id}/{row.identity}"
    return _in(
        "InvcReqInf",
        _in(
            "InvcGnlInf",
            "<DocTp>CINV</DocTp>",
            fit.text("DocNb", "invoice_number", number),
            fit.text("SndrRcvrSeqId", "receivable_id/identity", handle, 140),
            _in("IsseDt", row.issued_on.isoformat()),
        ),
        _in(
            "InvcTtlsInf",
            _amount("TtlTaxblAmt", row.face_fen, row.currency),
            _amount("TtlTaxAmt", 0, row.currency),
            _amount("TtlInvcAmt", row.face_fen, row.currency),
            _in("PmtDueDt", row.due_on.isoformat()),
        ),
        _in("ReqdAmt", _amount("Amt", row.offered_fen, row.currency)),
        _in(
            "Spplr",
            _party(
                fit, "supplier", row.supplier_name, row.supplier_scheme, row.supplier_identifier
            ),
        ),
        _in("Buyr", _party(fit, "buyer", row.buyer_name, row.buyer_scheme, row.buyer_identifier)),
        "<InvcPmtInf><PmtMtd>TRF</PmtMtd></InvcPmtInf>",
        *_referred(fit, header, row),
    )


def _party(fit: _Fit, whose: str, name: str, scheme: str, identifier: str) -> str:
    named = fit.text("Nm", f"{whose}_name", name, 70)
    if not identifier:
        return _in("PtyId", named)
    if scheme == "USCC":
        known = fit.text("TaxIdNb", f"{whose}_identifier", identifier)
    else:
        known = _in(
            "PrtryId",
            fit.text("Id", f"{whose}_identifier", identifier),
            fit.text("Issr", f"{whose}_scheme", scheme),
        )
    return _in("PtyId", named, _in("Id", _in("OrgId", known)))


def _referred(fit: _Fit, header: ExportHeader, row: ExportRow) -> Iterator[str]:
    for order, day in zip(row.orders, row.ordered_on, strict=True):
        yield _document("ORDER", fit.text("DocNb", "orders", order), day)
    if row.contract_number:
        yield _document("CONTRACT", fit.text("DocNb", "contract_number", row.contract_number))
    if row.start_on:
        yield _document("TERM_START", "", row.start_on)
    if row.confirmation_id:
        number = UUID(row.confirmation_id).hex
        yield _document("CONFIRMATION", _in("DocNb", number), row.confirmed_on)
    for flag in row.flags:
        yield _document("FLAG", fit.text("DocNb", "flags", flag))
    yield _in(
        "RfrdDoc",
        "<Tp><Cd>SOAC</Cd></Tp>",
        _in("RltdDt", header.as_of.isoformat()),
        _amount("DocAmt", row.open_fen, row.currency),
    )


def _document(kind: str, number: str, day: date | None = None) -> str:
    dated = _in("RltdDt", day.isoformat()) if day else ""
    return _in("RfrdDoc", _in("Tp", _in("Prtry", kind)), number, dated)
