import csv
import hashlib
import io
import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.financing.files.columns import COLUMNS
from services.ledger.financing.files.csv_file import write_csv
from services.ledger.financing.files.row import (
    ExportHeader,
    ExportRow,
    ExportTotalsError,
    FileTotals,
    check_totals,
    control_record,
)
from services.ledger.money import MAX_FEN
from tests.financing.files_samples import BARE, HOSTILE, ROW, header_of

_FORMULA_STARTS = tuple("=+-@\t\r\n\0＝＋－＠")


def _written(*rows: ExportRow) -> tuple[bytes, FileTotals]:
    target = io.BytesIO()
    totals = write_csv(header_of(rows), rows, target)
    return target.getvalue(), totals


def _read(data: bytes, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="") as text:
        return list(csv.DictReader(text, strict=True))


def test_the_columns_are_the_fields_of_a_row_in_order() -> None:
    assert tuple(column.field for column in COLUMNS) == ExportRow._fields
    assert len({column.title for column in COLUMNS}) == len(COLUMNS)


def test_a_csv_says_what_the_row_says_in_chinese_columns() -> None:
    data, totals = _written(ROW, BARE)
    assert data.startswith(b"\xef\xbb\xbf")
    first, second = _read(data)
    assert first == {
        "导出编号": "EXP-2025-06-30-0001",
        "应收账款编号": ROW.receivable_id,
        "供应商名称": "深圳市精密制造有限公司",
        "供应商标识类型": "USCC",
        "供应商标识": "91440300708461136T",
        "买方名称": "国网电力有限公司",
        "买方标识类型": "USCC",
        "买方标识": "91110000600037341L",
        "合同编号": "HT-2025-001",
        "订单编号": "PO-1;PO-2",
        "订单日期": "2025-05-01;2025-05-02",
        "发票种类": "DIGITAL",
        "发票代码": "",
        "发票号码": "25442000000012345678",
        "开票日期": "2025-06-10",
        "票面金额": "123456.78",
        "未付余额": "120000.05",
        "融资申请金额": "100000.01",
        "币种": "CNY",
        "起算日": "2025-06-08",
        "到期日": "2025-08-07",
        "确权日期": "2025-06-20",
        "确权编号": ROW.confirmation_id,
        "票据唯一性摘要": "ab" * 32,
        "提示": "NO_ASSIGNMENT_CLAUSE",
    }
    assert second["发票代码"] == "4403171130"
    assert second["发票号码"] == "00012345"
    assert second["起算日"] == second["确权日期"] == second["订单编号"] == second["提示"] == ""
    assert totals == FileTotals(2, 20_000_002, 24_691_356, hashlib.sha256(data).hexdigest())


def test_every_line_after_the_first_is_a_receivable() -> None:
    data, _ = _written(ROW, BARE)
    assert data.count(b"\r\n") == 3
    assert data.endswith(b"\r\n")
    assert sum(Decimal(row["融资申请金额"]) for row in _read(data)) == Decimal("200000.02")


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe(payload: str) -> None:
    row = ROW._replace(
        supplier_name=payload, contract_number=payload, orders=[payload], invoice_number=payload
    )
    data, _ = _written(BARE, row)
    _, read = _read(data)
    for column in ("供应商名称", "合同编号", "订单编号", "发票号码"):
        assert read[column] == f"'{payload}"
    assert read["融资申请金额"] == "100000.01"


@pytest.mark.parametrize("name", ["a,b", 'a"b', '"', "a\rb", "a\nb", "a\r\nb", ",", '","', "'"])
def test_a_text_with_the_file_s_own_marks_comes_back_as_it_is(name: str) -> None:
    data, _ = _written(BARE, ROW._replace(supplier_name=name))
    assert [row["供应商名称"] for row in _read(data)] == [BARE.supplier_name, name]


def test_a_semicolon_inside_an_order_is_told_from_one_between_two() -> None:
    data, _ = _written(ROW._replace(orders=["A;B", "C"]))
    assert _read(data)[0]["订单编号"] == r"A\;B;C"


