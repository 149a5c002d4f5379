"""Keep the programs of an installation running, and stop them in order."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from services.ledger.errors import LedgerError
from services.ledger.installation.home import LOOPBACK, Home, InstallationError
from services.ledger.installation.programs import Program
from services.ledger.installation.spawn import birth, spawn, stop, wait_until

log = logging.getLogger("ledger.installation")

RECORD = "processes.json"
_LONGEST_WAIT = 30
_STEADY_SECONDS = 60
_READY_SECONDS = 60


@dataclass
class _Child:
    program: Program
    pid: int = 0
    born: str | None = None
    restarts: int = 0
    """Since it was first started."""
    failures: int = 0
    """In a row, each soon after its start."""
    started_at: int = 0
    due_at: int = 0
    """When to start it again, in seconds of the machine's own counter."""

    def is_gone(self) -> bool:
        return self.born is None or birth(self.pid) != self.born


@dataclass
class Supervisor:
    """Starts programs, starts those again that end, and stops all of them."""

    home: Home
    programs: Sequence[Program]
    environment: Mapping[str, str]
    each_second: Callable[[], None]
    """Done between looks at the programs; it sees to the servers they need."""
    _children: list[_Child] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None

    def start(self) -> None:
        """Start every program and return when those with a port answer.

        What a killed supervisor left is to be stopped before; see `stop_leftovers`.
        """
        self._children = [_Child(program) for program in self.programs]
        for child in self._children:
            self._launch(child)
        self._watch = threading.Thread(target=self._keep_running, name="supervisor", daemon=True)
        self._watch.start()
        for child in self._children:
            if child.program.port:
                self._await(child)

    def stop(self) -> None:
        """Stop every program, stage after stage, each stage together."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join()
        for stage in sorted({child.program.stage for child in self._children}):
            _stop_together([c for c in self._children if c.program.stage == stage])
        self._record()

    def _launch(self, child: _Child) -> None:
        child.pid = spawn(
            child.program.command,
            log=self.home.log(child.program.name),
            environment=self.environment,
        )
        child.born = birth(child.pid)
        child.started_at = _seconds()
        child.due_at = 0
        self._record()

    def _await(self, child: _Child) -> None:
        name = child.program.name
        ready = wait_until(
            lambda: child.failures > 1 or _listens(child.program.port), seconds=_READY_SECONDS
        )
        if not ready or not _listens(child.program.port):
            raise InstallationError(
                f"{name} did not start; see {self.home.log(name)}.",
                f"{name} 未能启动，详见 {self.home.log(name)}。",
            )

    def _keep_running(self) -> None:
        while not self._stopping.wait(1):
            try:
                self.each_second()
            except LedgerError as error:
                log.warning("%s", error)
            for child in self._children:
                if not child.is_gone():
                    continue
                if not child.due_at:
                    self._plan_restart(child)
                elif _seconds() >= child.due_at:
                    child.restarts += 1
                    self._launch(child)

    def _plan_restart(self, child: _Child) -> None:
        """Wait longer after each failure in a row: 1, 2, 4 ... seconds."""
        steady = _seconds() - child.started_at > _STEADY_SECONDS
        child.failures = 1 if steady else child.failures + 1
        child.due_at = _seconds() + min(2 ** (child.failures - 1), _LONGEST_WAIT)
        self._record()

    def _record(self) -> None:
        self.home.write_json(
            RECORD,
            {
                child.program.name: {
                    "pid": child.pid,
                    "born": child.born,
                    "restarts": child.restarts,
                    "patience": child.program.patience,
                }
                for child in self._children
            },
        )


def running_programs(home: Home) -> dict[str, dict[str, object]]:
    """Return what was started last, and whether each still runs."""
    found: dict[str, dict[str, object]] = {}
    for name, entry in home.read(RECORD).items():
        assert isinstance(entry, dict)
        running = entry["born"] is not None and birth(entry["pid"]) == entry["born"]
        found[name] = {"pid": entry["pid"], "running": running, "restarts": entry["restarts"]}
    return found


def stop_leftovers(home: Home) -> None:
    """Stop what a killed supervisor left running."""
    for name, entry in running_programs(home).items():
        if entry["running"]:
            pid = entry["pid"]
            assert isinstance(pid, int), name
            stop(pid, (signal.SIGTERM, 10), (signal.SIGKILL, 5), group=True)


def _stop_together(children: Sequence[_Child]) -> None:
    running = [child for child in children if not child.is_gone()]
    for child in running:
        os.kill(child.pid, signal.SIGTERM)
    deadline = _seconds() + max((child.program.patience for child in running), default=0)
    for child in running:
        wait_until(child.is_gone, seconds=max(deadline - _seconds(), 0))
        stop(child.pid, (signal.SIGKILL, 2), group=True)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=2).close()
    except OSError:
        return False
    return True


def _seconds() -> int:
    return int(time.monotonic())
