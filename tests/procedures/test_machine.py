"""R-10: what the ledger does at random is what the model does, in its answers and in its tables."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from services.ledger import db
from services.ledger.insight.verify import verify
from tests.ledger.conftest import SignIn
from tests.procedures.bugs import BUGS
from tests.procedures.house import a_platform, sign_all
from tests.procedures.inline import inline
from tests.procedures.machine import Ledger

PARTS = 40


@pytest.fixture
def machine(ledger: SignIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Ledger]]:
    """The machine on a ledger of this test's own."""
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    with inline(app, monkeypatch) as http:
        Ledger.http, Ledger.platform = http, a_platform()
        yield Ledger


def proven() -> None:
    sign_all()
    with db.transaction() as session:
        assert verify(session) == []


def run(machine: type[Ledger], examples: int, steps: int, *, seeded: bool = True) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=seeded,
            phases=[Phase.generate],
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_ledger_does_what_the_model_does(machine: type[Ledger]) -> None:
    run(machine, 30, 25)
    proven()


@pytest.mark.parametrize("bug", ["dispute held twice", "an event is lost", "a position is skipped"])
def test_the_machine_finds_a_bug(
    machine: type[Ledger], monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    finds(machine, monkeypatch, BUGS[bug])


@pytest.mark.soak
@pytest.mark.parametrize("bug", BUGS)
def test_the_machine_finds_each_seeded_bug(
    machine: type[Ledger], monkeypatch: pytest.MonkeyPatch, bug: str
) -> None:
    finds(machine, monkeypatch, BUGS[bug])


def finds(
    machine: type[Ledger],
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run(machine, 400, 40)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(PARTS))
def test_the_ledger_does_what_the_model_does_at_length(machine: type[Ledger], part: int) -> None:
    """Two thousand examples of fifty steps, on small ledgers: an export reads all of its own."""
    run(machine, 2000 // PARTS, 50, seeded=False)
    proven()
