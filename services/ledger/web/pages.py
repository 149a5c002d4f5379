"""The console: pages for the people of buyers, suppliers, platforms and authorities."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from services.ledger.credentials import COOKIE, session_token
from services.ledger.edges import DbSession
from services.ledger.errors import NotFoundError
from services.ledger.identification import end_session
from services.ledger.parties.sessions import tell_signed_out
from services.ledger.web import cookies
from services.ledger.web.pages_access import router as access
from services.ledger.web.pages_account import router as account
from services.ledger.web.pages_appointments import router as appointments
from services.ledger.web.pages_approvals import router as approvals
from services.ledger.web.pages_arrears import router as arrears
from services.ledger.web.pages_book import router as book
from services.ledger.web.pages_complaints import router as complaints
from services.ledger.web.pages_contracts import router as contracts
from services.ledger.web.pages_docs import router as docs
from services.ledger.web.pages_edge import CONSOLE, SIGN_IN, Writer, pages, see
from services.ledger.web.pages_facts import router as facts
from services.ledger.web.pages_inbox import router as inbox
from services.ledger.web.pages_receivables import router as receivables
from services.ledger.web.pages_sign_in import router as sign_in
from services.ledger.web.pages_single import router as single
from services.ledger.web.render import STYLE

_WEEK: Final = "public, max-age=604800, immutable"

router = pages()
for one in (sign_in, single, account, access, appointments, book, contracts, receivables):
    router.include_router(one)
for one in (arrears, facts, complaints, approvals, inbox, docs):
    router.include_router(one)


@router.get("/")
def get_root(request: Request) -> Response:
    """Send people to the console, or to sign in."""
    return see(CONSOLE if session_token(request) else SIGN_IN)


@router.post("/sign-out")
def post_sign_out(request: Request, signed_in: Writer, session: DbSession) -> Response:
    """End the session, here and in the ledger."""
    assert signed_in.viewer.user_id is not None
    end_session(session, session_token(request))
    tell_signed_out(session, signed_in.viewer.user_id)
    answer = see(SIGN_IN)
    cookies.drop(answer, request, COOKIE)
    return answer


@router.get("/static/console.css")
def get_style() -> Response:
    """Return the style sheet; its address changes with its content."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": _WEEK})


@router.get(CONSOLE + "/{rest:path}")
def get_nothing() -> Response:
    """Answer for every address of the console where there is no page."""
    raise NotFoundError("There is no such page.", "没有该页面。")
