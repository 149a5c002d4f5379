"""House rules that code checks. Each says what happened without it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sorted(
    path
    for folder in ("services", "migrations", "infra", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
SERVICES = [path for path in PYTHON if path.is_relative_to(ROOT / "services")]
MIGRATIONS = [path for path in PYTHON if path.parent.parent == ROOT / "migrations"]
LAW = ROOT / "services" / "ledger" / "law"
EDGES = ("api.py", "tasks.py", "pages.py", "worker.py")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def walk(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PYTHON, ids=name)
def test_a_file_fits_a_sitting_and_a_function_a_screen(path: Path) -> None:
    # The verifier is one file so that it can be carried away and read alone.
    longest = 700 if path.name == "ledger_verify.py" else 300
    assert len(path.read_text("utf-8").splitlines()) <= longest
    for node in walk(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{node.name} is longer than a screen"


@pytest.mark.parametrize("path", SERVICES, ids=name)
def test_no_float_touches_money_and_only_law_divides(path: Path) -> None:
    """A sketch of this project had a ``cents / 100`` in its own notifier."""
    for node in walk(path):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), node.lineno
        assert not (isinstance(node, ast.Name) and node.id == "float"), node.lineno
        divides = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
        assert not divides or path.is_relative_to(LAW), f"line {getattr(node, 'lineno', '?')}"


@pytest.mark.parametrize("path", SERVICES, ids=name)
def test_only_the_database_edges_commit(path: Path) -> None:
    """A service that commits breaks "one request, one transaction"."""
    allowed = {"db.py", "migrate.py"}
    for node in walk(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
            commits = node.func.attr == "commit" and not node.keywords
            assert not commits or path.name in allowed, f"line {node.lineno}"


@pytest.mark.parametrize("path", SERVICES, ids=name)
def test_only_edges_read_the_clock(path: Path) -> None:
    """A report for a past day once came out with today's state."""
    folders = {"cli", "installation", "web"}
    in_cli = bool(folders & set(path.parts)) or path.name == "cli.py"
    edge = path.name in EDGES or path.name.endswith(("_api.py", "_pages.py")) or in_cli
    kernel = path.name in {
        "clock.py",
        "cursors.py",
        "edges.py",
        "credentials.py",
    } or path.name.startswith("pages")
    for node in walk(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".clock"):
            assert edge or kernel, f"{name(path)} imports the clock"


@pytest.mark.parametrize("path", SERVICES, ids=name)
def test_annotations_are_real(path: Path) -> None:
    """SQLModel and FastAPI read annotations; the future import hides them."""
    assert "from __future__ import annotations" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", MIGRATIONS, ids=name)
def test_a_migration_names_its_lock(path: Path) -> None:
    if path.name[0].isdigit():
        assert "Lock:" in (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "")


def endpoints() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in SERVICES:
        if not path.is_relative_to(ROOT / "services" / "ledger"):
            continue
        for node in walk(path):
            if isinstance(node, ast.FunctionDef) and any(
                isinstance(mark, ast.Call)
                and isinstance(mark.func, ast.Attribute)
                and mark.func.attr in {"get", "post", "put", "patch", "delete"}
                and isinstance(mark.func.value, ast.Name)
                and mark.func.value.id in {"router", "app"}
                for mark in node.decorator_list
            ):
                yield f"{name(path)}:{node.name}", node


OPEN_TO_ALL = {
    "healthz",
    "get_docs",
    "get_metrics",
    "get_sign_in",
    "post_sign_in",
    # The steps of signing in ask by half a sign-in; the single sign-on by what it vouches for.
    "get_code",
    "post_code",
    "get_enrol",
    "post_enrol",
    "post_go_on",
    "get_own_password",
    "post_own_password",
    "get_single",
    "get_single_return",
    "post_logout",
    "get_root",
    "get_style",
    "get_nothing",
}
ASK = {"AskedBy", "Reader", "Writer", "AloneReader", "AloneWriter", "FreshReader", "FreshWriter"}
"""Who asks: over HTTP, on a page, in a form, and on pages that hold no transaction."""


@pytest.mark.parametrize("node", [pytest.param(node, id=where) for where, node in endpoints()])
def test_every_endpoint_asks_who(node: ast.FunctionDef) -> None:
    """Reports that ignore permissions are among the commonest complaints about peers."""
    asked = {ast.unparse(a.annotation) for a in node.args.args if a.annotation is not None}
    assert node.name in OPEN_TO_ALL or asked & ASK


LAW_QUOTES = re.compile(r"Art\.|Arts\.|民法典|第.+条|\d{3}号|国统字|GB|decree|Decree")


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in SERVICES
        if path.parent == LAW
        and path.stem in {"civil_code", "decree_728", "decree_802", "reply_2024_11", "sme_standard"}
    ],
    ids=name,
)
def test_a_function_of_law_cites_its_source(path: Path) -> None:
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert LAW_QUOTES.search(ast.get_docstring(node) or ""), node.name


def test_the_lock_names_no_package_host() -> None:
    """A lock made against a private mirror would send everyone there."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "--hash=sha256:" in lock
