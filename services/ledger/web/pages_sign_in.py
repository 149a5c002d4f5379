"""Pages of signing in: the name and password, the code, a first code, a password of one's own."""

import re
import secrets
from typing import Annotated, Final

from fastapi import Form, Query, Request, status
from fastapi.responses import Response

from services.ledger.clock import now
from services.ledger.db import transaction
from services.ledger.edges import Text
from services.ledger.errors import LedgerError
from services.ledger.identification import NotSignedInError
from services.ledger.parties import passwords, second_factor, sign_in, single_sign_on, users
from services.ledger.parties.gates import WaitError
from services.ledger.parties.models import HalfSignIn, User
from services.ledger.parties.passwords import WeakPasswordError
from services.ledger.parties.sign_in import Step
from services.ledger.policy import Relation, relation
from services.ledger.web import cookies
from services.ledger.web.forms import check_form, form_token
from services.ledger.web.pages_edge import CONSOLE, SIGN_IN, page, pages, see

router = pages()
CODE_PAGE: Final = f"{SIGN_IN}/code"
ENROL_PAGE: Final = f"{SIGN_IN}/enrol"
PASSWORD_PAGE: Final = f"{SIGN_IN}/password"
GO_ON: Final = f"{SIGN_IN}/go-on"
SINGLE_PAGE: Final = f"{SIGN_IN}/single"
_PAGES: Final = {
    Step.CODE: CODE_PAGE,
    Step.ENROL: ENROL_PAGE,
    Step.PASSWORD: PASSWORD_PAGE,
}
BACK: Final = re.compile(r"/console(?:/[a-z0-9/-]*)?", re.ASCII)

Token = Annotated[str, Form(max_length=200)]
Code = Annotated[Text, Form()]
Secret = Annotated[str, Form(min_length=1, max_length=passwords.LONGEST)]


class OutOfTurnError(LedgerError):
    """A step of signing in that is not the one which is missing."""

    code = "SIGN_IN_STEP"
    status = 409


def said(refusal: LedgerError | None) -> tuple[str, str] | None:
    """Return what a refusal says on a page, Chinese first."""
    return None if refusal is None else (refusal.chinese, refusal.english)


def _sign_in_page(
    request: Request, *, back: str, login: str = "", refusal: LedgerError | None = None
) -> Response:
    secret = cookies.kept(request, cookies.BEFORE) or secrets.token_urlsafe(32)
    answer = page(
        request,
        "sign_in.html",
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        token=form_token(secret),
        back=back,
        login=login,
        single=single_sign_on.is_on(),
        refusal=said(refusal),
    )
    cookies.keep(answer, request, cookies.BEFORE, secret)
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
    login: Annotated[Text, Form()],
    password: Secret,
    token: Token = "",
    back: Annotated[str, Form(alias="next", max_length=500)] = "",
) -> Response:
    """Take the first factor; a wrong name and a wrong password read, count and last the same."""
    check_form(cookies.kept(request, cookies.BEFORE), token)
    try:
        with transaction() as session:
            one = sign_in.begin(session, login, cookies.visitor(request))
    except WaitError as refusal:
        return _sign_in_page(request, back=back, login=login, refusal=refusal)
    # No connection is held while argon2 works.
    right = passwords.is_password(one.password_hash, password)
    with transaction() as session:
        if not right:
            sign_in.fail(session, one)
            half = ""
        else:
            half = sign_in.pass_first_factor(session, one, password=password, back=back, at=now())
    if not half:
        return _sign_in_page(request, back=back, login=login, refusal=sign_in.wrong())
    return go_on(request, half)


def go_on(request: Request, half: str) -> Response:
    """Send the browser to the step that is missing, or in."""
    with transaction() as session:
        started, user = sign_in.half(session, half, at=now())
        step = sign_in.next_step(started, user)
        if step is not None:
            answer = see(_PAGES[step])
            cookies.keep(answer, request, cookies.HALF, half)
            return answer
        back = started.back
        visitor = cookies.visitor(request)
        entered = sign_in.enter(session, started, user, visitor, at=now())
    answer = see(back if BACK.fullmatch(back) else home(user.role))
    cookies.keep_session(answer, request, entered)
    return answer


def home(role: str) -> str:
    """Return the page somebody of a role wants first."""
    if relation("access_log.read", role):
        return f"{CONSOLE}/access-log"
    if relation("people.keep", role) is Relation.NOBODYS:
        return f"{CONSOLE}/people"
    return (
        f"{CONSOLE}/exports" if relation("exports.answer", role) is Relation.PLATFORM else CONSOLE
    )


