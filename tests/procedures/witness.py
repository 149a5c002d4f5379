"""Looks, at the very moment an answer leaves, whether what it answers is there for anyone else.

A test client returns only when the application has ended, and so sees what was committed after the
answer too; this stands inside, between the application and the wire.
"""

from typing import Any
from uuid import UUID

import psycopg
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WRITES = frozenset({"POST", "PATCH", "PUT", "DELETE"})
_HELD = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
      AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


class Witness:
    """Around an application: notes each 2xx of a write whose work is not there when it leaves."""

    def __init__(self, app: ASGIApp, url: str) -> None:
        self.app, self.url = app, url
        self.looked = 0
        self.told = 0
        """Of how many an event could be read at once."""
        self.missed: list[str] = []
        self.connection: psycopg.Connection[Any] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] == "lifespan" or scope["method"] not in WRITES:
            await self.app(scope, receive, send)
            return
        status = 0
        request = ""

        async def leaving(message: Message) -> None:
            nonlocal status, request
            if message["type"] == "http.response.start":
                status = message["status"]
                request = dict(message["headers"]).get(b"x-request-id", b"").decode()
                if status < 300:
                    self._look(f"{scope['method']} {scope['path']} {status}", request)
            await send(message)

        await self.app(scope, receive, leaving)

    def _look(self, what: str, request: str) -> None:
        """From a connection of its own, with nothing between: what was not committed is not seen.

        One request at a time is sent, so that a transaction with writes is that request's.
        """
        if self.connection is None:
            self.connection = psycopg.connect(self.url, autocommit=True)
        self.looked += 1
        held = self.connection.execute(_HELD).fetchone()
        assert held is not None
        if held[0]:
            self.missed.append(what)
        found = self.connection.execute(
            "SELECT count(*) FROM events WHERE request_id = %s", (request,)
        ).fetchone()
        assert found is not None
        self.told += found[0] > 0

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()

    def row(self, table: str, identifier: UUID) -> bool:
        """Say whether a row is there."""
        assert self.connection is not None
        found = self.connection.execute(f"SELECT FROM {table} WHERE id = %s", (identifier,))
        return found.fetchone() is not None
