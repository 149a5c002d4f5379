"""What if: nothing changed is the live book to the fen, and every change is told beside it."""

from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.arrears import queries as arrears
from services.ledger.arrears.reasoning import reason
from services.ledger.errors import NotFoundError
from services.ledger.ids import new_id
from services.ledger.insight.simulation import Change, Part, ReadingError, simulate
from services.ledger.insight.simulation_rules import Rules
from services.ledger.money import format_fen
from services.ledger.receivables.accrual import Plan
from tests.ledger.conftest import STRANGER, Client, SignIn, invoice, opened
from tests.ledger.law_book import AS_OF, KNOWN_AT, copy_in, make, sign

ALL = Part(limit=10_000)
_FIGURES = ("start_on", "due_on", "days_overdue", "undisputed_fen", "interest_fen")


def _same(row: dict[str, Any]) -> bool:
    return all(row[name] == row[f"s_{name}"] for name in _FIGURES)


def _run(session: Session, change: Change, *, viewer: Viewer = OPERATOR, part: Part = ALL) -> Any:
    return simulate(session, viewer, change, part, as_of=AS_OF, known_at=KNOWN_AT)


@pytest.fixture
def loaded(session: Session) -> Session:
    chance = Random(31)
    signed = sign(session, chance, count=40)
    copy_in(session.connection(), list(make(chance, signed, count=600)))
    return session


def test_no_change_is_the_live_book_to_the_fen(loaded: Session) -> None:
    late = arrears.overdue(loaded, OPERATOR, as_of=AS_OF, known_at=KNOWN_AT, limit=10_000)
    found = _run(loaded, Change())

    assert found.rows
    assert all(_same(row) for row in found.rows)
    assert all(total["changed"] == 0 for total in found.totals)
    live = {UUID(row["id"]): row for row in found.rows}
    assert late
    for each in late:
        row = live[each.id]
        assert row["due_on"] == each.due_on.isoformat()
        assert row["undisputed_fen"] == max(0, each.undisputed_fen)
        if each.undisputed_fen > 0:
            assert row["days_overdue"] == each.days_overdue


def test_the_live_figures_are_those_of_the_reasoning(loaded: Session) -> None:
    ids = [UUID(row["id"]) for row in _run(loaded, Change()).rows][:120]
    live = {UUID(row["id"]): row for row in _run(loaded, Change()).rows}
    compared = 0
    for receivable_id in ids:
        why = reason(loaded, OPERATOR, receivable_id, as_of=AS_OF, known_at=KNOWN_AT)
        row, result = live[receivable_id], why["result"]
        assert row["due_on"] == result["due_on"]
        assert row["days_overdue"] == result["days_overdue"]
        shown = [result["interest"][name] for name in ("floor", "agreed", "statutory")]
        interest = next((each for each in shown if each is not None), "0.00")
        assert format_fen(row["interest_fen"]) == interest, why
        compared += row["interest_fen"] > 0
    assert compared > 10


@pytest.mark.parametrize(
    "change",
    [
        Change(as_of=date(2026, 12, 31)),
        Change(rules=Rules({"rest_days": "ANNOUNCED"})),
        Change(rules=Rules({"large_term_over_60": "SIXTY_DAYS"})),
        Change(rules=Rules({"transition": "REGIME_AT_START"})),
        Change(paid_within_days=30),
    ],
)
def test_a_change_leaves_the_live_side_as_it_is(loaded: Session, change: Change) -> None:
    live, found = _run(loaded, Change()), _run(loaded, change)

    assert [total["live"] for total in found.totals] == [total["live"] for total in live.totals]
    assert sum(total["changed"] for total in found.totals) > 0
    changed = [row for row in found.rows if not _same(row)]
    assert len(changed) == sum(total["changed"] for total in found.totals)
    only = _run(loaded, change, part=Part(limit=10_000, only_changed=True))
    assert [row["id"] for row in only.rows] == [row["id"] for row in changed]


def test_nothing_can_be_written_once_a_simulation_has_begun(loaded: Session) -> None:
    _run(loaded, Change())

    with pytest.raises(InternalError, match="read-only transaction"):
        loaded.connection().execute(text("UPDATE balances SET due_on = NULL"))


