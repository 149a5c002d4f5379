from datetime import UTC, date, datetime

import pytest

from services.ledger.intake import cells
from services.ledger.intake.cells import Convert, DateCell, NumberCell
from services.ledger.intake.problems import TEXTS, CellError, row_error
from services.ledger.intake.profile import zone_of

YUAN = cells.amount(places=2, thousands=False, unit="yuan")
GROUPED = cells.amount(places=2, thousands=True, unit="yuan")
DAYS = cells.day(
    formats=["M/D/YYYY", "ISO", "YYYYMMDD", "YYYY年M月D日", "timestamp"], zone=zone_of("+02:00")
)


def _code(convert: Convert, cell: str) -> str:
    with pytest.raises(CellError) as caught:
        convert(cell)
    assert row_error(2, "a", cell, caught.value).chinese
    return caught.value.code


@pytest.mark.parametrize(
    ("convert", "cell", "fen"),
    [
        (YUAN, "0.01", 1),
        (YUAN, " 1234.5\t", 1_234_50),
        (YUAN, "9999999999999.99", 10**15 - 1),
        (YUAN, NumberCell("5725.06"), 5_725_06),
        (GROUPED, "1,234,567.80", 1_234_567_80),
        (GROUPED, "1234567.80", 1_234_567_80),
        (cells.amount(places=0, thousands=False, unit="yuan"), "22350", 22_350_00),
        (cells.amount(places=0, thousands=False, unit="fen"), "22350", 22_350),
        (cells.amount(places=6, thousands=False, unit="wan"), "1.234567", 12_345_67),
    ],
)
def test_an_amount_becomes_exact_fen(convert: Convert, cell: str, fen: int) -> None:
    assert convert(cell) == fen


@pytest.mark.parametrize(
    ("convert", "cell", "code"),
    [
        (YUAN, "1.005", "AMOUNT_PLACES"),
        (YUAN, NumberCell("0.125"), "AMOUNT_PLACES"),
        (YUAN, "NaN", "AMOUNT_INVALID"),
        (YUAN, "1e3", "AMOUNT_INVALID"),
        (YUAN, NumberCell("1e+15"), "AMOUNT_INVALID"),
        (YUAN, "1,234.50", "AMOUNT_INVALID"),
        (YUAN, "¥12.00", "AMOUNT_INVALID"),
        (YUAN, "1_000", "AMOUNT_INVALID"),
        (YUAN, "\uff11\uff12.\uff15", "AMOUNT_INVALID"),
        (YUAN, "12.", "AMOUNT_INVALID"),
        (YUAN, "=1+1", "AMOUNT_INVALID"),
        (YUAN, DateCell("2026-01-02"), "AMOUNT_INVALID"),
        (YUAN, "-5.00", "AMOUNT_NEGATIVE"),
        (YUAN, "0.00", "AMOUNT_ZERO"),
        (YUAN, "10000000000000.00", "AMOUNT_TOO_LARGE"),
        (GROUPED, "1,23,456.00", "AMOUNT_INVALID"),
        (cells.amount(places=0, thousands=False, unit="yuan"), "1.5", "AMOUNT_PLACES"),
        (cells.amount(places=2, thousands=False, unit="fen"), "1.5", "AMOUNT_PLACES"),
    ],
)
def test_an_amount_in_doubt_is_refused(convert: Convert, cell: str, code: str) -> None:
    assert _code(convert, cell) == code


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("1/2/2013", date(2013, 1, 2)),
        ("2024-02-29", date(2024, 2, 29)),
        ("20260102", date(2026, 1, 2)),
        (NumberCell("20260102"), date(2026, 1, 2)),
        ("2026年1月2日", date(2026, 1, 2)),
        (DateCell("2026-01-02"), date(2026, 1, 2)),
        (NumberCell("44562"), date(2022, 1, 1)),
        ("2022-09-30T23:30:00+00:00", date(2022, 10, 1)),
        ("2022-09-30 23:30", date(2022, 9, 30)),
    ],
)
def test_a_day_is_read_as_the_profile_writes_it(cell: str, day: date) -> None:
    assert DAYS(cell) == day


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2023-02-29", "DATE_NONEXISTENT"),
        ("13/1/2013", "DATE_NONEXISTENT"),
        ("20261301", "DATE_NONEXISTENT"),
        ("2026-1-2", "DATE_INVALID"),
        ("44562", "DATE_INVALID"),
        ("\uff11/2/2013", "DATE_INVALID"),
        ("1948-01-26", "DATE_RANGE"),
        (NumberCell("60"), "DATE_RANGE"),
    ],
)
def test_a_day_in_doubt_is_refused(cell: str, code: str) -> None:
    assert _code(DAYS, cell) == code


def test_a_number_cell_is_not_excused_by_a_text_cell_read_before() -> None:
    assert _code(DAYS, "44562") == "DATE_INVALID"
    assert DAYS(NumberCell("44562")) == date(2022, 1, 1)
    assert _code(DAYS, "44562") == "DATE_INVALID"


def test_two_formats_that_read_one_cell_differently_are_told_apart() -> None:
    assert cells.date_shape("M/D/YYYY") == cells.date_shape("DD/MM/YYYY")
    assert cells.date_shape("M/D/YYYY") != cells.date_shape("YYYY/M/D")


def test_an_instant_without_an_offset_is_local_to_the_file() -> None:
    convert = cells.instant(zone=zone_of("+02:00"))

    assert convert("2022-04-15T01:49:00") == datetime(2022, 4, 14, 23, 49, tzinfo=UTC)
    assert convert("2022-04-15T01:49:00Z") == datetime(2022, 4, 15, 1, 49, tzinfo=UTC)
    assert _code(convert, "2022-04-15") == "TIME_INVALID"
    assert _code(convert, "2022-04-31T01:49:00") == "DATE_NONEXISTENT"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (NumberCell("2.4312e+19"), "ID_NUMERIC"),
        (NumberCell("42"), "ID_NUMERIC"),
        ("2.4312E+19", "ID_SCIENTIFIC"),
        ("a\x00b", "TEXT_CONTROL"),
        ("a\u202eb", "TEXT_CONTROL"),
        ("a\nb", "TEXT_CONTROL"),
        ("x" * 201, "TEXT_TOO_LONG"),
    ],
)
def test_an_identifier_that_lost_or_hides_something_is_refused(cell: str, code: str) -> None:
    assert _code(cells.text(), cell) == code


def test_an_identifier_is_kept_as_text() -> None:
    convert = cells.text()

    assert convert("0000611365") == "0000611365"
    assert convert(" 发票：1\u3000甲\t") == "发票：1\u3000甲"
    assert convert("12E5") == "12E5"
    assert convert("e\u0301") == "\u00e9"


def test_a_unified_social_credit_code_is_checked_by_its_last_character() -> None:
    convert = cells.uscc()

    assert convert("91110000600037341L") == "91110000600037341L"
    assert _code(convert, "91110000600037341M") == "USCC_INVALID"
    assert _code(convert, "91110000600037314L") == "USCC_INVALID"
    assert _code(convert, "9111000060003734") == "USCC_INVALID"
    assert _code(convert, NumberCell("9.11100006000373e+17")) == "ID_NUMERIC"


def test_every_reason_is_told_in_both_languages() -> None:
    assert all(chinese and english for chinese, english in TEXTS.values())
    assert all(any("\u4e00" <= one <= "\u9fff" for one in chinese) for chinese, _ in TEXTS.values())
