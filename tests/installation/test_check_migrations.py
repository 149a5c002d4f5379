"""The judge of the migrations, with a migration for each thing it must object to."""

import shutil
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from infra.check_migrations import problems
from services.ledger.installation import migrate

_GOOD = '''
"""Room on each page. Lock: SHARE UPDATE EXCLUSIVE on parties; old code survives."""
from alembic import op

revision = "9001"
down_revision = "{below}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE parties SET (fillfactor = 90)")


def downgrade() -> None:
    op.execute("ALTER TABLE parties RESET (fillfactor)")
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations with one more at the end."""
    copy = tmp_path.joinpath("project")
    for name in ("alembic.ini", ".squawk.toml"):
        copy.mkdir(exist_ok=True)
        shutil.copy(migrate.ROOT.joinpath(name), copy)
    shutil.copytree(migrate.ROOT.joinpath("migrations"), copy.joinpath("migrations"))
    monkeypatch.setattr(migrate, "ROOT", copy)
    return copy


def add(project: Path, old: str = "", new: str = "") -> None:
    script = ScriptDirectory.from_config(migrate.alembic_config())
    below = script.get_revision("ledger@head").revision
    source = _GOOD.lstrip().replace("{below}", below)
    assert old in source
    if old:
        source = source.replace(old, new)
    project.joinpath("migrations", "ledger", "9001_more.py").write_text(source)


def found(tmp_path: Path) -> str:
    return "\n".join(problems(tmp_path.joinpath("home")))


def test_a_sound_migration_is_let_through(tmp_path: Path, project: Path) -> None:
    add(project)

    assert found(tmp_path) == ""


def test_a_migration_must_say_which_locks_it_takes(tmp_path: Path, project: Path) -> None:
    add(project, "Lock:", "It locks")

    assert "9001_more.py: the docstring must say `Lock:`" in found(tmp_path)


def test_a_migration_must_add_up_to_the_tables(tmp_path: Path, project: Path) -> None:
    add(project, "ALTER TABLE parties SET (fillfactor = 90)", "DROP INDEX party_identifiers_party")

    assert "party_identifiers_party" in found(tmp_path)


def test_a_downgrade_must_leave_nothing_behind(tmp_path: Path, project: Path) -> None:
    add(
        project,
        "ALTER TABLE parties SET (fillfactor = 90)",
        "CREATE TABLE stray (id uuid PRIMARY KEY)",
    )

    assert "downgrade leaves behind: public.stray" in found(tmp_path)


def test_a_statement_that_blocks_a_busy_table_is_refused(tmp_path: Path, project: Path) -> None:
    add(project, "ALTER TABLE parties SET (fillfactor = 90)", "CREATE INDEX slow ON parties (name)")

    assert "require-concurrent-index-creation" in found(tmp_path)
