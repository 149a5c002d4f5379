"""What a request shows of who sends it: a key, a signature, or the cookie of a browser."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool

from services.ledger.clock import now
from services.ledger.config import settings
from services.ledger.db import GATE, transaction
from services.ledger.identification import NotSignedInError, Presented, digest, is_known
from services.ledger.rates import check_guesses, count_guess, take
from services.ledger.signatures import BODY, SignatureError, sent, signer

COOKIE: Final = "ledger_session"
_AREA: Final = 2
_PART: Final = 4
"""Where the area stands in an address, and a part of something: /v1/AREA/{id}/PART/..."""
AREA_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        "parties": "parties",
        "contracts": "orders",
        "orders": "orders",
        "receivables": "receivables",
        "confirmations": "receivables",
        "approvals": "receivables",
        "approval-rules": "receivables",
        "approval-substitutes": "receivables",
        "payments": "payments",
        "assessments": "arrears",
        "complaints": "arrears",
        "reports": "arrears",
        "exports": "financing",
        "platforms": "financing",
        "events": "events",
        "webhooks": "webhooks",
        "checkpoints": "events",
        "log-keys": "events",
        "message-arrivals": "events",
        "verification": "events",
        "imports": "intake",
        "intake": "intake",
        "law": "insight",
        "almanac": "insight",
        "simulations": "insight",
    }
)
"""The area of a key's scope by the first part of an address; what is missing here is not for
restricted keys."""


AREA_OF_PART: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        **{
            ("receivables", part): "arrears"
            for part in (
                "arrears-facts",
                "complaints",
                "costs",
                "delay-reasons",
                "instruments",
                "interest-claims",
                "interest-waivers",
                "interruptions",
                "reasoning",
            )
        },
        ("parties", "repayment-accounts"): "payments",
    }
)
"""What lies under an id and is of another area than what bears the id: /v1/FIRST/{id}/PART/..."""


def is_https(request: Request) -> bool:
    """Say whether the browser speaks TLS, to us or to what stands before us."""
    return request.url.scheme == "https" or settings().ledger_public_url.startswith("https:")


def cookie_name(request: Request, name: str) -> str:
    """Return what a cookie is called: under TLS no other host and no plain page can set it."""
    return f"__Host-{name}" if is_https(request) else name


def session_token(request: Request) -> str:
    """Return the token of a browser's session; '' if it has none."""
    return request.cookies.get(cookie_name(request, COOKIE), "")


def address_of(request: Request) -> str:
    """Return where a request comes from; behind a proxy uvicorn's FORWARDED_ALLOW_IPS says it."""
    return request.client.host if request.client else ""


def _needs(request: Request) -> str:
    parts = request.url.path.split("/")
    if len(parts) <= _AREA or parts[1] != "v1":
        return ""
    first, part = parts[_AREA], parts[_PART] if len(parts) > _PART else ""
    area = AREA_OF_PART.get((first, part)) or AREA_OF.get(first, "")
    reads = request.method in {"GET", "HEAD"}
    return area and f"{area}:{'read' if reads else 'write'}"


def _signed_by(request: Request) -> bytes:
    try:
        with transaction(role=GATE) as session:
            return signer(session, sent(request.scope), request.scope.get(BODY), at=now())
    except SignatureError:
        count_guess(address_of(request))
        raise


async def _token(request: Request) -> Presented:
    presented = await _presented(request)
    known = is_known(presented.digest)
    if not known:
        check_guesses(presented.address)
    take(request, presented.digest, known=known)
    return presented


async def _presented(request: Request) -> Presented:
    if "signature-input" in request.headers:
        check_guesses(address_of(request))
        key_hash = await run_in_threadpool(_signed_by, request)
        return Presented(key_hash, _needs(request), address_of(request), signed=True)
    given = request.headers.getlist("authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        # Only reads trust the cookie: a form on another site can send it along, but not read.
        token = session_token(request) if request.method in {"GET", "HEAD"} else ""
    if not token:
        raise NotSignedInError(
            "Send an API key as 'Authorization: Bearer ...', or sign in to the console.",
            "请以“Authorization: Bearer ...”发送API密钥，或登录控制台。",
        )
    return Presented(digest(token), _needs(request), address_of(request))


Token = Annotated[Presented, Depends(_token)]
