"""`ledger up`, `ledger down` and what runs in between."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from services.ledger.config import settings
from services.ledger.installation.home import LOOPBACK, Home, InstallationError
from services.ledger.installation.keys import keys
from services.ledger.installation.migrate import migrate
from services.ledger.installation.postgres import Postgres
from services.ledger.installation.processes import Supervisor, running_programs, stop_leftovers
from services.ledger.installation.programs import API_PORT, own_mail, programs
from services.ledger.installation.servers import (
    Servers,
    ensure_servers,
    start_servers,
    stop_unused_servers,
)
from services.ledger.installation.spawn import birth, pause, spawn, wait_until
from services.ledger.installation.valkey import Valkey

_PLACE = "up"
_READY = "ready.json"
_START_SECONDS = 180
_STOP_SECONDS = 45


@dataclass(frozen=True)
class Installation:
    """One ledger with everything it needs, on this machine."""

    home: Home
    given: Mapping[str, str]
    """The environment it was opened in, which settings of its own never override."""

    @classmethod
    def open(cls, root: Path) -> "Installation":
        """Return the installation whose home is this folder, made if need be."""
        return cls(Home.at(root), dict(os.environ))

    def environment(self, servers: Servers) -> dict[str, str]:
        """Return the settings of its processes; those given from outside stay as given."""
        api = self.home.remembered_port("api") or API_PORT
        mail = f"smtp://{LOOPBACK}:{self.home.remembered_port('smtp')}"
        own = {
            "LEDGER_PUBLIC_URL": f"http://{LOOPBACK}:{api}",
            "NOTIFIER_DATABASE_URL": servers.database_url,
            "NOTIFIER_LEDGER_URL": f"http://{LOOPBACK}:{api}",
            "NOTIFIER_API_URL": f"http://{LOOPBACK}:{self.home.remembered_port('notifier')}",
            "NOTIFIER_SMTP_URL": mail if own_mail(self.given) else self.given.get("SMTP_URL", ""),
        }
        return {
            **{name: self.given.get(name) or value for name, value in own.items()},
            **keys(self.home, self.given),
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "LEDGER_HOME": str(self.home.root),
        }

    @contextmanager
    def working(self) -> Iterator[dict[str, str]]:
        """Have the servers, and this process under the installation's settings, for a command.

        The servers of a running `up` are shared; otherwise they are started and stopped again.
        """
        with (
            ensure_servers(self.home.root, given=self.given) as servers,
            _settings(self.environment(servers)) as environment,
        ):
            yield environment

    def up(self, *, on_ready: Callable[[], None] | None = None) -> None:
        """Run everything until ctrl-C or SIGTERM, then stop in order and return.

        Args:
            on_ready: called once, under the installation's settings, when all is running.
        """
        with self.home.alone(_PLACE) as got_it:
            if not got_it:
                raise InstallationError(
                    f"The installation in {self.home.root} already runs; `ledger down` stops it.",
                    f"{self.home.root} 中的安装已在运行；可用 `ledger down` 停止。",
                )
            self.home.path(_READY).unlink(missing_ok=True)
            with _until_asked_to_stop():
                stop_leftovers(self.home)
                with ensure_servers(self.home.root, given=self.given) as servers:
                    self._run(servers, on_ready)

    def up_detached(self) -> None:
        """Run `up` in the background and return when it is ready."""
        if self.home.holder(_PLACE) is not None:
            return
        self.home.path(_READY).unlink(missing_ok=True)
        command = (sys.executable, "-m", "services.ledger.installation", str(self.home.root))
        pid = spawn(command, log=self.home.log("up"), environment=self.given)
        wait_until(lambda: self.is_ready() or birth(pid) is None, seconds=_START_SECONDS)
        if not self.is_ready():
            raise InstallationError(
                f"The installation did not start; see {self.home.log('up')}.",
                f"安装未能启动，详见 {self.home.log('up')}。",
            )

    def down(self) -> bool:
        """Stop everything, also what a killed `up` left; say whether anything ran."""
        pid = self.home.holder(_PLACE)
        if pid:
            os.kill(pid, signal.SIGTERM)
        if not wait_until(lambda: self.home.holder(_PLACE) is None, seconds=_STOP_SECONDS):
            raise InstallationError(
                f"Process {pid} has not stopped within {_STOP_SECONDS} seconds.",
                f"进程 {pid} 未在 {_STOP_SECONDS} 秒内停止。",
            )
        left = any(program["running"] for program in running_programs(self.home).values())
        stop_leftovers(self.home)
        stop_unused_servers(self.home)
        return pid is not None or left

    def is_ready(self) -> bool:
        """Say whether `up` has everything running."""
        return self.home.holder(_PLACE) is not None and self.home.path(_READY).exists()

    def status(self) -> dict[str, object]:
        """Return what runs, with process ids and ports."""
        external = {name for name in ("DATABASE_URL", "REDIS_URL") if self.given.get(name)}
        return {
            "home": str(self.home.root),
            "running": self.home.holder(_PLACE) is not None,
            "ready": self.is_ready(),
            "url": self.home.read(_READY).get("url", ""),
            "ports": self.home.read("ports.json"),
            "postgres": "external" if "DATABASE_URL" in external else Postgres(self.home).pid(),
            "valkey": "external" if "REDIS_URL" in external else Valkey(self.home).pid(),
            "programs": running_programs(self.home),
        }

    def _run(self, servers: Servers, on_ready: Callable[[], None] | None) -> None:
        migrate(servers.database_url)
        listed = programs(self.home, self.given)
        with _settings(self.environment(servers)) as environment:
            supervisor = Supervisor(
                self.home,
                listed,
                {**self.given, **environment, "PYTHONUNBUFFERED": "1"},
                each_second=self._revive,
            )
            try:
                supervisor.start()
                self.home.write_json(_READY, {"url": environment["LEDGER_PUBLIC_URL"]})
                if on_ready is not None:
                    on_ready()
                while True:
                    pause(milliseconds=1000)
            finally:
                _ignore_signals()
                self.home.path(_READY).unlink(missing_ok=True)
                supervisor.stop()

    def _revive(self) -> None:
        """Start a server again that was killed; what was committed is there again with it."""
        needed = (("DATABASE_URL", Postgres(self.home)), ("REDIS_URL", Valkey(self.home)))
        if any(not self.given.get(name) and server.pid() is None for name, server in needed):
            start_servers(self.home, given=self.given)


class _AskedToStopError(BaseException):
    """Raised in the main thread by a signal; no handler of ordinary errors keeps it."""


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _ignore_signals() -> None:
    for kind in _SIGNALS:
        signal.signal(kind, signal.SIG_IGN)


def _ask_to_stop(_kind: int, _frame: FrameType | None) -> None:
    # Stopping takes seconds and is bounded; a second ctrl-C must not break it off half way.
    _ignore_signals()
    raise _AskedToStopError


@contextmanager
def _until_asked_to_stop() -> Iterator[None]:
    """Leave the block quietly at ctrl-C, SIGTERM or when the terminal is closed."""
    before = {kind: signal.signal(kind, _ask_to_stop) for kind in _SIGNALS}
    try:
        yield
    except _AskedToStopError:
        pass
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


@contextmanager
def _settings(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give this process the settings of the installation for a while."""
    before = dict(os.environ)
    os.environ.update(environment)
    settings.cache_clear()
    try:
        yield environment
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
