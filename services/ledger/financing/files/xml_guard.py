"""XML from strangers, read without harm.

A document type declaration is refused before the parser sees a byte: with it go external
entities and entity bombs. Only UTF-8 is taken, because in any other encoding the declaration
could be spelled so that a search for it passes by. Size, depth and the number of elements kept at
a time are bounded, and the tree is thrown away item by item.
"""

import io
import re
from collections.abc import Callable, Iterator
from typing import IO

from lxml import etree

from services.ledger.errors import LedgerError

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 32
MAX_ELEMENTS_AT_ONCE = 10_000

_DECLARED_ENCODING = re.compile(rb"^\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']*)[\"']")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class XmlTooLargeError(LedgerError):
    """A file larger than is read."""

    code = "XML_TOO_LARGE"
    status = 413


class XmlDoctypeError(LedgerError):
    """A document type declaration, which no message has and every attack needs."""

    code = "XML_DOCTYPE"


class XmlMalformedError(LedgerError):
    """Not well-formed XML in UTF-8, or nested too deeply."""

    code = "XML_MALFORMED"


def read_guarded(stream: IO[bytes], *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the bytes of an XML file that is safe to give to a parser.

    Raises:
        XmlTooLargeError: more than ``max_bytes``; no more than that is ever read.
        XmlDoctypeError: a ``<!DOCTYPE``.
        XmlMalformedError: not UTF-8.
    """
    data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise XmlTooLargeError(
            f"The file is larger than {max_bytes} bytes; split it.",
            f"文件超过 {max_bytes} 字节；请拆分后再提交。",
        )
    data = data.removeprefix(_BYTE_ORDER_MARK)
    declared = _DECLARED_ENCODING.match(data)
    if declared is not None and declared[1].upper() not in {b"UTF-8", b"UTF8"}:
        raise _not_utf8(f"declares {declared[1][:20]!r}")
    if b"\0" in data:
        raise _not_utf8("has NUL bytes")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(f"has another byte at {error.start}") from error
    if b"<!DOCTYPE" in data:
        raise XmlDoctypeError(
            "The file has a <!DOCTYPE; it is refused unread. Send it without.",
            "文件含有 <!DOCTYPE 声明，未予解析；请去除后再提交。",
        )
    return data


def _not_utf8(english: str) -> XmlMalformedError:
    return XmlMalformedError(
        f"The file must be XML in UTF-8 but {english}; save it as UTF-8.",
        "文件不是 UTF-8 编码的 XML；请另存为 UTF-8 后再提交。",
    )


def elements(data: bytes, *, spent: Callable[[etree._Element], bool]) -> Iterator[etree._Element]:
    """Yield every element as it closes, children first.

    Args:
        data: what ``read_guarded`` returned.
        spent: says of an element that has been yielded whether it may be forgotten.

    Raises:
        XmlMalformedError: broken, deeper than 32, or more than 10,000 elements kept at a time.
    """
    depth = kept = 0
    try:
        for event, element in etree.iterparse(
            io.BytesIO(data),
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            encoding="utf-8",
        ):
            if event == "start":
                depth += 1
                kept += 1
                if depth > MAX_DEPTH or kept > MAX_ELEMENTS_AT_ONCE:
                    raise _overgrown(element.sourceline)
                continue
            depth -= 1
            yield element
            if spent(element):
                _forget(element)
                kept = depth
    except etree.XMLSyntaxError as error:
        raise XmlMalformedError(
            f"The file is not well-formed XML: line {error.lineno}: {error.msg}",
            f"文件不是格式良好的 XML：第 {error.lineno} 行：{error.msg}",
        ) from error


def _forget(element: etree._Element) -> None:
    # The element itself stays, emptied: the parser still writes the text behind it.
    element.clear()
    parent = element.getparent()
    while parent is not None and (earlier := element.getprevious()) is not None:
        parent.remove(earlier)


def _overgrown(line: int | None) -> XmlMalformedError:
    return XmlMalformedError(
        f"Line {line}: elements are nested deeper than {MAX_DEPTH}, or one item has more than "
        f"{MAX_ELEMENTS_AT_ONCE}.",
        f"第 {line} 行：元素嵌套超过 {MAX_DEPTH} 层，或单条记录超过 {MAX_ELEMENTS_AT_ONCE} "
        "个元素。",
    )
