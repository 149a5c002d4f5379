"""R-14: whatever is changed in the log's tables is found, and its place is named."""

import random
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.insight.verify import verify
from services.ledger.proof import leaves, queries, service, signed
from services.ledger.proof.check import check_log
from services.ledger.proof.ledger_verify import SUITES
from services.ledger.proof.signing import LogKeyError
from tests.proof.made import AT, NEW_KEY, keys, long_log, write
from tests.proof.mutations import CHANGES, NOT_FOUND, ORDERED, TABLES, mutate


@pytest.fixture
def log(session: Session) -> Session:
    long_log(session)
    return session


def places(session: Session) -> list[str]:
    return [f"{place.check}: {place.where}" for place in check_log(session)]


def change(session: Session, statement: str) -> list[str]:
    assert session.connection().execute(text(statement)).rowcount == 1
    return places(session)


def test_a_log_that_nobody_touched_is_proven(log: Session) -> None:
    assert places(log) == []


def test_progress_tells_how_far_it_is(log: Session) -> None:
    told: list[tuple[int, int]] = []
    assert not list(check_log(log, progress=lambda done, total: told.append((done, total))))
    assert told[-1] == (832, 832)


def everything(session: Session) -> str:
    return "\n".join(f"{one.check} {one.examples}" for one in verify(session))


@pytest.fixture
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sealed is old enough to be signed: the newest checkpoint is missed when it is gone.

    The instant of sealing is in the leaves, so the rows cannot be made older.
    """
    statement = str(signed._UNSIGNED)
    assert statement.count("- interval '1 minute'") == 1
    later = text(statement.replace("- interval '1 minute'", "+ interval '1 minute'"))
    monkeypatch.setattr(signed, "_UNSIGNED", later)


def try_mutations(session: Session, count: int) -> None:
    """Make changes of every kind in every table; each must be found, and its place named."""
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    # Whoever owns the tables can take their constraints away first.
    drop = "ALTER TABLE cosignatures DROP CONSTRAINT cosignatures_size_fkey"
    session.connection().execute(text(drop))
    assert everything(session) == ""
    for number in range(count):
        table, kind = CHANGES[number % len(CHANGES)]
        point = session.begin_nested()
        done = mutate(session, chance, table, kind)
        told = everything(session)
        assert told, f"seed {seed}, mutation {number} was not found: {done.what}"
        assert done.named.search(told), f"seed {seed}, {number}: {done.what} is told as {told}"
        point.rollback()
    assert count >= len(CHANGES)


def test_what_is_changed_is_every_kind_of_change_in_every_table_but_what_is_listed() -> None:
    every = {(table, kind) for table in TABLES for kind in ("value", "delete", "insert")}
    assert every - set(CHANGES) == set(NOT_FOUND)
    assert {table for table, kind in CHANGES if kind == "swap"} == set(ORDERED)


def test_fifty_random_changes_are_all_found(log: Session, a_minute_later: None) -> None:
    try_mutations(log, 50)


def test_under_a_leaf_that_skips_a_column_some_of_fifty_changes_are_not_found(
    session: Session, a_minute_later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: what was told and who told it are in no leaf."""
    skip(monkeypatch, "data", "actor_party_id", "recorded_at")
    long_log(session)
    monkeypatch.setattr("tests.proof.test_check.CHANGES", [("events", "value")])
    with pytest.raises(AssertionError, match="was not found: events: value"):
        try_mutations(session, 50)


