"""Sending files over HTTP in few words."""

from collections.abc import Callable
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.intake import jobs
from tests.intake.files import BUYER

PARTIES = f"统一社会信用代码,名称,类型\n{BUYER},大买方,大型企业\nX,错,大型企业\n".encode()
SignIn = Callable[..., TestClient]


def sent(
    client: TestClient, content: bytes = PARTIES, query: str = "", **fields: str
) -> dict[str, Any]:
    answer = client.post(
        f"/v1/imports{query}",
        files={"file": ("企业.csv", content)},
        data={"profile": "standard", **fields},
    )
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def asked(client: TestClient, import_id: str) -> dict[str, Any]:
    answer = client.get(f"/v1/imports/{import_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def committed(client: TestClient, import_id: str) -> dict[str, Any]:
    answer = client.post(f"/v1/imports/{import_id}/commit")
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def parties() -> int:
    """Return how many parties came in by file: only those have an identifier."""
    with db.transaction() as session:
        counted = session.connection().execute(text("SELECT count(*) FROM party_identifiers"))
        return int(counted.scalar_one())


def waiting() -> list[str]:
    with db.transaction() as session:
        return [str(one) for one in jobs.waiting(session)]
