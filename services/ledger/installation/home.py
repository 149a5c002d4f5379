"""The folder of one installation: who may read it, which ports it uses, who is busy in it."""

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from services.ledger.errors import LedgerError
from services.ledger.installation.spawn import wait_until

LOOPBACK = "127.0.0.1"
_LOWEST_PORT, _HIGHEST_PORT = 20_000, 32_000
_LOG_BYTES = 20 * 1024 * 1024


class InstallationError(LedgerError):
    """The installation cannot do what was asked; the text says what to do about it."""

    code: ClassVar[str] = "INSTALLATION"
    status: ClassVar[int] = 503


@dataclass(frozen=True)
class Home:
    """LEDGER_HOME. Everything in it belongs to one installation and to nobody else."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Home":
        """Return the home in this folder, made if need be, closed to other users."""
        root = root.absolute()
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        return cls(root.resolve())

    def path(self, *parts: str) -> Path:
        """Return a path below the home."""
        return self.root.joinpath(*parts)

    def folder(self, *parts: str) -> Path:
        """Return a folder below the home, made if need be."""
        folder = self.path(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def read(self, name: str) -> dict[str, object]:
        """Return a JSON file's content; a missing file is empty."""
        try:
            content = json.loads(self.path(name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        assert isinstance(content, dict)
        return content

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file that only its owner reads, wholly or not at all."""
        target = self.path(name)
        draft = target.with_name(f"{target.name}.{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        return target

    def write_json(self, name: str, content: dict[str, object]) -> Path:
        """Write a JSON file that only its owner reads."""
        return self.write(name, json.dumps(content, indent=2, sort_keys=True) + "\n")

    def port(self, name: str, *, preferred: int = 0, taken: bool = False) -> int:
        """Return the port of a server: the remembered one while it is free, else another.

        Args:
            name: of the server.
            preferred: tried first when none is remembered.
            taken: the remembered port has just proved unusable.
        """
        with self.lock("ports"):
            ports = self.read("ports.json")
            remembered = ports.get(name)
            for port in (remembered, preferred):
                if isinstance(port, int) and port and not taken and _is_free(port):
                    break
            else:
                port = _free_port()
            if port != remembered:
                self.write_json("ports.json", {**ports, name: port})
        assert isinstance(port, int)
        return port

    def remembered_port(self, name: str) -> int:
        """Return the port last given to a server, free or not; 0 for none."""
        port = self.read("ports.json").get(name, 0)
        assert isinstance(port, int)
        return port

    def log(self, name: str) -> Path:
        """Return the log file of a process; a long one is set aside once."""
        log = self.folder("logs").joinpath(f"{name}.log")
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".old.log"))
        return log

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Be alone in the house while it lasts. The kernel lets go when a process dies."""
        with _open(self.path(f"{name}.lock")) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    @contextmanager
    def presence(self, name: str) -> Iterator["Presence"]:
        """Be one of several for a while; see `Presence.is_last`."""
        with _open(self.path(f"{name}.lock")) as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield Presence(descriptor)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Say whether this process got the place; whoever holds it has written its id there."""
        with _open(self.path(f"{name}.lock")) as descriptor:
            # Somebody who only asks for the `holder` is in the way for an instant.
            if not wait_until(lambda: _try_lock(descriptor, fcntl.LOCK_EX), seconds=1):
                yield False
                return
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield True

    def holder(self, name: str) -> int | None:
        """Return the id of the process that is `alone` in a place, if there is one."""
        with _open(self.path(f"{name}.lock")) as descriptor:
            if _try_lock(descriptor, fcntl.LOCK_SH):
                return None
            # Empty for the instant between taking the place and signing for it.
            return int(os.pread(descriptor, 20, 0) or b"0")


@dataclass(frozen=True)
class Presence:
    """One of several processes that use something together."""

    descriptor: int

    def is_last(self) -> bool:
        """Leave, and say whether nobody else is there. Ask under a lock that newcomers take."""
        return _try_lock(self.descriptor, fcntl.LOCK_EX)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _open(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    """Return a port below those lent to outgoing connections, so that it stays free."""
    while True:
        port = _LOWEST_PORT + secrets.randbelow(_HIGHEST_PORT - _LOWEST_PORT)
        if _is_free(port):
            return port
