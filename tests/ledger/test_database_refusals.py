"""What the database refuses is told and logged without the values it was given (R-29)."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger import db, problems
from services.ledger.installation.home import Home
from services.ledger.webhooks import service
from tests.ledger.conftest import Client

CANARY = "canary-4f1d0c5be7"
BODY = {"url": "https://erp.example.com/hooks"}
TABLE = "CREATE TEMPORARY TABLE kept (word varchar PRIMARY KEY CHECK (word LIKE '%canary%'))"
REFUSED = [
    ("INSERT INTO kept VALUES (:one || 'no'), (:one || 'no')", 409, "UniqueViolation 23505 kept"),
    ("INSERT INTO kept VALUES (upper(:one))", 409, "CheckViolation 23514 kept"),
    ("SELECT CAST(:one AS integer)", 422, "InvalidTextRepresentation 22P02"),
    ("SELECT nothing_of_this_name(CAST(:one AS varchar))", 500, "UndefinedFunction"),
]


@pytest.fixture
def refuses(supplier: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[int, str]]:
    """Ask for something in whose midst the database refuses a statement; return what is told."""

    def ask(statement: str) -> tuple[int, str]:
        def register(session: Session, *_: Any, **__: Any) -> None:
            session.connection().execute(text(TABLE))
            session.connection().execute(text(statement), {"one": CANARY})

        monkeypatch.setattr(service, "register", register)
        answer = supplier.post("/v1/webhooks", json=BODY)
        return answer.status_code, f"{answer.headers}{answer.text}"

    return ask


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(
        logging.Formatter("%(message)s").format(one)
        for one in caplog.records
        if one.name.startswith("ledger.")
    )


@pytest.mark.parametrize(("statement", "status", "words"), REFUSED)
def test_neither_the_answer_nor_the_log_repeats_a_value(
    refuses: Callable[[str], tuple[int, str]],
    caplog: pytest.LogCaptureFixture,
    statement: str,
    status: int,
    words: str,
) -> None:
    told = refuses(statement)

    assert told[0] == status
    assert CANARY not in told[1].lower()
    assert words in logged(caplog)
    assert CANARY not in logged(caplog).lower()


@pytest.mark.parametrize(("statement", "status"), [one[:2] for one in REFUSED])
def test_an_error_logged_in_its_own_words_would_repeat_it(
    refuses: Callable[[str], tuple[int, str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    status: int,
) -> None:
    """The control: as it was before."""
    monkeypatch.setattr(problems, "said", str)
    monkeypatch.setattr(db.engine(db.GATE), "hide_parameters", False)
    assert refuses(statement)[0] == status
    assert CANARY in logged(caplog).lower()


@pytest.mark.skipif(
    bool(os.environ.get("TEST_DATABASE_URL")), reason="the log of another's server is not ours"
)
def test_the_embedded_server_logs_slow_and_refused_statements_without_values(
    fresh_database_url: str,
) -> None:
    log = Home.at(Path(os.environ["LEDGER_TEST_HOME"])).log("postgres")
    before = log.stat().st_size
    with psycopg.connect(fresh_database_url, autocommit=True) as server:
        # Of a slow statement; nobody but the installation's owner may let a fast one be logged.
        assert server.execute("SHOW log_parameter_max_length").fetchone() == ("0",)
        server.execute(TABLE)
        with pytest.raises(psycopg.errors.CheckViolation, match="CANARY"):
            server.execute("INSERT INTO kept VALUES (upper(%s))", [CANARY])
    told = log.read_bytes()[before:].decode("utf-8", "replace")
    assert "violates check constraint" in told
    assert CANARY not in told.lower()
