"""The examples of docs/commands.md: files to write, commands to run, and what they print."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2].joinpath("docs", "commands.md")
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"\(exit code ([0-9])\)")


@dataclass(frozen=True)
class Example:
    """A command with what it prints and how it ends."""

    command: str
    printed: str
    code: int


@dataclass(frozen=True)
class File:
    """A file the examples work with."""

    name: str
    content: str


def examples(document: str) -> list[Example | File]:
    found: list[Example | File] = []
    for language, name, content in _BLOCK.findall(document):
        if language != "sh":
            found.append(File(name, content))
            continue
        assert content.startswith("$ "), content
        for one in content.removeprefix("$ ").split("\n$ "):
            command, _, printed = one.partition("\n")
            ended = _EXIT.search(printed)
            code = int(ended[1]) if ended else 0
            found.append(Example(command, _EXIT.sub("", printed).strip(), code))
    return found


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would: the installed program, an 80-column screen, nothing set."""
    settings = {"DATABASE_URL", "REDIS_URL", "LEDGER_HOME", "LEDGER_IDENTITY_KEY", "LEDGER_LOG_KEY"}
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    environment["COLUMNS"] = "80"
    return subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def fits(expected: str, printed: str) -> bool:
    """Say whether the output is as documented: a line `…` is any lines, elsewhere any letters.

    How wide a column is depends on the longest amount in it, so spaces count as one.
    """
    pattern = ""
    for line in _lines(expected):
        if line == "…":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return re.fullmatch(pattern, "\n".join([*_lines(printed), ""])) is not None


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def check(example: Example, folder: Path) -> None:
    done = run(example.command, folder)
    said = f"$ {example.command}\n{done.stdout}{done.stderr}(exit code {done.returncode})"
    assert done.returncode == example.code, said
    assert fits(example.printed, done.stdout + done.stderr), f"{said}\n\n{example.printed}"
