"""What every HTTP edge shares: strict types, who asks, the transaction, writes sent again."""

import hashlib
import re
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StringConstraints,
)
from pydantic_core import PydanticCustomError
from sqlmodel import Session

from services.ledger import idempotency
from services.ledger.access import Viewer
from services.ledger.clock import today
from services.ledger.credentials import Token
from services.ledger.db import GATE, transaction
from services.ledger.errors import LedgerError
from services.ledger.identification import identify
from services.ledger.money import AmountError, parse_fen
from services.ledger.shapes import Shape

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_JSON = "application/json"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT = re.compile(rf"{_DAY.pattern}[Tt ]", re.ASCII)


class ApiModel(BaseModel):
    """A request or answer: unknown fields are refused, so that a misspelt one is never lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Flag = StrictBool
"""A boolean of JSON; 0, 1 and words are none, as the document says."""


def _safe(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError(
            "TEXT_INVALID",
            "The text holds control characters; remove them. 文本含有控制字符；请删除。",
        )
    return value


def _amount(value: str) -> str:
    try:
        fen = parse_fen(value)
    except AmountError as error:
        raise PydanticCustomError(
            "AMOUNT_INVALID",
            "The amount is not a decimal number with at most 13 digits and 2 places; write it as"
            ' "1234.50". 金额不是至多13位整数、2位小数的十进制数；请写成“1234.50”。',
        ) from error
    if fen <= 0:
        raise PydanticCustomError(
            "AMOUNT_NOT_POSITIVE", "The amount must be more than 0.00. 金额必须大于0.00。"
        )
    return value


def _amount_is_text(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError(
            "AMOUNT_NOT_TEXT",
            'Amounts are JSON strings such as "1234.50", since a number loses digits on the way.'
            " 金额须为JSON字符串，例如“1234.50”；数字会丢失精度。",
        )
    return value


def _day(value: object) -> object:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    with suppress(ValueError):
        if isinstance(value, str) and _DAY.fullmatch(value):
            day = date.fromisoformat(value)
            # Days are counted on from; what is outside overflows a calendar somewhere.
            if _FIRST_YEAR <= day.year <= _LAST_YEAR:
                return day
    raise PydanticCustomError(
        "DAY_INVALID",
        "A day is written YYYY-MM-DD, exists and lies in 1900 to 2199."
        " 日期须写成YYYY-MM-DD，真实存在且在1900至2199年间。",
    )


def _instant(value: object) -> object:
    # A number would be taken for seconds since 1970, and 20260131 be answered as of that August.
    if isinstance(value, datetime):
        return value
    year = int(value[:4]) if isinstance(value, str) and _INSTANT.match(value) else 0
    if _FIRST_YEAR <= year <= _LAST_YEAR:
        return value
    raise PydanticCustomError(
        "INSTANT_INVALID",
        'An instant is written with its zone, such as "2026-01-31T08:00:00+08:00", and lies in 1900'
        " to 2199. 时刻须带时区书写，例如“2026-01-31T08:00:00+08:00”，且在1900至2199年间。",
    )


class FutureDayError(LedgerError):
    """A fact dated on a day that has not come."""

    code = "DAY_IN_FUTURE"


def past_day(day: date | None) -> date:
    """Return the day a fact took effect: today in China, unless an earlier one is given.

    Raises:
        FutureDayError: the day has not come.
    """
    if day is not None and day > today():
        raise FutureDayError(
            f"{day} is in the future; facts are recorded when they have happened.",
            f"{day}在未来；事实发生后方可登记。",
        )
    return day or today()


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_safe)]
Note = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_safe)]
Amount = Annotated[str, BeforeValidator(_amount_is_text), AfterValidator(_amount)]
Day = Annotated[date, BeforeValidator(_day)]
Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _session(request: Request) -> Iterator[Session]:
    """Give one request its transaction, committed before it is answered (``scope="function"``).

    It sees nothing of the book until `identify` says who asks.
    """
    with transaction(role=GATE) as session:
        yield session
        call = idempotency.noted(request)
        if call is not None and call.principal and call.status:
            idempotency.store(session, call)


DbSession = Annotated[Session, Depends(_session, scope="function")]


def _asked_by(token: Token, session: DbSession, request: Request) -> Viewer:
    viewer = identify(session, token)
    call = idempotency.noted(request)
    if call is not None:
        idempotency.begin(session, viewer, call)
    return viewer


AskedBy = Annotated[Viewer, Depends(_asked_by, scope="function")]


def statements(request: Request) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Return the pool for commands of one statement that are awaited, not run in a thread."""
    pool = request.state.statements
    assert isinstance(pool, AsyncConnectionPool)
    return pool


def request_id(request: Request) -> str:
    """Return the id of a request, which its events and its answer carry."""
    return str(request.scope.get("ledger.request_id", ""))


class ChangedError(LedgerError):
    """What is written to is no longer as the sender saw it."""

    code = "CHANGED_SINCE"
    status = 412

    def __init__(self) -> None:
        super().__init__(
            "This has changed since you read it (If-Match); read it again and decide anew.",
            "自您读取后内容已变更（If-Match）；请重新读取后再决定。",
        )


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def must_match(request: Request, shown: ApiModel) -> None:
    """Refuse a write with `If-Match` unless its sender saw what is ``shown`` now.

    Raises:
        ChangedError: the sender saw something else.
    """
    tag = _etag(shown.model_dump_json().encode())
    if "if-match" in request.headers and not _named(request, "if-match", tag, weak=False):
        raise ChangedError


def _named(request: Request, header: str, tag: str, *, weak: bool) -> bool:
    """Say whether a header names a tag, among others or as any (RFC 9110, 13.1).

    A cache on the way may have called it weak; that is as good for reading, and not for writing.
    """
    listed = ",".join(request.headers.getlist(header)).split(",")
    given = {one.strip().removeprefix("W/") if weak else one.strip() for one in listed}
    return bool(given & {"*", tag})


class Route(APIRoute):
    """A route whose writes may be sent again under an `Idempotency-Key`, and whose reads have tags.

    A read with `If-None-Match` of what is still so answers 304.
    """

    def __init__(self, *given: Any, **options: Any) -> None:  # noqa: ANN401 (FastAPI's own)
        super().__init__(*given, **options)
        if "GET" not in (self.methods or ()):
            self.openapi_extra = {"parameters": Shape(self).headers()}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Note the key before the request is handled, and its answer before that is committed."""
        handle = super().get_route_handler()
        shape = Shape(self)

        async def noting(request: Request) -> Response:
            await shape.check(request)
            call = await idempotency.note(request, self.path_format)
            answer = await handle(request)
            if call is not None:
                call.status, call.body = answer.status_code, bytes(answer.body)
            elif request.method == "GET" and answer.headers.get("content-type") == _JSON:
                tag = answer.headers["etag"] = _etag(bytes(answer.body))
                if _named(request, "if-none-match", tag, weak=True):
                    return Response(status_code=304, headers={"etag": tag})
            return answer

        return noting


class Router(APIRouter):
    """A router of the API, whose routes are `Route`."""

    def __init__(self, *, prefix: str, tags: list[str | Enum]) -> None:
        super().__init__(prefix=prefix, tags=tags, route_class=Route)
