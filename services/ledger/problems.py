"""The HTTP application: bilingual problems with stable codes, and an id for every request."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import psycopg
from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.ledger import rates
from services.ledger.db import said, statement_pool
from services.ledger.edges import request_id
from services.ledger.errors import LedgerError
from services.ledger.idempotency import Replayed
from services.ledger.ids import new_id
from services.ledger.signatures import SignedBodies

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
log = logging.getLogger("ledger.http")
Json = dict[str, Any]


@asynccontextmanager
async def _serving(_: FastAPI) -> AsyncIterator[dict[str, object]]:
    async with statement_pool() as pool:
        yield {"statements": pool}


def _problem(
    request: Request, http_status: int, code: str, texts: tuple[str, str], **more: object
) -> Response:
    named = {"type": "about:blank", "title": code, "status": http_status, "code": code}
    told = {"detail": texts[0], "detail_zh": texts[1], "request_id": request_id(request)}
    return JSONResponse(named | told | more, http_status, media_type="application/problem+json")


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, LedgerError)
    more = {"field": error.field} if error.field else {}
    answer = _problem(request, error.status, error.code, (error.english, error.chinese), **more)
    if error.retry_seconds:
        answer.headers["retry-after"] = str(error.retry_seconds)
    if error.status == status.HTTP_401_UNAUTHORIZED:
        answer.headers["www-authenticate"] = "Bearer"
    return answer


def _replayed(_: Request, answer: Exception) -> Response:
    assert isinstance(answer, Replayed)
    headers = {"idempotent-replayed": "true"}
    return Response(answer.body, answer.status, headers, media_type="application/json")


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


_TOGETHER = (
    "Someone sent the same or a conflicting request at the same time; send it again, and if that is"
    " answered alike, under an id of its own."
)
_HTTP_TEXTS = {
    404: ("NOT_FOUND", "There is nothing at this address.", "此地址下没有内容。"),
    405: ("METHOD_NOT_ALLOWED", "This address takes other methods.", "此地址不支持该方法。"),
    413: ("TOO_LARGE", "The body is larger than this address takes.", "请求体超过此地址的上限。"),
    400: ("REQUEST_UNREADABLE", "The body could not be read.", "无法读取请求体。"),
    409: (
        "CONFLICT",
        _TOGETHER,
        "有相同或冲突的请求同时到达；请重新发送，仍得此答复时请更换编号。",
    ),
    422: ("VALUE_INVALID", "A value cannot be held here; correct it.", "值无效；请更正。"),
    503: ("BUSY", "The ledger is busy; send the same request again.", "台账繁忙；请原样重试。"),
}
_DATABASE = {"OperationalError": 503, "IntegrityError": 409, "DataError": 422}


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    unknown = ("HTTP_ERROR", str(error.status_code), str(error.status_code))
    code, english, chinese = _HTTP_TEXTS.get(error.status_code, unknown)
    answer = _problem(request, error.status_code, code, (english, chinese))
    answer.headers.update(error.headers or {})  # Such as Allow.
    return answer


def _database(http_status: int, request: Request, error: Exception) -> Response:
    log.warning("request %s failed in the database: %s", request_id(request), said(error))
    return _http(request, HTTPException(http_status))


def _broken(request: Request, error: Exception) -> Response:
    log.error("request %s failed", request_id(request), exc_info=error)
    texts = ("The ledger failed; the request id finds the cause.", "台账出错；可凭请求编号查因。")
    return _problem(request, 500, "FAILED", texts)


_PROBLEM: Final[Json] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "detail_zh", "request_id"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; the one to act on. 稳定的错误码。"},
        "detail": {"type": "string"},
        "detail_zh": {"type": "string"},
        "request_id": {"type": "string"},
        "field": {"type": "string", "description": "What to correct, if it is one field."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "field", "message"],
                "properties": {name: {"type": "string"} for name in ("code", "field", "message")},
            },
        },
    },
}
_ANY: Final = {
    "400": "The request cannot be read. 无法读取请求。",
    "401": "Nobody is signed in. 未登录。",
    "403": "The role does not include it. 无此权限。",
    "404": "Absent, or not for the asker to see. 不存在或不可见。",
    "409": "It contradicts what stands, or another request. 与现有内容或其他请求冲突。",
    "413": "The body is too large. 请求体过大。",
    "422": "A field or the whole is refused. 内容无效。",
    "429": "The key asks too often. 请求过于频繁。",
    "503": "The ledger is busy; send it again. 台账繁忙，请重试。",
}
_PROPOSAL: Final = {"$ref": "#/components/schemas/ProposalOut"}
_WRITES: Final = {
    "412": "It has changed since it was read (If-Match). 内容已变更。",
    "415": "The body is of another kind. 请求体类型不符。",
}


def _document(operation: Json, *, read: bool) -> None:
    """Say of an operation how it refuses, and how it answers what was sent before."""
    responses = operation["responses"]
    for number, text in (_ANY if read else _ANY | _WRITES).items():
        schema = {"$ref": "#/components/schemas/Problem"}
        content = {"application/problem+json": {"schema": schema}}
        responses[number] = {"description": text, "content": content}
    if read:
        responses["304"] = {"description": "As it was (If-None-Match). 未变更。"}
        return
    if "201" in responses:
        responses.setdefault("200", responses["201"] | {"description": "It was done before."})
    done = responses.get("200", {}).get("content", {}).get("application/json", {})
    if _PROPOSAL in done.get("schema", {}).get("anyOf", ()):
        waits = {"description": "Others have to approve it first. 待他人复核。"}
        responses["202"] = waits | {"content": {"application/json": {"schema": _PROPOSAL}}}


_OF_THE_API: Final = (
    (b"cache-control", b"no-store"),  # A browser's cookie may have asked.
    (b"x-content-type-options", b"nosniff"),
)


class LedgerApi(FastAPI):
    """FastAPI with the ledger's problems, and request ids around everything else."""

    def openapi(self) -> Json:
        """Return the description of the API with the problems that any operation may answer."""
        if not self.openapi_schema:
            described = super().openapi()
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas["Problem"] = _PROBLEM
            bearer = {"type": "http", "scheme": "bearer"}
            described["components"]["securitySchemes"] = {"key": bearer}
            described["security"] = [{"key": []}]
            for methods in described["paths"].values():
                for method, operation in methods.items():
                    _document(operation, read=method == "get")
        assert self.openapi_schema is not None
        return self.openapi_schema

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (FastAPI's own)
        super().__init__(lifespan=_serving, **options)
        self.add_exception_handler(LedgerError, _refused)
        self.add_exception_handler(Replayed, _replayed)
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
                message["headers"] = [
                    *headers,
                    *(() if not scope["path"].startswith("/v1/") else _OF_THE_API),
                    (b"x-request-id", identifier.encode()),
                    *rates.headers(scope),
                ]
            if not too_large:
                await send(message)
            elif message["type"] == "http.response.body":
                problem = _http(Request(scope), HTTPException(status.HTTP_413_CONTENT_TOO_LARGE))
                await problem(scope, receive, send)

        await self.app(scope, receive, answer)
