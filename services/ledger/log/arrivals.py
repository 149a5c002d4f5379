"""What the notifier reports: a notice that arrived is an event of what it was about."""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.events import MEANING, Arrival, MessageDelivered
from services.ledger.access import Viewer
from services.ledger.ids import id_of

_RECORD: Final = text(
    """
    WITH told AS (
      SELECT * FROM json_to_recordset(CAST(:told AS json)) AS t(
        id uuid, message_id uuid, event_id uuid, party_id uuid, at timestamptz, data jsonb)
    ), judged AS (
      SELECT t.*, e.subject_id, e.debtor_id, e.creditor_id,
        CASE WHEN e.id IS NULL THEN 'EVENT_UNKNOWN'
          WHEN t.party_id IS DISTINCT FROM e.debtor_id
            AND t.party_id IS DISTINCT FROM e.creditor_id THEN 'PARTY_NOT_TOLD' END AS refusal
      FROM told t LEFT JOIN sealed s ON s.event_id = t.event_id
      LEFT JOIN events e ON e.subject_id = s.subject_id AND e.id = s.event_id
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, debtor_id, creditor_id, data, request_id,
        occurred_at)
      SELECT subject_id, id, :type, :actor, debtor_id, creditor_id, data, :request_id, at
      FROM judged WHERE refusal IS NULL ORDER BY subject_id, id
      ON CONFLICT DO NOTHING RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT (SELECT count(*) FROM appended) AS recorded,
      (SELECT json_object_agg(message_id, refusal) FROM judged WHERE refusal IS NOT NULL)
        AS refused
    """
)


def record(
    session: Session, viewer: Viewer, arrivals: Sequence[Arrival], request_id: str = ""
) -> tuple[int, Mapping[UUID, str]]:
    """Append the arrivals that are new; return how many, and by message why others are refused.

    Whom an event is of is the ledger's to know: the report only names the event. An arrival's id
    follows from what arrived, where and how far, so that reporting it again adds nothing.

    Raises:
        NotAllowedError: the viewer is not a service.
    """
    viewer.require("messages.report")
    told = [
        {
            "id": id_of("arrived", one.event_id, one.party_id, one.message_id, one.stage),
            "message_id": one.message_id,
            "event_id": one.event_id,
            "party_id": one.party_id,
            "at": one.at.isoformat(),
            "data": _data(one).model_dump(mode="json"),
        }
        for one in arrivals
    ]
    values = {
        "told": json.dumps(told, default=str, ensure_ascii=False),
        "type": MessageDelivered.type,
        "actor": viewer.name,
        "request_id": request_id,
    }
    row = session.connection().execute(_RECORD, values).one()
    refused = {UUID(message_id): why for message_id, why in (row.refused or {}).items()}
    return row.recorded, refused


def _data(arrival: Arrival) -> MessageDelivered:
    return MessageDelivered(
        message_id=arrival.message_id,
        event_id=arrival.event_id,
        party_id=arrival.party_id,
        channel="email" if arrival.stage == "MAIL_ACCEPTED" else "inbox",
        delivered_at=arrival.at,
        stage=arrival.stage,
        meaning=MEANING[arrival.stage],
    )
