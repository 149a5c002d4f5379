"""No function makes SQL of what somebody sent: ruff's rule for it knows no constants (S608)."""

from pathlib import Path

import pytest

from tests.access.sql_scan import built

ROOT = Path(__file__).parents[2]
SERVICES = sorted((ROOT / "services").rglob("*.py"))
_DESK = "SQL of the callers in this package, which are scanned as well; values are bound"
_EXPRESSIONS = "expressions from `event_id` and `yuan`, which are given constants"
ALLOWED = {
    "insight/simulation.py: simulate": "clauses of receivables/accrual_sql.py, scanned there",
    "installation/postgres.py: _make_database": "the owner's password, as a literal of the driver",
    "intake/answers.py: append": _EXPRESSIONS,
    "intake/answers.py: take_confirmations": _EXPRESSIONS,
    "intake/answers.py: take_disputes": _EXPRESSIONS,
    "intake/contracts.py: _decided": "columns and codes of `_FIELD`, which has no others",
    "intake/desk.py: copy_in": _DESK,
    "intake/desk.py: fault": _DESK,
    "intake/desk.py: lay_out": "columns of `KINDS`; a profile names none of its own",
    "intake/desk.py: run": _DESK,
    "intake/events.py: event_id": _DESK,
    "intake/parties.py: _stage_unknown": "kinds of party, which the profile's type lists",
    "intake/payments.py: _allocate": f"accounts of `ORDER`; {_EXPRESSIONS}",
    "journal/queries.py: claimed_left_fen": "one of two accounts, which its type lists",
    "web/queries.py: count": "conditions of `_conditions`, each of them a constant",
    "web/queries.py: receivables": "conditions of `_conditions`, each of them a constant",
}
"""Functions that put SQL together from more than the scan can tell is constant, and why."""


def scanned(path: Path) -> set[str]:
    """Return the functions of a file that build SQL of what is no constant."""
    place = path.relative_to(ROOT / "services").as_posix().removeprefix("ledger/")
    return {f"{place}: {function}" for function, _ in built(path.read_text("utf-8"))}


def test_sql_is_made_of_constants_but_where_it_is_said_why() -> None:
    assert {one for path in SERVICES for one in scanned(path)} == ALLOWED.keys()


PLANTED = {
    "an f-string": 'session.execute(text(f"SELECT * FROM parties WHERE name = {name!r}"))',
    "an f-string that is kept": 'found = f"DELETE FROM {name}"',
    "a format": 'session.execute(text("SELECT {}".format(name)))',
    "a format of a constant": "session.execute(text(_FIND.format(name)))",
    "a percent sign": "query = \"UPDATE parties SET name = '%s'\" % name",
    "a sum": 'query = "SELECT * FROM parties WHERE name = \'" + name',
    "a join": 'query = " AND ".join([_FIND, name])',
    "what is added to a constant": "query = _FIND\n    query += name\n    run(text(query))",
    "what is added to a list": 'all_ = [_FIND]\n    all_.append(name)\n    run(" AND ".join(all_))',
    "what arrives whole": "session.execute(text(name))",
    "what a function returns": "session.connection().exec_driver_sql(made(name))",
    "what a private function is given": "_find(session, name)",
    "a copy": 'cursor.copy(f"COPY {name} FROM STDIN")',
}
SAFE = {
    "a constant": "session.execute(_FIND, {'name': name})",
    "a constant in a constant": 'session.execute(text(f"{_FIND} AND {other._MORE} > 0"), name)',
    "one of two constants": 'more = "" if name else "x > 0"\n    run(text(f"{_FIND} AND {more}"))',
    "each of some constants": 'for one in ("a", "b"):\n        run(f"DELETE FROM {one}")',
    "what a private function is given": '_find(session, "parties")',
    "no SQL": 'log(f"{name} was not found")',
}
_MODULE = """
_FIND = "SELECT * FROM {{}}"


def asked(session, name):
    {line}


def _find(session, table):
    session.execute(text(f"SELECT * FROM {{table}}"))


def _branch(table):
    return f"SELECT * FROM {{table}}"


_ALL = " UNION ALL ".join(map(_branch, TABLES))
"""


@pytest.mark.parametrize("line", PLANTED.values(), ids=PLANTED)
def test_sql_made_of_what_was_sent_is_found(line: str) -> None:
    assert list(built(_MODULE.format(line=line)))


@pytest.mark.parametrize("line", SAFE.values(), ids=SAFE)
def test_sql_made_of_constants_is_let_be(line: str) -> None:
    assert not list(built(_MODULE.format(line=line)))


def test_a_planted_statement_in_a_service_turns_the_guard_red() -> None:
    """With the file as it is, the guard says nothing of this function."""
    path = ROOT / "services" / "ledger" / "orders" / "service.py"
    planted = path.read_text("utf-8") + '\n\ndef find(name):\n    text(f"SELECT {name}")\n'
    assert not scanned(path)
    assert [function for function, _ in built(planted)] == ["find"]
