"""Invoices (发票管理办法): which identifiers each kind carries, and whether a number can be one."""

import re
from datetime import date
from typing import NamedTuple

from services.ledger.errors import LedgerError

_CENTURY = 2000


class InvoiceNumberError(LedgerError):
    """An invoice code or number that its kind cannot have."""

    code = "INVOICE_NUMBER_INVALID"


class InvoiceKind(NamedTuple):
    """The shape of one kind's identifiers."""

    key: str
    name_zh: str
    code_digits: int
    """0: the kind has no invoice code."""
    number_digits: int


KINDS: dict[str, InvoiceKind] = {
    kind.key: kind
    for kind in (
        InvoiceKind("DIGITAL_SPECIAL", "电子发票（增值税专用发票）", 0, 20),
        InvoiceKind("DIGITAL_GENERAL", "电子发票（普通发票）", 0, 20),
        InvoiceKind("PAPER_SPECIAL", "增值税专用发票（纸质）", 10, 8),
        InvoiceKind("PAPER_GENERAL", "增值税普通发票（折叠票）", 12, 8),
        InvoiceKind("PAPER_ROLL", "增值税普通发票（卷票）", 12, 8),
        InvoiceKind("ELECTRONIC_GENERAL", "增值税电子普通发票", 12, 8),
        InvoiceKind("ELECTRONIC_SPECIAL", "增值税电子专用发票", 12, 8),
        InvoiceKind("VEHICLE", "机动车销售统一发票", 12, 8),
        InvoiceKind("DIGITAL_PAPER_SPECIAL", "数电纸质发票（增值税专用发票）", 10, 8),
        InvoiceKind("DIGITAL_PAPER_GENERAL", "数电纸质发票（普通发票）", 12, 8),
    )
}


def check_invoice(kind: str, *, code: str, number: str, issued_on: date) -> InvoiceKind:
    """Refuse identifiers that the kind cannot have; what has no check digit is not guessed at.

    A 数电票 carries 20 digits and no code; digits 1 to 2 are the year of the number, which cannot
    be later than the issue. Digits 3 to 4 name a tax authority and are not looked up, since
    计划单列市 have their own.

    Raises:
        InvoiceNumberError: an unknown kind, a wrong length, letters, or a year after the issue.
    """
    shape = KINDS.get(kind)
    if shape is None:
        raise InvoiceNumberError(
            f"The invoice kind {kind[:40]!r} is not known; known: {', '.join(KINDS)}.",
            f"未知的发票种类 {kind[:40]!r}；可用：{'、'.join(KINDS)}。",
            field="kind",
        )
    _digits("code", code, shape.code_digits, shape)
    _digits("number", number, shape.number_digits, shape)
    if not shape.code_digits and _CENTURY + int(number[:2]) > issued_on.year:
        raise InvoiceNumberError(
            f"The number {number} is of the year {_CENTURY + int(number[:2])}, after its issue on"
            f" {issued_on}.",
            f"号码 {number} 的年份晚于开票日期 {issued_on}。",
            field="number",
        )
    return shape


def _digits(field: str, text: str, length: int, shape: InvoiceKind) -> None:
    if re.fullmatch(f"[0-9]{{{length}}}", text, re.ASCII):
        return
    wanted = f"{length} digits" if length else "empty"
    wanted_zh = f"{length}位数字" if length else "空"
    raise InvoiceNumberError(
        f"The {field} {text[:40]!r} of a {shape.key} invoice must be {wanted}.",
        f"{shape.name_zh}的{'代码' if field == 'code' else '号码'} {text[:40]!r} 应为{wanted_zh}。",
        field=field,
    )
