"""`ledger proof` and `ledger verify`, as an operator runs them."""

from pathlib import Path

from sqlalchemy import text

from services.ledger import db
from services.ledger.proof import ledger_verify as v
from tests.cli.conftest import Run, environment, run
from tests.proof.made import write

__all__ = ["environment", "run"]


def test_the_log_is_signed_shown_erased_and_proven_from_the_command_line(run: Run) -> None:
    empty = run("proof", "checkpoint", "--json").json
    assert empty == {"size": 0, "checkpoint": ""}
    with db.transaction() as session:
        write(session, 30)
    signed = run("proof", "checkpoint", "--json").json
    shown = run("proof", "key", "--json").json
    key = v.Key.read(shown["key"])
    assert signed["size"] == 30
    assert v.open_note(signed["checkpoint"], key)
    assert key.fingerprint == shown["fingerprint"]
    assert run("proof", "key").out.split() == [shown["key"], shown["fingerprint"]]
    assert v.open_note(run("proof", "checkpoint").out, key)

    erased = run("proof", "erase", "--actor", "user3", "--basis", "第四十七条", "--json").json
    assert erased == {"values": 4, "events": 4, "rows": 0, "basis": "第四十七条"}
    refused = run("proof", "erase", "--actor", "user3", "--basis", "第四十七条", "--json", code=1)
    assert '"code": "NOT_FOUND"' in refused.err
    assert run("proof", "erase", "--basis", "第四十七条", code=2).err
    assert run("verify", "--json").json["proven"] is True


def test_verify_names_the_place_that_was_changed(run: Run) -> None:
    with db.transaction() as session:
        write(session, 300)
    run("proof", "checkpoint")
    with db.transaction() as session:
        changed = session.connection().execute(
            text(
                "UPDATE events SET request_id = 'other' WHERE id ="
                " (SELECT event_id FROM sealed WHERE position = 77) RETURNING id"
            )
        )
        event_id = changed.scalar_one()
    ran = run("verify", "--json", code=1)
    (finding,) = ran.json["findings"]
    place = f"position 77, event {event_id}: it is not what its leaf in the tree says"
    assert (finding["check"], finding["broken"], finding["examples"]) == ("leaves", 1, [place])
    assert '"code": "BOOK_NOT_PROVEN"' in ran.err
    assert "position 77" in run("verify", code=1).out


def test_a_bundle_of_a_receivable_nobody_knows_is_refused(run: Run, tmp_path: Path) -> None:
    out = tmp_path.joinpath("proof.json")
    ran = run("proof", "bundle", "--receivable", "25332", "--out", str(out), "--json", code=1)
    assert '"code": "NOT_FOUND"' in ran.err
    assert not out.exists()
