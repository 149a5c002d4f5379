"""The supervisor: what ends is started again, what is stopped stops in order."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.ledger.installation.home import Home, InstallationError
from services.ledger.installation.processes import (
    Supervisor,
    running_programs,
    stop_leftovers,
)
from services.ledger.installation.programs import Program
from services.ledger.installation.spawn import wait_until

_OBEDIENT = """
import pathlib, signal, sys, time
diary, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def end(*_):
    with diary.open("a") as file: file.write(name + " stopped\\n")
    raise SystemExit
signal.signal(signal.SIGTERM, end)
with diary.open("a") as file: file.write(name + " started\\n")
while True: time.sleep(1)
"""
_STUBBORN = _OBEDIENT.replace("signal.SIGTERM, end", "signal.SIGTERM, signal.SIG_IGN")


def program(
    diary: Path, name: str, *, stage: int = 1, code: str = _OBEDIENT, patience: int = 5
) -> Program:
    command = (sys.executable, "-c", code, str(diary), name)
    return Program(name, command, stage=stage, patience=patience)


def supervisor(home: Path, *programs: Program) -> Supervisor:
    return Supervisor(Home.at(home), programs, dict(os.environ), each_second=lambda: None)


def lines(diary: Path) -> list[str]:
    return diary.read_text().splitlines() if diary.exists() else []


def pid_of(home: Path, name: str) -> int:
    pid = running_programs(Home.at(home))[name]["pid"]
    assert isinstance(pid, int)
    return pid


def test_programs_stop_stage_after_stage(tmp_path: Path) -> None:
    diary = tmp_path.joinpath("diary")
    house = supervisor(
        tmp_path,
        program(diary, "mail", stage=3),
        program(diary, "api", stage=2),
        program(diary, "worker", stage=1),
    )
    house.start()
    assert wait_until(lambda: len(lines(diary)) == 3, seconds=10)

    house.stop()

    assert lines(diary)[3:] == ["worker stopped", "api stopped", "mail stopped"]
    assert not any(entry["running"] for entry in running_programs(Home.at(tmp_path)).values())


def test_a_program_that_is_killed_is_started_again_and_the_others_are_not(tmp_path: Path) -> None:
    diary = tmp_path.joinpath("diary")
    house = supervisor(tmp_path, program(diary, "api"), program(diary, "worker"))
    house.start()
    assert wait_until(lambda: len(lines(diary)) == 2, seconds=10)
    worker = pid_of(tmp_path, "worker")

    os.kill(pid_of(tmp_path, "api"), signal.SIGKILL)

    assert wait_until(lambda: lines(diary).count("api started") == 2, seconds=10)
    restarts = {name: e["restarts"] for name, e in running_programs(Home.at(tmp_path)).items()}
    house.stop()
    assert restarts == {"api": 1, "worker": 0}
    assert lines(diary).count("worker started") == 1
    assert worker == pid_of(tmp_path, "worker")


def test_a_program_that_keeps_failing_is_started_less_and_less_often(tmp_path: Path) -> None:
    diary = tmp_path.joinpath("diary")
    failing = "import pathlib, sys; pathlib.Path(sys.argv[1]).open('a').write('tried\\n')"
    house = supervisor(tmp_path, program(diary, "api", code=failing))
    house.start()
    time.sleep(7)
    house.stop()

    assert 2 <= len(lines(diary)) <= 3


def test_a_program_that_does_not_stop_is_killed_after_its_patience(tmp_path: Path) -> None:
    diary = tmp_path.joinpath("diary")
    house = supervisor(tmp_path, program(diary, "worker", code=_STUBBORN, patience=1))
    house.start()
    assert wait_until(lambda: lines(diary) == ["worker started"], seconds=10)
    pid = pid_of(tmp_path, "worker")

    started = time.monotonic()
    house.stop()

    assert time.monotonic() - started < 6
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_program_that_never_answers_on_its_port_is_reported(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    command = (sys.executable, "-c", "raise SystemExit('no such table')")
    silent = Program("api", command, stage=1, patience=1, port=home.port("api"))
    house = supervisor(tmp_path, silent)

    with pytest.raises(InstallationError, match=r"api did not start; see .*api\.log"):
        house.start()

    house.stop()
    assert "no such table" in home.log("api").read_text()


def test_what_a_killed_supervisor_left_is_stopped(tmp_path: Path) -> None:
    diary = tmp_path.joinpath("diary")
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.installation.test_processes import lines, program, supervisor, wait_until\n"
        "home = Path(sys.argv[1]); diary = home / 'diary'\n"
        "supervisor(home, program(diary, 'worker')).start()\n"
        "wait_until(lambda: lines(diary) == ['worker started'], seconds=10)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert running_programs(Home.at(tmp_path))["worker"]["running"]

    stop_leftovers(Home.at(tmp_path))

    assert lines(diary) == ["worker started", "worker stopped"]


def test_a_later_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        home.write(
            "processes.json",
            json.dumps({"api": {"pid": stranger.pid, "born": "1", "restarts": 0}}),
        )

        stop_leftovers(home)

        assert stranger.poll() is None
        stranger.communicate(b"\n")
