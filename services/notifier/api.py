"""The notifier over HTTP: inboxes for the ledger's console, numbers for operators."""

import hmac
import logging
from typing import Annotated
from uuid import UUID

import httpx2
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException

from services.notifier import queries
from services.notifier.config import settings
from services.notifier.db import DbSession
from services.notifier.delivery import retry_exhausted
from services.notifier.pull import LogGapError
from services.notifier.rules import RULES
from services.notifier.schemas import (
    CountsOut,
    HealthOut,
    InboxOut,
    MessageOut,
    Muted,
    RetryOut,
    SeenOut,
    VerificationOut,
)
from services.notifier.verify import verify

log = logging.getLogger("notifier.api")
app = FastAPI(title="Notifier (通知服务)", version="1", docs_url=None, redoc_url=None)

_PROBLEMS = {
    401: ("NOT_SIGNED_IN", "The key is missing or wrong.", "缺少密钥或者密钥不正确。"),
    404: ("NOT_FOUND", "There is nothing of that id.", "没有该编号的内容。"),
    502: ("LOG_UNREADABLE", "The ledger's log cannot be read now.", "目前无法读取台账日志。"),
    422: ("TYPE_UNKNOWN", "Nobody is told of such a type.", "没有这种类型的通知。"),
}


@app.exception_handler(StarletteHTTPException)
def _problem(_request: Request, error: StarletteHTTPException) -> Response:
    unknown = ("HTTP_ERROR", "There is nothing like that here.", "此地址不支持该请求。")
    code, english, chinese = _PROBLEMS.get(error.status_code, unknown)
    body = {"code": code, "status": error.status_code, "detail": english, "detail_zh": chinese}
    return JSONResponse(body, error.status_code, media_type="application/problem+json")


def _has_key(request: Request) -> None:
    """Let in whoever has the key; a notifier without a key lets nobody in."""
    key = settings().notifier_api_key
    given = request.headers.get("authorization", "")
    if not key or not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
        raise HTTPException(401)


HasKey = Depends(_has_key)
Position = Annotated[int | None, Query(ge=0, lt=2**63)]


@app.get("/v1/inbox", dependencies=[HasKey])
def get_inbox(
    party_id: UUID,
    session: DbSession,
    after: Position = None,
    before: Position = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> InboxOut:
    """Return a party's messages: the newest first, or from `after` on the oldest first."""
    found = queries.inbox(session, party_id, after=after, before=before, limit=limit)
    return InboxOut(
        messages=tuple(MessageOut.model_validate(message) for message in found),
        unread=queries.unread_count(session, party_id),
    )


@app.post("/v1/inbox/seen", dependencies=[HasKey])
def post_seen(
    party_id: UUID, up_to: Annotated[int, Query(ge=0, lt=2**63)], session: DbSession
) -> SeenOut:
    """Record that a party was shown its messages up to an event's position."""
    return SeenOut(seen=queries.mark_seen(session, party_id, up_to=up_to))


@app.post("/v1/inbox/{message_id}/read", dependencies=[HasKey])
def post_read(message_id: UUID, party_id: UUID, session: DbSession) -> MessageOut:
    """Record that a party read a message; another party's message does not exist."""
    message = queries.mark_read(session, party_id, message_id)
    if message is None:
        raise HTTPException(404)
    return MessageOut.model_validate(message)


@app.put("/v1/recipients/{party_id}/muted", dependencies=[HasKey])
def put_muted(party_id: UUID, muted: Muted, session: DbSession) -> Muted:
    """Choose the types a party gets no e-mail of, all of them at once."""
    if not set(muted.types) <= set(RULES):
        raise HTTPException(422)
    if not queries.mute(session, party_id, sorted(set(muted.types))):
        raise HTTPException(404)
    return muted


@app.get("/v1/messages", dependencies=[HasKey])
def get_counts(session: DbSession) -> CountsOut:
    """Return what was told, in numbers."""
    position, _, unread_events = queries.health(session)
    return CountsOut(
        position=position,
        messages=queries.message_counts(session),
        mails=queries.mail_counts(session),
        unread_events=unread_events,
        arrivals=queries.arrival_counts(session),
    )


@app.get("/v1/verification", dependencies=[HasKey])
def get_verification() -> VerificationOut:
    """Compare every notice, and how it ended, with the ledger's log; it reads all of both."""
    try:
        return VerificationOut.model_validate(verify(settings()))
    except (httpx2.HTTPError, LogGapError, ValidationError):
        log.exception("the ledger's log cannot be read")
        raise HTTPException(502) from None


@app.post("/v1/messages/retry", dependencies=[HasKey])
def post_retry(session: DbSession) -> RetryOut:
    """Give the e-mails that were given up a new schedule, after the cause has been mended."""
    return RetryOut(retried=retry_exhausted(session))


@app.get("/healthz")
def get_health(session: DbSession) -> HealthOut:
    """Answer while the database does; `oldest_due_seconds` grows when e-mails stall."""
    position, oldest_due_seconds, unread_events = queries.health(session)
    return HealthOut(
        ok=True,
        position=position,
        oldest_due_seconds=oldest_due_seconds,
        unread_events=unread_events,
    )