def test_findings_that_name_no_place_are_not_enough(
    log: Session, a_minute_later: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A control: a check that finds everything, and says of it only that there is something."""
    whole = everything
    vague = "tests.proof.test_check.everything"
    monkeypatch.setattr(vague, lambda session: "something" if whole(session) else "")
    with pytest.raises(AssertionError, match="is told as something"):
        try_mutations(log, 50)


def test_a_checkpoint_that_is_gone_or_numbered_out_of_the_way_is_named(log: Session) -> None:
    drop = "ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_number_check"
    log.connection().execute(text(drop))
    aside = change(log, "UPDATE checkpoints SET number = 0 WHERE number = 1")
    assert aside == ["checkpoints: 1 of the checkpoints 1 to 5 are gone, first 1"]
    also = change(log, "DELETE FROM checkpoints WHERE number = 4")
    assert also[0] == "checkpoints: 2 of the checkpoints 1 to 5 are gone, first 1"


def test_the_newest_checkpoint_is_missed_a_minute_later_if_nobody_has_a_copy(
    log: Session, a_minute_later: None
) -> None:
    (found,) = change(log, "DELETE FROM checkpoints WHERE number = 5")
    assert found.startswith("checkpoints: 2 positions from 831 on, sealed since ")


def skip(monkeypatch: pytest.MonkeyPatch, *columns: str) -> None:
    """Leave columns out of every leaf."""
    whole = leaves.leaf

    def skipping(*given: Any) -> dict[str, Any] | None:
        made = whole(*given)
        return made and {name: value for name, value in made.items() if name not in columns}

    monkeypatch.setattr(leaves, "leaf", skipping)


@pytest.mark.soak
def test_five_hundred_random_changes_are_all_found(log: Session, a_minute_later: None) -> None:
    try_mutations(log, 500)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            (
                'UPDATE events SET data = data || \'{"amount": "99.00"}\' WHERE id ='
                " (SELECT event_id FROM sealed WHERE position = 302)"
            ),
            "leaves: position 302, event {}: it is not what its leaf in the tree says",
        ),
        (
            (
                "UPDATE events SET recorded_at = recorded_at - interval '1 day' WHERE id ="
                " (SELECT event_id FROM sealed WHERE position = 302)"
            ),
            "leaves: position 302, event {}: it is not what its leaf in the tree says",
        ),
        (
            "DELETE FROM events WHERE id = (SELECT event_id FROM sealed WHERE position = 302)",
            "leaves: position 302, event {}: the event is gone",
        ),
        (
            "UPDATE sealed SET debtor_id = NULL WHERE position = 302",
            "leaves: position 302, event {}: its parties differ from those beside its position",
        ),
        (
            (
                "UPDATE tiles SET hashes = set_byte(hashes, 45 * 32, 7 # get_byte(hashes, 45 * 32))"
                " WHERE level = 0 AND number = 1"
            ),
            "tree: position 302, event {}: its hash in the tree was changed, the event was not",
        ),
    ],
)
def test_the_place_is_named(log: Session, statement: str, found: str) -> None:
    event = log.connection().execute(text("SELECT event_id FROM sealed WHERE position = 302"))
    expected = found.format(event.scalar_one())
    assert expected in change(log, statement)


def test_one_changed_event_is_one_finding(log: Session) -> None:
    statement = (
        "UPDATE events SET request_id = 'x' WHERE id ="
        " (SELECT event_id FROM sealed WHERE position = 1)"
    )
    assert len(change(log, statement)) == 1


def test_a_sealed_row_taken_away_is_missed(log: Session) -> None:
    assert change(log, "DELETE FROM sealed WHERE position = 832") == [
        "leaves: position 832: nothing is sealed there any more"
    ]


def test_a_history_rewritten_with_its_tree_contradicts_what_was_signed(log: Session) -> None:
    """Who can write every table can make events and tree agree again, but not the signatures."""
    statement = (
        'UPDATE events SET data = data || \'{"amount": "99.00"}\' WHERE id ='
        " (SELECT event_id FROM sealed WHERE position = 302)"
    )
    assert change(log, statement)
    log.connection().execute(text("DELETE FROM tiles"))
    while service.grow(log, SUITES["sha256-ed25519"]):
        pass
    (first, *others) = places(log)
    assert first == (
        "checkpoints: checkpoint 2 of size 600: another tree was signed;"
        " look between positions 201 and 600"
    )
    assert len(others) == 3
    write(log, 5, first=900)
    service.grow(log, SUITES["sha256-ed25519"])
    with pytest.raises(queries.LogDamagedError):
        service.checkpoint(log, keys(NEW_KEY), at=AT)


def test_a_log_cut_short_is_not_signed_again(log: Session) -> None:
    log.connection().execute(text("DELETE FROM tiles WHERE level = 0 AND number = 3"))
    write(log, 5, first=900)
    with pytest.raises(queries.LogDamagedError):
        service.checkpoint(log, keys(NEW_KEY), at=AT)
    assert places(log)


def test_a_gap_in_the_sealed_positions_is_not_grown_over(log: Session) -> None:
    write(log, 5, first=900)
    log.connection().execute(text("DELETE FROM sealed WHERE position = 833"))
    with pytest.raises(queries.LogDamagedError, match="position 833"):
        service.grow(log, SUITES["sha256-ed25519"])


@pytest.mark.parametrize("text_", ["", "x", "x\n\n", "test.example/log\n832\nAAAA\n\nx\n"])
@pytest.mark.parametrize(
    ("table", "column", "number"),
    [("checkpoints", "note", 5), ("checkpoints", "note", 1), ("log_keys", "note", 1)],
)
def test_a_note_that_is_none_any_more_is_a_finding_and_a_refusal_not_a_crash(
    log: Session, table: str, column: str, number: int, text_: str
) -> None:
    changed = text(f"UPDATE {table} SET {column} = :to WHERE number = :number")
    assert log.connection().execute(changed, {"to": text_, "number": number}).rowcount == 1
    assert any(place.startswith("checkpoints: ") for place in places(log))
    write(log, 5, first=900)
    service.grow(log, SUITES["sha256-ed25519"])
    shown = queries.suite_of if table == "log_keys" else partial(queries.checkpoints, limit=9)
    with pytest.raises(queries.LogDamagedError, match="run `ledger verify`"):
        shown(log)


def test_a_key_nobody_handed_over_to_does_not_sign(log: Session) -> None:
    write(log, 5, first=900)
    service.grow(log, SUITES["sha256-ed25519"])
    with pytest.raises(LogKeyError, match="which LEDGER_LOG_KEY does not have"):
        service.checkpoint(log, keys("E" * 43), at=AT)


def test_a_leaf_that_skipped_a_column_would_miss_its_change(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of R-14: what is found above is found because every column is in the leaf."""
    skip(monkeypatch, "request_id")
    long_log(session)
    statement = "UPDATE events SET {} WHERE id = (SELECT event_id FROM sealed WHERE position = 302)"
    assert change(session, statement.format("request_id = 'other'")) == []
    assert len(change(session, statement.format("type = 'other'"))) == 1
