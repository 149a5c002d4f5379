"""R-22: nobody writes beside a stranger's rows, asked of every table whose rows hang on another."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from psycopg.errors import InsufficientPrivilege, UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from services.ledger.ids import new_id
from tests.access.filled import Filled, add, owned
from tests.access.test_row_reads import become, counted

Row = dict[str, Any]
ON = {"receivable_id", "order_id", "contract_id", "endpoint_id", "proposal_id", "user_id"}
"""What a row hangs on."""


def _id() -> Row:
    return {"id": str(new_id())}


def _token() -> Row:
    return {"token_hash": f"\\x{new_id().hex * 2}"}


ANOTHER: Mapping[str, Callable[[], Row]] = {
    **dict.fromkeys(
        (
            *(
                "receivables",
                "claims",
                "complaints",
                "orders",
                "confirmations",
                "claim_answers",
                "receipts",
            ),
            *("interest_claims", "interest_waivers", "arrears_facts", "webhook_secrets"),
            "webhook_replays",
        ),
        _id,
    ),
    **dict.fromkeys(("sessions", "half_sign_ins", "known_browsers"), _token),
    "balances": dict,
    "postings": lambda: _id() | {"debit": "disputed", "credit": "receivable"},
    "clock_facts": lambda: _id() | {"receipt_id": str(new_id())},
    "receivable_receipts": lambda: {"receipt_id": str(new_id())},
    "complaint_steps": lambda: _id() | {"place": 99},
    "webhook_deliveries": lambda: _id() | {"position": 99},
    "webhook_attempts": lambda: {"number": 99},
    "approval_votes": lambda: {"user_id": str(new_id()), "seat_id": str(new_id())},
    "recovery_codes": lambda: {"code_hash": f"\\x{new_id().hex}"},
    "user_links": lambda: {"subject": str(new_id())},
}
"""What makes of a row of each table another beside it."""
BETWEEN = ("claims", "complaints", "orders", "receivables")
"""Rows that say themselves between whom they are: whoever cheats says, of mine."""
OPENS = {
    "postings": {"debit": "receivable", "credit": "supply"},
    "confirmations": {"kind": "CONFIRMED"},
    "clock_facts": {},
    "receivables": {},
}
"""The residual: what opens a receivable is written where it cannot be seen yet, so whoever can send
SQL as a party may write it onto any: a second opening posting, a confirmation under the id of the
receivable, a fact it would have been opened with; and a receivable of one's own that names a
stranger's contract. docs/access.md says so."""


def beside(connection: Connection, me: UUID, changes: Mapping[str, Row]) -> dict[str, Row]:
    """Return for each table a row beside a stranger's, as one that the machine would take."""
    become(connection, "machine")
    rows = {}
    for table, change in changes.items():
        found = f"SELECT to_jsonb(x) FROM {table} x LIMIT 1"
        rows[table] = connection.execute(text(found)).scalar_one() | change
        if table in BETWEEN:
            rows[table] |= {"creditor_id": str(me)}
    return rows


def put(connection: Connection, table: str, row: Row) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    whole = f"jsonb_populate_record(CAST(NULL AS {table}), CAST(:row AS jsonb))"
    statement = text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {whole}")
    connection.execute(statement, {"row": json.dumps(row)})


def refusals(connection: Connection, rows: Mapping[str, Row]) -> dict[str, type[Exception]]:
    """Say what refuses each row, if anything does."""
    found = {}
    for table, row in rows.items():
        try:
            with connection.begin_nested() as savepoint:
                put(connection, table, row)
                savepoint.rollback()
        except DBAPIError as error:
            found[table] = type(error.orig) if error.orig else type(error)
    return found


@pytest.fixture
def me(fresh: Connection) -> UUID:
    """A party that has nothing to do with the others."""
    me = new_id()
    become(fresh, "machine")
    add(fresh, "parties", id=me, kind="SMALL")
    return me


@pytest.fixture
def rows(fresh: Connection, me: UUID) -> dict[str, Row]:
    return beside(fresh, me, {table: change() for table, change in ANOTHER.items()})


def test_every_table_whose_rows_hang_on_another_is_asked(fresh: Connection) -> None:
    hanging = {table for table, columns in owned(fresh).items() if ON & set(columns)}
    assert ANOTHER.keys() == hanging - {"import_jobs"}  # its party's; the person is who sent it


def test_the_machine_writes_each_of_these_rows(fresh: Connection, rows: dict[str, Row]) -> None:
    """Without this the refusals below could be for something else."""
    assert refusals(fresh, rows) == {"balances": UniqueViolation}


