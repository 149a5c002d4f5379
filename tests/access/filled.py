"""A book with a row in every table that has a party, and what it takes to write another beside."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text
from sqlmodel import Session

from services.ledger.ids import new_id
from services.ledger.protection import _PARTY_COLUMNS, OPEN, UNREAD
from tests.insight.whole_book import whole_book

_TABLES: Final = text(
    """
    SELECT c.relname, array_agg(a.attname) FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY (:columns)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    GROUP BY c.relname ORDER BY c.relname
    """
)
_COLUMNS: Final = text(
    """
    SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
    WHERE a.attrelid = CAST(:table AS regclass) AND a.attnum > 0 AND a.attnotnull
      AND NOT a.atthasdef
    """
)
_SAID: Final = {
    "uuid": "gen_random_uuid()",
    "bytea": "sha256(CAST(CAST(random() AS text) AS bytea))",
    "timestamp with time zone": "now()",
    "date": "current_date",
    "jsonb": "'{}'",
    "character varying[]": "'{}'",
    "boolean": "false",
}
"""A value of each type; text and numbers are 1."""


@dataclass(frozen=True)
class Filled:
    """Whose rows there are."""

    debtor_id: UUID
    creditor_id: UUID
    receivable_id: UUID
    """Late, with claimed interest, a complaint, and facts of what followed."""


def owned(connection: Connection) -> dict[str, list[str]]:
    """Return the tables that have a party and say so by policies, with the columns that name it."""
    found = connection.execute(_TABLES, {"columns": list(_PARTY_COLUMNS)})
    return {table: columns for table, columns in found if table not in {*OPEN, *UNREAD}}


def add(connection: Connection, table: str, **values: Any) -> None:
    """Add a row that says as little as its table lets it, beside what is given."""
    needed = connection.execute(_COLUMNS, {"table": table}).all()
    said = {name: _SAID.get(kind, "'1'") for name, kind in needed if name not in values}
    columns = ", ".join(f'"{name}"' for name in (*said, *values))
    given = ", ".join((*said.values(), *(f":{name}" for name in values)))
    connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({given})"), values)


def fill(session: Session) -> Filled:
    """Make the book."""
    book = whole_book(session)
    connection = session.connection()
    claim = connection.execute(
        text("SELECT debtor_id, creditor_id FROM receivables WHERE id = :id"), {"id": book.late}
    ).one()
    receipt_id, order_id = connection.execute(
        text("SELECT t.receipt_id, t.order_id FROM receipts t LIMIT 1")
    ).one()
    assert order_id
    add(connection, "receivable_receipts", receivable_id=book.late, receipt_id=receipt_id)
    add(connection, "findings", subject_id=book.late, kind="PAYMENT_REPEATED")
    event_id = connection.execute(text("SELECT event_id FROM sealed LIMIT 1")).scalar_one()
    add(connection, "erasures", event_id=event_id)
    add(connection, "party_identifiers", party_id=claim.debtor_id)
    _people(connection, claim.debtor_id)
    _webhook(connection, claim.debtor_id, event_id)
    add(connection, "import_jobs", party_id=claim.debtor_id, state="CHECKED")
    principal = f"core_enterprise/{claim.debtor_id}/key erp"
    add(connection, "idempotency_keys", principal=principal)
    return Filled(claim.debtor_id, claim.creditor_id, book.late)


def _people(connection: Connection, party_id: UUID) -> None:
    found = text("SELECT id FROM users WHERE party_id IS NOT NULL ORDER BY id LIMIT 2")
    user_id, other_id = connection.execute(found).scalars()
    for table in ("known_browsers", "recovery_codes", "sessions", "user_links"):
        add(connection, table, user_id=user_id)
    add(connection, "half_sign_ins", user_id=user_id, first_factor="password")
    add(connection, "api_keys", party_id=party_id, role="core_enterprise", prefix="lk_0123456789")
    add(connection, "regulator_scopes", region="33")
    people = {"principal_id": user_id, "stand_in_id": other_id}
    add(connection, "approval_substitutes", party_id=party_id, **people)


def _webhook(connection: Connection, party_id: UUID, event_id: UUID) -> None:
    endpoint_id = new_id()
    role = {"party_id": party_id, "role": "core_enterprise", "disabled_because": ""}
    add(connection, "webhook_endpoints", id=endpoint_id, **role)
    add(connection, "webhook_secrets", endpoint_id=endpoint_id, scheme="v1")
    given = {"endpoint_id": endpoint_id, "position": 1}
    add(connection, "webhook_deliveries", **given, event_id=event_id, state="WAITING")
    add(connection, "webhook_attempts", **given)
    add(connection, "webhook_replays", endpoint_id=endpoint_id, after=0)
