"""What every page shares: who is signed in, what a form proves, fields, errors."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from services.ledger.access import Viewer
from services.ledger.clock import SHANGHAI, now
from services.ledger.credentials import is_https, session_token
from services.ledger.db import GATE, said, transaction
from services.ledger.edges import Day, DbSession, request_id
from services.ledger.errors import LedgerError
from services.ledger.identification import NotSignedInError, identify
from services.ledger.parties import sessions
from services.ledger.parties.models import Party
from services.ledger.web import words
from services.ledger.web.forms import check_form, form_token
from services.ledger.web.render import html

SIGN_IN: Final = "/sign-in"
CONSOLE: Final = "/console"
PROVE: Final = "/console/prove"
_FRESH: Final = timedelta(minutes=10)
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ONLY_TLS: Final = f"max-age={int(timedelta(days=365).total_seconds())}"
"""For a year a browser that came by TLS comes to this host by nothing else (RFC 6797)."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2999
log = logging.getLogger("ledger.pages")


class ProveAgainError(LedgerError):
    """Administering needs a proof of who it is that is not long ago."""

    code = "PROVE_AGAIN"
    status = 401


class BusyError(LedgerError):
    """The database does not answer in time."""

    code = "BUSY"
    status = 503


class PageInputError(LedgerError):
    """Fields of an address or form that cannot be read."""

    code = "REQUEST_INVALID"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who looks at a page, for whom, and what this person's forms must carry."""

    viewer: Viewer
    party_name: str
    form_token: str


def _reader(request: Request, session: DbSession) -> SignedIn:
    return signed_in(request, session)


def _writer(
    request: Request, session: DbSession, token: Annotated[str, Form(max_length=200)] = ""
) -> SignedIn:
    person = signed_in(request, session)
    check_form(session_token(request), token)
    return person


def signed_in(request: Request, session: Session) -> SignedIn:
    """Return who looks at a page.

    Raises:
        NotSignedInError: nobody does, or no longer.
    """
    secret = session_token(request)
    if not secret:
        raise NotSignedInError("Sign in first.", "请先登录。")
    viewer = identify(session, secret)
    if viewer.user_id is None:  # A machine's key in a cookie is nobody who looks at pages.
        raise NotSignedInError("Sign in first.", "请先登录。")
    party = session.get(Party, viewer.party_id) if viewer.party_id else None
    return SignedIn(viewer, party.name if party else "", form_token(secret))


def check_fresh(request: Request, session: Session) -> None:
    """Refuse unless the person proved who they are a short while ago.

    Raises:
        ProveAgainError: it is longer ago.
    """
    verified_at = sessions.verified_at(session, session_token(request))
    if verified_at is None or now() - verified_at > _FRESH:
        raise ProveAgainError("Prove again who you are.", "请再次验证身份。")


def _fresh_reader(request: Request, session: DbSession) -> SignedIn:
    person = signed_in(request, session)
    check_fresh(request, session)
    return person


def _fresh_writer(
    request: Request, session: DbSession, token: Annotated[str, Form(max_length=200)] = ""
) -> SignedIn:
    person = _writer(request, session, token)
    check_fresh(request, session)
    return person


def _alone(request: Request) -> SignedIn:
    with transaction(role=GATE) as session:
        return signed_in(request, session)


def _alone_writer(request: Request, token: Annotated[str, Form(max_length=200)] = "") -> SignedIn:
    person = _alone(request)
    check_form(session_token(request), token)
    return person


Reader = Annotated[SignedIn, Depends(_reader, scope="function")]
Writer = Annotated[SignedIn, Depends(_writer, scope="function")]
FreshReader = Annotated[SignedIn, Depends(_fresh_reader, scope="function")]
"""For pages that administer: the person has proved who they are a short while ago."""
FreshWriter = Annotated[SignedIn, Depends(_fresh_writer, scope="function")]
AloneReader = Annotated[SignedIn, Depends(_alone)]
"""For pages that wait for another service: no transaction is open meanwhile."""
AloneWriter = Annotated[SignedIn, Depends(_alone_writer)]


