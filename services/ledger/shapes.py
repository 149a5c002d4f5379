"""What a request of the API may look like, before anything of it is read by its fields.

A misspelt filter, a part of a form that nobody reads, a field that stands twice: each would be
passed over in silence, and the sender would take the answer for something else. They are refused.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from email.message import Message
from typing import Any, Final, TypeVar, get_args, get_origin

from fastapi import Request, params
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from services.ledger.errors import LedgerError

_FORM: Final = "multipart/form-data"
_MOST_FILES: Final = 10
_MOST_PARTS: Final = 50
_TAGS: Final = r'^(\*|(W/)?"[\x21\x23-\x7e]*"(, *(W/)?"[\x21\x23-\x7e]*")*)$'
_UTF8: Final = frozenset({"", "utf-8", "utf8"})


class MediaTypeError(LedgerError):
    """A body of another kind than the address takes."""

    code = "MEDIA_TYPE_UNSUPPORTED"
    status = 415


class PreconditionError(LedgerError):
    """A condition that this address would not weigh."""

    code = "PRECONDITION_NOT_WEIGHED"
    status = 412

    def __init__(self) -> None:
        super().__init__(
            "This address does not weigh If-Match; leave it out, or read again before you write.",
            "此地址不支持If-Match；请去掉该头，或先重新读取再写入。",
        )


_weighing: Final[set[object]] = set()
Asked = TypeVar("Asked", bound=Callable[..., object])


def weighs_tags(function: Asked) -> Asked:
    """Mark an endpoint, or what one depends on, that weighs `If-Match`."""
    _weighing.add(function)
    return function


class _NotJsonError(ValueError):
    """What Python would read and no other reader of JSON: NaN, Infinity."""


class _RepeatedError(ValueError):
    """A name that stands twice in one object."""


def _refusal(where: str, name: str, code: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": code, "loc": (where, name), "msg": message}])


def _unknown(where: str, name: str) -> RequestValidationError:
    return _refusal(where, name, "extra_forbidden", "This is not taken here. 此处不接受该字段。")


def _repeated(where: str, name: str) -> RequestValidationError:
    return _refusal(where, name, "FIELD_REPEATED", "This stands twice. 该字段重复出现。")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedError(next(name for name in read if names.count(name) > 1))
    return read


def _no_constant(name: str) -> object:
    raise _NotJsonError(name)


def _all_of(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for one in dependant.dependencies:
        yield from _all_of(one)


def _is_list(annotation: Any) -> bool:  # noqa: ANN401 (a type)
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))


class Shape:
    """What one address takes: its query, the kind of its body, the parts of its form."""

    def __init__(self, route: APIRoute) -> None:
        asked = list(_all_of(route.dependant))
        query = [field for one in asked for field in one.query_params]
        self._query = frozenset(field.alias for field in query)
        self._lists = frozenset(f.alias for f in query if _is_list(f.field_info.annotation))
        self._parts = frozenset(field.alias for one in asked for field in one.body_params)
        body = route.body_field
        self._takes_form = body is not None and isinstance(body.field_info, params.Form)
        self._takes_json = body is not None and not self._takes_form
        self._weighs_tags = any(one.call in _weighing for one in asked)

    def headers(self) -> list[dict[str, Any]]:
        """Return what the document says of the headers that a write here takes."""
        key = {} if self._takes_form else {"Idempotency-Key": r"^[\x21-\x7e]{1,255}$"}
        tag = {"If-Match": _TAGS} if self._weighs_tags else {}
        return [
            {"name": name, "in": "header", "schema": {"type": "string", "pattern": pattern}}
            for name, pattern in (key | tag).items()
        ]

    async def check(self, request: Request) -> None:
        """Refuse a request of another shape.

        Raises:
            RequestValidationError: a name that is not taken here or stands twice, or no JSON.
            MediaTypeError: the body is of another kind.
            PreconditionError: it asks for what is not weighed here.
        """
        if request.method != "GET" and "if-match" in request.headers and not self._weighs_tags:
            raise PreconditionError
        if request.scope["query_string"]:
            self._check_names("query", request.query_params.multi_items(), self._query)
        if self._takes_form:
            await self._check_form(request)
        elif self._takes_json:
            await self._check_json(request)

    def _check_names(
        self, where: str, given: Iterable[tuple[str, Any]], taken: frozenset[str]
    ) -> None:
        seen: set[str] = set()
        for name, _ in given:
            if name not in taken:
                raise _unknown(where, name)
            if name in seen and name not in self._lists:
                raise _repeated(where, name)
            seen.add(name)

    async def _check_form(self, request: Request) -> None:
        kind, _ = _kind(request)
        if kind != _FORM:
            raise _wrong_kind(_FORM)
        form = await request.form(max_files=_MOST_FILES, max_fields=_MOST_PARTS)
        try:
            self._check_names("body", form.multi_items(), self._parts)
        except RequestValidationError:
            await form.close()
            raise

    async def _check_json(self, request: Request) -> None:
        body = await request.body()
        if not body:
            return
        kind, charset = _kind(request)
        if kind != "application/json" or charset not in _UTF8:
            raise _wrong_kind("application/json")
        try:
            json.loads(body, object_pairs_hook=_once, parse_constant=_no_constant)
        except _RepeatedError as error:
            raise _repeated("body", str(error)) from error
        except _NotJsonError as error:
            refusal = "NaN and Infinity are no JSON. NaN和Infinity不是JSON。"
            raise _refusal("body", "", "json_invalid", refusal) from error
        except (ValueError, RecursionError):
            return  # What is no JSON at all is refused as such when it is read.


def _kind(request: Request) -> tuple[str, str]:
    """Return the media type of a body and its character set, both in lower case."""
    message = Message()
    message["content-type"] = request.headers.get("content-type", "")
    return message.get_content_type(), str(message.get_param("charset", "")).lower()


def _wrong_kind(wanted: str) -> MediaTypeError:
    also = " in UTF-8" if wanted != _FORM else ""
    return MediaTypeError(
        f"This address takes {wanted}{also}; say so in Content-Type and send it so.",
        f"此地址接受{wanted}{'（UTF-8）' if also else ''}；请在Content-Type中注明并按此发送。",
    )
