import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.ledger.cli import main
from services.ledger.config import settings
from services.ledger.db import dispose


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def environment(
    fresh_database_url: str, valkey_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """This process under the settings of an installation with an empty, migrated database."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    monkeypatch.setenv("REDIS_URL", valkey_url)
    monkeypatch.setenv("LEDGER_HOME", str(tmp_path.joinpath("home")))
    settings.cache_clear()
    dispose()
    yield tmp_path
    dispose()
    settings.cache_clear()
    dispose()


@pytest.fixture
def run(environment: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command line in this process, as `ledger` would in a fresh one."""
    del environment

    def one(*arguments: str, code: int = 0) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = capfd.readouterr()
        ran = Ran(int(ended.value.code or 0), out, err)
        assert ran.code == code, f"{arguments}: {ran}"
        return ran

    return one


def program() -> str:
    """The installed command."""
    return str(Path(sys.executable).with_name("ledger"))


def without(*names: str) -> dict[str, str]:
    """The environment, without some variables."""
    return {name: value for name, value in os.environ.items() if name not in names}
