"""Signatures of Standard Webhooks 1.0.0: HMAC-SHA256 (``v1``) and Ed25519 (``v1a``).

What is signed is ``ID.TIMESTAMP.BODY``, where neither the id nor the time holds a dot.
"""

import base64
import hmac
import os
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Scheme = Literal["v1", "v1a"]
SCHEMES: Final[tuple[Scheme, ...]] = get_args(Scheme)
_SECRET_BYTES: Final = 32
"""The standard wants 24 to 64; an Ed25519 key has 32."""


class Secret(NamedTuple):
    """What signs: random bytes for ``v1``, a private key's seed for ``v1a``."""

    scheme: Scheme
    raw: bytes

    @property
    def shown(self) -> str:
        """What the receiver checks with: the secret itself for ``v1``, the public key else."""
        if self.scheme == "v1":
            return "whsec_" + base64.b64encode(self.raw).decode()
        return "whpk_" + base64.b64encode(self._key().public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> str:
        """Return one signature as the header has it."""
        if self.scheme == "v1":
            made = hmac.digest(self.raw, message, "sha256")
        else:
            made = self._key().sign(message)
        return f"{self.scheme},{base64.b64encode(made).decode()}"

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.raw)


def new_secret(scheme: Scheme) -> Secret:
    """Return a secret that nobody has seen."""
    return Secret(scheme, os.urandom(_SECRET_BYTES))


def signed_headers(
    secrets: Sequence[Secret], *, message_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the headers of a message, signed with every secret that counts.

    Args:
        secrets: those of the endpoint, during a rotation the old one too.
        message_id: the same however often the message is sent; without a dot.
        timestamp: of this attempt, in seconds since 1970.
        body: the very bytes that are sent.
    """
    assert secrets
    assert "." not in message_id
    message = b"%s.%d.%s" % (message_id.encode(), timestamp, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(secret.sign(message) for secret in secrets),
    }
