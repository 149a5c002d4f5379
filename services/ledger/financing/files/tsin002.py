"""Reads ISO 20022 tsin.002.001.01 (InvoiceFinancingRequestStatus), a platform's answer.

What the codes of the message mean to a claim (names by ISO 20022, iso20022.org):

| code | state | meaning |
|---|---|---|
| ``FNCD`` | ``FINANCED`` | financed, with the amount or the percentage of the invoice |
| ``PDNG`` | ``PENDING`` | still being examined; the claim stays reserved |
| ``NTFD`` | ``REFUSED`` | not financed; the claim goes back |
| ``RCCF`` | | the request itself was received and is correct |
| ``RCER`` | | the request itself was refused as faulty: every claim of it goes back |

An answer is taken whole or not at all: its own sums must agree with its items.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import IO

from lxml import etree

from services.ledger.financing.files.answer import REASONS, STATES, Answer, AnswerItem
from services.ledger.financing.files.answer_fields import Fields, invalid, name_of
from services.ledger.financing.files.xml_guard import elements, read_guarded
from services.ledger.money import format_fen, round_fen


@dataclass(frozen=True, kw_only=True)
class _Summary:
    count: int
    accepted_fen: int
    financed_fen: int
    percent: Decimal | None
    currency: str


_INSIDE = {
    "InvcFincgReqSts": "Document",
    "StsId": "InvcFincgReqSts",
    "OrgnlReqInfAndSts": "InvcFincgReqSts",
    "FincgInfAndSts": "InvcFincgReqSts",
    "FincgAllwdSummry": "FincgInfAndSts",
    "InvcFincgDtls": "FincgInfAndSts",
}
"""Which element each part of the message stands in; nothing else may stand there."""


def read_answer(stream: IO[bytes]) -> Answer:
    """Return the answer in a tsin.002 file.

    An instant without an offset is read as Shanghai time.

    Raises:
        XmlTooLargeError: more than 20 MiB.
        XmlDoctypeError: a document type declaration.
        XmlMalformedError: not XML in UTF-8, cut off, or nested beyond measure.
        AnswerError: another message, or one that breaks its structure or contradicts itself.
    """
    reading = _Reading()
    for element in elements(read_guarded(stream), spent=_is_item):
        reading.take(element)
    return reading.answer()


def _is_item(element: etree._Element) -> bool:
    return name_of(element) == "InvcFincgDtls"


class _Reading:
    """What has been read so far of one answer."""

    def __init__(self) -> None:
        self.root: etree._Element
        self.sent: tuple[str, datetime] | None = None
        self.original: tuple[str, bool, str] | None = None
        self.summary: _Summary | None = None
        self.items: list[AnswerItem] = []
        self.by_percent = 0

    def take(self, element: etree._Element) -> None:
        """Read one element that has closed."""
        name, parent = name_of(element), element.getparent()
        inside = "" if parent is None else name_of(parent)
        if _INSIDE.get(name, inside) != inside or (
            inside in {"", *_INSIDE.values()} and name not in {"Document", *_INSIDE}
        ):
            raise invalid(
                element, f"{name} has no place in {inside or 'the file'}", f"{name} 位置有误"
            )
        fields = Fields(element)
        if name == "StsId":
            self._once(element, self.sent)
            self.sent = (fields.text("Id"), fields.instant("CreDtTm"))
        elif name == "OrgnlReqInfAndSts":
            self._once(element, self.original)
            self.original = _original(fields)
        elif name == "FincgAllwdSummry":
            self._once(element, self.summary or self.items or None)
            self.summary = _summary(fields)
        elif name == "InvcFincgDtls":
            if self.summary is None:
                raise invalid(element, "FincgAllwdSummry must come first", "缺少 FincgAllwdSummry")
            item, by_percent = _item(fields, self.summary)
            self.items.append(item)
            self.by_percent += by_percent
        elif name == "Document":
            self.root = element

    @staticmethod
    def _once(element: etree._Element, before: object) -> None:
        if before is not None:
            name = name_of(element)
            raise invalid(element, f"{name} is repeated", f"{name} 重复")

    def answer(self) -> Answer:
        """Return the whole, once its parts agree."""
        if self.sent is None or self.original is None:
            raise invalid(
                self.root,
                "StsId or OrgnlReqInfAndSts is missing",
                "缺少 StsId 或 OrgnlReqInfAndSts",
            )
        reference, accepted, reason = self.original
        if self.summary is not None:
            self._check(self.summary, accepted=accepted)
        return Answer(
            id=self.sent[0],
            created_at=self.sent[1],
            export_reference=reference,
            accepted=accepted,
            reason=reason,
            currency=self.summary.currency if self.summary else "",
            items=self.items,
        )

    def _check(self, summary: _Summary, *, accepted: bool) -> None:
        if not accepted or not self.items:
            raise invalid(
                self.root,
                "the request was refused (RCER) but has items, or has a sum without items",
                "申请已被整体拒绝（RCER）却含有明细，或有汇总而无明细",
            )
        handles = {
            (one.document_number, one.supplier_name, one.issued_on, one.due_on, one.total_fen)
            for one in self.items
        }
        if len(handles) < len(self.items):
            raise invalid(self.root, "an invoice is answered twice", "同一发票重复答复")
        financed = [one for one in self.items if one.state == "FINANCED"]
        _same(self.root, "FincdItmNb", summary.count, len(financed))
        accepted_fen = sum(one.total_fen for one in financed)
        _same(self.root, "TtlAccptdItmsAmt", summary.accepted_fen, accepted_fen)
        paid_fen = sum(one.financed_fen for one in financed)
        # Each amount worked out from a percentage may be rounded otherwise by the platform.
        if abs(summary.financed_fen - paid_fen) > self.by_percent:
            _same(self.root, "TtlFincdAmt", summary.financed_fen, paid_fen)


def _same(root: etree._Element, name: str, said: int, found: int) -> None:
    if said == found:
        return
    first, second = (
        (str(said), str(found)) if name == "FincdItmNb" else (format_fen(said), format_fen(found))
    )
    raise invalid(
        root,
        f"{name} says {first} but the financed items make {second}",
        f"{name} 为 {first}，而已融资明细合计为 {second}",
    )


def _original(fields: Fields) -> tuple[str, bool, str]:
    if fields.has("CxlStsInf"):
        raise invalid(
            fields.element,
            "CxlStsInf answers a cancellation, and none was asked for",
            "CxlStsInf 是对撤销申请的答复，但并未提出撤销",
        )
    status = fields.text("VldtnStsInf/Sts")
    if status not in {"RCCF", "RCER"}:
        raise invalid(fields.element, f"{status} is no validation status", f"{status} 不是校验状态")
    fields.instant("CreDtTm")
    return fields.text("Id"), status == "RCCF", _reason(fields, "VldtnStsInf")


def _summary(fields: Fields) -> _Summary:
    accepted_fen, currency = fields.amount("TtlAccptdItmsAmt")
    financed_fen, paid_in = fields.amount("TtlFincdAmt")
    _one_currency(fields, currency, paid_in)
    return _Summary(
        count=fields.count("FincdItmNb"),
        accepted_fen=accepted_fen,
        financed_fen=financed_fen,
        percent=fields.percent("ApldPctg"),
        currency=currency,
    )


def _item(fields: Fields, summary: _Summary) -> tuple[AnswerItem, bool]:
    """Return the item, and whether its amount was worked out from a percentage."""
    if fields.has("InstlmtFincgInf"):
        raise invalid(fields.element, "no instalments were offered", "未按分期提出融资申请")
    code = fields.text("InvcFincgRslt/FincgReqSts")
    if code not in STATES:
        raise invalid(fields.element, f"{code} is no request status", f"{code} 不是融资状态")
    total_fen, currency = fields.amount("OrgnlInvcInf/TtlInvcAmt")
    _one_currency(fields, summary.currency, currency)
    financed_fen, by_percent = _financed(fields, summary, total_fen)
    item = AnswerItem(
        document_number=fields.text("OrgnlInvcInf/DocNb"),
        issued_on=fields.day("OrgnlInvcInf/IsseDt"),
        due_on=fields.day("OrgnlInvcInf/PmtDueDt"),
        total_fen=total_fen,
        supplier_name=fields.optional("Spplr/Nm", 70),
        state=STATES[code],
        financed_fen=financed_fen,
        reason=_reason(fields, "InvcFincgRslt"),
    )
    if (item.state == "FINANCED") != (financed_fen > 0) or financed_fen > total_fen:
        raise invalid(
            fields.element,
            f"{item.document_number}: {code} does not go with {format_fen(financed_fen)} financed "
            f"of {format_fen(total_fen)}",
            f"{item.document_number}：状态 {code} 与融资金额 {format_fen(financed_fen)}"
            f"（票面 {format_fen(total_fen)}）不符",
        )
    return item, by_percent


def _financed(fields: Fields, summary: _Summary, total_fen: int) -> tuple[int, bool]:
    where = "InvcFincgRslt/FincdAmt"
    if fields.has(f"{where}/Amt"):
        financed_fen, currency = fields.amount(f"{where}/Amt")
        _one_currency(fields, summary.currency, currency)
        return financed_fen, False
    percent = fields.percent(f"{where}/Rate")
    if percent is None and fields.text("InvcFincgRslt/FincgReqSts") == "FNCD":
        percent = summary.percent  # what the summary says was applied to every accepted item
    if percent is None:
        return 0, False
    return round_fen(Fraction(total_fen) * Fraction(percent) * Fraction(1, 100)), True


def _reason(fields: Fields, where: str) -> str:
    code = fields.optional(f"{where}/StsRsn/Cd", 4)
    english, chinese = REASONS.get(code, ("", ""))
    parts = (
        f"{code} {chinese} {english}".strip(),
        fields.optional(f"{where}/StsRsn/Prtry"),
        *fields.texts(f"{where}/AddtlStsRsnInf", 105),
    )
    return "; ".join(part for part in parts if part)


def _one_currency(fields: Fields, expected: str, found: str) -> None:
    if expected != found:
        raise invalid(
            fields.element,
            f"an amount in {found} where the answer is in {expected}",
            f"币种 {found} 与回执币种 {expected} 不一致",
        )
