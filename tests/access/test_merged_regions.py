"""A region has the debtors of codes that were merged into it (GB/T 2260 by date)."""

import pytest

from tests.access.country import a_place, authority, claims, of
from tests.access.making import appointed, rows
from tests.ledger.conftest import SignIn


@pytest.mark.parametrize(
    ("scope", "sees"),
    [
        ("37", {"371202", "371203", "371200"}),
        ("3701", {"371202", "371203", "371200"}),  # 莱芜 became part of 济南 in 2019,
        ("370116", {"371202"}),  # and each of its districts one of the city's.
        ("371202", {"371202"}),
        ("3702", set()),
        ("3401", {"341400", "341402"}),  # 巢湖 was split up among three in 2011.
        ("3402", {"341400", "341422"}),
        ("340181", {"341402"}),
        ("340281", set()),
        ("", {"371202", "371203", "371200", "341400", "341402", "341422"}),
    ],
)
def test_a_region_has_the_debtors_of_codes_that_were_merged_into_it(
    ledger: SignIn, scope: str, sees: set[str]
) -> None:
    places = {
        code: a_place(ledger, code)
        for code in ("371202", "371203", "371200", "341400", "341402", "341422")
    }
    who, client = authority()
    appointed(who, scope)

    assert claims(client) == of(*(places[code] for code in sees))


def test_a_merger_counts_from_its_day(ledger: SignIn) -> None:
    place = a_place(ledger, "371202")
    who, client = authority()
    appointed(who, "3701")
    rows("UPDATE region_successors SET from_on = now()::date + 2 RETURNING 1")

    assert claims(client) == set()
    rows("UPDATE region_successors SET from_on = now()::date - 2 RETURNING 1")
    assert claims(client) == of(place)
