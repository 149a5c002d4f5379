"""The document of the API is a page like the others: complete, and without a script."""

from fastapi.testclient import TestClient

from tests.ledger.conftest import SignIn


def test_every_operation_and_schema_is_on_the_page_and_nothing_runs_on_it(ledger: SignIn) -> None:
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    with TestClient(app) as http:
        page, document = http.get("/docs"), http.get("/v1/openapi.json").json()
        assert http.get("/redoc").status_code == 404

    assert page.status_code == 200
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page.text
    for name in document["components"]["schemas"]:
        assert f'<h3 id="{name}">' in page.text
    assert "<script" not in page.text
    assert "://" not in page.text.replace("http://www.w3.org/2000/svg", "")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
