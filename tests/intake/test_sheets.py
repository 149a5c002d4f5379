import io
import struct
import time
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from services.ledger.intake import sheets
from services.ledger.intake.problems import FileRefusedError
from services.ledger.intake.sheets import check_workbook
from tests.intake.conftest import PAYMENTS, Read

Reader = Callable[..., Read]
HEAD = ["id", "order", "item", "amount", "day"]


def _workbook(*rows: Sequence[object], hidden: bool = False) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "数据"
    for row in rows:
        sheet.append(list(row))
    if hidden:
        book.create_sheet("封面", 0).sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _repacked(content: bytes, name: str, body: bytes) -> bytes:
    """Return the workbook with one part replaced or added."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, body)
    return stream.getvalue()


SOUND = _workbook(HEAD, ["P1", "PO-1", "7", 1234.5, date(2026, 1, 2)])


def test_a_workbook_gives_the_records_of_its_first_visible_sheet(read: Reader) -> None:
    content = _workbook(
        HEAD,
        ["P1", "PO-1", "7", 1234.5, date(2026, 1, 2)],
        [],
        ["P2", "PO-1", "8", 0.1 + 0.2, datetime(2026, 1, 3, 4, 5)],  # noqa: DTZ001 - a cell has no zone
        ["P3", "PO-1", "9", "1,000.00", "2026年1月4日"],
        hidden=True,
    )

    found, problems = read(content, name="table.bin")

    assert problems.kept == []
    assert found == [
        ("payment", 2, ["P1", "PO-1-7", 1_234_50, date(2026, 1, 2), None, None]),
        ("payment", 4, ["P2", "PO-1-8", 30, date(2026, 1, 3), None, None]),
        ("payment", 5, ["P3", "PO-1-9", 1_000_00, date(2026, 1, 4), None, None]),
    ]


def test_an_identifier_that_arrives_as_a_number_is_reported(read: Reader) -> None:
    content = _workbook(HEAD, [24312000000123456789, "PO-1", "7", 1, date(2026, 1, 2)])

    found, problems = read(content)

    assert found == []
    assert [(one.line, one.column, one.code) for one in problems.kept] == [(2, "id", "ID_NUMERIC")]
    assert problems.kept[0].chinese == "单元格为数值，可能已丢失精度，请设为文本后重新填写"


def test_a_sheet_is_chosen_by_name(read: Reader) -> None:
    profile = PAYMENTS.replace("  - ignore", "  - sheet: 数据\n    ignore")
    assert len(read(SOUND, profile)[0]) == 1

    with pytest.raises(FileRefusedError, match="no visible sheet '别的'"):
        read(SOUND, profile.replace("数据", "别的"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_repacked(SOUND, "xl/worksheets/sheet1.xml", b" " * 60_000_000), "32 MiB"),
        (_repacked(SOUND, "xl/worksheets/sheet1.xml", b" " * 20_000_000), "100-fold"),
        (_repacked(SOUND, "../evil.xml", b"x"), "leaves the file"),
        (_repacked(SOUND, "/etc/evil.xml", b"x"), "leaves the file"),
        (SOUND[:-30], "directory"),
        (SOUND[: len(SOUND) // 2], "directory"),
        (SOUND + b"PK\x06\x07" + b"\0" * 16, "directory"),
    ],
)
def test_a_zip_that_is_no_honest_workbook_is_refused_at_once(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path.joinpath("book.xlsx")
    path.write_bytes(content)
    began = time.monotonic_ns()

    with pytest.raises(FileRefusedError, match=reason):
        check_workbook(path)

    assert time.monotonic_ns() - began < 200_000_000


def test_a_zip_of_many_parts_is_refused(tmp_path: Path) -> None:
    path = tmp_path.joinpath("book.xlsx")
    with zipfile.ZipFile(path, "w") as archive:
        for one in range(201):
            archive.writestr(str(one), b"")

    with pytest.raises(FileRefusedError, match="more than 200 parts"):
        check_workbook(path)


def test_a_bomb_whose_directory_lies_dies_alone_in_the_child(read: Reader) -> None:
    stream = io.BytesIO()
    size = 1_200_000_000
    with (
        zipfile.ZipFile(io.BytesIO(SOUND)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for entry in old.infolist():
            if entry.filename != "xl/worksheets/sheet1.xml":
                new.writestr(entry.filename, old.read(entry))
        with new.open("xl/worksheets/sheet1.xml", "w") as part:
            start = b"<worksheet><sheetData><row><c t='inlineStr'><is><t>"
            part.write(start.ljust(1_000_000, b"a"))
            for _ in range(size // 1_000_000 - 1):
                part.write(b"a" * 1_000_000)
    bomb = stream.getvalue().replace(struct.pack("<I", size), struct.pack("<I", 1000))

    with pytest.raises(FileRefusedError):
        read(bomb)


@pytest.mark.parametrize("column", ["CV", "XFD"])
def test_a_single_cell_far_out_dies_alone_in_the_child(read: Reader, column: str) -> None:
    # 2.5 GB of nothing, which the machine has and the child may not take; and 400 GB.
    body = (
        "<worksheet><sheetData><row r='1'><c r='A1'><v>1</v></c></row>"
        f"<row r='1048576'><c r='{column}1048576'><v>1</v></c></row></sheetData></worksheet>"
    ).encode()

    with pytest.raises(FileRefusedError, match="too much memory or time"):
        read(_repacked(SOUND, "xl/worksheets/sheet1.xml", body))


def test_a_damaged_part_is_a_refusal_and_not_a_crash(read: Reader) -> None:
    for body in (b"", b"not xml", b"<worksheet>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet/>"):
        with pytest.raises(FileRefusedError):
            read(_repacked(SOUND, "xl/worksheets/sheet1.xml", body))


def test_a_child_that_stops_halfway_gives_no_half_of_a_sheet(
    read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = tmp_path.joinpath("child.py")
    child.write_text(
        'import os; print(\'[1, ["id","order","item","amount","day"]]\', flush=True); os.abort()'
    )
    monkeypatch.setattr(sheets, "_CHILD", child)

    with pytest.raises(FileRefusedError, match="too much memory or time"):
        read(SOUND)
