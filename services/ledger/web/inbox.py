"""The inbox of a party, asked of the notifier over HTTP; a notifier that is away is no error."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from services.ledger.config import settings

_SECONDS: Final = 2
PAGE: Final = 50
Asked = dict[str, str | int]
log = logging.getLogger("ledger.inbox")


class Message(BaseModel):
    """A message as the notifier tells it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    event_position: int
    subject_id: UUID
    subject: str
    body: str
    occurred_at: datetime
    seen_at: datetime | None
    read_at: datetime | None


class _Page(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    messages: tuple[Message, ...]
    unread: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a party was told, the newest first."""

    messages: tuple[Message, ...]
    unread: int


def fetch(party_id: UUID, *, before: int | None = None) -> Inbox | None:
    """Return a page of an inbox, or None if the notifier cannot be asked.

    What is shown is reported as seen, but only from the oldest unseen one on: the notifier keeps
    one mark for "shown up to here", and a message further back has not been shown.
    """
    asked: Asked = {"party_id": str(party_id), "limit": PAGE}
    if before is not None:
        asked["before"] = before
    answer = _ask("GET", "/v1/inbox", asked)
    if answer is None:
        return None
    try:
        page = _Page.model_validate_json(answer.content)
    except ValidationError:
        log.exception("the notifier's answer is not an inbox")
        return None
    messages = page.messages
    if messages and messages[0].seen_at is None and before is None:
        reaches_back = len(messages) < PAGE or messages[-1].seen_at is not None
        if reaches_back:
            up_to: dict[str, str | int] = {
                "party_id": str(party_id),
                "up_to": messages[0].event_position,
            }
            _ask("POST", "/v1/inbox/seen", up_to)
    return Inbox(messages, page.unread)


def read(party_id: UUID, message_id: UUID) -> Message | None:
    """Record that a message was read and return it; None if there is none or nobody to tell."""
    answer = _ask("POST", f"/v1/inbox/{message_id}/read", {"party_id": str(party_id)})
    return None if answer is None else Message.model_validate_json(answer.content)


def _ask(method: str, path: str, asked: Asked) -> httpx2.Response | None:
    known = settings()
    if not (known.notifier_api_url and known.notifier_api_key):
        return None
    try:
        answer = httpx2.request(
            method,
            known.notifier_api_url.rstrip("/") + path,
            params=asked,
            headers={"authorization": f"Bearer {known.notifier_api_key}"},
            timeout=_SECONDS,
            trust_env=False,
        )
        answer.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        log.warning("the notifier cannot be asked: %s", error)
        return None
    return answer
