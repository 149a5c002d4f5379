"""Pages of the single sign-on: out to it, and back with its word of who somebody is."""

import logging
from typing import Annotated

from fastapi import Form, Query, Request, status
from fastapi.responses import JSONResponse, RedirectResponse, Response

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.credentials import address_of, session_token
from services.ledger.db import transaction
from services.ledger.errors import NotFoundError
from services.ledger.parties import sessions, sign_in, users
from services.ledger.parties import single_sign_on as single
from services.ledger.rates import check_guesses, count_guess
from services.ledger.web import cookies
from services.ledger.web.pages_edge import CONSOLE, pages, see, signed_in
from services.ledger.web.pages_sign_in import SINGLE_PAGE, go_on

router = pages()
_RETURN = f"{SINGLE_PAGE}/return"
log = logging.getLogger("ledger.single_sign_on")


def _return_to() -> str:
    return settings().ledger_public_url.rstrip("/") + _RETURN


def away(request: Request, *, back: str, links_user: str = "") -> Response:
    """Send the browser to the single sign-on.

    Raises:
        NotFoundError: this installation has none.
        SingleSignOnError: it does not answer.
    """
    if not single.is_on():
        raise NotFoundError("There is no such page.", "没有该页面。")
    try:
        address, kept = single.start(return_to=_return_to(), back=back, links_user=links_user)
    except single.SingleSignOnError as error:
        log.warning("single sign-on: %s", error.__notes__)
        raise
    answer = RedirectResponse(address, 303)
    cookies.keep(answer, request, cookies.SINGLE, kept)
    return answer


@router.get(SINGLE_PAGE)
def get_single(
    request: Request, back: Annotated[str, Query(alias="next", max_length=500)] = ""
) -> Response:
    """Ask the single sign-on who it is."""
    return away(request, back=back)


@router.get(_RETURN)
def get_single_return(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Take the single sign-on's word: sign an existing, linked user in, or link one."""
    if not single.is_on():
        raise NotFoundError("There is no such page.", "没有该页面。")
    try:
        pending = single.pending_of(cookies.kept(request, cookies.SINGLE), state=state)
        if not code:
            raise single.failed("it came back without a code")
        subject = single.finish(pending, code=code, return_to=_return_to())
        if pending.links_user:
            return _link(request, pending, subject)
        with transaction() as session:
            user = users.linked(session, settings().ledger_oidc_issuer, subject)
            half = (
                ""
                if user is None
                else sign_in.start_half(
                    session, user, first_factor="single_sign_on", back=pending.back, at=now()
                )
            )
        if not half:
            raise single.failed("nobody here is linked to the subject")
    except single.SingleSignOnError as error:
        log.warning("single sign-on: %s", error.__notes__)
        with transaction() as session:
            sign_in.fail_single_sign_on(session)
        raise
    answer = go_on(request, half)
    cookies.drop(answer, request, cookies.SINGLE)
    return answer


@router.post(f"{SINGLE_PAGE}/logout")
def post_logout(
    request: Request, logout_token: Annotated[str, Form(min_length=1, max_length=8000)]
) -> Response:
    """Take the single sign-on's word that somebody signed out there: they are signed out here too.

    Asked by the single sign-on itself (OpenID Connect Back-Channel Logout), not by a browser.
    """
    if not single.is_on():
        raise NotFoundError("There is no such page.", "没有该页面。")
    check_guesses(address_of(request))
    try:
        subject = single.signed_out(logout_token)
    except single.SingleSignOnError as error:
        log.warning("single sign-on: %s", error.__notes__)
        count_guess(address_of(request))
        return JSONResponse({"error": "invalid_request"}, status.HTTP_400_BAD_REQUEST)
    with transaction() as session:
        user = users.linked(session, settings().ledger_oidc_issuer, subject)
        if user is not None:
            sessions.end_others(session, user.id, cause="single_sign_on")
    return Response(status_code=status.HTTP_200_OK)


def _link(request: Request, pending: single.Pending, subject: str) -> Response:
    with transaction() as session:
        viewer = signed_in(request, session).viewer
        if str(viewer.user_id) != pending.links_user or not session_token(request):
            raise single.failed("another person came back than went")
        user = users.own(session, viewer)
        issuer = settings().ledger_oidc_issuer
        users.link(session, user, issuer, subject, actor=user.id)
    answer = see(f"{CONSOLE}/account")
    cookies.drop(answer, request, cookies.SINGLE)
    return answer
