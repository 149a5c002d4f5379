"""The cookies of the console: out of reach of scripts, other sites and, under TLS, other hosts."""

from typing import Final

from fastapi import Request
from fastapi.responses import Response

from services.ledger.credentials import COOKIE, address_of, cookie_name, is_https
from services.ledger.identification import SESSION_LASTS
from services.ledger.parties.sign_in import BROWSER_KNOWN_FOR, HALF_LASTS, Entered, Visitor

BEFORE: Final = "ledger_form"
"""A secret of the browser before it is signed in, for the one form it then has."""
HALF: Final = "ledger_half"
"""The token of half a sign-in."""
BROWSER: Final = "ledger_browser"
"""What a browser keeps of having been signed in, so that strangers' failures do not hold it up."""
SINGLE: Final = "ledger_single"
"""What a browser keeps, sealed, while its person is at the single sign-on."""
_LASTS: Final = {
    COOKIE: SESSION_LASTS,
    BEFORE: SESSION_LASTS,
    HALF: HALF_LASTS,
    BROWSER: BROWSER_KNOWN_FOR,
    SINGLE: HALF_LASTS,
}
_LONGEST_BROWSER: Final = 200


def kept(request: Request, name: str) -> str:
    """Return what a browser kept under a name; '' if nothing."""
    return request.cookies.get(cookie_name(request, name), "")


def keep(answer: Response, request: Request, name: str, value: str) -> None:
    """Set a cookie that scripts do not read and other sites' forms do not send."""
    answer.set_cookie(
        cookie_name(request, name),
        value,
        max_age=int(_LASTS[name].total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def drop(answer: Response, request: Request, *names: str) -> None:
    """Let a browser forget cookies."""
    for name in names:
        answer.delete_cookie(
            cookie_name(request, name),
            path="/",
            secure=is_https(request),
            httponly=True,
            samesite="lax",
        )


def visitor(request: Request) -> Visitor:
    """Return where somebody signs in from."""
    named = request.headers.get("user-agent", "")[:_LONGEST_BROWSER]
    printable = "".join(letter for letter in named if letter.isprintable())
    return Visitor(address_of(request), printable, kept(request, BROWSER))


def keep_session(answer: Response, request: Request, entered: Entered) -> None:
    """Let a browser keep a whole sign-in, and nothing of the way there."""
    keep(answer, request, COOKIE, entered.session_token)
    keep(answer, request, BROWSER, entered.browser_token)
    drop(answer, request, BEFORE, HALF)
