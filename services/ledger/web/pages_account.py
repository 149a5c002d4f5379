"""Pages of one's own account: the password, the code, where one is signed in, proving it again."""

from typing import Annotated, Final

from fastapi import Form, Query, Request, status
from fastapi.responses import Response

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.credentials import COOKIE, session_token
from services.ledger.db import transaction
from services.ledger.edges import DbSession, Text
from services.ledger.errors import LedgerError
from services.ledger.parties import passwords, second_factor, sessions, sign_in, users
from services.ledger.parties import single_sign_on as single
from services.ledger.parties.gates import WaitError
from services.ledger.parties.models import User
from services.ledger.parties.passwords import WeakPasswordError
from services.ledger.web import cookies, words, words_access
from services.ledger.web.pages_edge import (
    CONSOLE,
    PROVE,
    AloneWriter,
    FreshReader,
    FreshWriter,
    Reader,
    SignedIn,
    Writer,
    page,
    pages,
    see,
)
from services.ledger.web.pages_sign_in import BACK, Code, Secret, said
from services.ledger.web.pages_single import away

router = pages()
ACCOUNT: Final = f"{CONSOLE}/account"


@router.get(ACCOUNT)
def get_account(request: Request, signed_in: Reader, session: DbSession) -> Response:
    """Show one's own account."""
    return _account(request, signed_in, session)


def _account(
    request: Request, signed_in: SignedIn, session: DbSession, refusal: LedgerError | None = None
) -> Response:
    user = users.own(session, signed_in.viewer)
    return page(
        request,
        "account.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        user=user,
        role=words.of(words.ROLES, user.role),
        duty=words.of(words_access.DUTIES, user.duty),
        codes_left=second_factor.recovery_codes_left(session, user),
        needs_code=second_factor.is_required(user),
        sessions=sessions.open_sessions(
            session, user.id, own_token=session_token(request), at=now()
        ),
        links=users.links(session, user, settings().ledger_oidc_issuer),
        single=single.is_on(),
        administers=users.may_administer(signed_in.viewer),
        reads_log=signed_in.viewer.may("access_log.read"),
        shortest=passwords.SHORTEST,
        refusal=said(refusal),
    )


@router.post(f"{ACCOUNT}/password")
def post_password(
    request: Request, signed_in: AloneWriter, old: Secret, password: Secret
) -> Response:
    """Choose another password; it takes the one in use, and ends all other sign-ins."""
    try:
        user, closes = _counted(signed_in)
    except WaitError as refusal:
        return _again(request, signed_in, refusal)
    if not passwords.is_password(user.password_hash, old):
        with transaction() as session:
            sign_in.fail_code(session, user, closes=closes, factor="password")
        return _again(request, signed_in, sign_in.wrong())
    try:
        kept = passwords.chosen(password, login=user.login, instead_of=user.password_hash)
    except WeakPasswordError as refusal:
        return _again(request, signed_in, refusal)
    with transaction() as session:
        user = users.own(session, signed_in.viewer)
        sign_in.pass_second_factor(session, user, None)
        users.set_password(
            session,
            user,
            kept,
            initial=False,
            actor=user.id,
            keep_token=session_token(request),
            keep_browser=cookies.kept(request, cookies.BROWSER),
        )
    return see(ACCOUNT)


def _counted(signed_in: SignedIn) -> tuple[User, bool]:
    """Count a try of somebody who is signed in; return the person, and whether it closes a gate.

    The row is held no longer than that: the page of a refusal asks for it again.
    """
    with transaction() as session:
        user = users.own(session, signed_in.viewer)
        session.expunge(user)
        return user, sign_in.count_code(session, user)


def _again(request: Request, signed_in: SignedIn, refusal: LedgerError) -> Response:
    with transaction() as session:
        return _account(request, signed_in, session, refusal)


@router.get(f"{ACCOUNT}/code")
def get_code_offer(request: Request, signed_in: FreshReader, session: DbSession) -> Response:
    """Show a new secret for an authenticator; the one in use counts until it is taken."""
    return _offer(request, signed_in, session)


def _offer(
    request: Request, signed_in: SignedIn, session: DbSession, refusal: LedgerError | None = None
) -> Response:
    user = users.own(session, signed_in.viewer)
    return page(
        request,
        "account_code.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        offered=second_factor.offer(session, user),
        refusal=said(refusal),
    )


