"""Values out of a tsin.002 element: each as often as it may be there, and exact."""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

from lxml import etree

from services.ledger.errors import LedgerError
from services.ledger.money import AmountError, parse_fen

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:tsin.002.001.01"

_DECIMAL = re.compile(r"\+?(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?", re.ASCII)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII,
)
_CURRENCY = re.compile("[A-Z]{3}", re.ASCII)
_SHANGHAI = timezone(timedelta(hours=8))


class AnswerError(LedgerError):
    """A well-formed file that is not a sound tsin.002 answer."""

    code = "ANSWER_INVALID"


def invalid(element: etree._Element, english: str, chinese: str) -> AnswerError:
    """Return the refusal, with the line it speaks of."""
    line = element.sourceline
    return AnswerError(
        f"Line {line}: {english}. Nothing of the answer was taken; ask the platform to correct it.",
        f"第 {line} 行：{chinese}。该回执未被采用；请要求平台更正后重新提交。",
        field=name_of(element),
    )


def name_of(element: etree._Element) -> str:
    """Return the name of an element of the message.

    Raises:
        AnswerError: it belongs to another message.
    """
    name = etree.QName(element)
    if name.namespace != NAMESPACE:
        found = name.namespace or "-"
        raise AnswerError(
            f"Line {element.sourceline}: {name.localname[:40]} is of {found[:80]}; "
            "send a tsin.002.001.01 message.",
            f"第 {element.sourceline} 行：{name.localname[:40]} 属于 {found[:80]}；"
            "请提交 tsin.002.001.01 报文。",
        )
    return name.localname


class Fields:
    """Reads the values below one element; a path is names with ``/`` between."""

    def __init__(self, element: etree._Element) -> None:
        self.element = element

    def _find(self, path: str) -> etree._Element | None:
        element = self.element
        for name in path.split("/"):
            found = element.findall(f"{{{NAMESPACE}}}{name}")
            if len(found) > 1:
                raise invalid(found[1], f"{path} is repeated", f"{path} 重复")
            if not found:
                return None
            element = found[0]
        return element

    def has(self, path: str) -> bool:
        """Return whether the element is there."""
        return self._find(path) is not None

    def _need(self, path: str) -> etree._Element:
        element = self._find(path)
        if element is None:
            raise invalid(self.element, f"{path} is missing", f"缺少 {path}")
        return element

    def text(self, path: str, limit: int = 35) -> str:
        """Return a text that must be there, of 1 to ``limit`` letters."""
        return _text(self._need(path), limit)

    def optional(self, path: str, limit: int = 35) -> str:
        """Return a text, empty where the element is not there."""
        element = self._find(path)
        return "" if element is None else _text(element, limit)

    def texts(self, path: str, limit: int) -> list[str]:
        """Return the texts of an element that may be repeated."""
        names = "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))
        return [_text(element, limit) for element in self.element.findall(names)]

    def amount(self, path: str) -> tuple[int, str]:
        """Return an amount as fen and currency; what is not whole fen is refused, not rounded."""
        element = self._need(path)
        text = _text(element, 24)
        currency = str(element.get("Ccy", ""))
        match = _DECIMAL.fullmatch(text)
        if match is None or not _CURRENCY.fullmatch(currency):
            raise invalid(
                element,
                f"{path}: {currency} {text} is not an amount with a currency",
                f"{path}：{currency} {text} 不是带币种的金额",
            )
        whole, places = match[1] or "0", (match[2] or "").rstrip("0")
        try:
            return parse_fen(f"{whole.lstrip('0') or '0'}.{places.ljust(2, '0')}"), currency
        except AmountError as error:
            raise invalid(
                element, f"{path}: {error.english}", f"{path}：{error.chinese}"
            ) from error

    def percent(self, path: str) -> Decimal | None:
        """Return a percentage, not negative, or ``None`` where the element is not there."""
        element = self._find(path)
        if element is None:
            return None
        text = _text(element, 14)
        if _DECIMAL.fullmatch(text) is None:
            raise invalid(
                element, f"{path}: {text} is not a percentage", f"{path}：{text} 不是百分比"
            )
        return Decimal(text)

    def count(self, path: str) -> int:
        """Return a whole number."""
        element = self._need(path)
        text = _text(element, 18)
        if re.fullmatch("[0-9]+", text, re.ASCII) is None:
            raise invalid(element, f"{path}: {text} is not a number", f"{path}：{text} 不是整数")
        return int(text)

    def day(self, path: str) -> date:
        """Return a day as written, whatever offset it carries."""
        element = self._need(path)
        text = _text(element, 16)
        match = _DAY.fullmatch(text)
        try:
            return date.fromisoformat(match[1] if match else "")
        except ValueError as error:
            raise invalid(
                element, f"{path}: {text} is no day", f"{path}：{text} 不是日期"
            ) from error

    def instant(self, path: str) -> datetime:
        """Return an instant in UTC; without an offset it is read as Shanghai time."""
        element = self._need(path)
        text = _text(element, 40)
        match = _INSTANT.fullmatch(text)
        try:
            written = datetime.fromisoformat(text if match else "")
            if match and not match[1]:
                written = written.replace(tzinfo=_SHANGHAI)
            return written.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise invalid(
                element, f"{path}: {text} is no instant", f"{path}：{text} 不是时间"
            ) from error


def _text(element: etree._Element, limit: int) -> str:
    text = (element.text or "").strip()
    if len(element) or not 0 < len(text) <= limit:
        name = name_of(element)
        raise invalid(
            element,
            f"{name} must be a text of 1 to {limit} letters",
            f"{name} 必须是 1 至 {limit} 个字符的文本",
        )
    return text
