"""What is written with an event is in its leaf: in every table that says something of a party."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.config import settings
from services.ledger.log.service import seal
from services.ledger.proof import ledger_verify as v
from services.ledger.proof import service
from services.ledger.proof.check import check_log
from services.ledger.proof.erasing import Whose, erase
from services.ledger.proof.facts import FACTS, FORMS, columns_of
from tests.insight.whole_book import unguarded, whole_book
from tests.ledger.conftest import Client
from tests.proof.conftest import PERSON, bundle, sign_the_log
from tests.proof.test_bundle import check

SUITE: Final = v.SUITES["sha256-ed25519"]
ELSEWHERE: Final = {
    "balances": "the fold of the postings, and the days that the facts give",
    "sealed events": "the log itself, compared leaf by leaf",
    "findings": "what a file said twice; it decides nothing",
    "invoice_identities": "compared with the receivables",
    "party_identifiers": "a directory, without the instant it was recorded",
    "platforms": "a directory that is renamed",
    "users api_keys regulator_scopes": "who may sign in; changed all the time, each time told",
    "import_jobs": "a queue of files, compared with the imports",
    "webhook_endpoints": "where to send; changed by its party",
}
_OF_PARTIES: Final = text(
    """
    SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'
      AND column_name IN ('receivable_id', 'debtor_id', 'creditor_id', 'party_id', 'order_id',
        'contract_id', 'proposal_id', 'complaint_id')
    """
)


def places(session: Session) -> list[str]:
    return [place.where for place in check_log(session)]


def test_each_table_that_has_a_party_is_signed_or_judged(session: Session) -> None:
    held = set(session.connection().execute(_OF_PARTIES).scalars())
    judged = {name for names in ELSEWHERE for name in names.replace("sealed e", "e").split()}
    assert held - {rows.table for rows in FACTS} - judged - {"sealed"} == set()


def test_each_column_that_is_signed_is_found_changed(session: Session) -> None:
    """Whichever tables the book has rows in: one column of one row at a time."""
    whole_book(session)
    unguarded(session)
    run = session.connection().execute
    unseen, seen = [], set()
    for rows in FACTS:
        if rows.table == "approval_rules":  # planted in this book, without an event
            continue
        place = run(text(f"SELECT ctid::varchar FROM {rows.table} LIMIT 1")).scalar()
        for column in columns_of(rows, FORMS[-1]) if place else ():
            named = {"table": rows.table, "column": column}
            kind = run(_KIND, named).scalar_one()
            point = session.connection().begin_nested()
            change = f"""UPDATE {rows.table} SET "{column}" = {_OTHER[kind].format(column)}"""
            run(text(f"{change} WHERE ctid = CAST(:at AS tid)"), {"at": place})
            seen.add(rows.table)
            if not places(session):
                unseen.append(f"{rows.table}.{column}")
            point.rollback()
    assert unseen == []
    assert len(seen) >= 15


_KIND: Final = text(
    "SELECT data_type FROM information_schema.columns"
    " WHERE table_name = :table AND column_name = :column"
)
_OTHER: Final = {
    "uuid": "gen_random_uuid()",
    "character varying": "\"{}\" || 'x'",
    "text": "\"{}\" || 'x'",
    "bigint": 'coalesce("{}", 0) + 100',
    "integer": 'coalesce("{}", 0) + 100',
    "smallint": 'coalesce("{}", 0) + 100',
    "date": "coalesce(\"{}\", '2020-01-01') + 1",
    "boolean": 'NOT coalesce("{}", false)',
    "bytea": "'other'",
    "jsonb": "'[7]'",
    "ARRAY": "'{{x}}'",
    "timestamp with time zone": "\"{}\" - interval '1 second'",
}


def test_an_event_from_before_facts_were_signed_keeps_its_leaf(session: Session) -> None:
    whole_book(session)
    run = session.connection().execute
    run(text("DELETE FROM tiles"))
    run(text("UPDATE events SET form = NULL"))
    while service.grow(session, SUITE):
        pass
    changed = "UPDATE contracts SET terms = '{}'"
    assert not any("leaf" in place for place in places(session))
    assert run(text(changed)).rowcount
    assert not any("leaf" in place for place in places(session))
    for form in FORMS:
        run(text("UPDATE events SET form = :form"), {"form": form})
        assert any("written with it is not" in place for place in places(session))


def test_what_is_erased_leaves_the_tree_and_old_bundles_as_they_were(
    supplier: Client, claim: str
) -> None:
    earlier = sign_the_log()
    before = bundle(supplier, claim, disclose=True)
    with db.transaction() as session:
        suite = v.SUITES[settings().ledger_log_suite]
        subject_id = session.connection().execute(
            text("SELECT id FROM receivables WHERE id = CAST(:id AS uuid)"), {"id": claim}
        )
        erase(session, OPERATOR, suite, Whose(subject_id=subject_id.scalar_one()), basis="第47条")
        seal(session)
    sign_the_log()
    after = bundle(supplier, claim, since=earlier.size, disclose=True)
    assert PERSON not in str(after)
    assert check(before)
    report = check(after, checkpoint=earlier.note)
    assert "Nothing in the log changed since" in v.say(report)
    assert [one["leaf"] for one in after["events"][:4]] == [one["leaf"] for one in before["events"]]
    with db.transaction() as session:
        assert places(session) == []
