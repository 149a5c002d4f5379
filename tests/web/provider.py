"""A real OpenID provider on loopback, and what a browser does there."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from services.ledger import config

CLIENT_ID = "the ledger"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def provider() -> Iterator[str]:
    """Run the provider and yield its issuer."""
    port = _free_port()
    issuer = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--require-nonce", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            _wait(issuer)
            yield issuer
        finally:
            running.terminate()


def _wait(issuer: str) -> None:
    for _ in range(300):
        try:
            if httpx2.get(f"{issuer}/.well-known/openid-configuration").is_success:
                return
        except httpx2.TransportError:
            time.sleep(1)
    raise TimeoutError(issuer)


def vouched(address: str, subject: str) -> str:
    """Sign in there as somebody, as the provider's page does, and return where it sends one."""
    answer = httpx2.post(address, data={"sub": subject})
    assert answer.status_code in {302, 303}, answer.text
    return str(answer.headers["location"])


def settle(monkeypatch: pytest.MonkeyPatch, issuer: str) -> None:
    monkeypatch.setenv("LEDGER_OIDC_ISSUER", issuer)
    monkeypatch.setenv("LEDGER_OIDC_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("LEDGER_OIDC_CLIENT_SECRET", "a secret only tests use")
    monkeypatch.setenv("LEDGER_PUBLIC_URL", "http://testserver")
    config.settings.cache_clear()
