"""Each invariant of the book: broken once, found, and the receivable is named."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db
from services.ledger.insight.checks import CHECKS
from services.ledger.insight.verify import verify
from tests.ledger.conftest import Client
from tests.proof.conftest import sign_the_log

BREAKS = {
    "postings": "UPDATE postings SET credit = 'elsewhere' WHERE receivable_id = :id",
    "budget": "UPDATE balances SET assigned_fen = 100001 WHERE receivable_id = :id",
    "parties": "UPDATE receivables SET creditor_id = gen_random_uuid() WHERE id = :id",
    "instants": (
        "UPDATE postings SET known_at = now() + interval '1 day' WHERE receivable_id = :id"
    ),
    "events": (
        "INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data,"
        " request_id, occurred_at) SELECT subject_id, gen_random_uuid(), type, actor, debtor_id,"
        " creditor_id, data, request_id, occurred_at FROM events"
        " WHERE subject_id = :id AND type = 'receivable.opened'"
    ),
    "balances": "UPDATE balances SET receivable_fen = 1 WHERE receivable_id = :id",
    "opening": "UPDATE receivables SET face_fen = 1 WHERE id = :id",
    "dates": "UPDATE balances SET due_on = '2030-01-01' WHERE receivable_id = :id",
    "confirmations": "UPDATE balances SET confirmed_on = '2025-01-01' WHERE receivable_id = :id",
    "identities": "DELETE FROM invoice_identities WHERE receivable_id = :id",
    "claims": "UPDATE balances SET reserved_fen = 1 WHERE receivable_id = :id",
}


WITHOUT_CONSTRAINTS = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT conname, conrelid::regclass AS held FROM pg_constraint
    WHERE contype = 'c' AND conrelid IN ('postings'::regclass, 'balances'::regclass)
  LOOP EXECUTE 'ALTER TABLE ' || one.held || ' DROP CONSTRAINT ' || one.conname; END LOOP;
END $$
"""
"""The database refuses most of this by itself; whoever owns it can tell it not to."""


def broken(session: Session) -> dict[str, list[str]]:
    return {finding.check: finding.examples for finding in verify(session)}


def test_each_invariant_is_found_broken_and_a_whole_book_is_proven(claim: str) -> None:
    sign_the_log()
    with db.transaction() as session:
        assert broken(session) == {}
        session.connection().execute(text(WITHOUT_CONSTRAINTS))
        for name, statement in BREAKS.items():
            point = session.begin_nested()
            found = session.connection().execute(text(statement), {"id": UUID(claim)})
            assert found.rowcount, name
            assert claim in broken(session).get(name, []), name
            point.rollback()
        session.rollback()


def test_every_invariant_has_words_in_both_languages() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.english and check.chinese and check.sql for check in CHECKS)
    assert BREAKS.keys() <= {check.name for check in CHECKS}


def test_what_was_changed_in_the_log_is_told_over_http(operator: Client, claim: str) -> None:
    sign_the_log()
    assert operator.get("/v1/verification").json() == []
    with db.transaction() as session:
        changed = text("UPDATE events SET request_id = 'other' WHERE subject_id = :id")
        session.connection().execute(changed, {"id": UUID(claim)})
    (finding,) = operator.get("/v1/verification").json()
    assert finding["check"] == "leaves"
    assert finding["broken"] == 4
