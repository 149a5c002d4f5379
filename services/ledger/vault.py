"""Secrets the ledger must read again, sealed under a key of this installation.

What only has to be recognised (passwords, tokens, keys) is hashed instead and not kept here. The
key is derived from the installation's identity key, which all processes have and nobody changes.
"""

import hmac
import os
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.ledger.config import settings

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
_FINGERPRINT_BYTES: Final = 16


class BrokenSealError(Exception):
    """What is unsealed was changed, or sealed by another installation or for another purpose."""


@cache
def _cipher(identity_key: str) -> AESGCM:
    assert identity_key, "LEDGER_IDENTITY_KEY must be set"
    derived = HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"ledger vault 1")
    return AESGCM(derived.derive(identity_key.encode()))


def seal(plain: bytes, *, of: str) -> bytes:
    """Return a secret sealed for one purpose, such as ``totp USER-ID``."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(settings().ledger_identity_key).encrypt(nonce, plain, of.encode())


def unseal(sealed: bytes, *, of: str) -> bytes:
    """Return what was sealed for a purpose.

    Raises:
        BrokenSealError: it was not sealed here, or for something else.
    """
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(settings().ledger_identity_key).decrypt(nonce, rest, of.encode())
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError from error


@cache
def _fingerprint_key(identity_key: str) -> bytes:
    assert identity_key, "LEDGER_IDENTITY_KEY must be set"
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"ledger fingerprint 1").derive(
        identity_key.encode()
    )


def fingerprint(plain: bytes, *, of: str) -> str:
    """Return what tells secrets of one purpose apart and gives none away: a keyed hash, in hex."""
    key = _fingerprint_key(settings().ledger_identity_key)
    return hmac.digest(key, of.encode() + b"\x00" + plain, "sha256")[:_FINGERPRINT_BYTES].hex()
