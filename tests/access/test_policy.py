"""One table says who may do what; ``python -m tests.access.test_policy`` writes its page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from services.ledger.parties import users
from services.ledger.parties.service import add_api_key
from services.ledger.policy import (
    ADMINISTRATORS,
    FOR_A_PARTY,
    MACHINE,
    POLICY,
    ROLES,
    Relation,
    as_markdown,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "policy.md"
LEDGER = ROOT / "services" / "ledger"
ASKING = {"require", "may", "relation", "roles", "held_for"}


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    for path in LEDGER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                yield path, node, name or (node.func.id if isinstance(node.func, ast.Name) else "")


def words(node: ast.AST) -> set[str]:
    return {
        one.value
        for one in ast.walk(node)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }


def test_the_page_of_the_table_is_current() -> None:
    assert PAGE.read_text("utf-8") == as_markdown()


def test_every_action_is_asked_for_and_no_other() -> None:
    asked: set[str] = set()
    for path in LEDGER.rglob("*.py"):
        if path.name != "policy.py":
            asked |= words(ast.parse(path.read_text("utf-8"))) & POLICY.keys()
    named = {
        word
        for _, call, name in calls()
        if name in ASKING
        for word in words(call)
        if "." in word and " " not in word
    }

    assert POLICY.keys() - asked == set()
    assert named - POLICY.keys() == set()


def test_no_room_compares_a_role() -> None:
    """What a role may do once stood in twenty places, and no two of them were alike."""
    found = []
    for path in LEDGER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            in_python = isinstance(node, ast.Compare) and words(node) & ROLES.keys()
            sql = node.value if isinstance(node, ast.Constant) else None
            in_sql = isinstance(sql, str) and ("role = '" in sql or ":role = '" in sql)
            if in_python or in_sql:
                found.append(f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")

    assert found == []


def test_no_administrator_acts_for_a_tenant() -> None:
    tenants = {
        action
        for action, row in POLICY.items()
        if {row.relations.get(role) for role in FOR_A_PARTY} & {*Relation} - {Relation.ANY, None}
    } - {
        *("book.read", "events.own", "exports.read", "imports.read"),
        *("approvals.read", "approvals.decide"),
    }
    acting = {
        (role, action)
        for action in tenants - {"people.keep"}
        for role in ADMINISTRATORS
        if role in POLICY[action].relations
    }

    assert len(tenants) > 20
    assert acting == set()
    assert POLICY["people.keep"].relations["security_admin"] is Relation.NOBODYS
    assert POLICY["events.own"].relations["operator"] is Relation.NOBODYS
    assert POLICY["approvals.decide"].relations["operator"] is Relation.NOBODYS


def test_nobody_is_given_the_role_of_the_machine(session: Session) -> None:
    with pytest.raises(users.RoleAndPartyError, match="No person is of the role"):
        users.check_role(MACHINE, "", None)
    with pytest.raises(IntegrityError, match="api_keys_role_check"):
        add_api_key(session, name="x", role=MACHINE, party_id=None, token="x")


if __name__ == "__main__":
    PAGE.write_text(as_markdown(), "utf-8")
