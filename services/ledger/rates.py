"""How much one key may ask for: a bucket of requests that fills again with time.

Each process of the API counts by itself, so that no request waits for a counter elsewhere: an
installation of n processes lets through at most n times as much.
"""

import time
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from services.ledger.config import settings
from services.ledger.errors import LedgerError

_MINUTE: Final = 60
_NANOSECONDS: Final = 10**9
_MOST_BUCKETS: Final = 10_000
_IN_SCOPE: Final = "ledger.rate"

# By key: what is in the bucket, in nanoseconds of waiting it would take to fill that, and when.
_buckets: Final[dict[bytes, tuple[int, int]]] = {}


class RateLimitedError(LedgerError):
    """A key asks faster than it may."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, per_minute: int, seconds: int) -> None:
        super().__init__(
            f"This key may ask {per_minute} times a minute; go on in {seconds} s.",
            f"该密钥每分钟最多请求{per_minute}次；请在{seconds}秒后继续。",
        )
        self.retry_seconds = seconds


def take(request: Request, key: bytes) -> None:
    """Count a request of a key.

    Raises:
        RateLimitedError: it has asked for as much as it may.
    """
    per_minute = settings().ledger_requests_per_minute
    price, full = _MINUTE * _NANOSECONDS // per_minute, _MINUTE * _NANOSECONDS
    now = time.monotonic_ns()
    held, since = _buckets.get(key, (full, now))
    held = min(held + now - since, full)
    if held < price:
        request.scope[_IN_SCOPE] = (per_minute, 0, 1)
        raise RateLimitedError(per_minute, max((price - held) // _NANOSECONDS, 1))
    if key not in _buckets and len(_buckets) >= _MOST_BUCKETS:
        _buckets.clear()
    _buckets[key] = held - price, now
    left, refilled = (held - price) // price, (full - held + price) // _NANOSECONDS
    request.scope[_IN_SCOPE] = (per_minute, left, refilled)


def headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell a key what is left, as draft-ietf-httpapi-ratelimit-headers."""
    if _IN_SCOPE not in scope:
        return []
    per_minute, left, refilled = scope[_IN_SCOPE]
    return [
        (b"ratelimit-policy", f'"key";q={per_minute};w={_MINUTE}'.encode()),
        (b"ratelimit", f'"key";r={left};t={refilled}'.encode()),
    ]
