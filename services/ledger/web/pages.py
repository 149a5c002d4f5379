"""The console: pages for the people of buyers, suppliers, platforms and authorities."""

import re
import secrets
from typing import Annotated, Final

from fastapi import Cookie, Form, Query, Request, status
from fastapi.responses import Response

from services.ledger.access import NotSignedInError, end_session, start_session
from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.credentials import COOKIE
from services.ledger.edges import DbSession, Text
from services.ledger.errors import NotFoundError
from services.ledger.parties.service import check_password
from services.ledger.web.pages_book import router as book
from services.ledger.web.pages_edge import (
    CONSOLE,
    SIGN_IN,
    Writer,
    check_form,
    form_token,
    page,
    pages,
    see,
)
from services.ledger.web.pages_inbox import router as inbox
from services.ledger.web.pages_receivables import router as receivables
from services.ledger.web.render import STYLE

_BEFORE_COOKIE: Final = "ledger_form"
"""A secret of the browser before it is signed in, for the one form it then has."""
_BACK: Final = re.compile(r"/console(?:/[a-z0-9/-]*)?", re.ASCII)
_LASTS_SECONDS: Final = 12 * 60 * 60
_WEEK: Final = "public, max-age=604800, immutable"

router = pages()
router.include_router(book)
router.include_router(receivables)
router.include_router(inbox)


def _set_cookie(answer: Response, request: Request, name: str, value: str) -> None:
    """Set a cookie that scripts do not read and other sites' forms do not send."""
    secure = request.url.scheme == "https" or settings().ledger_public_url.startswith("https:")
    answer.set_cookie(
        name, value, max_age=_LASTS_SECONDS, path="/", secure=secure, httponly=True, samesite="lax"
    )


@router.get("/")
def get_root(request: Request) -> Response:
    """Send people to the console, or to sign in."""
    return see(CONSOLE if request.cookies.get(COOKIE) else SIGN_IN)


def _sign_in_page(
    request: Request, *, back: str, login: str = "", refusal: NotSignedInError | None = None
) -> Response:
    secret = request.cookies.get(_BEFORE_COOKIE) or secrets.token_urlsafe(32)
    answer = page(
        request,
        "sign_in.html",
        http_status=status.HTTP_401_UNAUTHORIZED if refusal else status.HTTP_200_OK,
        token=form_token(secret),
        back=back,
        login=login,
        refusal=None if refusal is None else (refusal.chinese, refusal.english),
    )
    _set_cookie(answer, request, _BEFORE_COOKIE, secret)
    return answer


@router.get(SIGN_IN)
def get_sign_in(
    request: Request, back: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Ask who it is."""
    return _sign_in_page(request, back=back)


@router.post(SIGN_IN)
def post_sign_in(
    request: Request,
    session: DbSession,
    login: Annotated[Text, Form()],
    password: Annotated[Text, Form()],
    token: Annotated[str, Form(max_length=200)] = "",
    back: Annotated[str, Form(alias="next", max_length=500)] = "",
) -> Response:
    """Start a session; a wrong name and a wrong password read the same."""
    check_form(request.cookies.get(_BEFORE_COOKIE, ""), token)
    try:
        user = check_password(session, login, password)
    except NotSignedInError as refusal:
        return _sign_in_page(request, back=back, login=login, refusal=refusal)
    answer = see(back if _BACK.fullmatch(back) else _home(user.role))
    _set_cookie(answer, request, COOKIE, start_session(session, user.id, at=now()))
    answer.delete_cookie(_BEFORE_COOKIE, path="/")
    return answer


def _home(role: str) -> str:
    return f"{CONSOLE}/exports" if role == "platform" else CONSOLE


@router.post("/sign-out")
def post_sign_out(
    signed_in: Writer, session: DbSession, token: Annotated[str, Cookie(alias=COOKIE)]
) -> Response:
    """End the session, here and in the ledger."""
    assert signed_in
    end_session(session, token)
    answer = see(SIGN_IN)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/static/console.css")
def get_style() -> Response:
    """Return the style sheet; its address changes with its content."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": _WEEK})


@router.get(CONSOLE + "/{rest:path}")
def get_nothing() -> Response:
    """Answer for every address of the console where there is no page."""
    raise NotFoundError("There is no such page.", "没有该页面。")