def test_gb18030_is_written_where_asked_and_has_no_byte_order_mark() -> None:
    target = io.BytesIO()
    row = ROW._replace(supplier_name="𠮷野家（中国）有限公司")
    write_csv(header_of([row]), [row], target, encoding="gb18030")
    assert target.getvalue().startswith("导出编号,".encode("gb18030"))
    assert _read(target.getvalue(), "gb18030")[0]["供应商名称"] == "𠮷野家（中国）有限公司"


def test_the_largest_and_the_smallest_amount_keep_every_fen() -> None:
    data, _ = _written(
        ROW._replace(face_fen=MAX_FEN, open_fen=MAX_FEN, offered_fen=MAX_FEN),
        ROW._replace(face_fen=1, open_fen=1, offered_fen=1),
    )
    assert [row["票面金额"] for row in _read(data)] == ["9999999999999.99", "0.01"]


_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(_TEXTS, _TEXTS, st.lists(_TEXTS, max_size=3)), min_size=1, max_size=8))
def test_any_text_comes_back_from_an_ordinary_reader(
    drawn: list[tuple[str, str, list[str]]],
) -> None:
    rows = [
        ROW._replace(supplier_name=name, contract_number=contract, flags=flags)
        for name, contract, flags in drawn
    ]
    data, totals = _written(*rows)
    read = _read(data)
    assert totals.count == len(read) == len(rows)
    for row, cells in zip(rows, read, strict=True):
        for value, cell in (
            (row.supplier_name, cells["供应商名称"]),
            (row.contract_number, cells["合同编号"]),
        ):
            assert cell == (f"'{value}" if value.startswith(_FORMULA_STARTS) else value)
            assert not cell.startswith(_FORMULA_STARTS)
        assert cells["票据唯一性摘要"] == row.identity


def test_a_lazy_source_is_read_batch_by_batch_and_counted_to_the_end() -> None:
    alive = most = 0

    class Source:
        def __init__(self) -> None:
            nonlocal alive, most
            alive += 1
            most = max(most, alive)

        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

        def __str__(self) -> str:
            return "PO"

    def rows() -> Iterator[ExportRow]:
        for _ in range(9_000):
            yield ROW._replace(orders=[Source()])  # type: ignore[list-item]  # only written

    header = header_of([ROW] * 9_000)
    totals = write_csv(header, rows(), io.BytesIO())
    assert (totals.count, totals.total_fen) == (9_000, 9_000 * ROW.offered_fen)
    assert most < 5_000


@pytest.mark.parametrize(
    "changes",
    [{"count": 3}, {"total_fen": 20_000_001}, {"face_total_fen": 24_691_355}],
)
def test_a_file_that_differs_from_the_ledger_is_refused(changes: dict[str, object]) -> None:
    rows = [ROW, BARE]
    with pytest.raises(ExportTotalsError) as refused:
        write_csv(header_of(rows, **changes), rows, io.BytesIO())
    assert refused.value.code == "EXPORT_TOTALS_DIFFER"
    assert "200000.02" in refused.value.english
    assert "台账" in refused.value.chinese


def test_a_row_in_another_currency_is_refused() -> None:
    rows = [ROW, BARE._replace(currency="EUR")]
    with pytest.raises(ExportTotalsError, match="EUR"):
        write_csv(header_of(rows), rows, io.BytesIO())


def _totals(header: ExportHeader) -> FileTotals:
    return FileTotals(header.count, header.total_fen, header.face_total_fen, "00" * 32)


def test_the_sidecar_carries_the_control_totals_and_the_digest() -> None:
    header = header_of([ROW, BARE])
    record = json.loads(control_record(header, _totals(header), "EXP-2025-06-30-0001.csv"))
    assert record["count"] == 2
    assert record["offered_total"] == "200000.02"
    assert record["face_total"] == "246913.56"
    assert record["sha256"] == "00" * 32
    assert record["platform"] == {"code": "PLATFORM-A", "name": "平台甲"}
    assert record["created_at"] == "2025-06-30T14:00:00Z"


def test_totals_of_another_export_make_no_sidecar() -> None:
    header = header_of([ROW])
    with pytest.raises(ExportTotalsError):
        check_totals(header, _totals(header_of([ROW, BARE])))
    with pytest.raises(ExportTotalsError):
        control_record(header, _totals(header_of([ROW, BARE])), "x.csv")
