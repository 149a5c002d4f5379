import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from services.ledger.cli.program import app
from tests.cli.documented import DOCUMENT, Example, check, examples, fits, run

EXAMPLES = examples(DOCUMENT.read_text(encoding="utf-8"))
DEMO = "LEDGER_HOME=demo"
README = Path(__file__).parents[2].joinpath("README.md")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder, whose installation is stopped in the end whatever happened."""
    yield tmp_path
    run("ledger down", tmp_path)


def test_every_documented_command_does_what_is_documented(folder: Path) -> None:
    for example in EXAMPLES:
        if not isinstance(example, Example):
            folder.joinpath(example.name).write_text(example.content, encoding="utf-8")
        elif not example.command.startswith(DEMO):
            check(example, folder)


def test_every_command_has_an_example() -> None:
    told = {example.command for example in EXAMPLES if isinstance(example, Example)}
    groups = getattr(get_command(app), "commands")  # noqa: B009 (no type of click's tells of it)
    for name, command in groups.items():
        inner = getattr(command, "commands", {"": None})
        for words in (f"ledger {name} {sub}".strip() for sub in inner):
            assert any(f"{words} " in f"{one} " for one in told), words


def test_the_readme_shows_only_commands_that_are_run_here_and_each_of_them() -> None:
    run_here = {
        example.command.removeprefix(f"{DEMO} ")
        for example in EXAMPLES
        if isinstance(example, Example) and "ledger-verify" not in example.command
    }
    shown = set(re.findall(r"`(ledger [^`]+)`", README.read_text(encoding="utf-8")))

    assert shown <= run_here
    words = {" ".join(command.split()[1:2]) for command in run_here}
    assert words == {" ".join(command.split()[1:2]) for command in shown}


@pytest.mark.parametrize(
    ("expected", "printed", "is_so"),
    [
        ("a\n…\nb", "a\nx\ny\nb", True),
        ("a\n…\nb", "a\nb", True),
        ("due …", "due 2025", True),
        ("due 2025", "due 2026", False),
        ("a", "a\nb", False),
        ("a\n…\nb", "a\nc", False),
    ],
)
def test_an_example_fits_only_what_it_says(expected: str, printed: str, *, is_so: bool) -> None:
    assert fits(expected, printed) is is_so
