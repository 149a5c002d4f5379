from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from services.ledger import config, db
from services.ledger.edges import LedgerApi
from services.ledger.intake.api import FILE_BYTES, router
from services.ledger.parties.service import add_api_key
from tests.intake.files import BUYER

PARTIES = f"统一社会信用代码,名称,类型\n{BUYER},大买方,大型企业\nX,错,大型企业\n".encode()


@pytest.fixture
def client(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """The endpoint on a database of its own, asked by an operator."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.dispose()
    with db.transaction() as session:
        add_api_key(session, name="op", role="operator", party_id=None, token="a token of a test")
    app = LedgerApi(max_body_size=1024 * 1024)
    app.include_router(router)
    headers = {"authorization": "Bearer a token of a test"}
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client:
        yield client
    db.dispose()
    config.settings.cache_clear()


def test_a_file_is_looked_at_and_then_taken(client: TestClient) -> None:
    def send(query: str = "") -> dict[str, object]:
        answer = client.post(
            f"/v1/intake{query}",
            files={"file": ("企业.csv", PARTIES)},
            data={"profile": "standard"},
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, object] = answer.json()
        return body

    seen, taken, again = send("?preview=true"), send(), send()

    assert (seen["committed"], seen["new"]) == (False, {"party": 1})
    assert (taken["committed"], taken["new"]) == (True, {"party": 1})
    assert again["known"] == {"party": 1}
    assert taken["errors"] == [
        {
            "line": 3,
            "column": "统一社会信用代码",
            "code": "USCC_INVALID",
            "reason": "not a unified social credit code (18 characters; check character or"
            " alphabet is wrong)",
            "reason_zh": "统一社会信用代码不正确（18位，校验码不符或含非法字符）",
            "value": "X",
        }
    ]


@pytest.mark.parametrize(
    ("name", "content", "profile", "status", "code"),
    [
        ("企业.csv", PARTIES, "../../secrets", 422, "PROFILE_INVALID"),
        ("企业.csv", PARTIES, "nothing", 422, "PROFILE_INVALID"),
        ("企业.csv", PARTIES, "profile: x\n", 422, "PROFILE_INVALID"),
        ("别的.csv", PARTIES, "standard", 422, "PROFILE_INVALID"),
        ("企业.csv", b"PK\x03\x04" + b"\0" * 100, "standard", 422, "FILE_REFUSED"),
        ("企业.csv", b"\xff\xfe\xff", "standard", 422, "FILE_REFUSED"),
        ("企业.csv", b"x" * (FILE_BYTES + 1), "standard", 413, "TOO_LARGE"),
    ],
)
def test_what_cannot_be_taken_is_a_problem_in_two_languages(
    client: TestClient, name: str, content: bytes, profile: str, status: int, code: str
) -> None:
    answer = client.post("/v1/intake", files={"file": (name, content)}, data={"profile": profile})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert any("\u4e00" <= one <= "\u9fff" for one in answer.json()["detail_zh"])


def test_a_file_larger_than_other_bodies_may_be_is_taken(client: TestClient) -> None:
    content = PARTIES + "X,错,大型企业\n".encode() * 100_000
    assert len(content) > 1024 * 1024

    answer = client.post(
        "/v1/intake", files={"file": ("企业.csv", content)}, data={"profile": "standard"}
    )

    assert answer.status_code == 200
    assert answer.json()["error_count"] == 100_001
    assert len(answer.json()["errors"]) == 1_000


def test_the_shipped_profiles_are_listed(client: TestClient) -> None:
    assert "standard" in client.get("/v1/intake/profiles").json()
