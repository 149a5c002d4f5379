"""What makes two invoices the same invoice, so that none is financed twice.

A tax invoice is identified by its kind, code and number alone (tier T0); any other document by
its seller, number and year (tier T1). The identity is stored as a keyed digest: a plain hash of
an eight-digit number could be turned back by trying them all.
"""

import hashlib
import hmac
import re
import unicodedata
from datetime import date
from uuid import UUID

from services.ledger.errors import LedgerError

_SPACE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_CODE = re.compile(r"[0-9]{10}|[0-9]{12}", re.ASCII)
_EIGHT = re.compile(r"[0-9]{8}", re.ASCII)
_TAX = re.compile(r"[0-9]{18}|[0-9]{20}", re.ASCII)
_TWENTY = re.compile(r"[0-9]{20}", re.ASCII)
KINDS = ("DIGITAL", "VAT", "OTHER")
_CENTURY = 2000


class InvoiceNumberError(LedgerError):
    """An invoice number that its kind of invoice cannot have."""

    code = "INVOICE_NUMBER_INVALID"


def normal(text: str) -> str:
    """Return a document number as it is compared: half width, upper case, without spaces.

    >>> normal(" fp 001")
    'FP001'
    """
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_number(kind: str, code: str, number: str, *, issued_on: date) -> None:
    """Refuse a number of the wrong shape for its kind.

    Raises:
        InvoiceNumberError: 数电票 have 20 digits, of which the first two are the year they were
            numbered in, and no code; other VAT invoices a code of 10 or 12 digits and a number of
            8.
    """
    if kind == "DIGITAL" and (code or not _TWENTY.fullmatch(number)):
        raise InvoiceNumberError(
            f"A fully digital invoice has 20 digits and no code; got code {code!r} and number"
            f" {number!r}.",
            f"数电票号码为20位数字且无发票代码；收到代码{code!r}、号码{number!r}。",
            field="invoice_number",
        )
    if kind == "DIGITAL" and int(number[:2]) + _CENTURY > issued_on.year:
        raise InvoiceNumberError(
            f"The number {number} was given in {int(number[:2]) + _CENTURY}, after the issue on"
            f" {issued_on}; one of both was mistyped.",
            f"数电票号码{number}的年份为{int(number[:2]) + _CENTURY}，晚于开票日期{issued_on}；"
            "请核对。",
            field="invoice_number",
        )
    if kind == "VAT" and not (_CODE.fullmatch(code) and _EIGHT.fullmatch(number)):
        raise InvoiceNumberError(
            f"A VAT invoice has a code of 10 or 12 digits and a number of 8; got code {code!r} and"
            f" number {number!r}.",
            f"增值税发票代码为10位或12位数字，号码为8位数字；收到代码{code!r}、号码{number!r}。",
            field="invoice_number",
        )
    digits = normal(code + number)
    if kind == "OTHER" and _TAX.fullmatch(digits):
        raise InvoiceNumberError(
            f"{digits} has the shape of a tax invoice; send it as DIGITAL (20 digits) or VAT (code"
            " and number), so that it is known again whoever sends it.",
            f"{digits}符合税务发票的号码形式；请按数电票（20位）或增值税发票（代码加号码）登记，"
            "以便识别重复。",
            field="invoice_kind",
        )
    if not digits:
        raise InvoiceNumberError(
            "The invoice number is empty.", "发票号码为空。", field="invoice_number"
        )


def digest(
    key: bytes, *, kind: str, code: str, number: str, creditor_id: UUID, issued_on: date
) -> bytes:
    """Return the keyed digest of an invoice's identity, 32 bytes.

    Each value is framed by its length, so that no two different invoices write the same text.
    """
    values = (
        (kind, normal(code), normal(number))
        if kind in {"DIGITAL", "VAT"}
        else (kind, str(creditor_id), normal(number), str(issued_on.year))
    )
    framed = "".join(f"|{len(value.encode())}:{value}" for value in values)
    return hmac.digest(key, f"rcv1{framed}".encode(), hashlib.sha256)
