from datetime import date

import pytest

from services.ledger.access import OPERATOR
from services.ledger.arrears import service as arrears
from services.ledger.db import transaction
from services.ledger.ids import new_id
from services.ledger.payments.service import Paid, record_payment
from services.ledger.receivables import service
from services.ledger.receivables.queries import Claim
from tests.cli.conftest import Run
from tests.ledger.make import a_contract, a_receivable, acting_for

LATE, SOON = 60, 5


@pytest.fixture
def book(run: Run) -> list[Claim]:
    """Two receivables of 1,000.00: confirmed but for 100.00; 300.00 of the first are paid.

    The first was delivered on 2025-07-09 and due on 2025-09-08, the second on 2025-09-01 and
    due on 2025-10-31.
    """
    del run
    with transaction() as session:
        contract = a_contract(session)
        claims = [
            a_receivable(session, contract),
            a_receivable(session, contract, delivered_on=date(2025, 9, 1)),
        ]
        for claim in claims:
            act = service.Act(new_id(), claim.id, date(2025, 9, 2), 900_00, "数量短少")
            service.confirm(session, acting_for(claim.debtor_id), act)
        paid = Paid(new_id(), "P-1", 300_00, "CNY", date(2025, 9, 3), "", {claims[0].id: 300_00})
        record_payment(session, OPERATOR, paid)
    return claims


def test_the_overdue_are_listed_with_their_totals(run: Run, book: list[Claim]) -> None:
    told = run("report", "overdue", "--as-of", "2025-09-30", "--json").json

    assert told["as_of"] == "2025-09-30"
    assert told["totals"] == [
        {
            "currency": "CNY",
            "count": 1,
            "undisputed": "600.00",
            "disputed": "100.00",
            "overdue": "700.00",
            "under_review": 1,
        }
    ]
    (row,) = told["rows"]
    assert row["id"] == str(book[0].id)
    assert (row["due_on"], row["days_overdue"], row["flag"]) == ("2025-09-08", 22, "待拖欠审核")
    assert told["note"] == "仅供核查，不构成法律认定"


@pytest.mark.usefixtures("book")
def test_the_bands_of_an_ageing_add_up_to_all_that_is_open(run: Run) -> None:
    asked = ("report", "ageing", "--as-of", "2025-09-30", "--json")

    told = run(*asked, "--since", "start", "--bands", "10,30").json

    bands = [
        (band["band"], band["count"], band["open"], band["disputed"]) for band in told["bands"]
    ]
    assert bands == [("11-30", 1, "1000.00", "100.00"), (">30", 1, "700.00", "100.00")]
    assert told["totals"] == [{"currency": "CNY", "count": 2, "open": "1700.00"}]
    assert [band["band"] for band in run(*asked).json["bands"]] == ["not_due", "1-30"]


def test_the_eligible_are_those_confirmed_undisputed_and_not_late(
    run: Run, book: list[Claim]
) -> None:
    told = run("report", "eligible", "--as-of", "2025-09-30", "--json").json

    assert told["totals"] == [{"currency": "CNY", "count": 1, "amount": "900.00"}]
    assert [(row["id"], row["amount"]) for row in told["rows"]] == [(str(book[1].id), "900.00")]


@pytest.mark.usefixtures("book")
def test_the_summary_tells_the_book_on_one_page(run: Run) -> None:
    told = run("report", "summary", "--as-of", "2025-09-30", "--json").json

    assert (told["orders"], told["payments"], told["repeated_payment_rows"]) == (0, 1, 0)
    (total,) = told["currencies"]
    assert total["receivables"] == 2
    assert total["face"] == "2000.00"
    assert total["open_amount"] == "1700.00"
    assert (total["overdue"], total["overdue_amount"]) == (1, "700.00")
    assert (total["eligible"], total["eligible_amount"]) == (1, "900.00")


@pytest.mark.usefixtures("book")
def test_what_was_learned_later_was_not_known_then(run: Run) -> None:
    then = ("--as-of", "2025-09-30", "--known-at", "2025-09-30", "--json")

    assert run("report", "summary", *then).json["currencies"] == []
    assert run("report", "overdue", *then).json["known_at"] == "2025-09-30T23:59:59.999999+08:00"


@pytest.mark.usefixtures("book")
def test_a_limit_shortens_the_rows_and_not_the_totals(run: Run) -> None:
    asked = ("report", "overdue", "--as-of", "2025-12-31", "--limit", "1")

    told = run(*asked, "--json").json

    assert (len(told["rows"]), told["totals"][0]["count"]) == (1, 2)
    assert "1 more; --limit 2" in run(*asked).out


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("report", ["ageing", "overdue", "eligible", "summary"])
def test_reports_fit_a_screen_of_80_columns(run: Run, report: str) -> None:
    lines = run("report", report, "--as-of", "2025-10-10").out.splitlines()

    assert len(lines) > 2
    wide = [line for line in lines if sum(1 + (ord(sign) > 0x2E80) for sign in line.rstrip()) > 80]
    assert not wide


def test_an_assessment_announces_once_and_agrees_with_the_report(
    run: Run, book: list[Claim]
) -> None:
    del book
    asked = ("assess", "--as-of", "2025-09-30", "--json")

    first, again = run(*asked).json, run(*asked).json

    assert (first["newly_overdue"], again["newly_overdue"]) == (1, 0)
    assert first["totals"] == run("report", "overdue", *asked[1:]).json["totals"]


@pytest.mark.usefixtures("book")
def test_an_assessment_of_what_was_known_announces_nothing(run: Run) -> None:
    told = run("assess", "--as-of", "2025-09-30", "--known-at", "2099-01-01", "--json").json

    assert (told["announced"], told["newly_overdue"]) == (False, 0)
    assert told["totals"][0]["overdue"] == "700.00"
    with transaction() as session:
        assert arrears.last_assessed(session) is None


def test_a_day_that_has_not_come_is_not_assessed(run: Run) -> None:
    assert '"DAY_IN_FUTURE"' in run("assess", "--as-of", "2099-01-01", "--json", code=1).err


@pytest.mark.parametrize(
    "wrong",
    [
        ("--as-of", "2025-02-30"),
        ("--as-of", "20250230"),
        ("--known-at", "2025-09-30T10:00:00"),
        ("--known-at", "yesterday"),
        ("--bands", "30,10"),
        ("--bands", "0,10"),
        ("--bands", "ten"),
        ("--since", "signing"),
    ],
)
def test_values_that_mean_nothing_are_wrong_usage(run: Run, wrong: tuple[str, str]) -> None:
    assert wrong[0] in run("report", "ageing", *wrong, code=2).err