@pytest.mark.parametrize("role", ["party", "platform", "regulator", "gate"])
def test_no_role_writes_beside_a_strangers_row(
    fresh: Connection, me: UUID, rows: dict[str, Row], role: str
) -> None:
    become(fresh, role, party=str(me), person=str(new_id()), regions="{99}")
    expected: dict[str, type[Exception]] = dict.fromkeys(rows, InsufficientPrivilege)
    if role == "party":
        del expected["receivables"]
        # A receivable has one balance, whoever writes it.
        expected |= {"balances": UniqueViolation}
    if role == "gate":  # the security administrator's, who keeps people
        del expected["recovery_codes"], expected["user_links"]
    assert refusals(fresh, rows) == expected


def test_what_opens_a_receivable_is_all_that_a_party_may_write_onto_any(
    fresh: Connection, filled: Filled, me: UUID
) -> None:
    rows = beside(fresh, me, {table: _id() | change for table, change in OPENS.items()})
    claim_id = str(filled.receivable_id)
    rows["postings"] |= {"receivable_id": claim_id, "cause": claim_id}
    rows["confirmations"] |= {"receivable_id": claim_id, "id": claim_id}
    rows["clock_facts"] |= {"receivable_id": claim_id, "receipt_id": claim_id}
    become(fresh, "party", party=str(me))
    assert refusals(fresh, rows) == {}


def test_a_check_that_lets_all_in_is_found(
    fresh: Connection, me: UUID, rows: dict[str, Row]
) -> None:
    """With it the tests above see a row too many."""
    fresh.execute(text("RESET ROLE"))
    fresh.execute(text("ALTER POLICY party ON arrears_facts WITH CHECK (true)"))
    with pytest.raises(AssertionError):
        test_no_role_writes_beside_a_strangers_row(fresh, me, rows, "party")


def test_a_contract_is_not_shown_to_the_platform_of_who_names_it(
    fresh: Connection, me: UUID
) -> None:
    """A party names a stranger's contract in a receivable of its own, and offers that."""
    platform_id, platform_party = new_id(), new_id()
    add(fresh, "parties", id=platform_party, kind="FINANCIER")
    add(fresh, "platforms", id=platform_id, party_id=platform_party, code=str(platform_id))
    rows = beside(fresh, me, {"receivables": _id(), "claims": _id()})
    rows["claims"] |= {
        "receivable_id": rows["receivables"]["id"],
        "platform_id": str(platform_id),
    }
    for table, row in rows.items():
        put(fresh, table, row)
    become(fresh, "platform", party=str(platform_party))
    assert counted(fresh, ["receivables", "contracts", "orders"]) == {
        "receivables": 1,
        "contracts": 0,
        "orders": 0,
    }


def test_a_complaint_is_held_and_never_changed(fresh: Connection, filled: Filled) -> None:
    become(fresh, "party", party=str(filled.creditor_id))
    held = fresh.execute(text("SELECT id FROM complaints FOR UPDATE")).scalars().all()
    assert len(held) == 1
    with pytest.raises(DBAPIError, match="row-level security"):
        fresh.execute(text("UPDATE complaints SET text = ''"))


MAY = text(
    """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND CASE :what
      WHEN 'DELETE' THEN has_table_privilege(:role, c.oid, :what)
      ELSE has_any_column_privilege(:role, c.oid, :what) END
    """
)
OWN = {"users", "api_keys", "uses", "regulator_scopes", "approval_proposals"}
FORGOTTEN = {"sessions", "half_sign_ins", "known_browsers", "recovery_codes", "user_links"}
TOLD = {"events", "unsealed", "idempotency_keys", "cosignatures", "recovery_codes", "user_links"}
CHANGED = {
    "party": OWN
    | {"balances", "complaints", "parties", "import_jobs"}
    | {"webhook_endpoints", "webhook_secrets", "webhook_deliveries"},
    "platform": OWN
    | {"balances", "parties", "webhook_endpoints", "webhook_secrets", "webhook_deliveries"},
    "regulator": OWN | {"complaints"},
    "gate": OWN,
}
"""What a role changes some columns of; facts are in none of it."""


@pytest.mark.parametrize("role", CHANGED)
def test_a_role_changes_and_forgets_what_its_statements_do(fresh: Connection, role: str) -> None:
    def may(what: str) -> set[str]:
        asked = {"role": f"ledger_{role}", "what": what}
        return set(fresh.execute(MAY, asked).scalars())

    assert may("UPDATE") == CHANGED[role]
    webhooks = {"webhook_endpoints"} if role in {"party", "platform"} else set()
    assert may("DELETE") == FORGOTTEN | webhooks
    if role == "regulator":
        assert may("INSERT") == TOLD | {"complaint_steps"}
