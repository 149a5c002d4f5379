"""How much one key may ask for: a bucket of requests that fills again with time.

What is no key is counted by the address it comes from, so that guessing ends, and takes no key's
place among the buckets.

Each process of the API counts by itself, so that no request waits for a counter elsewhere: an
installation of n processes lets through at most n times as much.
"""

import threading
import time
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from services.ledger.config import settings
from services.ledger.errors import LedgerError

_MINUTE: Final = 60
_NANOSECONDS: Final = 10**9
_FULL: Final = _MINUTE * _NANOSECONDS
_GUESSES_PER_MINUTE: Final = 600
"""So many that a whole office behind one address may have its keys looked up."""
_GUESS_PRICE: Final = _FULL // _GUESSES_PER_MINUTE
_HOME_BITS: Final = 64
_MOST_BUCKETS: Final = 10_000
_IN_SCOPE: Final = "ledger.rate"

# By key: what is in the bucket, in nanoseconds of waiting it would take to fill that, and when.
_buckets: Final[dict[bytes, tuple[int, int]]] = {}
_one_at_a_time: Final = threading.Lock()


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


class GuessedError(LedgerError):
    """Too many keys or signatures that are none came from one address."""

    code = "RATE_LIMITED"
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"More than {_GUESSES_PER_MINUTE} unknown keys or signatures a minute came from this"
            f" address; go on in {seconds} s.",
            f"该地址每分钟提交的无效密钥或签名超过{_GUESSES_PER_MINUTE}次；请在{seconds}秒后继续。",
        )
        self.retry_seconds = seconds


def take(request: Request, key: bytes, *, known: bool) -> None:
    """Count a request of a key; that of an unknown one is counted when it proves to be one.

    Raises:
        RateLimitedError: it has asked for as much as it may.
    """
    per_minute = settings().ledger_requests_per_minute
    price = _FULL // per_minute
    held, now = _held(key)
    if held < price:
        request.scope[_IN_SCOPE] = (per_minute, 0, 1)
        raise RateLimitedError(per_minute, max((price - held) // _NANOSECONDS, 1))
    if known:
        _keep(key, held - price, now)
    left, refilled = (held - price) // price, (_FULL - held + price) // _NANOSECONDS
    request.scope[_IN_SCOPE] = (per_minute, left, refilled)


def begin(key: bytes) -> None:
    """Count the request by which a key became known."""
    held, now = _held(key)
    _keep(key, held - _FULL // settings().ledger_requests_per_minute, now)


def check_guesses(address: str) -> None:
    """Refuse somebody whose address has shown too many keys or signatures that are none.

    Raises:
        GuessedError: it has; keys that have been seen here go on.
    """
    held, _ = _held(_origin(address))
    if held < _GUESS_PRICE:
        raise GuessedError(max((_GUESS_PRICE - held) // _NANOSECONDS, 1))


def count_guess(address: str) -> None:
    """Count a key or signature that is none."""
    origin = _origin(address)
    held, now = _held(origin)
    _keep(origin, max(held - _GUESS_PRICE, 0), now)


def _held(bucket: bytes) -> tuple[int, int]:
    now = time.monotonic_ns()
    held, since = _buckets.get(bucket, (_FULL, now))
    return min(held + now - since, _FULL), now


def _keep(bucket: bytes, held: int, now: int) -> None:
    """Keep a bucket as the newest; the oldest, most likely full by now, gives way to it."""
    with _one_at_a_time:
        _buckets.pop(bucket, None)
        while len(_buckets) >= _MOST_BUCKETS:
            del _buckets[next(iter(_buckets))]
        _buckets[bucket] = held, now


def origin_of(address: str) -> str:
    """Return an IPv4 address, or an IPv6 subscriber, which has at least a network of 64 bits."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        parsed = ip_network((parsed, _HOME_BITS), strict=False).network_address
    return str(parsed)


def _origin(address: str) -> bytes:
    return f"address {origin_of(address)}".encode()


def headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return the headers that tell a key what is left, as draft-ietf-httpapi-ratelimit-headers."""
    if _IN_SCOPE not in scope:
        return []
    per_minute, left, refilled = scope[_IN_SCOPE]
    return [
        (b"ratelimit-policy", f'"key";q={per_minute};w={_MINUTE}'.encode()),
        (b"ratelimit", f'"key";r={left};t={refilled}'.encode()),
    ]
