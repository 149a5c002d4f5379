"""`ledger verify` asks the notifier for its part, and says so where it does not answer."""

from typing import Any

import httpx2
import pytest

from services.ledger.config import settings
from tests.cli.conftest import Run, environment, run

__all__ = ["environment", "run"]
PROVEN = {"through": 7, "messages": 3, "mails": {"sent": 1}, "findings": []}
BROKEN = {
    "check": "notices",
    "english": "each event has a notice",
    "chinese": "每个事件均有通知",
    "broken": 2,
    "examples": ["event x, inbox of y"],
}


@pytest.fixture
def notifier(monkeypatch: pytest.MonkeyPatch, run: Run) -> dict[str, Any]:
    """What the notifier answers, and what it was asked."""
    monkeypatch.setenv("NOTIFIER_API_URL", "http://notifier.example/")
    monkeypatch.setenv("NOTIFIER_API_KEY", "a key")
    settings.cache_clear()
    kept: dict[str, Any] = {"status": 200, "body": PROVEN}

    def get(url: str, **asked: Any) -> httpx2.Response:
        kept["url"], kept["headers"] = url, asked["headers"]
        request = httpx2.Request("GET", url)
        return httpx2.Response(kept["status"], json=kept["body"], request=request)

    monkeypatch.setattr(httpx2, "get", get)
    return kept


def test_what_the_notifier_proved_is_shown(run: Run, notifier: dict[str, Any]) -> None:
    shown = run("verify", "--json").json
    assert shown["proven"]
    assert shown["notices"] == {"through": 7, "messages": 3, "mails": {"sent": 1}}
    assert notifier["url"] == "http://notifier.example/v1/verification"
    assert notifier["headers"] == {"authorization": "Bearer a key"}
    assert "✓ 通知 notices: 3; 邮件 e-mails: sent 1" in run("verify").out


def test_what_the_notifier_found_broken_breaks_the_proof(
    run: Run, notifier: dict[str, Any]
) -> None:
    notifier["body"] = {**PROVEN, "findings": [BROKEN]}
    ran = run("verify", "--json", code=1)
    assert [one["check"] for one in ran.json["findings"]] == ["notices"]
    assert '"code": "BOOK_NOT_PROVEN"' in ran.err
    assert "event x, inbox of y" in run("verify", code=1).out


@pytest.mark.parametrize(("status", "body"), [(502, {}), (200, {"through": "x"}), (200, [])])
def test_a_notifier_that_gives_no_answer_is_no_proof_and_no_fault(
    run: Run, notifier: dict[str, Any], status: int, body: Any
) -> None:
    notifier |= {"status": status, "body": body}
    shown = run("verify", "--json").json
    assert (shown["proven"], shown["notices"]) == (True, None)
    assert "no notifier answered: notices not proven" in run("verify").out


def test_without_a_notifier_nobody_is_asked(run: Run) -> None:
    assert run("verify", "--json").json["notices"] is None
