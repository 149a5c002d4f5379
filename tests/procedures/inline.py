"""The application called in the test's own thread: no socket, no client and no thread between.

Of a request over a test client more than half is spent on passing it from thread to thread.
"""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import anyio.to_thread
import pytest
from starlette.types import Message

_BOUNDARY = "a-line-that-no-file-has"


class Answer(NamedTuple):
    """What the application answered."""

    status_code: int
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


class Inline:
    """Sends one request after another to an application whose lifespan it keeps."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop, state: dict[str, Any]) -> None:
        self.app, self.loop, self.state = app, loop, state

    def get(self, path: str, *, headers: Mapping[str, str]) -> Answer:
        return self._send("GET", path, headers, b"")

    def post(
        self,
        path: str,
        *,
        headers: Mapping[str, str],
        json: Any = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Answer:
        if files is None:
            return self._send("POST", path, {**headers, "content-type": _JSON}, _dump(json))
        parts = b"".join(
            f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"; filename="{file}"'
            "\r\n\r\n".encode()
            + content
            + b"\r\n"
            for name, (file, content) in files.items()
        )
        kind = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
        body = parts + f"--{_BOUNDARY}--\r\n".encode()
        return self._send("POST", path, {**headers, **kind}, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answered: list[Message] = []
        waiting = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            return waiting.pop() if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

        async def send(message: Message) -> None:
            answered.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.encode(), v.encode()) for k, v in {"host": "test", **headers}.items()],
            "client": ("test", 1),
            "server": ("test", 80),
            "state": dict(self.state),
        }
        self.loop.run_until_complete(self.app(scope, receive, send))
        content = b"".join(one.get("body", b"") for one in answered)
        return Answer(answered[0]["status"], content)


_JSON = "application/json"


def _dump(body: Any) -> bytes:
    return json.dumps(body).encode()


async def _here(work: Callable[..., Any], *arguments: Any, **_: Any) -> Any:
    return work(*arguments)


@contextmanager
def inline(app: Any, patch: pytest.MonkeyPatch) -> Iterator[Inline]:
    """Have an application whose endpoints run where they are called."""
    loop = asyncio.new_event_loop()
    living = app.router.lifespan_context(app)
    state = loop.run_until_complete(living.__aenter__()) or {}
    try:
        with patch.context() as patched:
            patched.setattr(anyio.to_thread, "run_sync", _here)
            yield Inline(app, loop, state)
    finally:
        loop.run_until_complete(living.__aexit__(None, None, None))
        loop.close()
