import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.cli.demo import load as loading
from services.ledger.cli.demo.plan import DAYS, contracts, invoices, orders
from services.ledger.cli.demo.story import Step
from services.ledger.db import transaction
from services.ledger.law.uscc import parse_uscc
from tests.cli.documented import DOCUMENT, Example, check, examples, run
from tests.ledger.make import a_party

TODAY = date(2026, 11, 22)


def test_the_plan_is_the_same_each_time_and_moves_with_the_day() -> None:
    assert invoices(TODAY) == invoices(TODAY)
    later = TODAY + timedelta(days=30)
    assert [one.id for one in orders(later)] == [one.id for one in orders(TODAY)]
    assert orders(later)[0].placed_on - orders(TODAY)[0].placed_on == timedelta(days=30)


def test_the_plan_is_of_a_plausible_size_and_ends_today() -> None:
    planned = invoices(TODAY)

    assert 380 < len(orders(TODAY)) < 480
    assert 800 < len(planned) < 1000
    assert max(one.reported_on for one in planned) <= TODAY
    assert min(one.placed_on for one in orders(TODAY)) == TODAY - timedelta(days=DAYS)
    assert all(len(one.number) == 20 and one.face_fen > 0 for one in planned)
    assert len({one.number for one in planned}) == len(planned)
    kinds = {contract.buyer.kind for contract in contracts(TODAY)}
    assert kinds == {"GOV", "INSTITUTION", "LARGE_SOE", "LARGE"}
    assert all(parse_uscc(one.supplier.uscc).organisation_holds for one in contracts(TODAY))


@pytest.mark.usefixtures("environment")
def test_the_demo_is_not_mixed_into_a_book_of_others() -> None:
    with transaction() as session:
        a_party(session)

    with pytest.raises(loading.NotADemoError, match="1 parties"):
        loading.load(TODAY)


def _three_months(monkeypatch: pytest.MonkeyPatch, do: Callable[[Session, str], Any]) -> None:
    days = (date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1))

    def business(day: date) -> Iterator[Step]:
        assert day == TODAY
        return (Step(on, partial(_one_party, on)) for on in days[:-1])

    monkeypatch.setattr(loading, "steps", business)
    monkeypatch.setattr(loading, "offers", lambda _: [Step(days[-1], do)])


def _one_party(on: date, session: Session, request_id: str) -> None:
    a_party(session)
    session.connection().execute(
        text("UPDATE events SET request_id = :id WHERE request_id = ''"), {"id": request_id}
    )
    assert on


@pytest.mark.usefixtures("environment")
def test_a_load_that_was_killed_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_session: Session, _request_id: str) -> None:
        raise KeyboardInterrupt

    _three_months(monkeypatch, killed)
    with pytest.raises(KeyboardInterrupt):
        loading.load(TODAY)
    before = _parties()

    _three_months(monkeypatch, partial(_one_party, TODAY))
    # The day it was begun for counts, not the day it is finished on.
    assert loading.load(TODAY + timedelta(days=3)) is True

    assert _parties() == before + 1
    loading.load(TODAY)
    assert _parties() == before + 1


def _parties() -> int:
    with transaction() as session:
        count: int = session.connection().execute(text("SELECT count(*) FROM parties")).scalar_one()
    return count


DEMO = [
    example
    for example in examples(DOCUMENT.read_text(encoding="utf-8"))
    if isinstance(example, Example) and example.command.startswith("LEDGER_HOME=demo")
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, whose installation is stopped in the end whatever happened."""
    yield tmp_path
    run(DEMO[-1].command, tmp_path)


def _told(command: str, folder: Path) -> Any:
    done = run(f"LEDGER_HOME=demo ledger {command} --json", folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_demo_is_loaded_once_and_all_it_says_is_so(folder: Path) -> None:
    started, stopped = DEMO
    check(started, folder)
    first = _told("demo --detach", folder)
    check(stopped, folder)

    second = _told("demo --detach", folder)

    for name in ("orders", "payments", "currencies", "overdue_by_age", "exported", "sign_ins"):
        assert second[name] == first[name], name
    (total,) = first["currencies"]
    assert 800 < total["receivables"] < 1000
    assert sum(band["count"] for band in first["overdue_by_age"]) == total["overdue"] > 50
    assert total["eligible"] > 10
    for platform in first["exported"]:
        assert min(platform["financed"], platform["refused"], platform["pending"]) > 0
    assert len({one["password"] for one in first["sign_ins"]}) == 5
    assert first["mails"]["sent"] == len(list(folder.glob("demo/mail/*.eml"))) > 50
    assert _told("verify", folder)["proven"] is True
    assert _told("report summary", folder)["currencies"] == first["currencies"]
