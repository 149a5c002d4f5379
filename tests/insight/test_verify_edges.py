"""What came in over HTTP and what goes out: stored answers, files, webhooks, checkpoints."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import ReceivableSettled
from services.ledger import db
from services.ledger.config import Settings, settings
from services.ledger.ids import new_id
from services.ledger.proof.signing import signers
from tests.cli.conftest import Run, environment, run
from tests.insight.test_verify import broken
from tests.ledger.conftest import STRANGER, SUPPLIER, Client, invoice
from tests.proof.conftest import sign_the_log
from tests.proof.made import write
from tests.webhooks.conftest import House, made
from tests.webhooks.receiver import Receiver

__all__ = ["environment", "run"]


def after(statement: str, **values: object) -> dict[str, list[str]]:
    """Return what is broken after a change that is then taken back."""
    with db.transaction() as session:
        assert broken(session) == {}
        assert session.connection().execute(text(statement), values).rowcount
        found = broken(session)
        session.rollback()
    return found


def test_a_stored_answer_is_as_it_was_given_and_of_what_was_written(
    supplier: Client, operator: Client, contract: str
) -> None:
    body = invoice(contract)
    for key, identifier, number in (("one", body["id"], 1), ("two", str(new_id()), 2)):
        other = {**body, "id": identifier, "invoice_number": f"{number:020}"}
        headers = {"idempotency-key": key}
        assert supplier.post("/v1/receivables", json=other, headers=headers).status_code == 201
    name = f"POST /v1/receivables, key {{}} of supplier/{SUPPLIER}/key supplier"
    changed = "the stored answer was changed"
    altered = "UPDATE idempotency_keys SET body = set_byte(body, 20, get_byte(body, 20) # 1)"
    moved = (
        "UPDATE idempotency_keys a SET body = b.body FROM idempotency_keys b WHERE b.key <> a.key"
    )
    half = "UPDATE idempotency_keys SET status = 0 WHERE key = 'one'"
    assert after(f"{altered} WHERE key = 'one'") == {
        "answers": [f"{name.format('one')}: {changed}"]
    }
    assert after(moved) == {
        "answers": [f"{name.format('one')}: {changed}", f"{name.format('two')}: {changed}"]
    }
    assert after(half) == {
        "answers": [f"{name.format('one')}: status 0 is stored, of a write that was done"]
    }
    headers = {"idempotency-key": "three"}
    party = {"id": str(new_id()), "name": "旁人丁", "kind": "SMALL"}
    assert operator.post("/v1/parties", json=party, headers=headers).status_code == 201
    (said,) = after("DELETE FROM parties WHERE id = :id", id=UUID(party["id"]))["answers"]
    assert said.endswith(f": {party['id']} is not in parties")


def test_a_webhook_that_missed_an_event_or_got_anothers_is_named(
    house: House, supplier: Client, receiver: Receiver
) -> None:
    made(supplier, url=receiver.url, types=["receivable.*"])
    endpoint = made(supplier, url=receiver.url)["id"]
    house.seal()
    house.tell(2, data=ReceivableSettled())
    house.tell(1, creditor=STRANGER, data=ReceivableSettled())
    house.work()
    (last,) = house.rows("SELECT max(position) FROM webhook_deliveries")[0]
    of_other = last + 1

    gone = "DELETE FROM webhook_deliveries WHERE endpoint_id = :e AND position = :p"
    other = "UPDATE webhook_deliveries SET type = 'receivable.opened'" + gone[31:]
    foreign = """
        INSERT INTO webhook_deliveries (endpoint_id, position, id, event_id, type, state, due_at)
        SELECT :e, s.position, gen_random_uuid(), s.event_id, 'receivable.settled', 'WAITING', now()
        FROM sealed s WHERE s.position = :p"""
    for statement, position, place in (
        (gone, last, f"position {last}: receivable.settled was never planned"),
        (other, last, f"delivery at position {last}: no such event there"),
        (foreign, of_other, f"delivery at position {of_other}: not an event of its party"),
    ):
        found = after(statement, e=UUID(endpoint), p=position)
        assert found == {"deliveries": [f"{endpoint}: {place}"]}


def test_a_file_that_was_taken_in_without_a_trace_is_named(session: Session) -> None:
    identifier = new_id()
    taken = """
        INSERT INTO import_jobs (id, actor, role, request_id, file_name, sha256, profile, whole,
          asked_on, state)
        VALUES (:id, 'x', 'operator', '', 'a.csv', 'x', '{}', true, '2026-01-01', 'COMMITTED')"""
    session.connection().execute(text(taken), {"id": identifier})

    assert broken(session) == {
        "imports": [f"{identifier}: import job: a.csv is committed, without an import"]
    }


def test_the_newest_checkpoint_does_not_vanish_unseen(run: Run, tmp_path: Path) -> None:
    with db.transaction() as session:
        write(session, 30)
    run("proof", "checkpoint")
    with db.transaction() as session:
        write(session, 10, first=30)
    kept = tmp_path / "kept.txt"
    kept.write_text("\n" + run("proof", "checkpoint").out + "\n\n", "utf-8")
    assert run("verify", "--checkpoint", str(kept), "--json").json["proven"]

    with db.transaction() as session:
        newest = "DELETE FROM checkpoints WHERE number = 2"
        assert session.connection().execute(text(newest)).rowcount
    assert run("verify", "--json").json["proven"]  # The next is signed within a minute.
    with db.transaction() as session:
        older = "UPDATE sealed SET sealed_at = now() - interval '61 seconds' WHERE position > 30"
        session.connection().execute(text(older))
        said = broken(session)["checkpoints"]
        session.rollback()
    assert len(said) == 1
    assert said[0].startswith("10 positions from 31 on, sealed since ")

    with db.transaction() as session:
        for statement in (
            "DELETE FROM events WHERE id IN (SELECT event_id FROM sealed WHERE position > 30)",
            "DELETE FROM sealed WHERE position > 30",
            "UPDATE tiles SET hashes = substr(hashes, 1, 30 * 32) WHERE level = 0",
        ):
            assert session.connection().execute(text(statement)).rowcount
    assert run("verify", "--json").json["proven"]  # Nothing in the database knows better,
    ran = run("verify", "--checkpoint", str(kept), "--json", code=1).json  # a witness does.
    (finding,) = ran["findings"]
    place = "the checkpoint of size 40 that was given: the tree has lost leaves, it has 30"
    assert (finding["check"], finding["examples"]) == ("checkpoints", [place])


def test_a_checkpoint_of_another_log_or_another_past_is_named(run: Run, tmp_path: Path) -> None:
    with db.transaction() as session:
        write(session, 30)
    note = run("proof", "checkpoint").out
    forged = tmp_path / "forged.txt"
    size, root = note.splitlines()[1:3]
    other = signers(Settings(ledger_log_key="B" * 43, ledger_log_name="x/log"))[0]
    notes = {
        note.replace(size, "29", 1): "of size 29 that was given: no key of this log signed it",
        other.sign(f"x/log\n30\n{root}\n", at=1): "no key of this log signed it",
        signers(settings())[0].sign(
            f"{note.splitlines()[0]}\n29\n{root}\n", at=1
        ): "of size 29 that was given: the tree was another then",
        "no note at all": "of size 0 that was given: no key of this log signed it",
    }
    for text_, place in notes.items():
        forged.write_text(text_, "utf-8")
        ran = run("verify", "--checkpoint", str(forged), "--json", code=1).json
        (finding,) = ran["findings"]
        assert finding["check"] == "checkpoints"
        assert place in finding["examples"][0]


def test_what_was_changed_in_the_log_is_told_over_http(operator: Client, claim: str) -> None:
    sign_the_log()
    assert operator.get("/v1/verification").json() == []
    with db.transaction() as session:
        changed = text("UPDATE events SET request_id = 'other' WHERE subject_id = :id")
        session.connection().execute(changed, {"id": UUID(claim)})
    (finding,) = operator.get("/v1/verification").json()
    assert finding["check"] == "leaves"
    assert finding["broken"] == 4


def test_a_table_that_shows_everybody_all_of_it_is_named(session: Session) -> None:
    assert broken(session) == {}
    session.connection().execute(text("ALTER TABLE claims NO FORCE ROW LEVEL SECURITY"))

    assert broken(session) == {"protection": ["claims: no row-level security"]}
