"""Files over HTTP: stored at once, worked on by a worker that may die."""

import io
import zipfile
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.ids import new_id
from services.ledger.intake.api import FILE_BYTES
from services.ledger.intake.tasks import work
from services.ledger.parties.service import Registration, register
from tests.intake.over_http import PARTIES, SignIn, asked, committed, parties, sent, waiting


def test_a_file_is_stored_looked_at_and_then_taken(client: TestClient) -> None:
    stored = sent(client)
    path = stored["id"]
    assert (stored["state"], stored["report"]) == ("CHECKING", None)
    assert waiting() == [path]
    assert parties() == 0

    assert work(import_id=path) == "CHECKED"
    found = asked(client, path)
    assert (found["report"]["committed"], found["report"]["new"]) == (False, {"party": 1})
    assert parties() == 0
    assert waiting() == []

    assert committed(client, path)["state"] == "COMMITTING"
    assert work(import_id=path) == "COMMITTED"
    taken = asked(client, path)
    assert (taken["state"], taken["report"]["committed"]) == ("COMMITTED", True)
    assert parties() == 1
    assert taken["report"]["errors"] == [
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
    with db.transaction() as session:
        kept = session.connection().execute(
            text("SELECT j.content, i.id FROM import_jobs j JOIN imports i USING (id)")
        )
        assert tuple(kept.one()) == (None, UUID(path))


def test_a_file_under_an_idempotency_key_is_one_import(client: TestClient) -> None:
    client.headers["idempotency-key"] = "nightly-2026-11-30"
    first = sent(client)

    assert sent(client)["id"] == first["id"]
    answer = client.post(
        "/v1/imports",
        files={"file": ("企业.csv", PARTIES + b"\n")},
        data={"profile": "standard"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "ID_REUSED")
    del client.headers["idempotency-key"]
    assert sent(client)["id"] != first["id"]


def test_a_form_is_one_however_its_kind_is_written(client: TestClient) -> None:
    answer = client.post(
        "/v1/imports",
        content=b"--b--\r\n",
        headers={"content-type": "Multipart/Form-Data; boundary=b", "idempotency-key": "k"},
    )
    assert answer.status_code == 422, answer.text


def test_work_and_wishes_that_come_again_change_nothing(client: TestClient) -> None:
    import_id = str(new_id())
    assert sent(client, id=import_id)["id"] == sent(client, id=import_id)["id"] == import_id
    work(import_id=import_id)
    assert work(import_id=import_id) is None
    committed(client, import_id)
    committed(client, import_id)
    work(import_id=import_id)

    assert committed(client, import_id)["state"] == "COMMITTED"
    assert work(import_id=import_id) is None
    assert parties() == 1


@pytest.mark.parametrize("change", [{"content": PARTIES + b"\n"}, {"query": "?whole=true"}])
def test_the_id_of_another_file_is_refused(client: TestClient, change: dict[str, Any]) -> None:
    import_id = sent(client)["id"]
    given = {"content": PARTIES, "query": "", **change}

    answer = client.post(
        f"/v1/imports{given['query']}",
        files={"file": ("企业.csv", given["content"])},
        data={"profile": "standard", "id": import_id},
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "ID_REUSED")


def test_what_was_not_looked_at_is_not_taken(client: TestClient) -> None:
    import_id = sent(client)["id"]

    answer = client.post(f"/v1/imports/{import_id}/commit")

    assert (answer.status_code, answer.json()["code"]) == (409, "IMPORT_NOT_CHECKED")


def test_all_or_nothing_refuses_a_file_with_a_faulty_row(client: TestClient) -> None:
    import_id = sent(client, query="?whole=true")["id"]
    work(import_id=import_id)
    committed(client, import_id)

    assert work(import_id=import_id) == "REFUSED"

    problem = asked(client, import_id)["problem"]
    assert problem["code"] == "FILE_HAS_ERRORS"
    assert "第3行" in problem["detail_zh"]
    assert parties() == 0


def test_imports_are_those_of_ones_own_party(sign_in: SignIn, client: TestClient) -> None:
    mine, others = new_id(), new_id()
    with db.transaction() as session:
        for party_id in (mine, others):
            register(session, OPERATOR, Registration(party_id, "小企业", "SMALL"))
    import_id = sent(sign_in("supplier", mine))["id"]
    work(import_id=import_id)

    assert asked(sign_in("supplier", mine), import_id)["state"] == "CHECKED"
    operator = sign_in("operator")
    assert asked(operator, import_id)["state"] == "CHECKED"
    assert operator.post(f"/v1/imports/{import_id}/commit").status_code == 403
    stranger = sign_in("supplier", others)
    for answer in (
        stranger.get(f"/v1/imports/{import_id}"),
        stranger.post(f"/v1/imports/{import_id}/commit"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    taken = stranger.post(
        "/v1/imports",
        files={"file": ("企业.csv", PARTIES)},
        data={"profile": "standard", "id": import_id},
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "CONFLICT")
    for role in ("regulator", "platform", "service"):
        reader = sign_in(role)
        assert reader.get(f"/v1/imports/{import_id}").status_code == 403
        refused = reader.post(
            "/v1/imports", files={"file": ("企业.csv", PARTIES)}, data={"profile": "standard"}
        )
        assert refused.status_code == 403


def _bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "profile", "status", "code"),
    [
        ("企业.csv", PARTIES, "../../secrets", 422, "PROFILE_INVALID"),
        ("企业.csv", PARTIES, "nothing", 422, "PROFILE_INVALID"),
        ("企业.csv", PARTIES, "profile: x\n", 422, "PROFILE_INVALID"),
        ("别的.csv", PARTIES, "standard", 422, "PROFILE_INVALID"),
        ("企业.csv", b"PK\x03\x04" + b"\0" * 100, "standard", 422, "FILE_REFUSED"),
        ("企业.xlsx", _bomb(), "standard", 422, "FILE_REFUSED"),
        ("企业.csv", b"\xff\xfe\xff", "standard", 422, "FILE_REFUSED"),
        ("企业.csv", b"x" * (FILE_BYTES + 1), "standard", 413, "TOO_LARGE"),
    ],
)
def test_what_cannot_be_taken_is_refused_at_once_and_not_kept(
    client: TestClient, name: str, content: bytes, profile: str, status: int, code: str
) -> None:
    answer = client.post("/v1/imports", files={"file": (name, content)}, data={"profile": profile})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert any("\u4e00" <= one <= "\u9fff" for one in answer.json()["detail_zh"])
    assert waiting() == []


def test_a_file_larger_than_other_bodies_may_be_is_taken(client: TestClient) -> None:
    content = PARTIES + "X,错,大型企业\n".encode() * 100_000
    assert len(content) > 1024 * 1024

    import_id = sent(client, content)["id"]
    work(import_id=import_id)

    report = asked(client, import_id)["report"]
    assert report["error_count"] == 100_001
    assert len(report["errors"]) == 1_000


def test_the_shipped_profiles_are_listed(client: TestClient) -> None:
    assert "standard" in client.get("/v1/imports/profiles").json()
