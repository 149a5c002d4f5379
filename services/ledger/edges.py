"""What every HTTP edge shares: who asks, the transaction, strict types, bilingual problems."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

import psycopg
from fastapi import Depends, FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy import exc
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ledger.access import Viewer, identify
from services.ledger.clock import today
from services.ledger.credentials import Token
from services.ledger.db import open_session, statement_pool
from services.ledger.errors import LedgerError
from services.ledger.ids import new_id
from services.ledger.money import AmountError, parse_fen
from services.ledger.signatures import SignedBodies

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
log = logging.getLogger("ledger.http")


class ApiModel(BaseModel):
    """A request or answer: unknown fields are refused, so that a misspelt one is never lost."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        text = f"{error.english} {error.chinese}"
        raise PydanticCustomError("AMOUNT_INVALID", "{text}", {"text": text}) from error
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
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]

DbSession = Annotated[Session, Depends(open_session, scope="function")]


def _asked_by(token: Token, session: DbSession) -> Viewer:
    return identify(session, token)


AskedBy = Annotated[Viewer, Depends(_asked_by, scope="function")]


def statements(request: Request) -> AsyncConnectionPool[AsyncConnection[Any]]:
    """Return the pool for commands of one statement that are awaited, not run in a thread."""
    pool = request.state.statements
    assert isinstance(pool, AsyncConnectionPool)
    return pool


@asynccontextmanager
async def _serving(_: FastAPI) -> AsyncIterator[dict[str, object]]:
    async with statement_pool() as pool:
        yield {"statements": pool}


def request_id(request: Request) -> str:
    """Return the id of a request, which its events and its answer carry."""
    return str(request.scope.get("ledger.request_id", ""))


def _problem(
    request: Request, http_status: int, code: str, texts: tuple[str, str], **more: object
) -> Response:
    named = {"type": "about:blank", "title": code, "status": http_status, "code": code}
    told = {"detail": texts[0], "detail_zh": texts[1], "request_id": request_id(request)}
    return JSONResponse(named | told | more, http_status, media_type="application/problem+json")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)
    more = {"field": error.field} if error.field else {}
    return _problem(request, error.status, error.code, (error.english, error.chinese), **more)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # What was sent is not echoed: it may hold what the log or the next reader must not see.
    errors = [
        {
            "code": item["type"],
            "field": ".".join(str(part) for part in item["loc"]),
            "message": str(item["msg"]).encode(errors="replace").decode(),
        }
        for item in error.errors()
    ]
    texts = ("The request has invalid fields; see errors.", "请求含有无效字段；见errors。")
    return _problem(request, 422, "REQUEST_INVALID", texts, errors=errors)


_TOGETHER = "Someone sent the same or a conflicting request at the same time; send it again."
_HTTP_TEXTS = {
    404: ("NOT_FOUND", "There is nothing at this address.", "此地址下没有内容。"),
    405: ("METHOD_NOT_ALLOWED", "This address takes other methods.", "此地址不支持该方法。"),
    413: ("TOO_LARGE", "The body is larger than this address takes.", "请求体超过此地址的上限。"),
    400: ("REQUEST_UNREADABLE", "The body could not be read.", "无法读取请求体。"),
    409: ("CONFLICT", _TOGETHER, "有相同或冲突的请求同时到达；请重新发送。"),
    422: ("VALUE_INVALID", "A value cannot be held here; correct it.", "值无效；请更正。"),
    503: ("BUSY", "The ledger is busy; send the same request again.", "台账繁忙；请原样重试。"),
}
_DATABASE = {"OperationalError": 503, "IntegrityError": 409, "DataError": 422}


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    unknown = ("HTTP_ERROR", str(error.status_code), str(error.status_code))
    code, english, chinese = _HTTP_TEXTS.get(error.status_code, unknown)
    return _problem(request, error.status_code, code, (english, chinese))


def _database(http_status: int, request: Request, error: Exception) -> Response:
    log.warning("request %s failed in the database: %s", request_id(request), error)
    return _http(request, HTTPException(http_status))


def _broken(request: Request, error: Exception) -> Response:
    log.error("request %s failed", request_id(request), exc_info=error)
    texts = ("The ledger failed; the request id finds the cause.", "台账出错；可凭请求编号查因。")
    return _problem(request, 500, "FAILED", texts)


class LedgerApi(FastAPI):
    """FastAPI with the ledger's problems, and request ids around everything else."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (FastAPI's own)
        super().__init__(lifespan=_serving, **options)
        self.add_exception_handler(LedgerError, _refused)
        self.add_exception_handler(RequestValidationError, _invalid)
        self.add_exception_handler(HTTPException, _http)
        for name, number in _DATABASE.items():
            for library in (exc, psycopg):
                self.add_exception_handler(getattr(library, name), partial(_database, number))
        self.add_exception_handler(Exception, _broken)

    def build_middleware_stack(self) -> ASGIApp:
        """Put `RequestIds` outermost, so that no answer is without one."""
        return RequestIds(SignedBodies(super().build_middleware_stack()))


class RequestIds:
    """Give every request an id, the caller's own if it is well formed, and answer with it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        identifier = given if _REQUEST_ID.fullmatch(given) else str(new_id())
        scope["ledger.request_id"] = identifier
        too_large = False  # Starlette says so in plain text, out of reach of any handler.

        async def answer(message: Message) -> None:
            nonlocal too_large
            if message["type"] == "http.response.start":
                headers = message["headers"]
                plain = dict(headers).get(b"content-type", b"").startswith(b"text/plain")
                too_large = message["status"] == status.HTTP_413_CONTENT_TOO_LARGE and plain
                message["headers"] = [*headers, (b"x-request-id", identifier.encode())]
            if not too_large:
                await send(message)
            elif message["type"] == "http.response.body":
                problem = _http(Request(scope), HTTPException(status.HTTP_413_CONTENT_TOO_LARGE))
                await problem(scope, receive, send)

        await self.app(scope, receive, answer)
