"""What the notifier tells the ledger: which notices arrived, and what that means."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from services.events.envelope import Data, Frozen

Stage = Literal["MAIL_ACCEPTED", "SHOWN", "READ"]
"""How far a notice is known to have come; no stage says more than `MEANING` does."""
MEANING: Mapping[str, str] = MappingProxyType(
    {
        "MAIL_ACCEPTED": "邮件服务器已接收，不证明收件人已收到或阅读。"
        " Our mail server's next hop took the e-mail; not that it was received or read.",
        "SHOWN": "已在收件方登录后的站内信列表中显示。"
        " Listed in the inbox to someone signed in for the party.",
        "READ": "收件方登录后已打开该站内信。"
        " Opened in the inbox by someone signed in for the party.",
    }
)


class MessageDelivered(Data):
    """The notifier's word on how far a notice came; the day may decide priority and limitation."""

    type: ClassVar[str] = "message.delivered"
    message_id: UUID
    event_id: UUID
    """What the notice tells of."""
    party_id: UUID
    channel: str
    delivered_at: AwareDatetime
    stage: str = ""
    """A `Stage`; none in events written before there were stages."""
    meaning: str = ""
    """What the stage proves and what it does not, in words."""


class Arrival(Frozen):
    """One notice that came one stage further, as the notifier reports it."""

    model_config = ConfigDict(extra="forbid")  # the ledger refuses what it would not keep
    message_id: UUID
    event_id: UUID
    party_id: UUID
    stage: Stage
    at: AwareDatetime


class Arrivals(Frozen):
    """The body of ``POST /v1/message-arrivals``. It may be sent again, and adds nothing then."""

    model_config = ConfigDict(extra="forbid")
    arrivals: tuple[Arrival, ...] = Field(min_length=1, max_length=1000)


class ArrivalsAnswer(Frozen):
    """What became of the arrivals: each is in the log now, or is named as refused, for good."""

    recorded: int
    """New in the log; the others were there, or are refused."""
    refused: Mapping[UUID, str]
    """By message: ``EVENT_UNKNOWN`` or ``PARTY_NOT_TOLD``."""
