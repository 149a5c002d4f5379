"""Pages of a list: where the next begins is told by a cursor that only this ledger can write.

A cursor goes on behind the last row shown, by its key, so rows that come or go in between are
neither skipped nor repeated. It is bound to the address and its filters, and keeps the day and the
instant of the first page, so that all pages speak of the same book.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Query, Request

from services.ledger.clock import now, today
from services.ledger.config import settings
from services.ledger.errors import LedgerError

_OWN: Final = frozenset({"cursor", "limit", "as_of", "known_at"})
_TAG_BYTES: Final = 16
Row = TypeVar("Row")


class CursorError(LedgerError):
    """A cursor that this list did not give."""

    code = "CURSOR_INVALID"
    field = "cursor"

    def __init__(self) -> None:
        super().__init__(
            "This cursor is not of this list with these filters; begin again without it.",
            "游标不属于该列表或其筛选条件；请去掉游标重新查询。",
            field="cursor",
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    after: tuple[str, ...]
    """The key of the last row seen; () for the first page."""
    bound: str
    as_of: str = ""
    known_at: str = ""

    def when(self, as_of: date | None, known_at: datetime | None) -> tuple[date, datetime]:
        """Return the day and the instant a list speaks of: the first page's, asked, or now.

        Raises:
            CursorError: others are asked for than on the first page.
        """
        if not self.after:
            return as_of or today(), known_at or now()
        day, instant = date.fromisoformat(self.as_of), datetime.fromisoformat(self.known_at)
        if as_of not in {None, day} or known_at not in {None, instant}:
            raise CursorError
        return day, instant

    def shown(
        self,
        rows: Sequence[Row],
        key: Callable[[Row], Sequence[object]],
        when: tuple[date, datetime] | None = None,
    ) -> tuple[Sequence[Row], str | None]:
        """Return the rows of this page and the cursor of the next, of rows one more than asked."""
        if len(rows) <= self.limit:
            return rows, None
        day, instant = (one.isoformat() for one in when) if when else ("", "")
        last = [str(part) for part in key(rows[self.limit - 1])]
        return rows[: self.limit], _sealed([self.bound, last, day, instant])


def page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=2000, description="`next` of the page before")] = "",
) -> Page:
    """Read which part of a list is asked for.

    Raises:
        CursorError: the cursor is not of this list, or not ours.
    """
    filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _OWN)
    bound = hashlib.sha256(json.dumps([request.url.path, filters]).encode()).hexdigest()
    if not cursor:
        return Page(limit, (), bound)
    of, last, day, instant = _opened(cursor)
    if of != bound:
        raise CursorError
    return Page(limit, tuple(last), bound, day, instant)


Paged = Annotated[Page, Depends(page)]


def _tag(body: bytes) -> bytes:
    key = settings().ledger_identity_key.encode()
    return hmac.digest(key, b"cursor1|" + body, hashlib.sha256)[:_TAG_BYTES]


def _sealed(content: list[Any]) -> str:
    body = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(body) + body).rstrip(b"=").decode()


def _opened(cursor: str) -> list[Any]:
    try:
        whole = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CursorError from error
    tag, body = whole[:_TAG_BYTES], whole[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(body)):
        raise CursorError
    content = json.loads(body)
    assert isinstance(content, list)
    return content
