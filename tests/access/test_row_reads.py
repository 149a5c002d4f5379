"""R-22: no table shows a role the rows of others, asked of every table the catalogue has."""

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, text

from tests.access.filled import Filled, owned

DIRECTORY = {"party_identifiers", "platforms"}
"""Who trades here is no secret to those who do."""
NUMBERED = {"exports"}
"""Numbered through whoever offers, and shown to all but other platforms; names no party."""
PEOPLE = {
    *("users", "api_keys", "sessions", "recovery_codes", "half_sign_ins", "known_browsers"),
    *("user_links", "regulator_scopes"),
}
"""What the gate is for."""
STRANGERS = {
    "party": DIRECTORY | NUMBERED,
    "platform": DIRECTORY,
    "regulator": DIRECTORY | NUMBERED,
    "gate": DIRECTORY | PEOPLE | {"events"},
}
"""What each role is shown whoever it is for; the gate of events those of people and keys."""


def become(connection: Connection, role: str, **settings: str) -> None:
    for name, value in settings.items():
        connection.execute(
            text("SELECT set_config(:name, :value, true)"),
            {"name": f"ledger.{name}", "value": value},
        )
    connection.execute(text(f"SET LOCAL ROLE ledger_{role}"))


def counted(connection: Connection, tables: list[str]) -> dict[str, int]:
    counts = (f"SELECT '{table}' AS name, count(*) AS n FROM {table}" for table in tables)
    rows = connection.execute(text(" UNION ALL ".join(counts)))
    return {row.name: row.n for row in rows}


def test_every_table_that_has_a_party_has_rows_to_be_hidden(fresh: Connection) -> None:
    """Without this the tests below could not fail."""
    become(fresh, "machine")
    assert [table for table, n in counted(fresh, list(owned(fresh))).items() if not n] == []


@pytest.mark.parametrize("role", STRANGERS)
def test_no_table_shows_a_stranger_anything(fresh: Connection, role: str) -> None:
    become(fresh, role, party=str(uuid4()), person=str(uuid4()), regions="{99}")
    shown = {table for table, n in counted(fresh, list(owned(fresh))).items() if n}
    assert shown == STRANGERS[role]
    told = fresh.execute(text("SELECT DISTINCT split_part(type, '.', 1) FROM events"))
    assert set(told.scalars()) <= {"user", "api_key", "sign_in"}


@pytest.mark.parametrize("role", ["party", "platform", "regulator"])
def test_a_connection_that_was_never_told_for_whom_it_asks_sees_nothing(
    fresh: Connection, filled: Filled, role: str
) -> None:
    never = "SELECT current_setting('ledger.party', true), current_setting('ledger.regions', true)"
    assert tuple(fresh.execute(text(never)).one()) == (None, None)
    become(fresh, role)
    shown = {table for table, n in counted(fresh, list(owned(fresh))).items() if n}
    assert shown == STRANGERS[role]
    become(fresh, role, party=str(filled.debtor_id), regions='{""}')
    assert counted(fresh, ["receivables"])["receivables"] > 0


Copied = Callable[[str], int]


@pytest.fixture
def copied(fresh: Connection) -> Copied:
    """Count the rows that COPY gives."""

    def count(what: str) -> int:
        driver = fresh.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        with driver.cursor() as cursor, cursor.copy(f"COPY {what} TO STDOUT") as copy:
            return sum(1 for _ in copy.rows())

    return count


@pytest.mark.parametrize("what", ["(SELECT * FROM {table})", "{table}"])
@pytest.mark.parametrize("role", STRANGERS)
def test_copying_out_gives_a_stranger_no_more(
    fresh: Connection, copied: Copied, role: str, what: str
) -> None:
    become(fresh, role, party=str(uuid4()), regions="{99}")
    hidden = [table for table in owned(fresh) if table not in STRANGERS[role]]
    assert {table: n for table in hidden if (n := copied(what.format(table=table)))} == {}
    become(fresh, "machine")
    assert copied(what.format(table="receivables")) > 0


def test_a_policy_that_shows_all_is_found(fresh: Connection) -> None:
    """With it the stranger of the tests above sees something."""
    fresh.execute(text("ALTER POLICY party ON postings USING (true)"))
    with pytest.raises(AssertionError):
        test_no_table_shows_a_stranger_anything(fresh, "party")
