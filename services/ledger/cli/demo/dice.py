"""Chance that falls the same on every machine and every version of Python."""

import hashlib
from collections.abc import Sequence
from typing import Final, TypeVar

_SEED: Final = "receivables demo 1"
T = TypeVar("T")


def between(low: int, high: int, *key: object) -> int:
    """Return a number from low to high, both included, that the key alone decides."""
    digest = hashlib.sha256("|".join(map(str, (_SEED, *key))).encode()).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def chance(percent: int, *key: object) -> bool:
    """Say yes in so many of a hundred cases."""
    return between(1, 100, *key) <= percent


def pick(options: Sequence[T], *key: object) -> T:
    """Return one of several."""
    return options[between(0, len(options) - 1, *key)]
