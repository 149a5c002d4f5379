"""From arrivals to the ledger's log: what is written down here is told there, at least once.

An arrival is queued in the transaction that learns of it and leaves the queue when the ledger has
answered. Whoever dies between the two reports it again, and the ledger keeps it once.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import Arrival, Arrivals, ArrivalsAnswer
from services.notifier.config import TURN_NANOSECONDS, Settings
from services.notifier.db import transaction
from services.notifier.messages import LISTED
from services.notifier.pull import ledger

_AT_ONCE: Final = 500
_MAILED: Final = text("""
    INSERT INTO notifier.arrivals (message_id, stage, at)
    SELECT m.id, 'MAIL_ACCEPTED', d.delivered_at
    FROM notifier.messages m JOIN notifier.deliveries d ON d.id = m.delivery_id
    WHERE d.id = :delivery_id AND d.state = 'sent'
    ORDER BY m.event_position LIMIT :listed ON CONFLICT DO NOTHING
    """)
_WAITING: Final = text("""
    SELECT a.message_id, m.event_id, m.recipient_id AS party_id, a.stage, a.at
    FROM notifier.arrivals a JOIN notifier.messages m ON m.id = a.message_id
    WHERE a.refused IS NULL ORDER BY a.at, a.message_id, a.stage LIMIT :limit
    """)
_TOLD: Final = text("""
    WITH told AS (
      SELECT * FROM json_to_recordset(CAST(:told AS json)) AS t(
        message_id uuid, stage text, refused text)
    ), kept AS (
      UPDATE notifier.arrivals a SET refused = t.refused FROM told t
      WHERE (a.message_id, a.stage) = (t.message_id, t.stage) AND t.refused IS NOT NULL
    )
    DELETE FROM notifier.arrivals a USING told t
    WHERE (a.message_id, a.stage) = (t.message_id, t.stage) AND t.refused IS NULL
    """)


def queue_mailed(session: Session, delivery_id: UUID) -> None:
    """Queue that an e-mail was accepted, for the messages it names; a long digest names not all."""
    session.execute(_MAILED, {"delivery_id": delivery_id, "listed": LISTED})


def report(config: Settings) -> int:
    """Tell the ledger what arrived, for one turn; return how many arrivals it answered for.

    The ledger is asked outside any transaction; two that report at once say the same twice.

    Raises:
        httpx2.HTTPError: the ledger cannot be reached or refuses; all waits for the next tick.
        pydantic.ValidationError: its answer breaks the contract; likewise.
    """
    answered = 0
    ends_at = time.monotonic_ns() + TURN_NANOSECONDS
    while time.monotonic_ns() < ends_at:
        with transaction(config.database_url) as session:
            waiting = _waiting(session)
        if not waiting:
            break
        with ledger(config) as client:
            answer = client.post(
                "/v1/message-arrivals",
                content=Arrivals(arrivals=tuple(waiting)).model_dump_json(),
                headers={"Content-Type": "application/json"},
            )
        answer.raise_for_status()
        refused = ArrivalsAnswer.model_validate_json(answer.content).refused
        with transaction(config.database_url) as session:
            _settle(session, waiting, refused)
        answered += len(waiting)
    return answered


def _waiting(session: Session) -> list[Arrival]:
    rows = session.execute(_WAITING, {"limit": _AT_ONCE}).mappings()
    return [Arrival.model_validate(dict(row)) for row in rows]


def _settle(session: Session, told: Sequence[Arrival], refused: Mapping[UUID, str]) -> None:
    """Forget what the ledger has; keep what it will never take, for someone to look at."""
    rows = [
        {"message_id": one.message_id, "stage": one.stage, "refused": refused.get(one.message_id)}
        for one in told
    ]
    session.execute(_TOLD, {"told": json.dumps(rows, default=str)})
