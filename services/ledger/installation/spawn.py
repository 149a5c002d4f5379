"""Start a program that outlives a ctrl-C, and know later whether it still runs."""

import os
import platform
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LINUX = platform.system() == "Linux"

# A Popen that is collected while its process runs warns, so each is kept as long as it runs.
_started: dict[int, subprocess.Popen[bytes]] = {}


def spawn(command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> int:
    """Start a program in a session of its own and return its process id."""
    with log.open("ab") as output:
        # Every program started here is named in this package, never by a caller's input.
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    _started[process.pid] = process
    return process.pid


def run(command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> str | None:
    """Run a program to its end and return what it printed; None when it failed or is absent."""
    try:
        # As above: the programs are ours.
        done = subprocess.run(  # noqa: S603
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def birth(pid: int) -> str | None:
    """Return what tells this process from a later one with the same id; None when it is gone."""
    own = _started.get(pid)
    if own is not None and own.poll() is not None:
        _started.pop(pid, None)
        return None
    if LINUX:
        try:
            stat = Path("/proc", str(pid), "stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return None
        # The name in brackets may hold anything; the state and the start follow it.
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    return (run(["ps", "-o", "lstart=", "-p", str(pid)]) or "").strip() or None


def works_in(pid: int, folder: Path) -> bool:
    """Say whether this process lives and has this folder as its own, as a server has its data."""
    if birth(pid) is None:
        return False
    if LINUX:
        try:
            return Path("/proc", str(pid), "cwd").resolve(strict=True) == folder.resolve()
        except OSError:
            return False
    return f"n{folder.resolve()}" in (run(["lsof", "-a", "-d", "cwd", "-p", str(pid), "-Fn"]) or "")


def pid_in(file: Path) -> int | None:
    """Return the process id in the first line of a file, if it is there."""
    try:
        first = file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def stop(pid: int, *signals: tuple[signal.Signals, int], group: bool = False) -> None:
    """Ask a process to stop, more firmly each time, waiting the given seconds in between."""
    born = birth(pid)
    if born is None:
        return
    for kind, seconds in signals:
        with suppress(ProcessLookupError):
            if group and kind == signal.SIGKILL:
                os.killpg(pid, kind)
            else:
                os.kill(pid, kind)
        if wait_until(lambda: birth(pid) != born, seconds=seconds):
            return


def wait_until(condition: Callable[[], bool], *, seconds: int) -> bool:
    """Wait for a condition and return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause(milliseconds=50)
    return True


def pause(*, milliseconds: int) -> None:
    """Do nothing for a while."""
    select.poll().poll(milliseconds)