@router.post(f"{ACCOUNT}/code")
def post_code_offer(
    request: Request, signed_in: FreshWriter, session: DbSession, code: Code
) -> Response:
    """Set the second factor by its first code, and show the codes for its loss."""
    user = users.own(session, signed_in.viewer)
    codes = second_factor.confirm(session, user, code, at=now())
    if not codes:
        return _offer(request, signed_in, session, sign_in.wrong_code())
    return _codes(request, signed_in, codes)


def _codes(request: Request, signed_in: SignedIn, codes: list[str]) -> Response:
    return page(request, "recovery_codes.html", signed_in, codes=codes, action=None, token="")


@router.post(f"{ACCOUNT}/recovery-codes")
def post_recovery_codes(request: Request, signed_in: FreshWriter, session: DbSession) -> Response:
    """Make new codes for the loss of the authenticator, in place of all old ones."""
    user = users.own(session, signed_in.viewer)
    return _codes(request, signed_in, second_factor.make_recovery_codes(session, user))


@router.post(f"{ACCOUNT}/sessions/end")
def post_end_session(
    signed_in: Writer, session: DbSession, name: Annotated[Text, Form()]
) -> Response:
    """End one of one's other sign-ins."""
    user = users.own(session, signed_in.viewer)
    sessions.end_others(session, user.id, cause="one_of_several", only=name)
    return see(ACCOUNT)


@router.post(f"{ACCOUNT}/sessions/end-all")
def post_end_all(request: Request, signed_in: Writer, session: DbSession) -> Response:
    """Sign out everywhere, here too, and let no browser be known any more."""
    user = users.own(session, signed_in.viewer)
    sessions.end_others(session, user.id, cause="everywhere")
    answer = see("/sign-in")
    cookies.drop(answer, request, COOKIE, cookies.BROWSER)
    return answer


@router.post(f"{ACCOUNT}/link")
def post_link(request: Request, signed_in: FreshWriter) -> Response:
    """Go to the single sign-on to link who one is there."""
    return away(request, back=ACCOUNT, links_user=str(signed_in.viewer.user_id))


@router.post(f"{ACCOUNT}/unlink")
def post_unlink(signed_in: FreshWriter, session: DbSession) -> Response:
    """Let the single sign-on vouch no longer."""
    users.unlink(session, users.own(session, signed_in.viewer))
    return see(ACCOUNT)


def _prove(
    request: Request, signed_in: SignedIn, back: str, refusal: LedgerError | None = None
) -> Response:
    with transaction() as session:
        user = users.own(session, signed_in.viewer)
        by_code = user.totp_secret is not None
    return page(
        request,
        "prove.html",
        signed_in,
        http_status=refusal.status if refusal else status.HTTP_200_OK,
        back=back,
        by_code=by_code,
        refusal=said(refusal),
    )


@router.get(PROVE)
def get_prove(
    request: Request,
    signed_in: Reader,
    back: Annotated[str, Query(alias="next", max_length=500)] = "",
) -> Response:
    """Ask a signed-in person to prove once more who it is: by the code, or the password."""
    return _prove(request, signed_in, back)


@router.post(PROVE)
def post_prove(
    request: Request,
    signed_in: AloneWriter,
    proof: Secret,
    back: Annotated[str, Form(alias="next", max_length=500)] = "",
) -> Response:
    """Take the proof; the session goes on under a new token."""
    try:
        user, closes = _counted(signed_in)
    except WaitError as refusal:
        return _prove(request, signed_in, back, refusal)
    by_code = user.totp_secret is not None
    right = not by_code and passwords.is_password(user.password_hash, proof)
    token = session_token(request)
    with transaction() as session:
        user = users.own(session, signed_in.viewer)
        if by_code:
            right = sign_in.take_code(session, user, proof, at=now())
        if right:
            sign_in.pass_second_factor(session, user, None)
            by = "code" if by_code else "password"
            token = sessions.renew(session, user, token, by=by, at=now())
        else:
            factor = "code" if by_code else "password"
            sign_in.fail_code(session, user, closes=closes, factor=factor)
    if not right:
        wrong = sign_in.wrong_code() if by_code else sign_in.wrong()
        return _prove(request, signed_in, back, wrong)
    answer = see(back if BACK.fullmatch(back) else ACCOUNT)
    cookies.keep(answer, request, COOKIE, token)
    return answer
