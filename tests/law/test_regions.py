"""GB/T 2260 by date: the day before, the day, and what a regulator's scope then covers."""

import csv
import io
import tarfile
from datetime import date
from pathlib import Path

import pytest

from services.ledger.almanac import shipped_regions
from services.ledger.errors import LedgerError
from services.ledger.law.regions import RegionRow, RegionTable, parse_region

TABLE = RegionTable(shipped_regions())
DATA = Path(__file__).parents[3].joinpath("shared", "data", "cn_reference.tar.gz")
BEFORE, AFTER = date(2019, 1, 8), date(2019, 1, 9)


def test_laiwu_lies_in_jinan_since_it_was_merged() -> None:
    assert TABLE.name("371200", on=BEFORE) == "莱芜市"
    assert TABLE.name("371200", on=AFTER) is None
    assert TABLE.current("371200", on=BEFORE) == ("371200",)
    assert TABLE.current("371200", on=AFTER) == ("370100",)
    assert TABLE.current("371202", on=AFTER) == ("370116",)
    # A code that the table never knew follows the prefecture it was written in.
    assert TABLE.current("371299", on=AFTER) == ("370100",)


@pytest.mark.parametrize(
    ("scope", "on", "covered"),
    [
        ("3712", BEFORE, True),
        ("3701", BEFORE, False),
        ("3712", AFTER, False),
        ("3701", AFTER, True),
        ("370100", AFTER, True),
        ("370116", AFTER, True),
        ("37", BEFORE, True),
        ("370000", AFTER, True),
        ("13", AFTER, False),
    ],
)
def test_a_scope_covers_what_has_become_part_of_it(
    scope: str,
    on: date,
    covered: bool,  # noqa: FBT001 - a table of cases
) -> None:
    assert TABLE.covers(scope, "371202", on=on) is covered


def test_a_prefecture_that_was_split_is_covered_by_each_of_its_parts() -> None:
    on = date(2011, 8, 22)

    assert [TABLE.covers(scope, "341400", on=on) for scope in ("3401", "3402", "3405", "3406")] == [
        True,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("code", "on", "holds"),
    [
        ("370116", BEFORE, False),
        ("370116", AFTER, True),
        ("371200", AFTER, False),
        ("371299", AFTER, False),
        ("371299", BEFORE, True),
        ("330106", AFTER, True),
        ("339900", AFTER, False),
        ("339901", AFTER, False),
        ("110101", AFTER, True),
        ("429004", AFTER, True),
        ("460400", date(2015, 2, 18), False),
        ("460400", date(2015, 2, 19), True),
        ("110000", date(1999, 1, 1), True),
    ],
)
def test_a_code_holds_while_neither_it_nor_what_it_lies_in_is_gone(
    code: str,
    on: date,
    holds: bool,  # noqa: FBT001 - a table of cases
) -> None:
    assert TABLE.holds(code, on=on) is holds


def test_a_name_may_change_and_the_code_stay() -> None:
    assert TABLE.name("420600", on=date(2010, 12, 8)) == "襄樊市"
    assert TABLE.name("420600", on=date(2010, 12, 9)) == "襄阳市"


@pytest.mark.parametrize("code", ["", "37010", "3701000", "990000", "37010A", "３７０１００"])
def test_what_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        parse_region(code)

    assert (refusal.value.code, refusal.value.field) == ("REGION_INVALID", "region")


def test_a_row_imported_later_counts_from_its_day() -> None:
    later = RegionRow("370116", date(2030, 1, 1), "", ("370112",))
    table = RegionTable((*TABLE.rows, later))

    assert table.current("371202", on=date(2029, 12, 31)) == ("370116",)
    assert table.current("371202", on=date(2030, 1, 1)) == ("370112",)


def test_the_shipped_prefectures_are_those_of_the_public_list() -> None:
    if not DATA.exists():
        pytest.skip("the shared reference data are not here")
    with tarfile.open(DATA) as archive:
        member = archive.extractfile("cn_reference/gbt2260_areas.csv")
        assert member is not None
        lines = io.TextIOWrapper(member, "utf-8")
        every = list(csv.DictReader(lines))
    rows = [row for row in every if row["code"].endswith("00")]
    today = date(2026, 9, 20)

    # The list writes 市辖区 and 省直辖 in the place of prefectures; they have no name of their own.
    named = {row["code"]: row["name"] for row in rows if "辖" not in row["name"]}
    del named["500200"]
    ours = {row.code for row in TABLE.rows if row.code.endswith("00")}
    known = {code: TABLE.name(code, on=today) for code in ours}
    outside = {"710000", "810000", "820000"}
    assert {code: name for code, name in known.items() if name and code not in outside} == named
    assert all(TABLE.holds(row["code"], on=today) for row in every)
