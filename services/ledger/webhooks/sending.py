"""One message to one endpoint: connected only where allowed, and over in a fixed time."""

import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpcore2
import httpx2

from services.ledger.webhooks.addresses import (
    ForbiddenAddressError,
    Lookup,
    Rules,
    addresses_of,
    look_up,
)

LONGEST_SECONDS: Final = 15
"""From the lookup of the name to the end of the answer (Standard Webhooks: 15 to 30)."""
_CONNECT_SECONDS: Final = 5
_MOST_ANSWER_BYTES: Final = 16 * 1024
_KEPT_LETTERS: Final = 500
_LONGEST_RETRY_AFTER_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt went."""

    outcome: str
    """``DELIVERED`` (2xx), ``GONE`` (410), ``REDIRECTED`` (3xx), ``REFUSED`` (another status),
    ``TIMED_OUT``, ``UNREACHABLE``, ``BROKEN`` (TLS or HTTP failed), ``ADDRESS_FORBIDDEN``."""
    took_ms: int
    status: int | None = None
    text: str = ""
    """The start of the answer, or of why there is none."""
    retry_after_seconds: int | None = None

    @property
    def seems_down(self) -> bool:
        """It is the endpoint that fails, and would fail for any other message."""
        server = self.status is not None and (self.status >= 500 or self.status == 429)  # noqa: PLR2004 (HTTP)
        return server or self.outcome in {
            "TIMED_OUT",
            "UNREACHABLE",
            "BROKEN",
            "ADDRESS_FORBIDDEN",
        }


@dataclass(slots=True)
class Deadline:
    """When everything must be over."""

    seconds: int
    _ends: int = field(init=False)

    def __post_init__(self) -> None:
        self._ends = int(time.monotonic()) + self.seconds

    def left(self) -> int:
        """Return the whole seconds that are left.

        Raises:
            httpcore2.ReadTimeout: none is.
        """
        left = self._ends - int(time.monotonic())
        if left <= 0:
            raise httpcore2.ReadTimeout("no time left")
        return left


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the deadline: a byte a second does not renew it."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self.inner = inner
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: object = None) -> bytes:
        del timeout
        return self.inner.read(max_bytes, self.deadline.left())

    def write(self, buffer: bytes, timeout: object = None) -> None:
        del timeout
        self.inner.write(buffer, self.deadline.left())

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: object = None,
    ) -> httpcore2.NetworkStream:
        del timeout
        secured = self.inner.start_tls(ssl_context, server_hostname, self.deadline.left())
        return _Stream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 (httpcore's own)
        return self.inner.get_extra_info(info)


class _Network(httpcore2.NetworkBackend):
    """Connects to a checked address of a name; TLS and Host still speak of the name."""

    def __init__(self, rules: Rules, lookup: Lookup, deadline: Deadline) -> None:
        self.rules = rules
        self.lookup = lookup
        self.deadline = deadline
        self.inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: object = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        del timeout
        failure: Exception = httpcore2.ConnectError("the name has no address")
        try:
            found = addresses_of(host, port, rules=self.rules, lookup=self.lookup)
        except OSError as error:
            raise failure from error
        for address in found:
            seconds = min(_CONNECT_SECONDS, self.deadline.left())
            try:
                stream = self.inner.connect_tcp(
                    address, port, seconds, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self.deadline)
        raise failure


@cache
def _tls() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """How this installation sends: no proxy, no redirect, no cookie, a connection each time."""

    rules: Rules = field(default_factory=Rules)
    lookup: Lookup = look_up
    tls: ssl.SSLContext | None = None
    """None: the authorities this machine trusts."""
    seconds: int = LONGEST_SECONDS

    def post(self, url: httpx2.URL, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a message and return how it went; it never raises for what the other side does."""
        started = time.monotonic_ns()
        outcome, status, text, retry_after = "", None, "", None
        try:
            status, retry_after, text = self._exchange(url, headers, body)
            outcome = _outcome(status)
        except ForbiddenAddressError:
            outcome, text = "ADDRESS_FORBIDDEN", "The host is at an address that is not public."
        except httpcore2.TimeoutException:
            outcome, text = "TIMED_OUT", f"No answer in {self.seconds} seconds."
        except (httpcore2.ConnectError, httpcore2.NetworkError) as error:
            outcome, text = "UNREACHABLE", _readable(str(error))
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
            outcome, text = "BROKEN", _readable(str(error))
        took_ms = (time.monotonic_ns() - started) // 1_000_000
        return Answer(outcome, took_ms, status, text, retry_after)

    def _exchange(
        self, url: httpx2.URL, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, int | None, str]:
        network = _Network(self.rules, self.lookup, Deadline(self.seconds))
        sent = {
            "user-agent": "receivables-ledger-webhooks/1",
            "content-type": "application/json",
            "accept-encoding": "identity",
            "connection": "close",
            **headers,
        }
        target = httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        with (
            httpcore2.ConnectionPool(
                ssl_context=self.tls or _tls(), network_backend=network, max_connections=1
            ) as pool,
            pool.stream("POST", target, headers=list(sent.items()), content=body) as response,
        ):
            answered = {name.lower(): value for name, value in response.headers}
            plain = b"content-encoding" not in answered
            text = _readable(_start(response).decode("utf-8", "replace")) if plain else ""
            return response.status, _retry_after(answered.get(b"retry-after", b"")), text


def _start(response: httpcore2.Response) -> bytes:
    """Return the first bytes of an answer; its status counts however the rest goes."""
    read = b""
    with suppress(httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError):
        for chunk in response.iter_stream():
            read += chunk
            if len(read) >= _MOST_ANSWER_BYTES:
                break
    return read[:_MOST_ANSWER_BYTES]


def _readable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)[:_KEPT_LETTERS]


def _outcome(status: int) -> str:
    named = {2: "DELIVERED", 3: "REDIRECTED"}.get(status // 100, "REFUSED")
    return "GONE" if status == 410 else named  # noqa: PLR2004 (HTTP)


def _retry_after(value: bytes) -> int | None:
    """Return the seconds a receiver asks to wait; a date is not taken (RFC 9110, 10.2.3)."""
    text = value.decode("latin-1").strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    return min(int(text[:9]), _LONGEST_RETRY_AFTER_SECONDS)
