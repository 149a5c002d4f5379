"""300号, row by row: each minimum, one below it, and what the standard says nothing of."""

import csv
from decimal import Decimal
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.errors import LedgerError
from services.ledger.law.case import decide
from services.ledger.law.industry import parse_industry

TABLE = resources.files("services.ledger.almanac").joinpath("sme_standard.csv").read_text("utf-8")
ROWS = list(csv.DictReader(TABLE.splitlines()))
GIVEN = Path(__file__).parents[3].joinpath("shared", "law", "sme_standard.csv")
INDICATORS = {"从业人员": "employees", "营业收入": "revenue_wan", "资产总额": "assets_wan"}
TIERS = ("large", "medium", "small")


def size(**creditor: object) -> Any:
    case = {"signed_on": "2025-06-10", "debtor": {"kind": "LARGE"}, "creditor": creditor}
    return decide(case, shipped())["creditor_size"]


def by_the_text(row: dict[str, str], figures: dict[str, int]) -> str:
    """The highest tier whose listed minimums are all met, otherwise micro."""
    for tier in TIERS:
        listed = [
            (INDICATORS[row[f"metric{n}"]], row[f"{tier}_min{n}"]) for n in "12"[: metrics(row)]
        ]
        if all(figures[name] >= int(least) for name, least in listed):
            return tier.upper()
    return "MICRO"


def metrics(row: dict[str, str]) -> int:
    return 2 if row["metric2"] else 1


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["industry_zh"])
def test_every_industry_has_its_minimums(row: dict[str, str]) -> None:
    """All combinations of each minimum, one below and one above it, for both indicators."""
    spots = [
        sorted({int(row[f"{tier}_min{n}"]) + step for tier in TIERS for step in (-1, 0, 1)} | {0})
        for n in "12"[: metrics(row)]
    ]
    names = [INDICATORS[row[f"metric{n}"]] for n in "12"[: metrics(row)]]
    for values in product(*spots):
        figures = dict(zip(names, values, strict=True))
        wanted = by_the_text(row, figures)
        for industry in (int(row["no"]), row["industry_zh"]):
            assert size(industry=industry, **figures) == wanted, figures
        assert (
            size(industry=row["industry_zh"], **{k: str(v) for k, v in figures.items()}) == wanted
        )


def test_the_shipped_table_is_the_given_one() -> None:
    if not GIVEN.exists():
        pytest.skip("the shared law table is not here")

    with GIVEN.open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.DictReader(lines)) == ROWS
    assert [row["no"] for row in ROWS] == [str(number) for number in range(1, 17)]


@pytest.mark.parametrize(
    ("code", "industry"),
    [
        ("A01", 1), ("B06", 2), ("C13", 2), ("C43", 2), ("D46", 2), ("E47", 3), ("E50", 3),
        ("F51", 4), ("F5112", 4), ("F52", 5), ("G54", 6), ("G58", 6), ("G591", 6), ("G5910", 6),
        ("G592", 7), ("G599", 7), ("G60", 8), ("H61", 9), ("H62", 10), ("I63", 11), ("I64", 11),
        ("I65", 12), ("K701", 13), ("K7010", 13), ("K702", 14), ("L71", 15), ("L72", 15), ("L", 15),
        ("M73", 16), ("N79", 16), ("O80", 16), ("Q85", 16), ("R86", 16), ("K703", 16), ("K709", 16),
        ("制造业", 2), ("采矿业", 2), ("农、林、牧、渔业", 1), ("建筑业", 3), ("教育", None),
        ("C", 2), ("G53", None), ("G59", None), ("J66", None), ("P83", None), ("Q84", None),
        ("S91", None), ("T97", None), ("K70", None), ("F", None),
    ],
)  # fmt: skip
def test_a_class_of_4754_belongs_to_an_industry_of_the_standard(
    code: str, industry: int | None
) -> None:
    row = shipped().sizes.row_of(code)

    assert (row and row.number) == industry
    if industry is None:
        figures = {"employees": 1, "revenue_wan": 1, "assets_wan": 1}
        assert size(industry=code, **figures) == "UNDETERMINED"


@pytest.mark.parametrize(
    ("text", "code"),
    [("C3511", "C3511"), ("3511", "C3511"), (" c35 ", "C35"), ("01", "A01"), ("T", "T")],
)
def test_a_code_may_leave_its_letter_out(text: str, code: str) -> None:
    assert parse_industry(text).code == code


@pytest.mark.parametrize(
    "text", ["", "99", "00", "C99", "F13", "U", "C3", "C35111", "魔法", "C 35"]
)
def test_what_is_no_class_is_refused(text: str) -> None:
    with pytest.raises(LedgerError) as refusal:
        parse_industry(text)

    assert refusal.value.code == "INDUSTRY_UNKNOWN"


def test_a_missing_indicator_decides_nothing_above_the_lowest_tier() -> None:
    assert size(industry="工业", employees=19) == "MICRO"
    assert size(industry="工业", employees=20) == "UNDETERMINED"
    assert size(industry="工业", revenue_wan="299.99") == "MICRO"
    assert size(industry="其他未列明行业", employees=100) == "MEDIUM"
    assert size(employees=1000, revenue_wan=40000) == "UNDETERMINED"


@pytest.mark.parametrize(
    ("creditor", "found", "flagged"),
    [
        ({"size": "SMALL"}, "SMALL", False),
        ({"size": "SMALL", "source": "SELF"}, "MEDIUM", True),
        ({"size": "SMALL", "source": "GOVERNMENT"}, "MEDIUM", False),
        ({"size": "SMALL", "source": "STATISTICS"}, "MEDIUM", False),
        ({"size": "MEDIUM", "source": "SELF"}, "MEDIUM", False),
    ],
)
def test_a_recognised_size_stands_whatever_the_figures(
    creditor: dict[str, str],
    found: str,
    flagged: bool,  # noqa: FBT001 - a table of cases
) -> None:
    figures = {"industry": "工业", "employees": 300, "revenue_wan": 2000}
    given = creditor | figures if "source" in creditor else creditor
    case = {"signed_on": "2025-06-10", "debtor": {"kind": "LARGE"}, "creditor": given}

    result: Any = decide(case, shipped())

    assert result["creditor_size"] == creditor["size"]
    assert ("SIZE_CONTRADICTED" in result["flags"]) is flagged
    assert size(**figures) == "MEDIUM"
    assert found in {creditor["size"], "MEDIUM"}


def test_figures_may_have_decimals_and_people_not() -> None:
    assert size(industry="工业", employees=300, revenue_wan=Decimal("1999.99")) == "SMALL"
    with pytest.raises(LedgerError):
        size(industry="工业", employees="299.5", revenue_wan=2000)
