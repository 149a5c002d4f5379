"""The dated rows that are shipped: whole, in order, and those of the public lists."""

import csv
import io
import tarfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.ledger.almanac import shipped
from services.ledger.almanac.load import shipped_rows
from services.ledger.law.values import Limits

SHARED = Path(__file__).parents[3].joinpath("shared")
CALENDAR = shipped().calendar
RATES = [(date.fromisoformat(row["publish_date"]), row) for row in shipped_rows("lpr_1y.csv")]


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_every_year_from_2004_to_2026_is_published() -> None:
    assert sorted(CALENDAR.years) == list(range(2004, 2027))
    # Every notice names at least the statutory holidays of its year.
    for year in CALENDAR.years:
        rest = [day for day in days(date(year, 1, 1), date(year, 12, 31)) if CALENDAR.is_rest(day)]
        assert 104 < len(rest) < 125, year


@pytest.mark.parametrize(
    ("workday", "rest"),
    [
        ("2025-01-26", "2025-01-28"),
        ("2025-02-08", "2025-02-04"),
        ("2025-04-27", "2025-05-05"),
        ("2025-09-28", "2025-10-01"),
        ("2025-10-11", "2025-10-08"),
        ("2026-01-04", "2026-01-02"),
        ("2026-02-14", "2026-02-15"),
        ("2026-02-28", "2026-02-23"),
        ("2026-05-09", "2026-05-05"),
        ("2026-09-20", "2026-09-27"),
        ("2026-10-10", "2026-10-07"),
    ],
)
def test_make_up_workdays_work_and_rest_days_rest(workday: str, rest: str) -> None:
    assert date.fromisoformat(workday).weekday() >= 5
    assert not CALENDAR.is_rest(date.fromisoformat(workday))
    assert CALENDAR.is_rest(date.fromisoformat(rest))


def test_the_rest_days_are_those_of_the_public_list() -> None:
    archive = SHARED.joinpath("data", "cn_reference.tar.gz")
    if not archive.exists():
        pytest.skip("the shared reference data are not here")
    with tarfile.open(archive) as opened:
        member = opened.extractfile("cn_reference/workday_exceptions.csv")
        assert member is not None
        rows = list(csv.DictReader(io.TextIOWrapper(member, "utf-8")))
    listed = {date.fromisoformat(row["date"]): row for row in rows}
    for day in days(date(2019, 1, 1), date(2026, 12, 31)):
        rests = day.weekday() >= 5
        if day in listed:
            rests = listed[day]["kind"] == "holiday"
        assert CALENDAR.is_rest(day) == rests, day


def test_a_rate_is_published_on_the_first_working_day_from_the_20th_of_each_month() -> None:
    months = [(day.year, day.month) for day, _ in RATES]
    assert months == [(n // 12, n % 12 + 1) for n in range(2019 * 12 + 7, 2026 * 12 + 9)]
    for day, _ in RATES:
        assert CALENDAR.roll_forward(day.replace(day=20)).on == day


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        ("2019-08-19", None),
        ("2019-08-20", "4.25"),
        ("2020-04-19", "4.05"),
        ("2020-04-20", "3.85"),
        ("2021-12-20", "3.80"),
        ("2022-01-19", "3.80"),
        ("2022-08-22", "3.65"),
        ("2023-06-20", "3.55"),
        ("2023-08-20", "3.55"),
        ("2023-08-21", "3.45"),
        ("2024-07-22", "3.35"),
        ("2024-10-21", "3.10"),
        ("2025-05-19", "3.10"),
        ("2025-05-20", "3.00"),
        ("2026-10-19", "3.00"),
    ],
)
def test_the_rate_of_a_day_is_the_last_one_published(day: str, rate: str | None) -> None:
    found = shipped().lpr.on(date.fromisoformat(day))

    assert found == (None if rate is None else Decimal(rate))


def test_the_rates_are_those_of_the_given_table() -> None:
    given = SHARED.joinpath("law", "lpr_1y.csv")
    if not given.exists():
        pytest.skip("the shared law table is not here")
    with given.open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.DictReader(lines)) == [row for _, row in RATES]


def test_every_limit_is_dated_and_has_a_source() -> None:
    rows = shipped().limits.rows

    assert {row.name for row in rows} == set(Limits._fields)
    assert all(row.source for row in rows)
    assert shipped().limits.on(date(2025, 6, 14)).ecert_hard_months is None
    assert shipped().limits.on(date(2025, 6, 15)).ecert_hard_months == 12
    assert shipped().limits.on(date(2025, 5, 31)).large_default_days is None
    assert shipped().limits.on(date(2025, 6, 1)).large_default_days == 60
