"""CSV for a funder's importer: one title line, then one line per receivable and nothing else.

Comma, double quotes where needed (RFC 4180), CRLF. UTF-8 with a byte order mark so that a
spreadsheet shows Chinese; GB18030 for systems that want it. Amounts are plain decimals with two
places, days ISO dates, an unknown value is empty. Control totals travel beside the file in
``control_record``.

A text that a spreadsheet would run as a formula gets a ``'`` in front (OWASP ASVS 1.2.10); an
importer takes one leading ``'`` off. Spreadsheets also round long identifiers of a CSV: people
should be given the XLSX.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import IO, Any, Literal

from services.ledger.financing.files.columns import COLUMNS, REFERENCE_TITLE, Kind, joined
from services.ledger.financing.files.row import (
    ExportHeader,
    ExportRow,
    FileTotals,
    HashingWriter,
    Tally,
)

CsvEncoding = Literal["utf-8", "gb18030"]

_FORMULA_STARTS = "=+-@\t\r\n\0＝＋－＠"
_FORMULA = re.compile("\n[-=+@\t\0＝＋－＠]")
"""Finds one among cells joined by line feeds; cells with line breaks are found by counting."""
_TO_QUOTE = re.compile('[",\r\n]')


def _texts(column: Sequence[str]) -> Sequence[str]:
    # A whole batch of cells is looked at in one go: the cell that needs care is rare, and a call
    # for each cell (or the csv module, which looks at every letter) more than doubles the time.
    together = "\n" + "\n".join(column)
    if (
        together.count("\n") == len(column)
        and "," not in together
        and '"' not in together
        and "\r" not in together
        and not _FORMULA.search(together)
    ):
        return column
    return [_text(cell) for cell in column]


def _text(cell: str) -> str:
    safe = f"'{cell}" if cell and cell[0] in _FORMULA_STARTS else cell
    if not _TO_QUOTE.search(safe):
        return safe
    doubled = safe.replace('"', '""')
    return f'"{doubled}"'


def _lists(column: Sequence[Sequence[object]]) -> Sequence[str]:
    return _texts([joined(values) for values in column])


def _amounts(column: Sequence[int]) -> Sequence[str]:
    # format_fen without its call: what is exported is never negative, the database sees to it.
    return [f"{fen // 100}.{fen % 100:02d}" for fen in column]


def _days(column: Sequence[date | None]) -> Sequence[str]:
    written = {day: "" if day is None else day.isoformat() for day in set(column)}
    return [written[day] for day in column]


_WRITTEN: dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]] = {
    "text": _texts,
    "list": _lists,
    "amount": _amounts,
    "day": _days,
}


def write_csv(
    header: ExportHeader,
    rows: Iterable[ExportRow],
    target: IO[bytes],
    *,
    encoding: CsvEncoding = "utf-8",
) -> FileTotals:
    """Write the export as CSV and return what the file holds.

    Raises:
        ExportTotalsError: the rows do not add up to the header; throw the file away.
    """
    tally = Tally(header)
    hashing = HashingWriter(target)
    if encoding == "utf-8":
        hashing.write(codecs.BOM_UTF8)
    hashing.write(_lines([[REFERENCE_TITLE], *([column.title] for column in COLUMNS)], encoding))
    (reference,) = _texts([header.reference])
    for batch in tally.batches(rows):
        written = [
            _WRITTEN[column.kind](values)
            for column, values in zip(COLUMNS, zip(*batch, strict=True), strict=True)
        ]
        hashing.write(_lines([[reference] * len(batch), *written], encoding))
    return tally.finish(hashing.sha256)


def _lines(columns: Iterable[Sequence[str]], encoding: CsvEncoding) -> bytes:
    lines = map(",".join, zip(*columns, strict=True))
    return "\r\n".join([*lines, ""]).encode(encoding)
