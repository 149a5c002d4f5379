"""The log's private keys: how a note is signed, in either suite."""

import base64
import binascii
import secrets
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.ledger.config import Settings
from services.ledger.errors import LedgerError
from services.ledger.proof.ledger_verify import (
    SUITES,
    G,
    Key,
    N,
    Refused,
    signed_text,
    sm2_digest,
    sm2_multiply,
)

_SECRET_BYTES: Final = 32


class LogKeyError(LedgerError):
    """There is no private key, or none that this log was signed with."""

    code = "LOG_KEY_WRONG"
    status = 503


class Signer(NamedTuple):
    """Who signs for the log: a public key and the secret behind it."""

    key: Key
    secret: bytes

    def named(self, name: str) -> "Signer":
        """Return the same key under the name its log has."""
        return self._replace(key=self.key._replace(name=name))

    def sign(self, text: str, *, at: int | None = None) -> str:
        """Return a signed note (c2sp.org/signed-note).

        Args:
            text: what is signed; it ends with its last line.
            at: POSIX seconds; a second signature states them, as a witness's would.
        """
        lines = self._line(self.key, text, None)
        if at is not None:
            lines += self._line(self.key.cosigner(), text, at)
        return f"{text}\n{lines}"

    def cosign(self, text: str, *, at: int) -> str:
        """Return the one line a witness adds to a note (c2sp.org/tlog-cosignature)."""
        return self._line(self.key.cosigner(), text, at)

    def _line(self, key: Key, text: str, at: int | None) -> str:
        message = signed_text(text, at)
        if key.suite.name == "sm3-sm2":
            signature = sm2_sign(_sm2_private(self.secret), message)
        else:
            signature = Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)
        stated = b"" if at is None else at.to_bytes(8)
        return f"— {key.name} {base64.b64encode(key.id + stated + signature).decode()}\n"


def signers(given: Settings) -> list[Signer]:
    """Return the log's keys of an installation, the one that signs now first.

    Raises:
        LogKeyError: it has none, or a malformed one.
    """
    name = given.ledger_log_name or f"{urlsplit(given.ledger_public_url).netloc}/log"
    keys = [part.strip() for part in given.ledger_log_key.split(",")]
    return [signer(given.ledger_log_suite, name, key) for key in keys]


def witnesses(given: Settings) -> list[Key]:
    """Return the public keys whose cosignatures are kept.

    Raises:
        LogKeyError: one is malformed, or of a kind that states no time.
    """
    try:
        keys = [Key.read(one) for one in given.ledger_witnesses.split()]
    except Refused:
        keys = [Key("", b"", b"")]
    if not all(key.name and key.kind == key.suite.timed for key in keys):
        raise LogKeyError(
            "LEDGER_WITNESSES has a key that is no cosigner's: name+id+base64, of type 4.",
            "LEDGER_WITNESSES含有无效的见证人公钥（应为类型4的 名称+编号+base64）。",
        )
    return keys


def signer(suite: str, name: str, secret: str) -> Signer:
    """Return who signs with a secret of 32 bytes in base64url, as `secrets.token_urlsafe` makes.

    Raises:
        LogKeyError: it is no such secret.
    """
    try:
        raw = base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))
    except binascii.Error:
        raw = b""
    if len(raw) != _SECRET_BYTES:
        raise LogKeyError(
            "LEDGER_LOG_KEY is not 32 bytes in base64url; make one with `openssl rand -base64 32 |"
            " tr '+/' '-_' | tr -d '='`.",
            "LEDGER_LOG_KEY不是32字节的base64url；请重新生成。",
        )
    kind = SUITES[suite].plain
    if suite == "sm3-sm2":
        return Signer(Key(name, kind, sm2_public(_sm2_private(raw))), raw)
    public = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
    return Signer(Key(name, kind, public), raw)


def _sm2_private(secret: bytes) -> int:
    """Return a number of 1 to n - 2, as GB/T 32918.1 wants it."""
    return int.from_bytes(secret) % (N - 2) + 1


def sm2_public(private: int) -> bytes:
    """Return x || y of the public key."""
    point = sm2_multiply(private, G)
    assert point is not None
    return point[0].to_bytes(_SECRET_BYTES) + point[1].to_bytes(_SECRET_BYTES)


def sm2_sign(private: int, message: bytes, *, once: int = 0) -> bytes:
    """Return r || s (GB/T 32918.2-2016, 6.1).

    This is plain arithmetic, whose time depends on the secret: it signs a few times a minute, in a
    process of its own, and is no certified cryptographic module (密评).

    Args:
        private: the secret number.
        message: what is signed.
        once: the number drawn for this signature; drawn here unless a test repeats an example.
    """
    e = sm2_digest(sm2_public(private), message)
    while True:
        k = once or secrets.randbelow(N - 1) + 1
        point = sm2_multiply(k, G)
        assert point is not None
        r = (e + point[0]) % N
        s = pow(1 + private, -1, N) * (k - r * private) % N
        if r and s and r + k != N:
            return r.to_bytes(_SECRET_BYTES) + s.to_bytes(_SECRET_BYTES)
