"""What the notifier tells the ledger."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from services.events.envelope import Data


class MessageDelivered(Data):
    """The notifier's word that a notice arrived; the day may decide priority and limitation."""

    type: ClassVar[str] = "message.delivered"
    message_id: UUID
    event_id: UUID
    party_id: UUID
    channel: str
    delivered_at: AwareDatetime
