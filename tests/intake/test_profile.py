import re

import pytest

from services.ledger.intake.loading import SHIPPED, load_profile, parse_profile
from services.ledger.intake.profile import ProfileError
from tests.intake.conftest import PAYMENTS


def _refusal(written: str) -> ProfileError:
    with pytest.raises(ProfileError) as caught:
        parse_profile(written)
    return caught.value


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_every_shipped_profile_is_sound_and_named_as_its_file(name: str) -> None:
    assert load_profile(name).profile == name


@pytest.mark.parametrize(
    ("was", "becomes", "place", "english", "chinese"),
    [
        ("{column: id}", "{colum: id}", "payment.colum", "Extra inputs", "没有这一项"),
        ("{column: id}", "{column: id, constant: x}", "fields.payment", "exactly one", "只能给出"),
        ("payment: {column: id}", "", "records.0", "needs payment", "缺少 payment"),
        ("payment: {", "sum: {column: x}\n          payment: {", "records.0", "no sum", "没有 sum"),
        ("kind: payment", "kind: pay", "records.0", "no record kind 'pay'", "没有记录类型"),
        ("[ISO, YYYY年M月D日]", "[M/D/YYYY, D/M/YYYY]", "(top)", "told apart", "无法区分"),
        ("[ISO, YYYY年M月D日]", "[M/YYYY]", "(top)", "made of", "须由"),
        ('"+08:00"', "Mars/Base", "(top)", "no time zone", "没有时区"),
        ('"+08:00"', '"+99:00"', "(top)", "no time zone", "没有时区"),
        ("places: 2", "places: 2.5", "amounts.places", "valid integer", "取值不合要求"),
        ("source: test", "", "source", "Field required", "缺少此项"),
    ],
)
def test_a_mistake_in_a_profile_is_told_with_its_place(
    was: str, becomes: str, place: str, english: str, chinese: str
) -> None:
    assert was in PAYMENTS

    error = _refusal(PAYMENTS.replace(was, becomes))

    assert place in error.english
    assert english in error.english
    assert place in error.chinese
    assert chinese in error.chinese


def test_a_key_said_twice_is_refused() -> None:
    assert re.search("'zone'.*twice", _refusal(PAYMENTS + 'zone: "+09:00"\n').english)


def test_an_alias_is_refused_before_it_multiplies() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + step)}: &{chr(98 + step)} [*{chr(97 + step)}, *{chr(97 + step)}]\n"
        for step in range(20)
    )

    assert "alias" in _refusal(bomb).english


@pytest.mark.parametrize("written", ["", "[", "- 1", "!!python/object:os.system {}", "[" * 5000])
def test_what_is_no_profile_is_refused(written: str) -> None:
    assert _refusal(written).code == "PROFILE_INVALID"


def test_a_profile_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ProfileError, match="standard"):
        load_profile("nothing")


def test_a_file_of_another_name_is_refused() -> None:
    with pytest.raises(ProfileError, match=r"orders\.csv"):
        load_profile("p2p_2022").section_for("orders.csv")
