"""A client that signs its requests, written from RFC 9421 and not from the service's code."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from httpx2 import Response

from services.ledger.parties.keys import Made
from tests.access.making import client_of

COVERED = ("@method", "@authority", "@path", "@query", "content-digest")


@dataclass
class Signer:
    """Signs as it should, unless told otherwise."""

    key: Made
    covered: tuple[str, ...] = COVERED
    created: int = 0
    nonce: str = ""
    keyid: str = ""
    more: str = ""
    sent: dict[str, Any] = field(default_factory=dict)

    def headers(self, method: str, path: str, query: str = "", body: bytes = b"") -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        values = {
            "@method": method,
            "@authority": "testserver",
            "@path": path,
            "@query": f"?{query}",
            "content-digest": f"sha-256=:{digest}:",
        }
        covered = " ".join(f'"{name}"' for name in self.covered)
        created = self.created or int(time.time())
        nonce = self.nonce or secrets.token_urlsafe(18)
        keyid = self.keyid or self.key.prefix
        parameters = f'({covered});created={created};nonce="{nonce}";keyid="{keyid}"{self.more}'
        lines = [f'"{name}": {values.get(name, "")}' for name in self.covered]
        base = "\n".join([*lines, f'"@signature-params": {parameters}'])
        secret = bytes.fromhex(self.key.signing_secret or "")
        signature = base64.b64encode(hmac.digest(secret, base.encode(), "sha256")).decode()
        return {
            "content-type": "application/json",
            "content-digest": values["content-digest"],
            "signature-input": f"one={parameters}",
            "signature": f"one=:{signature}:",
        }

    def send(self, method: str, path: str, query: str = "", body: bytes = b"") -> Response:
        self.sent = self.headers(method, path, query, body)
        return send(method, path, query, body, self.sent)


def send(method: str, path: str, query: str, body: bytes, headers: dict[str, str]) -> Response:
    where = f"{path}?{query}" if query else path
    return client_of("").request(method, where, content=body, headers=headers)
