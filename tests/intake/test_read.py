import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from services.ledger.intake import problems as problems_module
from services.ledger.intake.loading import parse_profile
from services.ledger.intake.problems import FileRefusedError, Problems
from services.ledger.intake.read import open_table
from services.ledger.intake.rows import records
from tests.intake.conftest import PAYMENTS, TODAY, Read

Reader = Callable[..., Read]
HEAD = "id,order,item,amount,day,method\n"
ROW = 'P1,PO-1,7,"1,234.50",2026-01-02,转账\n'


def test_a_row_becomes_a_record_with_its_line(read: Reader) -> None:
    found, problems = read((HEAD + "\n" + ROW).encode())

    assert found == [("payment", 3, ["P1", "PO-1-7", 1_234_50, date(2026, 1, 2), "转账", None])]
    assert problems.total == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_gives_the_same_records(read: Reader, tmp_path: Path, encoding: str) -> None:
    found, _ = read((HEAD + ROW).encode(encoding))

    assert found[0][2][4] == "转账"
    shown = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "utf-16": "UTF-16", "gb18030": "GB18030"}
    section = parse_profile(PAYMENTS).files[0]
    assert open_table(tmp_path.joinpath("table.csv"), section).encoding == shown[encoding]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_the_delimiter_is_found_in_the_heading(read: Reader, delimiter: str) -> None:
    content = (HEAD + "P1,PO-1,7,12.00,2026-01-02,x\n").replace(",", delimiter)

    assert read(content.encode())[0][0][2][2] == 12_00


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no heading"),
        (b"\n\n", "no heading"),
        (b"id,order,item,amount,day\nP1,\xff\xff,1,1.00,2026-01-02\n", "not text"),
        (b"id,order,item,amount,day\nP1,a\0b,1,1.00,2026-01-02\n", "not text"),
        (HEAD.encode("utf-16")[:-1], "not text"),
        (b"id,order,item,amount\n", "missing: 'day'"),
        (b"id,order,item,amount,day,price\n", "unknown: 'price'"),
        (b"id,order,item,amount,day,id\n", "twice: 'id'"),
        (b",".join([b"c"] * 1000), "no heading"),
        (HEAD.encode() + b'P1,"a"b,1,1.00,2026-01-02,\n', "from line 2"),
        (HEAD.encode() + b'P1,"' + b"x\n" * 200_000, "from line 2"),
        (HEAD.encode() + b"x" * 3_000_000, "longer than"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old or encrypted"),
        (b"PK\x03\x04" + b"\0" * 600, "workbook"),
    ],
)
def test_a_file_that_is_no_table_is_refused(read: Reader, content: bytes, message: str) -> None:
    with pytest.raises(FileRefusedError, match=message) as caught:
        read(content)

    assert any("\u4e00" <= one <= "\u9fff" for one in caught.value.chinese)


def test_a_column_to_be_left_out_is_left_out(read: Reader) -> None:
    content = "id,order,item,amount,day,remark\nP1,PO-1,7,1.00,2026年1月2日,anything\n"

    assert read(content.encode())[0][0][2] == ["P1", "PO-1-7", 1_00, date(2026, 1, 2), None, None]


def test_every_error_of_a_row_is_told_and_the_row_gives_nothing(read: Reader) -> None:
    content = HEAD + "P1,,7,-5,2026-02-30,x\n" + ROW.replace("P1", "P2") + "P3,PO\n"

    found, problems = read(content.encode())

    assert [line for _, line, _ in found] == [3]
    assert [(one.line, one.column, one.code, one.value) for one in problems.kept] == [
        (2, "order item", "REQUIRED", " 7"),
        (2, "amount", "AMOUNT_NEGATIVE", "-5"),
        (2, "day", "DATE_NONEXISTENT", "2026-02-30"),
        (4, "", "ROW_WIDTH", ""),
    ]
    assert problems.kept[3].english == "the row has 2 columns, the heading 6"
    assert problems.kept[3].chinese == "该行有2列，表头有6列"


def test_a_line_is_counted_in_the_file_and_not_in_rows(read: Reader) -> None:
    content = HEAD + 'P1,PO-1,7,1.00,2026-01-02,"a\nb"\n' + "P2,PO-1,7,x,2026-01-02,\n"

    _, problems = read(content.encode())

    assert [(one.line, one.code) for one in problems.kept] == [
        (2, "TEXT_CONTROL"),
        (4, "AMOUNT_INVALID"),
    ]


def test_errors_beyond_those_kept_are_counted_and_written_away(
    read: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems_module, "KEPT_IN_MEMORY", 10)

    _, problems = read((HEAD + "P1,PO-1,7,0,2026-01-02,\n" * 25).encode())

    assert problems.total == 25
    assert problems.counts == {"AMOUNT_ZERO": 25}
    assert len(problems.kept) == 10
    written = tmp_path.joinpath("rest.csv").read_text("utf-8-sig").splitlines()
    assert len(written) == 16
    assert written[1].startswith("12,amount,AMOUNT_ZERO,金额为零")


def test_a_file_of_300_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path.joinpath("large.csv")
    with path.open("wb") as stream:
        stream.truncate(300 * 1024 * 1024)
    began = time.monotonic_ns()

    with pytest.raises(FileRefusedError, match="314572800 bytes"):
        open_table(path, parse_profile(PAYMENTS).files[0])

    assert time.monotonic_ns() - began < 100_000_000


def test_where_takes_the_rows_that_meet_every_condition(read: Reader) -> None:
    profile = PAYMENTS.replace(
        "kind: payment",
        'kind: payment\n        where: [{column: method, equals: "Yes"}, '
        "{column: day, filled: true}, {column: id, not_equals: P3}]",
    ).replace("remark", "none")
    rows = ["P1,PO,1,1.00,2026-01-02,Yes", "P2,PO,1,,,No", "P3,PO,1,1.00,2026-01-02,Yes"]

    found, problems = read((HEAD + "\n".join(rows)).encode(), profile)

    assert [values[0] for _, _, values in found] == ["P1"]
    assert problems.total == 0


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    import tracemalloc  # noqa: PLC0415 - only here

    profile = parse_profile(PAYMENTS)
    peaks = []
    for rows in (2_000, 40_000):
        path = tmp_path.joinpath(f"{rows}.csv")
        with path.open("w") as stream:
            stream.write(HEAD)
            stream.writelines(f"P{one},PO-{one},7,1.00,2026-01-02,x\n" for one in range(rows))
        tracemalloc.start()
        section = profile.files[0]
        table = open_table(path, section)
        assert sum(1 for _ in records(table, section, profile, Problems(), today=TODAY)) == rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < peaks[0] + 2_000_000
