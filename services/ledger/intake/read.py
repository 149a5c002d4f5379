"""Opens a file as a heading and rows, in memory that does not grow with the file.

A file is read once to learn its digest and its encoding (strictly, and told to the user), and once
for its rows. What is too large, cut off, or not what it seems is refused before any row is read.
"""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from services.ledger.intake.problems import FileRefusedError
from services.ledger.intake.profile import Section
from services.ledger.intake.sheets import check_workbook, sheet_rows

MAX_BYTES = 100 * 1024 * 1024
_CHUNK = 1024 * 1024
"""Also the longest line taken: one line is the least a reader must hold."""
_MAX_COLUMNS = 500
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ENCODINGS = ("utf-8-sig", "gb18030")
_SHOWN_ENCODING = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030"}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Table:
    """A file opened: what it is, its columns, and its rows as they come."""

    name: str
    sha256: bytes
    size_bytes: int
    encoding: str
    """What was detected: UTF-8, UTF-16, GB18030, or XLSX."""
    heading: list[str]
    rows: Iterator[tuple[int, list[str]]]
    """Line of the file (from 1) and its cells. Wholly empty rows are left out."""


def open_table(path: Path, section: Section, *, max_bytes: int = MAX_BYTES) -> Table:
    """Open a CSV or XLSX file; which it is, its first bytes say and not its name.

    Raises:
        FileRefusedError: too large, of no known encoding or kind, no heading, unknown or missing
            columns, a zip bomb.
    """
    size = path.stat().st_size
    if size > max_bytes:
        raise FileRefusedError(
            f"{path.name} has {size} bytes; at most {max_bytes} are read. Split it.",
            f"文件 {path.name} 有 {size} 字节，最多读取 {max_bytes} 字节，请拆分后导入。",
        )
    with path.open("rb") as stream:
        start = stream.read(4)
        stream.seek(0)
        if start == _OLE:
            raise FileRefusedError(
                f"{path.name} is an old or encrypted Excel file; save it as .xlsx or CSV.",
                f"{path.name} 是旧版或加密的 Excel 文件，请另存为 .xlsx 或 CSV。",
            )
        if start == _ZIP:
            digest = _digest(stream)
            check_workbook(path)
            lines, encoding = sheet_rows(path, section.sheet), "XLSX"
        else:
            digest, codec = _examine(stream, path.name)
            encoding = _SHOWN_ENCODING[codec]
            lines = _csv_rows(path, codec, section.delimiter)
    heading = _heading(lines, section.heading_line, path.name)
    _check_columns(heading, section, path.name)
    rows = (one for one in lines if any(one[1]))
    return Table(path.name, digest, size, encoding, heading, rows)


def _digest(stream: BinaryIO) -> bytes:
    digest = sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.digest()


def _examine(stream: BinaryIO, name: str) -> tuple[bytes, str]:
    """Return the digest and the first encoding in which every byte of the file makes sense."""
    digest = sha256()
    start = stream.read(2)
    stream.seek(0)
    wide = start in _UTF16
    possible = {
        codec: codecs.getincrementaldecoder(codec)("strict")
        for codec in (("utf-16",) if wide else _ENCODINGS)
    }
    while True:
        chunk = stream.read(_CHUNK)
        digest.update(chunk)
        for codec, decoder in list(possible.items()):
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                del possible[codec]
        if len(chunk) == _CHUNK and b"\n" not in chunk and b"\r" not in chunk:
            raise FileRefusedError(
                f"{name} has a line longer than {_CHUNK} bytes; it is not a table.",
                f"{name} 有一行超过 {_CHUNK} 字节，不是表格文件。",
            )
        if not possible or (b"\0" in chunk and not wide):
            raise FileRefusedError(
                f"{name} is not text in UTF-8, UTF-16 with a mark, or GB18030.",
                f"{name} 不是 UTF-8、带标记的 UTF-16 或 GB18030 编码的文本。",
            )
        if not chunk:
            return digest.digest(), next(iter(possible))


def _csv_rows(path: Path, codec: str, delimiter: str | None) -> Iterator[tuple[int, list[str]]]:
    """Yield rows with the line each begins on; a quote gone astray refuses the file, not a row."""
    with path.open(encoding=codec, errors="strict", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter or _delimiter_of(path, codec), strict=True)
        line = 1
        try:
            for row in reader:
                yield line, row
                line = reader.line_num + 1
        except csv.Error as error:
            raise FileRefusedError(
                f"{path.name} cannot be read as CSV from line {line} on: {error}.",
                f"{path.name} 自第 {line} 行起无法按 CSV 读取：{error}。",
            ) from None


def _delimiter_of(path: Path, codec: str) -> str:
    """Return the one of comma, semicolon and tab that the heading holds most of."""
    with path.open(encoding=codec, errors="strict") as stream:
        first = stream.readline()
    return max(",;\t", key=first.count)


def _heading(lines: Iterator[tuple[int, list[str]]], at: int, name: str) -> list[str]:
    for line, row in lines:
        if line >= at:
            heading = [cell.strip() for cell in row]
            while heading and not heading[-1]:
                heading.pop()
            if heading and len(heading) <= _MAX_COLUMNS:
                return heading
            break
    raise FileRefusedError(
        f"{name} has no heading of 1 to {_MAX_COLUMNS} columns in line {at}.",
        f"{name} 第 {at} 行没有1至{_MAX_COLUMNS}列的表头。",
    )


def _check_columns(heading: list[str], section: Section, name: str) -> None:
    columns = section.columns
    twice = sorted({one for one in heading if heading.count(one) > 1})
    missing = [one for one, needed in columns.items() if needed and one not in heading]
    unknown = [one for one in heading if one not in columns and one not in section.ignore]
    if not (twice or missing or unknown):
        return
    english = [
        f"{what}: {', '.join(map(repr, names))}"
        for what, names in (("missing", missing), ("unknown", unknown), ("twice", twice))
        if names
    ]
    chinese = [
        f"{what}：{'、'.join(names)}"
        for what, names in (("缺少", missing), ("未知", unknown), ("重复", twice))
        if names
    ]
    raise FileRefusedError(
        f"The columns of {name} are not those of the profile; {'; '.join(english)}."
        " Correct the heading, or name columns to be left out under `ignore`.",
        f"{name} 的列与配置不符；{'；'.join(chinese)}。请改正表头，或将不用的列写入 ignore。",
    )