def _empty_is_none(value: object) -> object:
    return value or None


def _instant(value: object) -> object:
    """Return an aware instant; the form's field has no zone and means the clock in China."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        at = None
    if not isinstance(at, datetime) or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise PydanticCustomError(
            "INSTANT_INVALID",
            "An instant is written YYYY-MM-DDTHH:MM. 时刻须写成YYYY-MM-DDTHH:MM。",
        )
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)


def _sane_day(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise PydanticCustomError("DAY_INVALID", "There is no such day here. 日期超出范围。")
    return day


AsOf = Annotated[Annotated[Day, AfterValidator(_sane_day)] | None, BeforeValidator(_empty_is_none)]
KnownAt = Annotated[
    Annotated[datetime, BeforeValidator(_instant)] | None, BeforeValidator(_empty_is_none)
]
Id = Annotated[UUID | None, BeforeValidator(_empty_is_none)]


def page(
    request: Request,
    template: str,
    signed_in: SignedIn | None = None,
    *,
    http_status: int = status.HTTP_200_OK,
    **context: object,
) -> HTMLResponse:
    """Return a page with the frame around it."""
    frame = {
        "words": words,
        "path": request.url.path,
        "navigation": words.NAVIGATION,
        "signed_in": None if signed_in is None else _frame(signed_in),
    }
    return HTMLResponse(html(template, {**frame, **context}), http_status)


def _frame(signed_in: SignedIn) -> dict[str, object]:
    return {
        "name": signed_in.viewer.name,
        "party": signed_in.party_name,
        "role": words.of(words.ROLES, signed_in.viewer.role),
        "token": signed_in.form_token,
    }


def address(path: str, **query: object) -> str:
    """Return a path with the query's values that are not empty, so that a page can be linked."""
    given = {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in query.items()
        if value not in (None, "", False)
    }
    return f"{path}?{urlencode(given)}" if given else path


def see(target: str) -> RedirectResponse:
    """Send the browser on; what was posted is not posted again by a reload."""
    return RedirectResponse(target, status.HTTP_303_SEE_OTHER)


def error_page(request: Request, error: LedgerError) -> Response:
    """Return a refusal as a page."""
    return page(
        request,
        "error.html",
        http_status=error.status,
        code=error.code,
        zh=error.chinese,
        en=error.english,
        request_id=request_id(request),
    )


def _unreadable(error: RequestValidationError) -> PageInputError:
    told = [
        f"{item['loc'][-1]}: {item['msg']}".encode(errors="replace").decode()
        for item in error.errors()
    ]
    return PageInputError("; ".join(told), "有字段无法识别，请检查后重试。")


class PageRoute(APIRoute):
    """A route whose failures are pages too, and whose answers carry the headers of pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap what answers a request."""
        return partial(_answer, super().get_route_handler())


async def _answer(
    inner: Callable[[Request], Coroutine[Any, Any, Response]], request: Request
) -> Response:
    try:
        answer = await inner(request)
    except NotSignedInError:
        back = request.url.path if request.method == "GET" else CONSOLE
        answer = see(address(SIGN_IN, next=back))
    except ProveAgainError:
        back = request.url.path if request.method == "GET" else f"{CONSOLE}/account"
        answer = see(address(PROVE, next=back))
    except LedgerError as error:
        answer = error_page(request, error)
    except RequestValidationError as error:
        answer = error_page(request, _unreadable(error))
    except OperationalError as error:
        log.warning("database unavailable or busy: %s", said(error))
        busy = BusyError("The ledger is busy; try again shortly.", "台账繁忙；请稍后重试。")
        answer = error_page(request, busy)
    answer.headers.update(HEADERS)
    if is_https(request):
        answer.headers["Strict-Transport-Security"] = _ONLY_TLS
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def pages() -> APIRouter:
    """Return a router for pages."""
    return APIRouter(
        route_class=PageRoute, include_in_schema=False, default_response_class=Response
    )
