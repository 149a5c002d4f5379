"""R-22: what each role of the database sees and may do, whatever the statement it is given."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.identification import act
from services.ledger.ids import new_id
from services.ledger.orders.models import Contract
from services.ledger.parties.models import ApiKey
from services.ledger.protection import OPEN, UNREAD, unprotected
from services.ledger.receivables.queries import Claim
from tests.ledger.make import a_contract, a_party, a_receivable

SHOWS = ("receivables", "contracts", "balances", "postings", "events", "claims", "api_keys")
NOBODY = Viewer(name="nobody", role="core_enterprise", party_id=None)


@dataclass(frozen=True)
class Book:
    """Two receivables between four parties, the first of them offered to a platform."""

    offered: Claim
    other: Claim
    platform_party: UUID
    other_platform_party: UUID


@pytest.fixture
def book(session: Session) -> Book:
    offered = a_receivable(session, _contract(session, region="330100"))
    other = a_receivable(session, _contract(session, region="440300"))
    parties = [a_party(session, kind="FINANCIER") for _ in range(2)]
    for party_id in parties:
        session.connection().execute(
            text("INSERT INTO platforms VALUES (:id, :code, '平台', :party)"),
            {"id": new_id(), "code": str(party_id), "party": party_id},
        )
    session.connection().execute(
        text(
            """
            INSERT INTO claims (receivable_id, id, export_id, platform_id, debtor_id, creditor_id,
              amount_fen, start_on, due_on, "on", known_at)
            SELECT r.id, :id, :id, p.id, r.debtor_id, r.creditor_id, 100, :day, :day, :day, now()
            FROM receivables r, platforms p WHERE r.id = :receivable AND p.party_id = :party
            """
        ),
        {"id": new_id(), "receivable": offered.id, "party": parties[0], "day": date(2025, 7, 1)},
    )
    for claim in (offered, other):
        for party_id in (claim.debtor_id, claim.creditor_id):
            session.add(
                ApiKey(key_hash=party_id.bytes * 2, name="k", role="supplier", party_id=party_id)
            )
    session.flush()
    # What is told in a transaction is seen in it; this is of before.
    session.connection().execute(text("UPDATE events SET recorded_at = now() - interval '1 hour'"))
    return Book(offered, other, *parties)


def _contract(session: Session, region: str) -> Contract:
    contract = a_contract(session)
    session.connection().execute(
        text("UPDATE parties SET region = :region WHERE id = :id"),
        {"region": region, "id": contract.debtor_id},
    )
    return contract


def seen(session: Session, viewer: Viewer) -> dict[str, int]:
    """Count what a viewer sees by the barest statements, table by table."""
    act(session, viewer)
    connection = session.connection()
    counted = {
        table: connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in SHOWS
    }
    connection.execute(text("SET LOCAL ROLE NONE"))
    return counted


def party(party_id: UUID | None, role: str = "supplier") -> Viewer:
    return Viewer(name=role, role=role, party_id=party_id)


def authority(*regions: str) -> Viewer:
    return Viewer(name="authority", role="regulator", party_id=None, regions=regions)


def test_a_debtor_and_a_creditor_see_what_is_theirs_and_no_more(
    session: Session, book: Book
) -> None:
    own = {"receivables": 1, "contracts": 1, "balances": 1, "postings": 1, "api_keys": 1}
    for role, party_id in (
        ("core_enterprise", book.offered.debtor_id),
        ("supplier", book.offered.creditor_id),
    ):
        found = seen(session, party(party_id, role))
        assert found == found | own | {"claims": 1}
        assert found["events"] > 0
    assert seen(session, party(book.other.debtor_id)) | own == seen(
        session, party(book.other.debtor_id)
    )


def test_a_platform_sees_what_it_was_offered_and_another_platform_nothing(
    session: Session, book: Book
) -> None:
    offered = seen(session, party(book.platform_party, "platform"))
    none = seen(session, party(book.other_platform_party, "platform"))
    facts = ("receivables", "contracts", "balances", "postings", "claims")
    assert [offered[table] for table in facts] == [1, 1, 1, 1, 1]
    assert [none[table] for table in facts] == [0, 0, 0, 0, 0]


def test_an_authority_sees_its_region_and_no_keys(session: Session, book: Book) -> None:
    all_of_it = seen(session, authority(""))
    province = seen(session, authority("33"))
    city = seen(session, authority("3302", "44"))
    assert [found["receivables"] for found in (all_of_it, province, city)] == [2, 1, 1]
    assert [found["claims"] for found in (all_of_it, province, city)] == [1, 1, 0]
    assert {found["api_keys"] for found in (all_of_it, province, city)} == {0}
    assert set(seen(session, authority()).values()) == {0}


def test_nobody_in_particular_sees_nothing(session: Session, book: Book) -> None:
    connection = session.connection()
    connection.execute(text("SET LOCAL ROLE ledger_party"))
    for setting in ("", str(new_id())):
        connection.execute(text("SELECT set_config('ledger.party', :p, true)"), {"p": setting})
        for table in SHOWS:
            counted = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            assert counted == 0, (table, setting)
    assert set(seen(session, NOBODY).values()) == {0}


def test_before_anybody_is_identified_there_is_no_book(session: Session, book: Book) -> None:
    for role in ("security_admin", "audit_admin"):
        found = seen(session, party(None, role))
        assert {found[table] for table in SHOWS if table != "api_keys"} == {0}
        assert found["api_keys"] == 4


REFUSED = {
    "truncate": "TRUNCATE postings",
    "copy in": "COPY postings FROM STDIN",
    "a posting's amount": "UPDATE postings SET amount_fen = 1",
    "forgetting a posting": "DELETE FROM postings",
    "turning it off": "ALTER TABLE receivables DISABLE ROW LEVEL SECURITY",
    "turning it off for oneself": "SET LOCAL row_security = off; SELECT * FROM receivables",
    "a policy of one's own": "CREATE POLICY mine ON receivables USING (true)",
    "a reference that tells": "CREATE TABLE probe (id uuid REFERENCES receivables)",
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("role", ["party", "platform", "regulator", "gate", "machine"])
def test_no_role_gets_round_it(session: Session, book: Book, role: str, statement: str) -> None:
    connection = session.connection()
    connection.execute(text(f"SET LOCAL ROLE ledger_{role}"))
    with pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql(statement)
    cause = refused.value.orig
    assert isinstance(
        cause, psycopg.errors.InsufficientPrivilege | psycopg.errors.FeatureNotSupported
    )


def test_a_party_makes_no_facts_between_others_and_changes_none(
    session: Session, book: Book
) -> None:
    act(session, party(book.offered.debtor_id, "core_enterprise"))
    connection = session.connection()
    changed = connection.execute(
        text("UPDATE balances SET receivable_fen = 1 WHERE receivable_id = :id"),
        {"id": book.other.id},
    )
    assert changed.rowcount == 0
    with pytest.raises(ProgrammingError, match="row-level security"):
        connection.execute(
            text(
                """
                INSERT INTO orders (id, contract_id, debtor_id, creditor_id, reference, placed_on,
                  currency, known_at)
                VALUES (:id, :contract, :debtor, :creditor, '1', '2025-07-01', 'CNY', now())
                """
            ),
            {
                "id": new_id(),
                "contract": book.other.contract_id,
                "debtor": book.other.debtor_id,
                "creditor": book.other.creditor_id,
            },
        )


def test_every_table_that_has_a_party_is_protected(session: Session) -> None:
    assert unprotected(session) == []
    assert set(OPEN) == {"invoice_identities", "salts"}
    assert set(UNREAD) == {"unsealed", "request_nonces"}


STRAYS = {
    "CREATE TABLE strays (party_id uuid)": "strays: no row-level security",
    "CREATE TABLE strays (principal varchar)": "strays: no row-level security",
    "CREATE TABLE parts (party_id uuid, day date) PARTITION BY RANGE (day);"
    "ALTER TABLE parts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;"
    "CREATE POLICY party ON parts TO ledger_party USING (party_id = viewer_party());"
    "CREATE TABLE parts_2025 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')": (
        "parts_2025: no row-level security"
    ),
    "CREATE VIEW looks AS SELECT * FROM receivables": "looks: a view that reads as its owner",
    "ALTER TABLE events NO FORCE ROW LEVEL SECURITY": "events: no row-level security",
    "ALTER TABLE claims DISABLE ROW LEVEL SECURITY": "claims: no row-level security",
    "ALTER TABLE idempotency_keys DISABLE ROW LEVEL SECURITY": (
        "idempotency_keys: no row-level security"
    ),
    "CREATE POLICY all_of_it ON orders USING (true)": "a policy for everybody",
    "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
    " RETURN (SELECT count(*) FROM events)": "peek: a function that runs as its owner",
    "GRANT CREATE ON SCHEMA public TO ledger_machine;"
    " ALTER TABLE findings OWNER TO ledger_machine": "ledger_machine owns findings",
    "GRANT TRUNCATE ON postings TO ledger_party": "ledger_party may truncate postings",
    "GRANT SELECT (event_id) ON unsealed TO ledger_gate": "ledger_gate may select unsealed",
    "GRANT DELETE ON salts TO ledger_regulator": "ledger_regulator may delete salts",
}


@pytest.mark.parametrize(("opening", "found"), STRAYS.items())
def test_each_way_of_leaving_something_open_is_found(
    session: Session, opening: str, found: str
) -> None:
    session.connection().execute(text(opening))
    assert any(found in one for one in unprotected(session))


def test_a_table_of_tomorrow_is_the_machines_alone(session: Session) -> None:
    connection = session.connection()
    connection.execute(text("CREATE TABLE tomorrows (id uuid)"))
    connection.execute(text("SET LOCAL ROLE ledger_machine"))
    connection.execute(text("SELECT FROM tomorrows"))
    connection.execute(text("SET LOCAL ROLE ledger_party"))
    with pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text("SELECT FROM tomorrows"))
