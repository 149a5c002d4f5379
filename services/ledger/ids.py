"""Ids: time-ordered where something is new, derived from the cause where it may be retried."""

import os
import time
from uuid import UUID, uuid5

_NAMESPACE = UUID("6e4a6c1f-6a0e-5c58-9d2e-3f3b8e6b7c10")


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562): 48 bits of milliseconds, then random bits."""
    millis = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (millis & (2**48 - 1)) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def id_of(*cause: object) -> UUID:
    """Return the id that a cause always gets, so that doing it again makes nothing new.

    Each part is framed by its length, so that ``("ab", "c")`` and ``("a", "bc")`` differ.
    """
    return uuid5(_NAMESPACE, "".join(f"{len(str(part))}:{part}" for part in cause))
