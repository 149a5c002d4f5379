"""R-20: to whom something does not belong it does not exist, whatever they ask and however.

Every operation of the API's document, by every role, with the ids of other people's things in
path, query, body, file and cursor. What is expected is what the table of `policy` says; what a
stranger is told of a thing is, but for the request's id, what is told of nothing.
"""

from typing import Any

import pytest
from sqlalchemy import text

from services.ledger import db, policy
from services.ledger.access import RECEIVABLE_VISIBLE
from services.ledger.policy import POLICY, Relation
from services.ledger.receivables import queries
from tests.procedures.asking import Ask
from tests.procedures.operations import ASKS
from tests.procedures.probe import Probe


def test_to_a_stranger_nothing_of_another_exists(probe: Probe) -> None:
    lists = {one.operation for one in ASKS if one.cursor}
    assert lists == probe.cursors.keys()
    assert len(lists) == 9
    faults = probe.all()
    if faults:
        pytest.fail("\n".join(faults))


def unasked(document: dict[str, Any]) -> set[str]:
    paths = document["paths"].items()
    there = {f"{method.upper()} {path}" for path, methods in paths for method in methods}
    return there ^ {one.operation for one in ASKS}


def test_every_operation_is_asked(probe: Probe) -> None:
    document = probe.http.get("/v1/openapi.json").json()

    assert unasked(document) == set()
    document["paths"]["/v1/secrets"] = {"get": {}}
    assert unasked(document) == {"GET /v1/secrets"}


def _asks(*operations: str) -> tuple[Ask, ...]:
    return tuple(one for one in ASKS if one.operation in operations)


READS = tuple(one for one in ASKS if one.action == "book.read" and "receivables" in one.operation)


def leaks(probe: Probe, asks: tuple[Ask, ...]) -> set[str]:
    """Return to whom something leaks."""
    firsts = [fault.splitlines()[0] for fault in probe.all(asks)]
    return {first.split()[3] for first in firsts if first.endswith("leaks")}


def _without_policy(table: str) -> None:
    with db.transaction(role="none") as session:
        session.connection().execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))


@pytest.fixture
def forgotten(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """One WHERE less."""
    assert RECEIVABLE_VISIBLE in queries._ONE
    monkeypatch.setattr(queries, "_ONE", queries._ONE.replace(RECEIVABLE_VISIBLE, "true"))
    return probe


def test_a_policy_that_is_forgotten_shows_nobody_more(probe: Probe) -> None:
    """Nor can it: the conditions of the queries hold, as the policies do without a condition."""
    assert len(READS) >= 6
    _without_policy("receivables")
    assert leaks(probe, READS) == set()


def test_a_condition_that_is_forgotten_shows_nobody_more(forgotten: Probe) -> None:
    assert leaks(forgotten, _asks("GET /v1/receivables/{receivable_id}")) == set()


def test_a_condition_and_a_policy_that_are_forgotten_are_found(forgotten: Probe) -> None:
    """The control: each backs the other, so that only where both are gone something is shown."""
    _without_policy("receivables")

    found = leaks(forgotten, _asks("GET /v1/receivables/{receivable_id}"))

    assert found >= {"core_enterprise", "supplier", "platform"}


def test_a_row_too_many_in_the_table_is_found(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: an operator who may pay for others."""
    row = POLICY["payments.record"]
    wider = row._replace(relations={**row.relations, "operator": Relation.ANY})
    monkeypatch.setattr(policy, "POLICY", {**POLICY, "payments.record": wider})

    faults = probe.all(_asks("POST /v1/payments"))

    assert any("operator: the table says otherwise" in fault for fault in faults)
