"""What the database is asked for one request: the statements, as the driver sends them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

_NOTED = "UPDATE uses SET"
"""When a key was used last is noted now and then, whatever is asked."""


class Trips:
    """The statements since `begin`, by whatever thread of this process."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def begin(self) -> None:
        self.asked = []

    def note(self, query: Any) -> None:
        text = query if isinstance(query, str) else repr(query)
        if _NOTED not in text:
            self.asked.append(text)


@contextmanager
def watched() -> Iterator[Trips]:
    """Watch every statement of this process, whichever kind of cursor sends it."""
    trips = Trips()
    with pytest.MonkeyPatch.context() as patch:
        for kind in (psycopg.Cursor, psycopg.AsyncCursor):
            for name in ("execute", "executemany"):
                patch.setattr(kind, name, _noting(getattr(kind, name), trips))
        yield trips


def _noting(run: Any, trips: Trips) -> Any:
    def noted(cursor: Any, query: Any, *values: Any, **more: Any) -> Any:
        trips.note(query)
        return run(cursor, query, *values, **more)

    return noted
