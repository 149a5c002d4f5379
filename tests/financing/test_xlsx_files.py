import io
import zipfile
from datetime import datetime

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import load_workbook as load_with_calamine

from services.ledger.financing.files.row import (
    ExportRow,
    ExportTotalsError,
    ExportValueError,
)
from services.ledger.financing.files.xlsx_file import MAX_ROWS, SheetFullError, write_xlsx
from services.ledger.money import MAX_FEN
from tests.financing.files_samples import BARE, HOSTILE, ROW, header_of


def _written(*rows: ExportRow) -> bytes:
    target = io.BytesIO()
    write_xlsx(header_of(rows), rows, target)
    return target.getvalue()


def _sheet(data: bytes, name: str = "应收账款") -> Worksheet:
    sheet = load_workbook(io.BytesIO(data))[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def _cells(data: bytes, line: int) -> dict[object, object]:
    sheet = _sheet(data)
    titles = [cell.value for cell in sheet[1]]
    return dict(zip(titles, (cell.value for cell in sheet[line]), strict=True))


def test_identifiers_are_text_amounts_numbers_and_days_days() -> None:
    data = _written(ROW, BARE)
    first, second = _cells(data, 2), _cells(data, 3)
    assert first["发票号码"] == "25442000000012345678"
    assert second["发票号码"] == "00012345"
    assert first["供应商标识"] == "91440300708461136T"
    assert first["票面金额"] == pytest.approx(123456.78, abs=0)
    assert first["到期日"] == datetime(2025, 8, 7)  # noqa: DTZ001  # openpyxl's own kind of day
    assert first["订单编号"] == "PO-1;PO-2"
    assert second["起算日"] is None
    sheet = _sheet(data)
    assert sheet.freeze_panes == "C2"
    assert sheet.max_row == 3


def test_a_sheet_prints_its_columns_side_by_side_under_their_titles() -> None:
    sheet = _sheet(_written(ROW, BARE))

    assert (sheet.page_setup.orientation, sheet.print_title_rows) == ("landscape", "$1:$1")
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (3, 0)
    titles = {cell.value: cell.alignment.horizontal for cell in sheet[1]}
    assert (titles["票面金额"], titles["发票号码"]) == ("right", None)


def test_the_about_sheet_holds_the_control_totals_and_every_column() -> None:
    about = _sheet(_written(ROW, BARE), "说明")
    facts = {row[0].value: row[1].value for row in about.iter_rows()}
    assert facts["笔数"] == "2"
    assert facts["融资申请金额合计"] == "200000.02"
    assert facts["票面金额合计"] == "246913.56"
    assert facts["应收账款编号"] == "receivable_id"
    assert facts["提示"] == "flags"


def test_no_name_becomes_a_formula_or_a_link() -> None:
    payloads = [text for text in HOSTILE if text.isprintable()]
    payloads += ["http://x.example/", "mailto:a@x.example", "<&>\"'", "=1+1"]
    data = _written(*(ROW._replace(supplier_name=text, orders=[text]) for text in payloads))
    sheet = _sheet(data)
    for line, text in zip(sheet.iter_rows(min_row=2), payloads, strict=True):
        assert line[2].value == text
        assert line[9].value == text
        assert all(cell.data_type != "f" and cell.hyperlink is None for cell in line)
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_control_characters_leave_a_readable_sheet() -> None:
    data = _written(ROW._replace(supplier_name="甲\x01乙\x1f", contract_number="A\tB\nC"))
    rows = load_with_calamine(io.BytesIO(data)).get_sheet_by_name("应收账款").to_python()
    assert rows[1][2] == "甲\x01乙\x1f"
    assert rows[1][8] == "A\tB\nC"


def test_the_largest_amount_keeps_every_fen() -> None:
    data = _written(ROW._replace(face_fen=MAX_FEN, open_fen=MAX_FEN, offered_fen=MAX_FEN))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert b"<v>9999999999999.99</v>" in parts.read("xl/worksheets/sheet1.xml")


def test_the_same_export_gives_the_same_bytes() -> None:
    data = _written(ROW, BARE)
    assert data == _written(ROW, BARE)
    created = load_workbook(io.BytesIO(data)).properties.created
    assert created == datetime(2025, 6, 30, 14)  # noqa: DTZ001  # openpyxl leaves the UTC unsaid


def test_a_sheet_that_differs_from_the_ledger_is_refused() -> None:
    with pytest.raises(ExportTotalsError):
        write_xlsx(header_of([ROW], total_fen=1), [ROW], io.BytesIO())


def test_a_cell_longer_than_excel_allows_is_refused_by_name_and_not_cut() -> None:
    row = ROW._replace(orders=["订" * 100] * 400, ordered_on=[])
    with pytest.raises(ExportValueError, match=f"{ROW.receivable_id}.*订单编号"):
        _written(row)


def test_more_receivables_than_lines_are_refused_before_writing() -> None:
    target = io.BytesIO()
    with pytest.raises(SheetFullError, match="1048576"):
        write_xlsx(header_of([ROW], count=MAX_ROWS + 1), [ROW], target)
    assert target.getvalue() == b""