def _half(request: Request, token: str | None = None) -> str:
    secret = cookies.kept(request, cookies.HALF)
    if not secret:
        raise NotSignedInError("Sign in first.", "请先登录。")
    if token is not None:
        check_form(secret, token)
    return secret


def _step_page(
    request: Request, template: str, refusal: LedgerError | None = None, **more: object
) -> Response:
    return page(
        request,
        template,
        None,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        token=form_token(_half(request)),
        refusal=said(refusal),
        **more,
    )


def _expect(wanted: Step, half: HalfSignIn, user: User) -> None:
    if sign_in.next_step(half, user) is not wanted:
        raise OutOfTurnError(
            "This step of signing in is not the one that is missing; start again.",
            "该登录步骤与当前进度不符；请重新登录。",
        )


@router.get(CODE_PAGE)
def get_code(request: Request) -> Response:
    """Ask for the code of the authenticator."""
    with transaction() as session:
        _expect(Step.CODE, *sign_in.half(session, _half(request), at=now()))
    return _step_page(request, "sign_in_code.html")


@router.post(CODE_PAGE)
def post_code(request: Request, code: Code, token: Token = "") -> Response:
    """Take the code; the try counts before it is judged."""
    half = _half(request, token)
    try:
        with transaction() as session:
            started, user = sign_in.half(session, half, at=now())
            _expect(Step.CODE, started, user)
            closes = sign_in.count_code(session, user)
    except WaitError as refusal:
        return _step_page(request, "sign_in_code.html", refusal)
    with transaction() as session:
        started, user = sign_in.half(session, half, at=now())
        right = sign_in.take_code(session, user, code, at=now())
        if right:
            sign_in.pass_second_factor(session, user, started)
        else:
            sign_in.fail_code(session, user, closes=closes)
    if not right:
        return _step_page(request, "sign_in_code.html", sign_in.wrong_code())
    return go_on(request, half)


def _enrol_page(request: Request, refusal: LedgerError | None = None) -> Response:
    with transaction() as session:
        started, user = sign_in.half(session, _half(request), at=now())
        _expect(Step.ENROL, started, user)
        offered = second_factor.offer(session, user)
    return _step_page(request, "sign_in_enrol.html", refusal, offered=offered)


@router.get(ENROL_PAGE)
def get_enrol(request: Request) -> Response:
    """Show the secret for an authenticator to who needs a second factor and has none."""
    return _enrol_page(request)


@router.post(ENROL_PAGE)
def post_enrol(request: Request, code: Code, token: Token = "") -> Response:
    """Set the second factor by its first code, and show the codes for its loss."""
    half = _half(request, token)
    with transaction() as session:
        started, user = sign_in.half(session, half, at=now())
        _expect(Step.ENROL, started, user)
        codes = second_factor.confirm(session, user, code, at=now())
        if codes:
            sign_in.pass_second_factor(session, user, started)
    if not codes:
        return _enrol_page(request, sign_in.wrong_code())
    return _step_page(request, "recovery_codes.html", codes=codes, action=GO_ON)


@router.post(GO_ON)
def post_go_on(request: Request, token: Token = "") -> Response:
    """Go on after the recovery codes were read."""
    return go_on(request, _half(request, token))


@router.get(PASSWORD_PAGE)
def get_own_password(request: Request) -> Response:
    """Ask for a password that nobody else knows."""
    with transaction() as session:
        _expect(Step.PASSWORD, *sign_in.half(session, _half(request), at=now()))
    return _step_page(request, "sign_in_password.html", shortest=passwords.SHORTEST)


@router.post(PASSWORD_PAGE)
def post_own_password(request: Request, password: Secret, token: Token = "") -> Response:
    """Set it in place of the one that was handed out."""
    half = _half(request, token)
    with transaction() as session:
        started, user = sign_in.half(session, half, at=now())
        _expect(Step.PASSWORD, started, user)
    try:
        kept = passwords.chosen(password, login=user.login, instead_of=user.password_hash)
    except WeakPasswordError as refusal:
        return _step_page(request, "sign_in_password.html", refusal, shortest=passwords.SHORTEST)
    with transaction() as session:
        started, user = sign_in.half(session, half, at=now())
        _expect(Step.PASSWORD, started, user)
        users.set_password(session, user, kept, initial=False, actor=user.id, keep_token=half)
    return go_on(request, half)
