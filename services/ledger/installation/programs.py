"""What runs in an installation beside its two servers, and in which order it stops."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from services.ledger.installation.home import LOOPBACK, Home

API_PORT = 8000
_PYTHON = (sys.executable, "-m")


@dataclass(frozen=True)
class Program:
    """One program that is kept running."""

    name: str
    command: tuple[str, ...]
    stage: int
    """Lower stages stop first: those who start work before those who are asked by it."""
    patience: int
    """Seconds it may take to finish what it is at, before it is killed."""
    port: int = 0
    """It is ready when this port answers; 0 for none."""


def programs(home: Home, environment: Mapping[str, str]) -> list[Program]:
    """Return the programs of an installation in the order they start."""
    api = home.port("api", preferred=API_PORT)
    inbox = home.port("notifier")
    listed = [
        Program("api", _web("services.ledger.app:app", api), stage=2, patience=4, port=api),
        Program("worker", _worker("services.ledger.worker:app", "ledger"), stage=1, patience=12),
        Program("beat", _beat(home), stage=1, patience=12),
        Program(
            "notifier-worker",
            (
                *_worker("services.notifier.worker:app", "notifier", processes=1),
                *("--beat", "--schedule", str(home.path("notifier-beat"))),
            ),
            stage=1,
            patience=12,
        ),
        Program(
            "notifier-api", _web("services.notifier.api:app", inbox), 2, patience=4, port=inbox
        ),
    ]
    if own_mail(environment):
        smtp = home.port("smtp")
        catcher = ("services.ledger.installation.mail", "--home", str(home.root))
        command = (*_PYTHON, *catcher, "--port", str(smtp))
        listed.insert(0, Program("mail", command, stage=3, patience=2, port=smtp))
    return listed


def own_mail(environment: Mapping[str, str]) -> bool:
    """Say whether mail is caught here, because nobody named a mail server."""
    return not (environment.get("NOTIFIER_SMTP_URL") or environment.get("SMTP_URL"))


def _web(application: str, port: int) -> tuple[str, ...]:
    return (
        *(*_PYTHON, "uvicorn", application, "--host", LOOPBACK, "--port", str(port)),
        *("--timeout-graceful-shutdown", "3", "--no-access-log"),
    )


def _worker(application: str, queue: str, *, processes: int = 2) -> tuple[str, ...]:
    return (
        *(*_PYTHON, "celery", "--app", application, "--quiet", "worker", "--queues", queue),
        *("--hostname", f"{queue}@%h", "--concurrency", str(processes), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    )


def _beat(home: Home) -> tuple[str, ...]:
    # An empty pid file name: one that a killed beat left behind would keep the next from starting.
    return (
        *(*_PYTHON, "celery", "--app", "services.ledger.worker:app", "--quiet", "beat"),
        *("--schedule", str(home.path("ledger-beat")), "--pidfile", "", "--loglevel", "INFO"),
    )