def test_pages_follow_one_another(loaded: Session) -> None:
    whole = [row["id"] for row in _run(loaded, Change()).rows]
    first = [row["id"] for row in _run(loaded, Change(), part=Part(limit=100)).rows]
    second = _run(loaded, Change(), part=Part(after=UUID(first[-1]), limit=10_000))

    assert first + [row["id"] for row in second.rows] == whole


def test_a_reading_that_no_figure_depends_on_is_refused(loaded: Session) -> None:
    for readings in ({"payment_moment": "INSTRUCTED"}, {"rest_days": "SOME"}, {"none": "ALL"}):
        with pytest.raises(ReadingError, match="can be simulated"):
            _run(loaded, Change(rules=Rules(readings)))


def test_a_payment_to_what_one_may_not_see_is_refused_as_unknown(loaded: Session) -> None:
    plan = [Plan(UUID(_run(loaded, Change()).rows[0]["id"]), AS_OF, 1)]
    stranger = Viewer(name="stranger", role="core_enterprise", party_id=new_id())

    with pytest.raises(NotFoundError):
        _run(loaded, Change(payments=plan), viewer=stranger)
    assert _run(loaded, Change(), viewer=stranger).rows == []


def _asked(client: Client, **body: Any) -> Any:
    answer = client.post("/v1/simulations", json={"day": "2025-12-31", **body})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_over_http_each_sees_its_own(
    ledger: SignIn, buyer: Client, supplier: Client, contract: str
) -> None:
    receivable = opened(supplier, invoice(contract))

    found = _asked(buyer, paid_within_days=30)
    assert [row["id"] for row in found["rows"]] == [receivable]
    assert found["rows"][0]["simulated"]["interest"] == "0.00"
    assert found["rows"][0]["live"]["interest"] == found["totals"][0]["live"]["interest"]
    assert found["totals"][0]["interest_difference"] == f"-{found['rows'][0]['live']['interest']}"
    # E1: due 2025-09-08, 114 days late on 12-31, 1000.00 at 0.05 % a day.
    assert _asked(supplier)["rows"][0]["simulated"]["interest"] == "57.00"
    for role in ("regulator", "operator"):
        assert len(_asked(ledger(role, None))["rows"]) == 1
    assert _asked(ledger("core_enterprise", STRANGER))["rows"] == []


def test_rates_caps_and_payments_that_might_be(
    ledger: SignIn, buyer: Client, supplier: Client, contract: str
) -> None:
    receivable = opened(supplier, invoice(contract))
    sooner = [{"kind": "limit:large_default_days", "date": "2025-06-01", "value": "30"}]
    found = _asked(buyer, almanac=sooner)["rows"][0]
    assert (found["live"]["due_on"], found["simulated"]["due_on"]) == ("2025-09-08", "2025-08-08")

    rest = [{"kind": "rest", "date": "2025-09-08", "value": "假期"}]
    assert _asked(buyer, almanac=rest)["rows"][0]["simulated"]["due_on"] == "2025-09-09"

    paid = [{"receivable_id": receivable, "on": "2025-09-18", "amount": "400.00"}]
    # 1000.00 for 10 days and 600.00 for 104: 5.00 and 31.20.
    assert _asked(buyer, payments=paid)["rows"][0]["simulated"]["interest"] == "36.20"
    assert _asked(buyer, day="2025-09-09")["rows"][0]["simulated"]["days_overdue"] == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"readings": {"rest_days": "NONE"}}, "READING_UNKNOWN"),
        ({"almanac": [{"kind": "lpr", "date": "2026-13-01"}]}, "ALMANAC_ROW_INVALID"),
        (
            {"payments": [{"receivable_id": str(new_id()), "on": "2026-01-01", "amount": "1.00"}]},
            "NOT_FOUND",
        ),
        ({"limit": 1000}, "REQUEST_INVALID"),
        ({"unknown": 1}, "REQUEST_INVALID"),
    ],
)
def test_bad_questions_are_refused(
    ledger: SignIn, buyer: Client, body: dict[str, Any], code: str
) -> None:
    answer = buyer.post("/v1/simulations", json=body)

    assert answer.status_code in {404, 422}
    assert answer.json()["code"] == code
    assert buyer.post("/v1/simulations", headers={"authorization": ""}).status_code == 401
