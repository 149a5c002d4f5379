import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.errors import LedgerError
from services.ledger.law.amount_words import amount_in_words, check_amount_words
from services.ledger.law.invoices import KINDS, check_invoice
from services.ledger.law.uscc import check_character, parse_uscc
from services.ledger.money import MAX_FEN

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("code", ["91110000600037341L", "91440300708461136T", "91310000631696382C"])
def test_a_real_code_holds(code: str) -> None:
    found = parse_uscc(code)

    assert (found.code, found.kind_hint, found.organisation_holds) == (code, "ENTERPRISE", True)


@pytest.mark.parametrize(
    ("base", "check"),
    [("91330106MA27XY1B8", "L"), ("91000000000000000", "K"), ("93110108MA0000000", "4")],
)
def test_the_check_character_is_computed(base: str, check: str) -> None:
    assert check_character(base) == check


def test_the_published_codes_hold_and_those_made_wrong_do_not(vectors: Path) -> None:
    read = json.loads(vectors.joinpath("uscc.json").read_text("utf-8"))
    assert (len(read["valid"]), len(read["invalid"])) == (30, 30)
    for code in read["valid"]:
        assert parse_uscc(code).code == code
    for one in read["invalid"]:
        with pytest.raises(LedgerError) as refused:
            parse_uscc(one["value"])
        assert refused.value.code == "USCC_INVALID", one


def test_a_code_as_people_write_it_is_read() -> None:
    assert parse_uscc(" ９１１１００００６０００３７３４１l ").code == "91110000600037341L"


def test_a_rural_collective_starts_with_a_letter() -> None:
    base = "N2110108MA0000000"

    assert parse_uscc(base + check_character(base)).code.startswith("N2")


@given(st.integers(0, 17), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_found(place: int, character: str) -> None:
    code = "91110000600037341L"
    changed = code[:place] + character + code[place + 1 :]
    if changed == code:
        return

    with pytest.raises(LedgerError) as refusal:
        parse_uscc(changed)

    assert refusal.value.code == "USCC_INVALID"


@pytest.mark.parametrize(
    "code",
    ["", "9111000060003734", "91110000600037341I", "911100006000373411L", "9111A000600037341L"],
)
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(LedgerError):
        parse_uscc(code)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_invoice_takes_its_own_shape_and_no_other(kind: str) -> None:
    shape = KINDS[kind]
    code, number = "1" * shape.code_digits, "25" + "1" * (shape.number_digits - 2)

    assert check_invoice(kind, code=code, number=number, issued_on=date(2025, 7, 9)) == shape
    for bad_code, bad_number in (
        (code + "1", number),
        (code, number[1:]),
        (code, "A" + number[1:]),
    ):
        with pytest.raises(LedgerError):
            check_invoice(kind, code=bad_code, number=bad_number, issued_on=date(2025, 7, 9))


def test_a_digital_number_of_a_later_year_is_refused() -> None:
    number = "26" + "1" * 18

    with pytest.raises(LedgerError, match="2026"):
        check_invoice("DIGITAL_GENERAL", code="", number=number, issued_on=date(2025, 12, 31))


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        (1, "壹分"),
        (10, "壹角整"),
        (100, "壹元整"),
        (101, "壹元零壹分"),
        (1_680_32, "壹仟陆佰捌拾元叁角贰分"),
        (107_000_53, "壹拾万柒仟元伍角叁分"),
        (16_409_02, "壹万陆仟肆佰零玖元零贰分"),
        (325_04, "叁佰贰拾伍元零肆分"),
        (10_000_00, "壹万元整"),
        (100_010_00, "壹拾万零壹拾元整"),
        (1_0000_0001_00, "壹亿零壹元整"),
        (1_2345_0000_0000_00, "壹万贰仟叁佰肆拾伍亿元整"),
        (1_0000_0000_0000_00, "壹万亿元整"),
        (1_0001_0000_0000_00, "壹万零壹亿元整"),
    ],
)
def test_an_amount_is_written_in_capital_characters(fen: int, words: str) -> None:
    assert amount_in_words(fen) == words
    check_amount_words(f"人民币{words}".replace("元", "圆"), fen=fen)


@given(st.integers(1, MAX_FEN), st.integers(1, MAX_FEN))
def test_two_amounts_never_share_their_words(one: int, other: int) -> None:
    assert (amount_in_words(one) == amount_in_words(other)) == (one == other)


@pytest.mark.parametrize("words", ["壹拾万零柒仟元伍角叁分", "壹拾万柒仟元零伍角叁分"])
def test_zeros_that_may_be_written_or_not_say_the_same(words: str) -> None:
    check_amount_words(words, fen=107_000_53)


def test_words_that_say_another_amount_are_refused() -> None:
    with pytest.raises(LedgerError, match=r"do not say 1234\.50"):
        check_amount_words("壹仟贰佰叁拾肆元伍角壹分", fen=1_234_50)
