"""`ledger up` and `ledger down`: the whole installation, as a user has it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.ledger.installation.home import Home, InstallationError
from services.ledger.installation.installation import Installation
from services.ledger.installation.postgres import Postgres
from services.ledger.installation.spawn import wait_until

PROGRAMS = {"mail", "api", "worker", "beat", "notifier-worker", "notifier-api"}


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation of its own, stopped at the end whatever happened."""
    for name in ("DATABASE_URL", "REDIS_URL", "LEDGER_IDENTITY_KEY"):
        monkeypatch.delenv(name, raising=False)
    opened = Installation.open(tmp_path.joinpath("home"))
    yield opened
    opened.down()


def healthy(installation: Installation) -> bool:
    try:
        with urllib.request.urlopen(f"{installation.status()['url']}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def program(installation: Installation, name: str) -> Any:
    programs = installation.status()["programs"]
    assert isinstance(programs, dict)
    return programs[name]


def test_up_and_down_and_up_again_lose_nothing(installation: Installation) -> None:
    installation.up_detached()
    assert all(program(installation, name)["running"] for name in PROGRAMS)
    assert healthy(installation)
    with installation.working() as environment, psycopg.connect(environment["DATABASE_URL"]) as c:
        c.execute("CREATE TABLE kept (text text)")
        c.execute("INSERT INTO kept VALUES ('before')")
    first = installation.status()

    started = time.monotonic()
    assert installation.down()
    assert time.monotonic() - started < 30
    stopped = installation.status()
    assert (stopped["running"], stopped["postgres"], stopped["valkey"]) == (False, None, None)
    assert not any(program(installation, name)["running"] for name in PROGRAMS)
    assert not installation.down()

    installation.up_detached()
    assert installation.status()["url"] == first["url"]
    with psycopg.connect(environment["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT text FROM kept").fetchall() == [("before",)]
    kept = json.loads(installation.home.path("secrets.json").read_text())
    assert kept["LEDGER_IDENTITY_KEY"] == environment["LEDGER_IDENTITY_KEY"]


def test_what_is_killed_comes_back_while_up_runs(installation: Installation) -> None:
    installation.up_detached()
    os.kill(program(installation, "api")["pid"], signal.SIGKILL)
    postgres = Postgres(installation.home).pid()
    assert postgres is not None
    os.kill(postgres, signal.SIGKILL)

    assert wait_until(lambda: program(installation, "api")["restarts"] == 1, seconds=30)
    assert wait_until(lambda: healthy(installation), seconds=60)
    assert wait_until(lambda: Postgres(installation.home).pid() not in {None, postgres}, seconds=30)


def test_down_stops_what_a_killed_up_left(installation: Installation) -> None:
    installation.up_detached()
    supervisor = installation.home.holder("up")
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    assert wait_until(lambda: not installation.status()["running"], seconds=10)
    assert program(installation, "worker")["running"]

    assert installation.down()

    assert not any(program(installation, name)["running"] for name in PROGRAMS)
    assert installation.status()["postgres"] is None


def test_ctrl_c_stops_an_up_in_the_foreground_which_ran_its_callback(
    installation: Installation,
) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from services.ledger.installation.installation import Installation\n"
        "ready = lambda: print('ready', os.environ['DATABASE_URL'], flush=True)\n"
        "Installation.open(Path(sys.argv[1])).up(on_ready=ready)\n"
        "print('stopped', flush=True)\n"
    )
    command = [sys.executable, "-c", script, str(installation.home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith("ready postgresql://ledger:")
        with pytest.raises(InstallationError, match="already runs"):
            installation.up()
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        assert running.stdout.read() == "stopped\n"
    assert running.returncode == 0
    assert installation.status()["postgres"] is None


def test_two_installations_run_side_by_side(installation: Installation, tmp_path: Path) -> None:
    other = Installation.open(tmp_path.joinpath("other"))
    try:
        installation.up_detached()
        other.up_detached()
        assert healthy(installation)
        assert healthy(other)
        assert installation.status()["url"] != other.status()["url"]
    finally:
        other.down()
    assert healthy(installation)


def test_a_command_without_up_has_servers_and_settings_and_leaves_none(
    installation: Installation,
) -> None:
    with installation.working() as environment:
        assert os.environ["DATABASE_URL"] == environment["DATABASE_URL"]
        with psycopg.connect(environment["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

    assert "DATABASE_URL" not in os.environ
    assert installation.status()["postgres"] is None
    assert Home.at(installation.home.root).holder("up") is None
