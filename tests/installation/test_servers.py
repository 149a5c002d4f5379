"""The embedded servers: nothing committed is lost, nobody else's is touched."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
import redis

from services.ledger.installation import postgres
from services.ledger.installation.home import LOOPBACK, Home, InstallationError
from services.ledger.installation.postgres import Postgres
from services.ledger.installation.servers import Servers, ensure_servers, stop_unused_servers
from services.ledger.installation.spawn import run, wait_until
from services.ledger.installation.valkey import Valkey


def write(servers: Servers, text: str) -> None:
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [text])


def written(servers: Servers) -> list[str]:
    with psycopg.connect(servers.database_url) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM kept ORDER BY text")]


def setting(servers: Servers, name: str) -> str:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def pids(home: Path) -> list[int | None]:
    return [Postgres(Home.at(home)).pid(), Valkey(Home.at(home)).pid()]


def test_a_restart_keeps_data_ports_and_passwords(tmp_path: Path) -> None:
    with ensure_servers(tmp_path) as first:
        write(first, "before")
        with redis.Redis.from_url(first.redis_url) as client:
            client.set("hint", "before")
    assert pids(tmp_path) == [None, None]

    with ensure_servers(tmp_path) as second:
        assert written(second) == ["before"]
        with redis.Redis.from_url(second.redis_url) as client:
            assert client.get("hint") == b"before"
    assert second == first


def test_the_servers_of_an_installation_are_durable(tmp_path: Path) -> None:
    with ensure_servers(tmp_path) as servers:
        found = [
            setting(servers, name)
            for name in ("data_checksums", "fsync", "full_page_writes", "synchronous_commit")
        ]
        with redis.Redis.from_url(servers.redis_url) as client:
            kept = client.config_get("appendonly"), client.config_get("maxmemory-policy")

    assert found == ["on", "on", "on", "on"]
    assert kept == ({"appendonly": "yes"}, {"maxmemory-policy": "noeviction"})


def test_what_was_committed_survives_kill_9_of_both_servers(tmp_path: Path) -> None:
    with ensure_servers(tmp_path) as servers:
        write(servers, "committed")
        for pid in pids(tmp_path):
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        assert wait_until(lambda: pids(tmp_path) == [None, None], seconds=10)
        assert tmp_path.joinpath("postgres", "postmaster.pid").exists()

        with ensure_servers(tmp_path) as again:
            write(again, "later")
            assert written(again) == ["committed", "later"]


def test_a_stale_pid_file_naming_a_living_stranger_is_no_obstacle(tmp_path: Path) -> None:
    with ensure_servers(tmp_path, durable=False) as servers:
        write(servers, "before")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        file = tmp_path.joinpath("postgres", "postmaster.pid")
        file.write_text(f"{stranger.pid}\n{file.parent}\n0\n1\n\n\n\nstopping\n")

        with ensure_servers(tmp_path, durable=False) as servers:
            assert written(servers) == ["before"]

        assert stranger.poll() is None
        stranger.communicate(b"\n")


def test_a_port_that_was_taken_meanwhile_is_left_to_its_holder(tmp_path: Path) -> None:
    with ensure_servers(tmp_path, durable=False) as servers:
        write(servers, "before")
    home = Home.at(tmp_path)
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((LOOPBACK, home.remembered_port("postgres")))
        holder.listen()

        with ensure_servers(tmp_path, durable=False) as moved:
            assert moved.database_url != servers.database_url
            assert moved.redis_url == servers.redis_url
            assert written(moved) == ["before"]


def test_two_installations_run_side_by_side(tmp_path: Path) -> None:
    with (
        ensure_servers(tmp_path.joinpath("one"), durable=False) as one,
        ensure_servers(tmp_path.joinpath("two"), durable=False) as two,
    ):
        write(one, "of one")
        write(two, "of two")
        with redis.Redis.from_url(one.redis_url) as client:
            client.set("hint", "of one")
        with redis.Redis.from_url(two.redis_url) as client:
            assert client.get("hint") is None

        assert (written(one), written(two)) == (["of one"], ["of two"])


def test_the_last_one_out_stops_the_servers(tmp_path: Path) -> None:
    with ensure_servers(tmp_path, durable=False) as first:
        running = pids(tmp_path)
        with ensure_servers(tmp_path, durable=False) as second:
            assert second == first
        assert pids(tmp_path) == running
        assert not stop_unused_servers(Home.at(tmp_path))
    assert pids(tmp_path) == [None, None]


def test_servers_whose_user_was_killed_are_taken_over(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from services.ledger.installation.servers import ensure_servers\n"
        f"with ensure_servers(Path({str(tmp_path)!r}), durable=False):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    left = pids(tmp_path)
    assert None not in left

    with ensure_servers(tmp_path, durable=False):
        assert pids(tmp_path) == left
    assert pids(tmp_path) == [None, None]


def test_servers_named_by_the_environment_take_the_place_of_the_embedded(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgresql://elsewhere/book", "REDIS_URL": "redis://elsewhere/0"}

    with ensure_servers(tmp_path, given=given) as servers:
        assert servers == Servers(given["DATABASE_URL"], given["REDIS_URL"])
        assert not tmp_path.joinpath("postgres").exists()
        assert not tmp_path.joinpath("valkey").exists()


def test_nobody_else_can_read_secrets_or_data(tmp_path: Path) -> None:
    with ensure_servers(tmp_path, durable=False):
        modes = {
            path.name: stat.S_IMODE(path.stat().st_mode)
            for path in (tmp_path, *tmp_path.iterdir())
            if path.suffix != ".log"
        }

    open_to_others = {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    assert set(open_to_others) <= {"logs", "valkey"}, "these are closed by the home's own mode"
    assert modes[tmp_path.name] == 0o700
    for secret in ("postgres.password", "database.password", "valkey.password", "valkey.conf"):
        assert modes[secret] == 0o600


def test_the_servers_ask_for_a_password(tmp_path: Path) -> None:
    with ensure_servers(tmp_path, durable=False) as servers:
        port = Home.at(tmp_path).remembered_port("postgres")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://ledger:guess@{LOOPBACK}:{port}/ledger")
        with (
            redis.Redis(port=Home.at(tmp_path).remembered_port("valkey")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.get("hint")
        assert setting(servers, "listen_addresses") == LOOPBACK
    assert "unix_socket_directories = ''" in tmp_path.joinpath("postgres.conf").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("namespaces", [True, False])
def test_root_may_start_postgresql_below_a_closed_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, namespaces: bool
) -> None:
    if namespaces and run(["unshare", "--user", "true"]) is None:
        pytest.skip("this kernel lets nobody make user namespaces")
    monkeypatch.setattr(
        postgres, "run", lambda c: None if c[0] == "unshare" and not namespaces else run(c)
    )
    home = tmp_path.joinpath("closed", "home")
    home.parent.mkdir(mode=0o700)

    for expected in (["first"], ["first", "second"]):
        with ensure_servers(home, durable=False) as servers:
            write(servers, expected[-1])
            assert written(servers) == expected
    owner = home.joinpath("postgres").stat().st_uid
    assert (owner == 0) == namespaces


def test_data_of_another_major_version_is_refused_with_its_number(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    home.folder("postgres")
    home.write("postgres/PG_VERSION", "12\n")

    with pytest.raises(InstallationError, match="written by PostgreSQL 12"):
        Postgres(home).start()


def test_a_first_start_that_was_cut_short_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_short(command: Sequence[str], **_: object) -> int:
        Path(command[command.index("--pgdata") + 1], "PG_VERSION").write_text("18\n")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(postgres, "spawn", cut_short)
        with pytest.raises(KeyboardInterrupt), ensure_servers(tmp_path, durable=False):
            pass

    with ensure_servers(tmp_path, durable=False) as servers:
        write(servers, "whole")
        assert written(servers) == ["whole"]
