"""XLSX for people: every identifier stays text, every amount a number Excel can add up exactly.

Two sheets: 应收账款, the receivables under a frozen title line, and 说明, the control totals and
what each column says. No cell is a formula or a link, whatever a name looks like. Excel keeps 15
significant digits and the ledger takes no larger amount, so nothing is rounded.
"""

import shutil
from collections.abc import Callable, Iterable
from datetime import UTC
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from services.ledger.errors import LedgerError
from services.ledger.financing.files.columns import COLUMNS, REFERENCE_TITLE, Kind, joined
from services.ledger.financing.files.row import (
    ExportHeader,
    ExportRow,
    ExportValueError,
    FileTotals,
    HashingWriter,
    Tally,
)
from services.ledger.money import format_fen

MAX_ROWS = 1_048_575
"""Lines of a sheet below the title line."""

_MAX_LETTERS = 32_767
_A3 = 8
"""Excel's number of the paper."""
_TITLE = {"bold": True, "bg_color": "#DDEBF7", "bottom": 1}
_ROWS_SHEET = "应收账款"
_ABOUT_SHEET = "说明"


class SheetFullError(LedgerError):
    """More receivables than one sheet has lines."""

    code = "EXPORT_SHEET_FULL"


def write_xlsx(header: ExportHeader, rows: Iterable[ExportRow], target: IO[bytes]) -> FileTotals:
    """Write the export as XLSX and return what the file holds.

    The same export gives the same bytes. Memory does not grow with the rows; the sheets are kept
    in temporary files until the end.

    Raises:
        ExportTotalsError: the rows do not add up to the header; throw the file away.
        ExportValueError: a cell would be longer than Excel allows.
        SheetFullError: more than 1,048,575 receivables.
    """
    if header.count > MAX_ROWS:
        raise SheetFullError(
            f"Export {header.reference} has {header.count} receivables, a sheet has room for "
            f"{MAX_ROWS}; ask for CSV or tsin.001.",
            f"导出 {header.reference} 共 {header.count} 笔，超过工作表上限 {MAX_ROWS} 行；"
            "请改用 CSV 或 tsin.001。",
        )
    hashing = HashingWriter(target)
    # Zipped aside first: into a stream that cannot seek, the zip would carry trailing sizes that
    # some readers refuse.
    with TemporaryFile() as aside:
        tally = Tally(header)
        with Workbook(aside, {"constant_memory": True}) as book:
            book.set_properties(
                {"title": header.reference, "created": header.created_at.astimezone(UTC)}
            )
            _write_rows(book, header, tally.batches(rows))
            _write_about(book, header)
        aside.seek(0)
        shutil.copyfileobj(aside, hashing)
    return tally.finish(hashing.sha256)


def _write_rows(book: Workbook, header: ExportHeader, batches: Iterable[list[ExportRow]]) -> None:
    sheet = book.add_worksheet(_ROWS_SHEET)
    title = book.add_format(_TITLE)
    text = book.add_format({"num_format": "@"})
    amount = book.add_format({"num_format": "#,##0.00"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
    over_amounts = book.add_format({**_TITLE, "align": "right"})
    sheet.freeze_panes(1, 2)
    _to_print(sheet, pages_across=3)
    sheet.repeat_rows(0)
    sheet.set_column(0, 0, 24)
    sheet.write_string(0, 0, REFERENCE_TITLE, title)
    for place, column in enumerate(COLUMNS, start=1):
        sheet.set_column(place, place, column.width)
        above = over_amounts if column.kind == "amount" else title
        sheet.write_string(0, place, column.title, above)
    sheet.autofilter(0, 0, header.count, len(COLUMNS))

    write: dict[Kind, Callable[[int, int, Any], int]] = {
        "text": lambda line, place, value: sheet.write_string(line, place, value, text),
        "list": lambda line, place, value: sheet.write_string(line, place, joined(value), text),
        "amount": lambda line, place, value: sheet.write_number(
            line, place, Decimal(value).scaleb(-2), amount
        ),
        "day": lambda line, place, value: (
            0 if value is None else sheet.write_datetime(line, place, value, day)
        ),
    }
    line = 0
    for batch in batches:
        for row in batch:
            line += 1
            sheet.write_string(line, 0, header.reference, text)
            for place, (column, value) in enumerate(zip(COLUMNS, row, strict=True), start=1):
                if write[column.kind](line, place, value) != 0:
                    _refuse(row, column.title)


def _to_print(sheet: Worksheet, *, pages_across: int) -> None:
    """Lay the columns side by side on pages of a size that they can be read on."""
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(pages_across, 0)


def _refuse(row: ExportRow, title: str) -> None:
    raise ExportValueError(
        f"Receivable {row.receivable_id}: the column {title} needs more than the {_MAX_LETTERS} "
        "letters of an Excel cell; ask for CSV.",
        f"应收账款 {row.receivable_id}：“{title}”超过 Excel 单元格上限 {_MAX_LETTERS} 个字符；"
        "请改用 CSV。",
        field=title,
    )


def _write_about(book: Workbook, header: ExportHeader) -> None:
    sheet = book.add_worksheet(_ABOUT_SHEET)
    bold = book.add_format({"bold": True})
    text = book.add_format({"num_format": "@"})
    _to_print(sheet, pages_across=1)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 60)
    facts = [
        ("导出编号", header.reference, "export reference"),
        ("格式版本", header.format_version, "format version"),
        ("融资平台", header.platform_code, header.platform_name),
        ("申请方", header.requester_name, "requester"),
        ("截止日", header.as_of.isoformat(), "as of"),
        ("生成时间", header.created_utc, "created, UTC"),
        ("币种", header.currency, "currency"),
        ("笔数", str(header.count), "receivables"),
        ("融资申请金额合计", format_fen(header.total_fen), "sum of what is offered"),
        ("票面金额合计", format_fen(header.face_total_fen), "sum of the invoices"),
    ]
    for line, fact in enumerate(facts):
        for place, value in enumerate(fact):
            sheet.write_string(line, place, value, bold if place == 0 else text)
    first = len(facts) + 1
    for place, title in enumerate(("列", "字段", "含义")):
        sheet.write_string(first, place, title, bold)
    for line, column in enumerate(COLUMNS, start=first + 1):
        for place, value in enumerate((column.title, column.field, column.meaning)):
            sheet.write_string(line, place, value, text)
